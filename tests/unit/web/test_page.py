from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest
from nicegui.events import GenericEventArguments

from pipeline.access.audit import Act, ActKind, RequestRule
from pipeline.web import page_events
from pipeline.web.components.markup import text
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import EVENT_CHARS
from pipeline.web.pages.inbox import ASSIGN, NARROW, OPEN, REVIEW, UNDO
from pipeline.web.pages.inbox import PAGE as INBOX
from pipeline.web.pages.visibility import PAGE as VISIBILITY
from pipeline.web.session import Visit
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.waiting import PATIENCE_S
from support.web.pages import opened


async def _load_nothing(_: Visit, __: Parameters) -> None:
    return None


async def test_what_was_done_first_is_taken_first_however_long_its_admission_takes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Visit] = []
    first_admitted, all_taken = asyncio.Event(), asyncio.Event()
    taken: list[str] = []

    async def admit(visit: Visit) -> None:
        asked.append(visit)
        if len(asked) == 1:
            await first_admitted.wait()

    async def take(event: GenericEventArguments) -> None:
        taken.append(event.args)
        if len(taken) == 2:
            all_taken.set()

    monkeypatch.setattr(Visit, "admit_action", admit)

    def draw(view: OpenPage, _: None) -> None:
        view.listen("done", take)

    page = await opened(api, Page("/page", "Search", "search", _load_nothing, draw), ANNA)
    page.receive("done", "first")
    page.receive("done", "second")
    for _ in range(20):  # turns of the loop: enough for the second to overtake the first
        await asyncio.sleep(0)
    first_admitted.set()
    await all_taken.wait()
    assert taken == ["first", "second"]


async def test_of_two_drawings_under_way_the_last_one_asked_for_is_shown(api: Api) -> None:
    views: list[OpenPage] = []
    first_read = asyncio.Event()
    numbers = iter(("at first", "early", "late"))

    async def load(_: Visit, __: Parameters) -> str:
        number = next(numbers)
        if number == "early":
            await first_read.wait()
        return number

    def draw(view: OpenPage, loaded: str) -> None:
        views.append(view)
        text("p", loaded)

    page = await opened(api, Page("/page", "Search", "search", load, draw), ANNA)
    early = asyncio.create_task(views[0].redraw())
    await asyncio.sleep(0)
    await views[0].redraw()
    first_read.set()
    await early
    assert page.said() == "late"


async def test_an_event_of_the_browser_that_is_too_large_is_not_handed_on(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    said: list[str] = []
    all_taken = asyncio.Event()

    async def admit(_: Visit) -> None:
        return None

    async def take(event: GenericEventArguments) -> None:
        taken.append(event.args)
        all_taken.set()

    monkeypatch.setattr(Visit, "admit_action", admit)
    monkeypatch.setattr(OpenPage, "show_message", lambda _, message, *, bad=False: said.append(message))

    def draw(view: OpenPage, _: None) -> None:
        view.listen("done", take)

    page = await opened(api, Page("/page", "Search", "search", _load_nothing, draw), ANNA)
    page.receive("done", "x" * EVENT_CHARS)
    page.receive("done", "x")
    await all_taken.wait()
    assert taken == ["x"]
    assert len(said) == 1


def test_nothing_but_page_events_reads_what_a_browser_tells() -> None:
    """So no new event of a page can be taken without limits: they are measured and read in one place."""
    folder = Path(page_events.__file__).parent
    reading = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "args"
    }
    assert reading == {"page_events.py"}
    listening = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "on" and ast.unparse(node.value) == "ui"
    }
    assert listening == {"page.py"}


LINK = {"link": "ab" * 16, "seen": None}

NOTHING: tuple[object, ...] = (None, [], "x", {"x": {}})


@pytest.mark.parametrize(
    ("event", "told"),
    [
        *((event, told) for event in (OPEN, REVIEW, UNDO, ASSIGN, NARROW) for told in NOTHING),
        (REVIEW, {"acts": [{"act": 1, "verdict": "same", "links": [LINK] * 12_000}]}),
        (REVIEW, {"acts": [{"act": 1, "verdict": "same", "links": [LINK] * 60}] * 2}),
        (REVIEW, {"acts": [{"act": 1, "verdict": "same", "links": [{"link": "x" * 900, "seen": None}]}]}),
        (REVIEW, {"acts": [{"act": 1, "verdict": "perhaps", "links": [LINK]}]}),
        (UNDO, {"reviews": [["ab" * 16, "r"]] * 101}),
        (ASSIGN, {"links": ["ab" * 16] * 101, "assignee": "anna"}),
        (ASSIGN, {"links": ["ab" * 16], "assignee": "a" * 257}),
        (OPEN, {"link": "x" * 900}),
        (NARROW, {"x" * 900: "1"}),
        (NARROW, {str(at): "1" for at in range(300)}),
    ],
)
async def test_an_inbox_takes_no_more_than_the_api_does(api: Api, event: str, told: object) -> None:
    page = await opened(api, INBOX, ANNA)
    before = len(api.audit.acts)
    await page.happen(event, told)
    assert len(api.audit.acts) == before
    assert api.decided.values == []


async def test_who_has_access_is_asked_for_no_more_countries_than_there_are(api: Api) -> None:
    api.hold(record("fr-pj"))
    page = await opened(api, VISIBILITY, ANNA, "en", key="fr-pj:1")
    read = len(api.audit.acts)
    await page.send(
        handling="H1", releasable_to=" ".join(f"{a}{b}" for a in "ABCDEFGHIJKLM" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    )
    assert len(api.audit.acts) == read
    page = await opened(api, VISIBILITY, ANNA, "en", key="fr-pj:1")
    read = len(api.audit.acts)
    await page.send(handling="H1", releasable_to="BE DE")
    assert len(api.audit.acts) == read + 1


async def test_a_page_that_waits_for_the_audit_trail_says_so_and_goes_on(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a broker's fail-over lasts; who waits for nothing is told nothing of it."""
    views: list[OpenPage] = []
    said: list[str] = []
    told = asyncio.Event()
    read = Act(ActKind.READ, subject="anna", rule=RequestRule.ROLE)

    def show(message: str, *, bad: bool = False) -> None:
        assert not bad
        said.append(message)
        told.set()

    await opened(api, Page("/page", "Search", "search", _load_nothing, lambda view, _: views.append(view)), ANNA)
    (view,) = views
    monkeypatch.setattr("pipeline.web.page.TELL_AFTER_S", 0.0)
    monkeypatch.setattr("pipeline.web.page.AT_ONCE_S", 0.01)
    monkeypatch.setattr(view, "show_message", show)
    await view.run_action(api.audit.write(read), "Saved", redraw=False)
    assert said == ["Saved"]
    api.audit.held = asyncio.Event()
    told.clear()
    acting = asyncio.create_task(view.run_action(api.audit.write(read), "Saved", redraw=False))
    await asyncio.wait_for(told.wait(), PATIENCE_S)
    assert said == ["Saved", "Waiting for the audit trail…"]
    assert not acting.done()
    api.audit.held.set()
    await acting
    assert said[2:] == ["Saved"]
    assert api.audit.acts == [read, read]
