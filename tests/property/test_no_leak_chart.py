"""I3 for charts: what two installations answer that differ in one hidden record, and leaks that this would find.

The laws of test_no_leak and test_no_leak_pages ask charts as well; here each way out has a leak sown into it. Files are
asked for by their HTTP route, and are the same to the byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache, partialmethod
from itertools import combinations
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.access.audit import ActKind
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.api import services
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import ChartPlace
from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace
from pipeline.api.chart_exchange import WRITERS
from pipeline.api.sealed import seal_case
from pipeline.api.services import chart, saved_charts
from pipeline.api.services.chart import ChartExpansion, ChartHubQuestion, ChartPathQuestion, expand, find_paths
from pipeline.api.services.folders import create_folder, save_chart
from pipeline.api.session import Session
from pipeline.index.reading import IndexReader
from pipeline.web import chart_files, csrf
from pipeline.web.chart_files import _make_file, _tell_facts
from pipeline.web.components.chart_nodes import draw_kept
from pipeline.web.i18n import load_words
from pipeline.web.session import GROUNDS, TOKEN
from pipeline.web.site import Site
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.no_leak.decisions import EVERY_KEY
from support.no_leak.untold import find_untold
from support.no_leak.worlds import STAGES, CaseSpec, documents, requesters, worlds
from support.records.builder import person, record
from support.temporary_folders import make_folder

HOME = make_folder("liaison-no-leak-chart-")

A, B = "+33612345678", "+33687654321"
FIRST, LAST, HIDDEN = "fr-pj:1", "be-fp:1", "nl-np:1"

Asking = Callable[[Session], Awaitable[Any]]


async def _export(session: Session) -> Any:
    """What a file has of a chart that somebody kept who might read more."""
    nodes = (KeptNode(ref=f"record {FIRST}"), KeptNode(1, 1, ref=f"record {HIDDEN}"),
             KeptNode(2, 2, places=(KeptPlace(f"entity {HIDDEN} p1"),)))  # fmt: skip
    kept = KeptChart(nodes, ((0, 1),))
    assert kept.opening is not None
    words = load_words("en")
    opened = await saved_charts.open_chart(session, kept.opening, ActKind.EXPORT, "svg")
    return _make_file(words, kept, draw_kept(words, kept, opened), "Ring", _tell_facts(words, session))


ASKED: dict[str, Asking] = {
    "expansion": lambda session: expand(session, ChartExpansion((ChartPlace(FIRST),))),
    "path": lambda session: find_paths(session, ChartPathQuestion((ChartPlace(FIRST),), (ChartPlace(LAST),))),
    "hubs": lambda session: chart.rank_chart_hubs(session, ChartHubQuestion((FIRST,))),
    "export": _export,
}


def answered(asking: Asking, *, hidden: bool) -> Any:
    """What is answered where there is a silent record that has the phones of two others, or where there is none."""
    api = Api(STAGES, HOME)

    def holder(agency: str, name: str, born: str, phones: Iterable[str], code: str = "H0") -> None:
        man = person(name, id="p1", birth_date=born, phones=list(phones))
        api.hold(record(agency, code=code, entities=[man]))

    holder("fr-pj", "Ivan Petrov", "1980-05-01", [A])
    holder("be-fp", "Anna Keller", "1991-02-03", [B])
    if hidden:
        holder("nl-np", "Karim Haddad", "1975-11-30", [A, B], "H3")
    session = api.session(ANNA)
    return msgspec.to_builtins(asyncio.run(_ask(asking, session)))


async def _ask(asking: Asking, session: Session) -> Any:
    return await asking(session)


async def _mark_news(*, hidden: bool) -> Any:
    """What is new in a chart to somebody who saw it an hour ago, when there was no hidden record."""
    api = Api(STAGES, HOME)
    for agency in ("fr-pj", "be-fp"):
        api.hold(record(agency, entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01")]))
    folder = (await create_folder(api.session(ANNA), "Kestrel")).folder.id
    kept = await save_chart(api.session(ANNA), folder, "Ring", '{"nodes":[]}')
    cases = [FIRST, LAST, HIDDEN]
    await saved_charts.find_news(api.session(ANNA), folder, kept.item, cases)
    api.now += timedelta(hours=1)
    api.link(FIRST, LAST)
    if hidden:
        api.hold(record("nl-np", code="H3", entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01")]))
        api.link(FIRST, HIDDEN)
    return await saved_charts.find_news(api.session(ANNA), folder, kept.item, cases)


def test_a_hidden_record_is_in_no_mark_of_what_is_new() -> None:
    news = asyncio.run(_mark_news(hidden=True))
    assert news == asyncio.run(_mark_news(hidden=False))
    assert news.links == {FIRST: 1, LAST: 1}, "what is not hidden is marked"


async def _count_all(answer: RecordedAnswer, keys: Sequence[str], _: int) -> dict[str, dict[str, str]]:
    found = (await answer.session.runtime.unsealed.next_links_of(keys, None))[0]
    return {key: {link.link: key for link in found if key in link.cases} for key in keys}


def test_a_mark_that_counts_hidden_links_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_charts, "find_links_of", _count_all)
    assert asyncio.run(_mark_news(hidden=True)) != asyncio.run(_mark_news(hidden=False))


# ── files by HTTP ──

KEPT = msgspec.json.encode({
    "nodes": [
        *({"ref": f"record {key}", "x": at, "y": at} for at, key in enumerate(EVERY_KEY)),
        *({"places": [{"ref": f"entity {key} e0"}], "x": -at, "y": at} for at, key in enumerate(EVERY_KEY)),
    ],
    "links": [[a, b] for a, b in combinations(range(len(EVERY_KEY)), 2)],
}).decode()  # fmt: skip
"""All cases that may be there with who is first in each, and every link that two of them may have."""


def _save(world: Iterable[CaseSpec], who: Requester, form: str) -> tuple[int, Any, bytes]:
    """What the site of these cases sends as a chart's file: status, headers, content."""
    api = Api(STAGES, HOME)
    api.index.write(documents(world, counted=True))
    return asyncio.run(_post(api, who, form))


