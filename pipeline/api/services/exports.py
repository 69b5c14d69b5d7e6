"""Exports: every link or case that the requester sees, as a file. Each part is recorded before it leaves."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, Literal, TypeVar

import orjson

from pipeline.access.audience import requester_words
from pipeline.access.audit import Kind
from pipeline.access.policy import LinkView, View, link_view
from pipeline.access.redaction import Ends, Row, link_for
from pipeline.api.services.follow_the_money import case_entities, link_entities
from pipeline.api.session import Session, meta, shown
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.exports import case_row, link_row
from pipeline.index.queries import Limits

What = Literal["links", "cases"]
Format = Literal["ndjson", "ftm", "csv"]

PART: Final = 500
"""Records that are decided on, recorded and sent together."""

LINK_COLUMNS: Final = (
    "link_id", "case_a", "case_b", "version_a", "version_b", "probability", "score", "band", "evidence",
)  # fmt: skip
"""The fields of an exported link, a contract with those who read the file."""

CASE_COLUMNS: Final = ("case", "agency", "country", "version", "hash", "data")

MEDIA_TYPES: Final[dict[Format, str]] = {
    "ndjson": "application/x-ndjson",
    "ftm": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}

T = TypeVar("T")


async def export(session: Session, what: What, form: Format) -> AsyncIterator[bytes]:
    """The file in parts. Raises Forbidden or Unavailable before the first one, Unavailable between parts."""
    session.require_reader()
    write = _writer(what, form)
    parts = _links(session) if what == "links" else _cases(session)
    yield write(None)
    async for rows, seen in parts:
        await session.audit(Kind.EXPORT, {"export": what, "form": form}, shown(seen))
        yield write(rows)


async def _links(session: Session) -> AsyncIterator[tuple[list[Row], dict[str, View]]]:
    """Links seen in full by link id; behind them, by their references, those with a hit-only side.

    A link id is a digest of both case keys: its place among others would let somebody test a guess at the hidden one.
    """
    viewer = session.viewer
    words = None if viewer is None else requester_words(viewer)
    hits: list[Row] = []
    hit_views: dict[str, View] = {}
    async for part in _parts(session.runtime.reader.every_link(words)):
        cases = await session.runtime.reader.cases(case for link in part for case in link.cases)
        views = await session.views(cases)
        full, hit = _split(session, part, cases, views)
        hits += [row for _, row in hit]
        hit_views |= {case: views[case] for link, _ in hit for case in link.cases}
        yield [row for _, row in full], {case: views[case] for link, _ in full for case in link.cases}
    yield sorted(hits, key=lambda row: str(row["link_id"])), hit_views


Told = list[tuple[LinkDocument, Row]]


def _split(
    session: Session, part: list[LinkDocument], cases: dict[str, CaseDocument], views: dict[str, View]
) -> tuple[Told, Told]:
    """The links of a part that are seen in full, and those with a hit-only side, each as it may be shown."""
    full: Told = []
    hits: Told = []
    for link in part:
        if all(case in cases for case in link.cases):
            how = link_view(*(views[case] for case in link.cases))
            row = link_for(how, Ends(*(meta(cases[case]) for case in link.cases)), link_row(link), session.reference)
            if row is not None:
                (full if how is LinkView.FULL else hits).append((link, row))
    return full, hits


async def _cases(session: Session) -> AsyncIterator[tuple[list[Row], dict[str, View]]]:
    limits = Limits(session.now.date(), session.viewer)
    async for part in _parts(session.runtime.reader.every_case(limits)):
        views = await session.views({one.case: one for one in part})
        kept = [one for one in part if views[one.case] is View.FULL]
        yield [case_row(one) for one in kept], {one.case: View.FULL for one in kept}


async def _parts(items: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    part: list[T] = []
    async for item in items:
        part.append(item)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part


def _writer(what: What, form: Format) -> Callable[[list[Row] | None], bytes]:
    """Turns rows into the bytes of a part; None stands for the file's head."""
    names = LINK_COLUMNS if what == "links" else CASE_COLUMNS

    def ndjson(rows: list[Row] | None) -> bytes:
        return _lines({name: row[name] for name in names} for row in rows or ())

    def ftm(rows: list[Row] | None) -> bytes:
        entities = link_entities if what == "links" else case_entities
        return _lines(entity for row in rows or () for entity in entities(row))

    def table(rows: list[Row] | None) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        if rows is None:
            writer.writerow(names)
        for row in rows or ():
            writer.writerow([cell(row[name]) for name in names])
        return text.getvalue().encode()

    return {"ndjson": ndjson, "ftm": ftm, "csv": table}[form]


def _lines(items: Iterable[object]) -> bytes:
    return b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items)


FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """A CSV cell; a text that a spreadsheet would take for a formula is quoted (OWASP, CSV injection)."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
