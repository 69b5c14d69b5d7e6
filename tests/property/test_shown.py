"""An answer knows what it showed: each key, content and reference that leaves is in the record of its act.

Every operation is asked, in every form that it has. Then duties are skipped, and the law has to find each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.access.audit import (
    PLAIN_FORMAT,
    Act,
    ActFacts,
    ActKind,
    Chain,
    PosedQuestion,
    ShownForm,
    facts_of,
    in_format,
)
from pipeline.access.requester import Purpose, Requester, Role, parse_grounds
from pipeline.api.answering import RecordedAnswer
from pipeline.api.hit_budget import HitBudget
from pipeline.api.list_worker import FAULT
from pipeline.api.services.inbox import InboxFilter
from pipeline.api.services.links import CaseLinkFilter
from pipeline.api.services.result_tables import LinksPlace, ResultList, tabulate
from pipeline.api.services.search import Search
from pipeline.api.session import Session
from pipeline.streams.stages.notify import SharedQuestions, SharedSearches, SilentSearches, decode_search
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.correlation.key_rings import RING
from support.no_leak.requests import OPERATIONS, ObservedAnswer, Operation, Request, ask
from support.no_leak.untold import find_untold
from support.no_leak.worlds import STAGES, CaseSpec, documents, requesters, worlds
from support.temporary_folders import make_folder

HOME = make_folder("liaison-shown-")

TELLS_OF_TELLING = ("/v1/audit", "/v1/agencies/me/accesses")
"""Who saw what: their rows name what was shown before, to those who were told of it then."""

KNOWN_BEFORE = ("/v1/notices", "/v1/disclosures", "/v1/break-glass", "/v1/folders")
"""Of these a reference is one that its reader's agency was told before, and its owner of that."""

OPEN = ("investigation", "correlation", "prosecution")
WHO = make_requester("be-fp")
"""Whose agency was granted what it asked for."""

STRANGER = make_requester("fr-dgsi")
"""To whom a hit-only record is a hit."""

WORLD = [
    CaseSpec("be-fp", 0, 0, "H0", ("*",), OPEN),
    CaseSpec("be-fp", 1, 3, "H0", ("*",), OPEN),
    CaseSpec("fr-pj", 0, 0, "H0", ("*",), OPEN),
    CaseSpec("fr-pj", 1, 5, "H1", ("*",), OPEN),
    CaseSpec("nl-np", 0, 1, "H0", ("*",), OPEN),
    CaseSpec("nl-np", 1, 0, "H2", ("*",), OPEN),
    CaseSpec("de-bka", 1, 0, "H3", ("*",), OPEN),
]
"""Of every kind: own ones, others', with a caveat, one that is a hit, and a silent one."""


def open_world(world: Iterable[CaseSpec]) -> Api:
    """An API over an index of these cases."""
    api = Api(STAGES, HOME)
    api.index.write(documents(world, counted=True))
    return api


def untold_by(world: Iterable[CaseSpec], who: Requester, purpose: Purpose, request: Request) -> set[str]:
    """What an operation sends of records and does not record."""
    api = open_world(world)
    return untold_in(api, who, request, asyncio.run(ask(api, who, purpose, request)))


def untold_in(api: Api, who: Requester, request: Request, answer: ObservedAnswer) -> set[str]:
    """What an answer of an API tells of records and is not in the API's record."""
    if request.path.startswith(TELLS_OF_TELLING):
        return set()
    references = not request.path.startswith(KNOWN_BEFORE)
    return find_untold(api, who, repr(answer.bodies), request.names, references=references)


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // 4)
@given(worlds, requesters, st.one_of(*(operation.requests for operation in OPERATIONS)))
def test_whatever_leaves_is_in_the_record(world: list[CaseSpec], who: Requester, request: Request) -> None:
    assert untold_by(world, who, Purpose.INVESTIGATION, request) == set()


SHOWING = (
    "/v1/search", "/v1/cases/{key}", "/v1/links", "/v1/graph", "/v1/timeline", "/v1/entities", "/v1/manual-links",
    "/v1/links/{link}", "/v1/inbox", "/v1/export/{what}", "/v1/cross-references", "/v1/list-checks",
    "/v1/chart/expand", "/v1/chart/paths", "/v1/chart/hubs", "/v1/chart/open", "/v1/notices",
    "/v1/folders/{name}", "/v1/folders/{name}/visit", "/v1/folders/{name}/file", "/v1/folders/{name}/entities",
)  # fmt: skip
"""Operations that show content of cases."""

COUNTING = ("/v1/search/facets", "/v1/statistics", "/v1/chart/expand", "/v1/work")
"""Operations that count over cases, of which some are few others'."""

MOST_ASKED = 24
"""Requests of one operation that a world is asked."""


