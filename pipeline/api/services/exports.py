"""Exports: every link or case that the requester sees, as a file. Each part is recorded before it leaves.

A format turns rows into the bytes of a file's head, parts and tail.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, Protocol, TypeVar

import orjson

from pipeline.access.audit import ActKind
from pipeline.access.redaction import LinkRow
from pipeline.access.release import HIT_VIEWS, LinkView
from pipeline.access.reviews import Review
from pipeline.api.answering import RecordedAnswer
from pipeline.api.services import stix
from pipeline.api.services.export_words import CASE_CELLS, LINK_CELLS, case_cells, link_cells
from pipeline.api.services.follow_the_money import FtmEntity, case_entities, link_entities
from pipeline.api.session import Session
from pipeline.index.documents import CaseRecord, case_row, link_row
from pipeline.index.reading import LISTED, STATE_FIELDS
from pipeline.loop_turns import LoopTurns
from pipeline.records.agencies import title_of

What = Literal["links", "cases"]
ExportFormat = Literal["ndjson", "ftm", "csv", "excel", "stix"]

TableFormat = Literal["csv", "excel", "ndjson"]
"""Of files with a row for each thing. `excel` is CSV with a byte order mark, by which Excel knows UTF-8."""

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
"""By which Excel knows UTF-8."""

LINK_COLUMNS: Final = (
    "link_id", "case_a", "case_b", "version_a", "version_b", "probability", "score", "band", "basis", "evidence",
)  # fmt: skip
"""The fields of an exported link in JSON lines, a contract with those who read the file."""

CASE_COLUMNS: Final = ("case", "agency", "country", "version", "hash", "data", "signature")

MEDIA_TYPES: Final[dict[ExportFormat, str]] = {
    "ndjson": "application/x-ndjson",
    "ftm": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "excel": "text/csv; charset=utf-8",
    "stix": "application/stix+json;version=2.1",
}

ENDINGS: Final[dict[ExportFormat, str]] = {
    "ndjson": "ndjson", "csv": "csv", "excel": "csv", "ftm": "ftm.json", "stix": "stix.json",
}  # fmt: skip
"""Of the names of files."""


ExportedRow = LinkRow | CaseRecord


class ExportWriter(Protocol):
    """One file being written; `parts` is called with rows in their order."""

    def encode_head(self) -> bytes:
        """Return what stands before the rows."""

    async def encode_part(self, rows: Iterable[ExportedRow]) -> bytes:
        """Return some rows, written."""

    def encode_tail(self) -> bytes:
        """Return what stands after the rows."""


def make_writer(session: Session, what: What, form: ExportFormat) -> ExportWriter:
    """What writes a file of one format; a STIX bundle is named by the request."""
    names = LINK_COLUMNS if what == "links" else CASE_COLUMNS
    kinds: dict[ExportFormat, ExportWriter] = {
        "ndjson": _NdjsonWriter(names),
        "csv": _TableWriter(session, what, "csv"),
        "excel": _TableWriter(session, what, "excel"),
        "ftm": _FollowTheMoney(what),
        "stix": _StixWriter(session, what),
    }
    return kinds[form]


class _NdjsonWriter:
    """One JSON object a line, of the named fields."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._turns = names, LoopTurns()

    def encode_head(self) -> bytes:
        return b""

    async def encode_part(self, rows: Iterable[ExportedRow]) -> bytes:
        return await encode_lines_in_turns(self._make_items(rows), self._turns)

    def _make_items(self, rows: Iterable[Any]) -> Iterable[object]:
        return ({name: getattr(row, name) for name in self._names} for row in rows)

    def encode_tail(self) -> bytes:
        return b""


class _FollowTheMoney(_NdjsonWriter):
    """One entity a line."""

    def __init__(self, what: What) -> None:
        super().__init__(())
        self._entities: Callable[[Any], Iterator[FtmEntity]] = link_entities if what == "links" else case_entities

    def _make_items(self, rows: Iterable[Any]) -> Iterable[object]:
        return (entity for row in rows for entity in self._entities(row))


