"""docs/how-to/life-of-an-amended-case.md tells what happens: its history, and every crash between its steps."""

from __future__ import annotations

import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from pipeline.matching.handling import Handling
from support.convergence.matchers import WorldMatcher, real
from support.convergence.stages import SOURCES
from support.convergence.world import World
from support.docs.how_to_pages import HowToPage

PAGE: Final = HowToPage("life-of-an-amended-case")
OPEN: Final = Handling("H0", ("*",), ("correlation",))
CYRILLIC, LATIN, OTHER_DATE = 2, 3, 4
"""Places in the pool: Иван Петров and Ivan Petrov of one date of birth, and Ivan Petrov of another."""
CRASHES: Final = ("", "before sending", "before storing")


@cache
def _matcher() -> WorldMatcher:
    return real()


def _history() -> list[dict[str, Any]]:
    return [json.loads(line) for line in PAGE.block("json").splitlines()]


def _send(world: World, case: str, place: int) -> None:
    world.send(case, (_matcher().pool[place],), OPEN, "", withdrawn=False)


def _move_on(world: World, stage: str) -> None:
    if stage == "correlate":
        _correlate(world, "")
    else:
        world.move_on(stage, 100)


def _correlate(world: World, crash: str) -> None:
    """Homes and meeting places until nothing is under way; each step crashes once first, if any is to."""
    home, place = world.homes[0], world.places[0]
    while home.waiting or place.waiting:
        for at in dict.fromkeys((crash, "")):
            for source in SOURCES:
                home.step(source, 10, at)
            place.step(10, at)


def _told(world: World) -> dict[str, Any]:
    """What the topics and the index hold, as the page tells it."""
    return {
        "accepted": [f"{one.fingerprint.case} v{one.fingerprint.version}" for one in world.accepted.last()],
        "links": [
            f"{claim.state} {claim.a.version}/{claim.b.version}"
            for _, claim in world.links.between(-1, world.links.end)
        ],
        "shown": sum(1 for _ in world.shown()),
        "hits": [f"{sent.hit.kind} to {sent.hit.agency}" for sent in world.hits],
    }


def test_the_history_is_what_the_stages_do() -> None:
    world = World(_matcher(), 1)
    _send(world, "a:1", CYRILLIC)
    _send(world, "b:1", LATIN)
    steps = iter(_history())
    for stage in ("intake", "correlate", "cases", "links"):
        _move_on(world, stage)
    assert next(steps) == {"after": "version 1 of both", **_told(world)}
    _send(world, "a:1", OTHER_DATE)
    for stage in ("intake", "correlate", "cases", "links"):
        _move_on(world, stage)
        assert next(steps) == {"after": stage, **_told(world)}
    assert next(steps, None) is None


@pytest.mark.parametrize(("intake", "correlate", "project"), [*itertools.product(CRASHES, repeat=3)])
def test_a_crash_between_any_two_steps_ends_alike(intake: str, correlate: str, project: str) -> None:
    world = World(_matcher(), 1)
    _send(world, "a:1", CYRILLIC)
    _send(world, "b:1", LATIN)
    world.settle()
    _send(world, "a:1", OTHER_DATE)
    world.intake.step(10, intake)
    world.intake.step(10, "")
    _correlate(world, correlate)
    world.index_cases(10)
    assert not list(world.shown()), "from when the new version is indexed, whatever else has crashed"
    world.indexed = -1  # step 4 crashed before it acknowledged: it is given everything again
    world.index_cases(10)
    assert not list(world.shown())
    world.index_links(10, project)
    world.index_links(10, "")
    told = _told(world)
    last = _history()[-1]
    assert (told["links"], told["shown"], told["hits"]) == (last["links"], last["shown"], last["hits"])


def test_the_page_names_the_files_that_do_it() -> None:
    text = Path(PAGE.path).read_text(encoding="utf-8")
    for file in (
        "records/intake.py",
        "correlation/homes.py",
        "correlation/meeting_places.py",
        "correlation/projection.py",
        "streams/runtime/lane.py",
    ):
        assert file in text
