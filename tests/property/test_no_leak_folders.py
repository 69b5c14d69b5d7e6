"""I3 of case folders: what they hold that a viewer can't open leaves no trace, in rows, marks, charts, files and calls.

Then leaks are planted, one for each way out, and the law has to find each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from pipeline.access.requester import Purpose, Requester, Role
from pipeline.api.answering import RecordedAnswer
from pipeline.api.services import folders
from pipeline.index.documents import CaseDocument
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.no_leak.requests import OPERATIONS, ObservedAnswer, Request, ask
from support.no_leak.worlds import STAGES, CaseSpec, documents, worlds
from support.temporary_folders import make_folder

HOME = make_folder("liaison-no-leak-folders-")

IN_FOLDERS = [
    request for operation in OPERATIONS if operation.path.startswith("/v1/folders") for request in operation.asked
]
VIEWERS = st.builds(
    make_requester, st.sampled_from(("be-fp", "lu-pg")), st.sampled_from((Role.INVESTIGATOR, Role.SUPERVISOR))
)
PURPOSES = st.sampled_from([Purpose.INVESTIGATION, Purpose.PROSECUTION])

VIEWER = make_requester("be-fp")
ALL = ("investigation", "correlation")
OWN = CaseSpec("be-fp", 0, 0, "H0", ("*",), ALL)
SEEN = CaseSpec("fr-pj", 0, 1, "H0", ("*",), ALL)
SILENT = CaseSpec("nl-np", 0, 0, "H3", ("*",), ALL)
"""A silent case that the two others are linked with."""


def answered(world: Iterable[CaseSpec], who: Requester, purpose: Purpose, request: Request) -> ObservedAnswer:
    api = Api(STAGES, HOME)
    api.index.write(documents(world, counted=True))
    return asyncio.run(ask(api, who, purpose, request))


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // 4)
@given(worlds, VIEWERS, PURPOSES, st.sampled_from(IN_FOLDERS), st.data())
def test_what_cannot_be_opened_leaves_no_trace_in_a_folder(
    world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request, data: st.DataObject
) -> None:
    hidden = [spec for spec in world if spec.hidden_from(who, purpose)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    whole = answered(world, who, purpose, request)
    rest = answered([spec for spec in world if spec not in removed], who, purpose, request)
    event(f"{request.method} {request.path.split('/')[-1][:9]} {whole.statuses[0]}")
    assert whole == rest


def is_traced(*ways: str) -> list[str]:
    """Which of these ways out tell that there is a silent case."""
    told = []
    for way in ways:
        method, _, path = way.partition(" ")
        (request,) = [
            one
            for operation in OPERATIONS
            if (operation.method, operation.path) == (method, path)
            for one in operation.asked[:1]
        ]
        answers = [
            answered(world, VIEWER, Purpose.INVESTIGATION, request) for world in ([OWN, SEEN], [OWN, SEEN, SILENT])
        ]
        if answers[0] != answers[1]:
            told.append(way)
    return told


FOLDER, CHART, FILE, ADDED = (
    "GET /v1/folders/{name}", "GET /v1/folders/{name}/charts/{item}", "GET /v1/folders/{name}/file",
    "POST /v1/folders/{name}/items",
)  # fmt: skip


def test_a_silent_case_that_is_kept_and_linked_is_told_by_none_of_them() -> None:
    assert is_traced(FOLDER, CHART, FILE, ADDED, "POST /v1/folders/{name}/visit", "GET /v1/folders") == []


def test_the_law_finds_links_that_are_counted_before_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def count_all(answer: RecordedAnswer, keys: Sequence[str], _: int) -> dict[str, dict[str, str]]:
        found = (await answer.session.runtime.unsealed.next_links_of(keys, None))[0]
        return {key: {link.link: key for link in found if key in link.cases} for key in keys}

    monkeypatch.setattr(folders, "find_links_of", count_all)
    assert is_traced(FOLDER, FILE) == [FOLDER]


async def read_all(answer: RecordedAnswer, keys: Sequence[str], fields: Any) -> Mapping[str, CaseDocument]:
    """What weigh_readable finds, as somebody would write it who decides on what has been read."""
    return await answer.weigh((await answer.session.runtime.reader.read_cases(keys, fields)).values())


def test_the_law_finds_cases_that_are_read_before_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "weigh_readable", read_all)
    assert is_traced(FOLDER, CHART, FILE) == [FOLDER, CHART, FILE], "by the calls"


async def open_all(answer: RecordedAnswer, keys: Sequence[str], fields: Any) -> Mapping[str, CaseDocument]:
    """All there is, whoever asks."""
    return await answer.session.runtime.unsealed.read_cases(keys, fields)


def test_the_law_finds_rows_charts_and_files_of_what_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "weigh_readable", open_all)
    monkeypatch.setattr(RecordedAnswer, "show", lambda answer, _: answer.count(()))
    assert is_traced(FOLDER, CHART, FILE, ADDED) == [FOLDER, CHART, FILE, ADDED]