class _TableWriter:
    """A table for people: no cell holds JSON, which other formats have."""

    def __init__(self, session: Session, what: What, form: ExportFormat) -> None:
        self._names = LINK_CELLS if what == "links" else CASE_CELLS
        self._make_cells: Callable[[Any, str], dict[str, object]] = link_cells if what == "links" else case_cells
        self._form, self._language, self._agencies = form, session.language, session.runtime.agencies
        self._turns = LoopTurns()

    def encode_head(self) -> bytes:
        return encode_table_head(self._form, self._names)

    async def encode_part(self, rows: Iterable[ExportedRow]) -> bytes:
        made = (self._make_cells(row, self._language) for row in rows)
        named = (cells | {"agency_name": title_of(self._agencies, str(cells.get("agency", "")))} for cells in made)
        written = (encode_csv([[cells.get(name) for name in self._names]]) for cells in named)
        return await self._turns.join(written)

    def encode_tail(self) -> bytes:
        return b""


class _StixWriter:
    """One bundle; what comes again (an agency, a marking, an end of links) is left out after the first time."""

    def __init__(self, session: Session, what: What) -> None:
        self._read_reviews = session.runtime.decisions.reviews_of
        self._id = stix.bundle_id(what, session.request_id)
        self._exported_ids: set[str] = set()
        self._turns = LoopTurns()

    def encode_head(self) -> bytes:
        opening = orjson.dumps({"type": "bundle", "id": self._id})[:-1]
        return opening + b',"objects":[\n' + orjson.dumps(stix.exporter_identity())

    async def encode_part(self, rows: Iterable[ExportedRow]) -> bytes:
        held = list(rows)
        seen_in_full = [row.link_id for row in held if isinstance(row, LinkRow) and row.hit is None]
        reviews = await self._read_reviews(seen_in_full)
        found = (made for row in held for made in self._make_objects(row, reviews))
        written = (b",\n" + orjson.dumps(made) for made in found if self._is_new(made))
        return await self._turns.join(written)

    def encode_tail(self) -> bytes:
        return b"\n]}\n"

    @staticmethod
    def _make_objects(row: ExportedRow, reviews: Mapping[str, Sequence[Review]]) -> Iterator[stix.Object]:
        """Whoever sees both sides of a link in full sees its reviews; of another link they are not even read."""
        return (
            stix.link_objects(row, reviews.get(row.link_id, ())) if isinstance(row, LinkRow) else stix.case_objects(row)
        )

    def _is_new(self, made: stix.Object) -> bool:
        if made.get("modified", stix.UNKNOWN_TIME) != stix.UNKNOWN_TIME:
            return True  # of a case's own version or a link, and so told once
        new = made["id"] not in self._exported_ids
        self._exported_ids.add(made["id"])
        return new


def encode_lines(items: Iterable[object]) -> bytes:
    """One JSON object a line."""
    return b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items)


async def encode_lines_in_turns(items: Iterable[object], turns: LoopTurns) -> bytes:
    """The same of what takes long to make, such as the entities of whole cases, with rests."""
    return await turns.join(encode_lines([item]) for item in items)


def encode_table_head(form: str, names: Iterable[str]) -> bytes:
    """The first row of a table, which says what its columns are."""
    return (BOM if form == "excel" else b"") + encode_csv([names])