def _operation(path: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.path == path)


def _some(operation: Operation) -> Sequence[Request]:
    """Some of its requests, of all kinds."""
    step = max(1, len(operation.asked) // MOST_ASKED)
    return list(islice(operation.asked, 0, None, step))


def concluded(api: Api, act: Act) -> ActFacts:
    """What an act did, as it was concluded before acts said so."""
    plain = in_format(act, PLAIN_FORMAT)
    if act.kind is not ActKind.SEARCH or not act.query:
        return facts_of(plain)
    words = api.runtime.cipher.decrypt(act.query, api.now)
    return facts_of(plain, msgspec.json.decode(words, type=PosedQuestion))


def assert_says_what_it_did(api: Api, act: Act) -> None:
    """But for the form of a file, which no export named, and whether hits were asked where none was told."""
    if act.facts is None:
        assert act.kind in (ActKind.REFUSED, ActKind.PUSH)
        return
    assert act.facts == msgspec.structs.replace(concluded(api, act), asked=act.facts.asked, form=act.facts.form)
    assert bool(act.facts.form) == (act.kind is ActKind.EXPORT)


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_what_each_operation_sends_is_in_the_record_and_its_act_says_what_it_did(path: str) -> None:
    for who in (WHO, make_requester("be-fp", Role.SUPERVISOR), STRANGER):
        for request in (one for operation in OPERATIONS if operation.path == path for one in _some(operation)):
            api = open_world(WORLD)
            answer = asyncio.run(ask(api, who, Purpose.INVESTIGATION, request))
            assert untold_in(api, who, request, answer) == set(), request
            for act in api.audit.acts:
                assert_says_what_it_did(api, act)


@pytest.mark.parametrize("path", SHOWING)
def test_the_law_finds_what_is_shown_and_not_noted(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecordedAnswer, "show", lambda answer, cases, **_: answer.count(()))
    asked = _some(_operation(path))
    assert any(untold_by(WORLD, WHO, Purpose.INVESTIGATION, request) for request in asked)


@pytest.mark.parametrize("path", SHOWING)
def test_what_is_opened_and_not_settled_does_not_leave(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that forgets to say what it shows has no answer: the request, or the row, ends by a fault of ours."""
    monkeypatch.setattr(RecordedAnswer, "show", lambda answer, cases, **_: None)
    monkeypatch.setattr(RecordedAnswer, "count", lambda answer, cases, but=(): None)

    def fails(request: Request) -> bool:
        try:
            answer = asyncio.run(ask(open_world(WORLD), WHO, Purpose.INVESTIGATION, request))
        except RuntimeError:  # of a stream that has begun
            return True
        return 500 in answer.statuses or FAULT in repr(answer.bodies)

    assert any(fails(request) for request in _some(_operation(path)))


def counted_by(path: str) -> set[str]:
    """The records of others that the acts of an operation say a count was over."""
    found: set[str] = set()
    for request in _some(_operation(path)):
        api = open_world(WORLD)
        asyncio.run(ask(api, WHO, Purpose.INVESTIGATION, request))
        found |= {one.case for act in api.audit.acts for one in act.shown if one.form is ShownForm.COUNTED}
    return found


@pytest.mark.parametrize("path", COUNTING)
def test_a_count_over_few_of_others_names_them(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {spec.key for spec in WORLD if spec.agency != WHO.agency and spec.code != "H3"}
    found = counted_by(path)
    assert found
    assert found <= others
    monkeypatch.setattr(RecordedAnswer, "count", lambda answer, cases, but=(): answer.show(()))
    assert counted_by(path) == set()


TABLES: dict[ResultList, list[msgspec.Struct]] = {
    "search": [Search("ivan petrov 1980-05-01"), Search("+33612345678")],
    "inbox": [InboxFilter()],
    "links": [LinksPlace(key, CaseLinkFilter()) for key in ("be-fp:0", "be-fp:1")],
}


async def _tabulate(api: Api, who: Requester, what: ResultList, place: msgspec.Struct) -> str:
    session = Session(api.runtime, who, parse_grounds("investigation", "1"), file_form="xlsx")
    return repr(await tabulate(session, what, msgspec.json.encode(place).decode()))


@pytest.mark.parametrize("what", TABLES)
def test_what_a_page_saves_as_a_table_is_in_the_record(what: ResultList, monkeypatch: pytest.MonkeyPatch) -> None:
    def untold() -> set[str]:
        found: set[str] = set()
        for place in TABLES[what]:
            api = open_world(WORLD)
            text = asyncio.run(_tabulate(api, WHO, what, place))
            assert "Affair of fr-pj:0" in text
            assert {act.kind for act in api.audit.acts} <= {ActKind.EXPORT, ActKind.SEARCH}
            found |= find_untold(api, WHO, text)
        return found

    assert untold() == set()
    monkeypatch.setattr(RecordedAnswer, "show", lambda answer, cases, **_: answer.count(()))
    assert untold() != set()


# ── hits, over two servers and a restart ──

QUESTION = "ivan petrov 1980-05-01"


async def _search(api: Api) -> None:
    answer = await api.post("/v1/search", {"question": QUESTION}, STRANGER)
    assert len(answer.json()["hits"]) == 1


async def _save(api: Api) -> None:
    await _tabulate(api, STRANGER, "search", Search(QUESTION))


async def _check_list(api: Api) -> None:
    await ask(api, STRANGER, Purpose.INVESTIGATION, Request("POST", "/v1/list-checks"))


ASKING: dict[str, Callable[[Api], Coroutine[Any, Any, None]]] = {
    "search": _search, "a search's file": _save, "list": _check_list
}  # fmt: skip


def _entries(acts: Iterable[Act], server: str, api: Api) -> list[Any]:
    chain, entries = Chain(server), []
    for act in acts:
        entries.append(chain.make_entry(act, api.now))
        chain = chain.advance(entries[-1])
    return entries


@pytest.mark.parametrize("way", ASKING)
def test_hits_count_once_and_at_every_server(way: str) -> None:
    """What one server told, another one and itself after a restart know of by its entries; its own it counts once."""
    api = open_world(WORLD)
    own = api.runtime.hits = HitBudget(10, own="a|")
    asyncio.run(ASKING[way](api))
    asked = [act for act in api.audit.acts if act.kind is ActKind.SEARCH]  # what was told is looked at again for free
    told = sum(one.form is ShownForm.HIT for act in asked for one in act.shown)
    assert told
    other, restarted = HitBudget(10, own="b|"), HitBudget(10, own="a2|")
    for entry in _entries(api.audit.acts, "a|1", api):
        for budget in (own, other, restarted):
            budget.record_entry(entry)
    left = [budget.remaining(STRANGER, api.now) for budget in (own, other, restarted)]
    assert left == [max(0, 10 - told)] * 3


def test_of_the_last_hit_two_servers_tell_at_most_as_many_as_there_are_servers() -> None:
    """Each counts what the other's entries say, which may come behind: no server tells it twice."""
    apis = [open_world(WORLD) for _ in range(2)]
    for at, api in enumerate(apis):
        api.runtime.hits = HitBudget(1, own=f"{at}|")
        asyncio.run(_search(api))
    for at, api in enumerate(apis):
        for entry in _entries(apis[1 - at].audit.acts, f"{1 - at}|1", api):
            api.runtime.hits.record_entry(entry)
        answer = asyncio.run(api.post("/v1/search", {"question": QUESTION}, STRANGER)).json()
        assert (answer["hits"], answer["not_asked"]) == ([], "budget")


# ── who hears of it ──

ASKED_WITH_SHARE = Search(QUESTION, share=True)


async def _share(api: Api) -> None:
    await api.post("/v1/search", msgspec.to_builtins(ASKED_WITH_SHARE), STRANGER)


async def _save_shared(api: Api) -> None:
    await _tabulate(api, STRANGER, "search", ASKED_WITH_SHARE)


async def _hear(api: Api, acts: Sequence[Act]) -> tuple[set[str], set[str]]:
    """The owners of silent records who hear of what was asked, and the agencies that hear of each other."""
    model, cipher = api.runtime.model, api.runtime.cipher
    silent = SilentSearches(api.runtime.unsealed, model, cipher, RING, api.clock)
    shared = SharedSearches(SharedQuestions(api.runtime.decisions, model), cipher)
    owners, sharers = set[str](), set[str]()
    for entry in _entries(acts, "a|1", api):
        record: Any = SimpleNamespace(value=msgspec.json.encode(entry), topic="audit", partition=0, offset=0)
        if (searched := decode_search(record)) is not None:
            owners |= {notice.agency async for notice in silent.notices(searched)}
            sharers |= {question.asker async for question in shared.find_questions(searched, 0)}
    return owners, sharers


EVERY_WAY = ASKING | {"shared": _share, "a shared one's file": _save_shared}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_owners_of_silent_records_and_who_shares_a_question_hear_of_it_however_it_was_asked(way: str) -> None:
    api = open_world(WORLD)
    alert = {"question": "ivan petrov born:1980-05-01", "share": True}
    assert asyncio.run(api.post("/v1/subscriptions", alert, make_requester("nl-np"))).is_success
    api.audit.acts.clear()
    asyncio.run(EVERY_WAY[way](api))
    owners, sharers = asyncio.run(_hear(api, api.audit.acts))
    assert owners == {"de-bka"}
    assert sharers == ({"nl-np", STRANGER.agency} if "shared" in way else set())
