"""Exports: every link or case that the requester sees, as a file. Each part is recorded before it leaves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final, TypeVar

from pipeline.access.audit import ActKind, ShownCase
from pipeline.access.redaction import LinkEnds, Row, link_for
from pipeline.access.release import LinkSight, LinkView, View, requester_words
from pipeline.api.services.export_formats import ExportFormat, What, make_writer
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument, LinkDocument, case_row, link_row
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import STATE_FIELDS

PART: Final = 500
"""Records that are decided on, recorded and sent together."""

T = TypeVar("T")


async def export_records(session: Session, what: What, form: ExportFormat) -> AsyncGenerator[bytes, None]:
    """The file in parts.

    Raises ForbiddenError or UnavailableError before the first one, UnavailableError between parts.
    """
    session.require_reader()
    file = make_writer(what, form, session.request_id, session.language)
    parts = _export_links(session) if what == "links" else _export_cases(session)
    yield file.encode_head()
    async for rows, shown in parts:
        await session.audit(ActKind.EXPORT, {"export": what, "form": form}, shown)
        yield file.encode_part(rows)
    yield file.encode_tail()


async def _export_links(session: Session) -> AsyncIterator[tuple[list[Row], tuple[ShownCase, ...]]]:
    """Links seen in full by link id; behind them, by their references, those with a hit-only side.

    A link id is a digest of both case keys: its place among others would let somebody test a guess at the hidden one.
    """
    viewer = session.viewer
    words = None if viewer is None else requester_words(viewer)
    hits: list[Row] = []
    hits_shown: dict[str, ShownCase] = {}
    async for part in _batch_items(session.runtime.reader.every_link(words, hits=True)):
        cases = await session.runtime.reader.read_cases((case for link in part for case in link.cases), STATE_FIELDS)
        views = await session.decide_views(cases)
        held = [link for link in part if all(case in cases for case in link.cases)]
        full, hit = _split_hits(session, held, cases, views, await session.see_links(held, views))
        hits += [row for _, row in hit]
        hits_shown |= {shown.case: shown for shown in session.make_shown(_select_views(hit, views))}
        yield [row for _, row in full], session.make_shown(_select_views(full, views))
    yield sorted(hits, key=lambda row: str(row["link_id"])), tuple(hits_shown.values())


Told = list[tuple[LinkDocument, Row]]


def _select_views(part: Told, views: Mapping[str, View]) -> dict[str, View]:
    return {case: views[case] for link, _ in part for case in link.cases}


def _split_hits(
    session: Session,
    part: list[LinkDocument],
    cases: dict[str, CaseDocument],
    views: dict[str, View],
    sights: dict[str, LinkSight],
) -> tuple[Told, Told]:
    """The links of a part that are seen in full, and those with a hit-only side, each as it may be shown."""
    full: Told = []
    hits: Told = []
    for link in part:
        sight = sights[link.link]
        row = link_for(
            sight, LinkEnds(*(meta(cases[case]) for case in link.cases)), link_row(link), session.make_reference
        )
        if row is not None:
            (full if sight.view is LinkView.FULL else hits).append((link, row))
    return full, hits


async def _export_cases(session: Session) -> AsyncIterator[tuple[list[Row], tuple[ShownCase, ...]]]:
    limits = QueryLimits(session.now.date(), session.viewer)
    async for part in _batch_items(session.runtime.reader.every_case(limits)):
        views = await session.decide_views({document.case: document for document in part})
        kept = [document for document in part if views[document.case] is View.FULL]
        yield (
            [case_row(document) for document in kept],
            session.make_shown({document.case: View.FULL for document in kept}),
        )


async def _batch_items(items: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    part: list[T] = []
    async for item in items:
        part.append(item)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part
