"""I3 for charts: what two installations answer that differ in one hidden record, and leaks that this would find.

The laws of test_no_leak and test_no_leak_pages ask charts as well; here each way out has a leak sown into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partialmethod
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import ActKind
from pipeline.api.answers import ChartPlace
from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace
from pipeline.api.services import chart, saved_charts
from pipeline.api.services.chart import ChartExpansion, ChartHubQuestion, ChartPathQuestion, expand, find_paths
from pipeline.api.session import Session
from pipeline.index.reading import IndexReader
from pipeline.web.chart_files import _make_file
from pipeline.web.components.chart_nodes import draw_kept
from pipeline.web.i18n import load_words
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.no_leak.worlds import STAGES
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
    return _make_file(words, kept, draw_kept(words, kept, opened))


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


def _read_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leak: what is found and read is taken before anybody has decided on it."""
    find = IndexReader.find_by_terms

    async def find_for_all(self: IndexReader, terms: Any, viewer: Any, size: int) -> list[str]:
        return await find(self, terms, None, size)

    async def read(self: Any, cases: Iterable[str], **_: Any) -> None:
        found = await self.session.runtime.reader.read_cases([*cases], chart.RECORD_FIELDS)
        self.records |= {case: chart.make_record(document, "en") for case, document in found.items()}

    async def keep(*_: Any, **__: Any) -> None: ...

    async def find_anything(session: Session, keys: Any, fields: Any) -> Any:
        return await session.runtime.reader.read_cases(keys, fields)

    monkeypatch.setattr(IndexReader, "find_by_terms", find_for_all)
    monkeypatch.setattr(chart.ChartReadings, "read", partialmethod(read))
    monkeypatch.setattr(chart.ChartReadings, "record", keep)
    monkeypatch.setattr(saved_charts, "find_readable", find_anything)
    monkeypatch.setattr(Session, "audit", keep)
    monkeypatch.setattr(Session, "make_shown", lambda *_: ())


@pytest.mark.parametrize("asking", ASKED)
def test_a_hidden_record_leaves_no_trace(asking: str) -> None:
    assert answered(ASKED[asking], hidden=True) == answered(ASKED[asking], hidden=False)


@pytest.mark.parametrize("asking", ASKED)
def test_a_leak_would_be_found(asking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _read_all(monkeypatch)
    assert answered(ASKED[asking], hidden=True) != answered(ASKED[asking], hidden=False)