def encode_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows of CSV (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows(map(_encode_cell, row) for row in rows)
    return text.getvalue().encode()


FORMULA: Final = frozenset("=+-@")
CONTROLS: Final = ("\t", "\r", "\n")
SEPARATORS: Final = re.compile(r"[;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What begins a cell or row for a spreadsheet whose locale parts cells by `;` or tab, whatever quotes stand around."""

UNSEEN: Final = frozenset("CZ")
"""General categories of controls, formats and separators, which spreadsheets pass over before they look for a sign."""

QUOTE: Final = '"'
"""Passed over behind a separator, since what reads on there may take it for the cell's own."""


def _encode_cell(value: object) -> object:
    """A CSV cell; what a spreadsheet would take for a formula is quoted (OWASP, CSV injection).

    A formula may begin the cell, or a part of it behind what is a separator elsewhere. Raises TypeError for what has
    parts of its own: a table is for people, who read no JSON.
    """
    if isinstance(value, dict | list | tuple):
        raise TypeError("a cell holds one value")
    if not isinstance(value, str):
        return value
    ends = [found.end() for found in SEPARATORS.finditer(value)]
    first, *others = (value[begin:end] for begin, end in pairwise((0, *ends, len(value))))
    behind = "".join(f"'{part}" if _is_formula(part.lstrip(QUOTE)) else part for part in others)
    return ("'" if value.startswith(CONTROLS) or _is_formula(first) else "") + first + behind


def _is_formula(text: str) -> bool:
    """Whether a text begins with a formula's sign in any width, whatever unseen stands before it."""
    first = next((sign for sign in text if unicodedata.category(sign)[0] not in UNSEEN), "")
    return unicodedata.normalize("NFKC", first) in FORMULA


PART: Final = 500
"""Records that are recorded and sent together, unless they take PART_BYTES."""

PART_BYTES: Final = 2_000_000

T = TypeVar("T")


async def export_records(session: Session, what: What, form: ExportFormat) -> AsyncGenerator[bytes, None]:
    """The file in parts.

    Raises ForbiddenError or UnavailableError before the first one, UnavailableError between parts.
    """
    session.require_reader()
    file = make_writer(session, what, form)
    async with session.answer(ActKind.EXPORT, {"export": what, "form": form}, form=form) as answer:
        yield file.encode_head()
        written, shown = list[bytes](), 0
        async for rows, cases in _export_links(answer) if what == "links" else _export_cases(answer):
            written.append(await file.encode_part(rows))
            shown += cases
            if shown >= PART or sum(map(len, written)) >= PART_BYTES:
                await answer.record_part()
                yield b"".join(written)
                written, shown = [], 0
        await answer.end()
    yield b"".join(written)
    yield file.encode_tail()


async def _export_links(answer: RecordedAnswer) -> AsyncIterator[tuple[list[LinkRow], int]]:
    """Links seen in full by link id; behind them, by their references, those with a hit-only side.

    Each part with the number of cases that it shows. A link id is a digest of both case keys: its place among others
    would let somebody test a guess at the hidden one.
    """
    session = answer.session
    reader = session.runtime.reader
    hits: list[LinkRow] = []
    async for part in _batch_items(reader.every_link(await session.scope_links(), hits=True, evidence=False), LISTED):
        cases = await reader.read_cases((case for link in part for case in link.head.cases), STATE_FIELDS)
        await answer.decide(cases.values())
        sights = await answer.see_links(link for link in part if all(case in cases for case in link.head.cases))
        for link in part:
            if link.head.link in sights and sights[link.head.link].view in HIT_VIEWS:
                hits += filter(None, [answer.redact_link(link, cases)])
                answer.show(link.head.cases, later=True)
        full = [name for name, sight in sights.items() if sight.view is LinkView.FULL]
        rows = list(map(link_row, answer.weigh_links((await reader.read_links(full)).values()))) if full else []
        shown = dict.fromkeys(str(case) for row in rows for case in (row.case_a, row.case_b))
        answer.show(shown)
        yield rows, len(shown)
    answer.show_later()
    yield sorted(hits, key=lambda row: row.link_id), 0


async def _export_cases(answer: RecordedAnswer) -> AsyncIterator[tuple[list[CaseRecord], int]]:
    session = answer.session
    async for cases in answer.weigh_parts(session.runtime.reader.every_case(await session.limit_cases())):
        answer.show(cases)
        yield list(map(case_row, cases.values())), len(cases)


async def _batch_items(items: AsyncIterator[T], size: int) -> AsyncIterator[list[T]]:
    """Items in parts: what is decided on of one is recorded before the next is decided on."""
    part: list[T] = []
    async for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
