"""How many modules of the package each main flow runs through, and how many of its frames stand on each other.

    PYTHONPATH=tests python tests/benchmarks/tree/flows.py

Each flow runs by the pure functions of its stages, without an engine, a second time, so that what is made once is not
counted. Prints a line a flow: modules, deepest stack.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

import pipeline
from pipeline.correlation.batch import find_links
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import RawCase, case_data, person

PACKAGE = str(Path(pipeline.__file__).parent)


class Trace:
    """Modules of the package that were entered, and the most of their frames at once."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.deepest = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            self.modules.add(frame.f_code.co_filename)
            depth, at = 0, frame.f_back
            while at is not None:
                depth += at.f_code.co_filename.startswith(PACKAGE)
                at = at.f_back
            self.deepest = max(self.deepest, depth + 1)


def records() -> list[RawCase]:
    """Two cases with one man."""
    return [
        case_data(agency, "1", [person(name, birth_date="1980-05-01", phones=["+33 6 12 34 56 78"])])
        for agency, name in (("fr-pj", "Ivan Petrov"), ("be-fp", "Иван Петров"))
    ]


def push_to_link(stages: PureStages) -> None:
    """From two messages to the claim that links their cases."""
    prints = [msgspec.json.decode(stages.accepted(one).fingerprint, type=Fingerprint) for one in records()]
    [link] = find_links(prints, ModelMatcher(stages.model, generation="g1"))
    assert link.case_b == "fr-pj:1"


def link_to_index(api: Api) -> None:
    """From accepted versions and their claim to documents."""
    api.link("fr-pj:1", "be-fp:1")


async def search(api: Api) -> None:
    """From a request over HTTP to its answer."""
    answer = await api.post("/v1/search", {"question": "ivan petrov 1980-05-01"})
    assert len(answer.json()["results"]) == 2


async def trace(flow: Callable[[], Awaitable[None] | None]) -> Trace:
    """What a flow enters the second time."""
    traced = Trace()
    for profile in (None, traced):
        sys.setprofile(profile)
        running = flow()
        if running is not None:
            await running
        sys.setprofile(None)
    return traced


async def main() -> None:
    """Print a line a flow."""
    stages = PureStages(load_model())
    with tempfile.TemporaryDirectory() as home:
        api = Api(stages, Path(home))
        api.hold(*records())
        flows: dict[str, Callable[[], Awaitable[None] | None]] = {
            "push to link": lambda: push_to_link(stages),
            "link to index": lambda: link_to_index(api),
            "search": lambda: search(api),
        }
        for name, flow in flows.items():
            traced = await trace(flow)
            print(f"{name:<14} {len(traced.modules):>4} modules {traced.deepest:>4} frames deep")


if __name__ == "__main__":
    asyncio.run(main())