@cache
def _application() -> FastAPI:
    """One for all, whose routes take half as long to make as an example."""
    app = FastAPI()
    app.include_router(chart_files.make_router(Site(app)))
    return app


async def _post(api: Api, who: Requester, form: str) -> tuple[int, Any, bytes]:
    app = _application()
    app.state.runtime = api.runtime
    stated = quote(msgspec.json.encode({"purpose": "investigation", "case_reference": "1"}).decode())
    token = api.token(who)
    cookies = {TOKEN: token, GROUNDS: stated, csrf.COOKIE: "secret"}
    fields = {csrf.FIELD: csrf.make_form_token("secret", token), "form": form, "content": KEPT}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x", cookies=cookies) as site:
        answer = await site.post("/chart/file", data=fields)
    return answer.status_code, sorted(answer.headers.items()), answer.content


READERS = requesters.filter(lambda who: Role.AUDITOR not in who.roles)


def write_here(patch: pytest.MonkeyPatch) -> None:
    """Write files in this process, since one that does it takes a second to start."""
    patch.setattr(services.chart_files, "write_bounded", lambda form, drawn: WRITERS[form](drawn))


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // 4)
@given(worlds, READERS, st.sampled_from(sorted(chart_files.FORMS)), st.data())
def test_a_file_of_a_chart_is_the_same_to_the_byte_whatever_is_hidden(
    world: list[CaseSpec], who: Requester, form: str, data: st.DataObject
) -> None:
    hidden = [spec for spec in world if spec.hidden_from(who, Purpose.INVESTIGATION)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    with pytest.MonkeyPatch.context() as patch:
        write_here(patch)
        whole = _save(world, who, form)
        assert whole[0] == httpx.codes.OK
        assert whole == _save([spec for spec in world if spec not in removed], who, form)


OPEN = ("investigation", "correlation")
SHOWN = [CaseSpec("fr-pj", 0, 0, "H0", ("*",), OPEN), CaseSpec("be-fp", 0, 1, "H0", ("*",), OPEN)]
SILENT = CaseSpec("nl-np", 0, 0, "H3", ("*",), OPEN)


def test_the_process_that_writes_files_sends_what_the_law_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    who = make_requester("be-fp")
    written = _save([*SHOWN, SILENT], who, "i2")
    write_here(monkeypatch)
    assert written == _save(SHOWN, who, "i2")


@pytest.mark.parametrize("form", chart_files.FORMS)
def test_the_law_finds_a_file_that_has_what_is_hidden(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    who = make_requester("be-fp")
    write_here(monkeypatch)
    _read_all(monkeypatch)
    assert _save(SHOWN, who, form) != _save([*SHOWN, SILENT], who, form)


@pytest.mark.parametrize("form", chart_files.FORMS)
def test_what_a_file_of_a_chart_shows_is_in_the_record(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_here(monkeypatch)
    who, api = make_requester("be-fp"), Api(STAGES, HOME)
    api.index.write(documents([*SHOWN, SILENT]))
    content = asyncio.run(_post(api, who, form))[2].decode(errors="replace")
    assert find_untold(api, who, content) == set()
    [act] = api.audit.acts
    assert act.kind is ActKind.EXPORT
    assert {one.case for one in act.shown} == {spec.key for spec in SHOWN}


def _read_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leak: what is found and read is taken before anybody has decided on it."""
    find = IndexReader.find_by_terms

    async def find_for_all(self: IndexReader, terms: Any, viewer: Any, size: int) -> list[str]:
        return await find(self, terms, None, size)

    async def read(self: Any, cases: Iterable[str], **_: Any) -> None:
        found = await self.session.runtime.unsealed.read_cases([*cases], chart.RECORD_FIELDS)
        await self.answer.decide(map(seal_case, found.values()))
        self.records |= {case: chart.make_record(document, "en") for case, document in found.items()}

    async def find_anything(answer: RecordedAnswer, keys: Any, fields: Any) -> Any:
        yield await answer.session.runtime.unsealed.read_cases(keys, fields)

    monkeypatch.setattr(IndexReader, "find_by_terms", find_for_all)
    monkeypatch.setattr(chart.ChartReadings, "read", partialmethod(read))
    monkeypatch.setattr(saved_charts, "weigh_readable_parts", find_anything)
    monkeypatch.setattr(RecordedAnswer, "show", lambda answer, _: answer.count(()))


@pytest.mark.parametrize("asking", ASKED)
def test_a_hidden_record_leaves_no_trace(asking: str) -> None:
    assert answered(ASKED[asking], hidden=True) == answered(ASKED[asking], hidden=False)


@pytest.mark.parametrize("asking", ASKED)
def test_a_leak_would_be_found(asking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _read_all(monkeypatch)
    assert answered(ASKED[asking], hidden=True) != answered(ASKED[asking], hidden=False)
