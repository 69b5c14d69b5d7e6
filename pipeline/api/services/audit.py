"""The audit for an agency: who did what when, why, and what was shown; who saw its records; whether the trail is whole.

Of the agency's own people all is told; of others' acts, as to every owner, those alone in which its records were shown,
with the agency and without the person. Acts are for auditors, who saw the agency's records is for its investigators.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, TypedDict

import msgspec
from aiokafka.errors import KafkaError
from msgspec import Meta

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.case_filters import Day
from pipeline.access.formats import LaterFormatError
from pipeline.access.release import View, decide
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.access.text_limits import SUBJECT
from pipeline.api.answers import AccessedRecord, AccessesAnswer, AccessRow, ActRecord, ActRow, ActsAnswer, TrailAnswer
from pipeline.api.paging import PageCursor, SortValues, fill_page
from pipeline.api.problems import UnavailableError
from pipeline.api.sealed import SealedCase
from pipeline.api.services.export_words import SEVERAL
from pipeline.api.services.exports import TableFormat, encode_csv, encode_lines, encode_table_head
from pipeline.api.session import Session
from pipeline.index.decisions import ActSelection, AuditDocument

MOST_ACCESSES: Final = 100
"""Accesses of one page."""


async def list_accesses(session: Session, limit: int = 50, cursor: str | None = None) -> AccessesAnswer:
    """Every act in which a record of the requester's agency was shown: who, when, for what, in which form.

    Of other agencies' people it names the agency, and the reference that they stated where the installation says so.
    """
    session.require_reader()
    agency, pages = session.requester.agency, PageCursor(session, "accesses")

    async def fetch(after: SortValues | None) -> list[tuple[AuditDocument, SortValues]]:
        return await session.runtime.decisions.list_accesses(agency, MOST_ACCESSES, after)

    async def show(found: list[AuditDocument]) -> list[AccessRow | None]:
        return [_make_access(session, document) for document in found]

    rows, place = await fill_page(fetch, show, min(limit, MOST_ACCESSES), MOST_ACCESSES, pages.open(cursor))
    whole = await session.runtime.decisions.count_accesses(agency)
    await session.record(ActKind.READ, {"accesses": len(rows)})
    return AccessesAnswer(*session.moment, tuple(rows), whole, pages.seal(place) if place else None)


def _make_access(session: Session, document: AuditDocument) -> AccessRow:
    shown = (each for each in document.shown if is_of(session.requester.agency, each))
    return AccessRow(
        kind=document.kind.value,
        time=document.time,
        **_describe_actor(session, document),
        part=part_of(document),
        file=document.facts.form or None,
        shown=tuple(AccessedRecord(each.case, each.form.value, each.rule or None) for each in shown),
    )


def part_of(document: AuditDocument) -> str | None:
    """Which part of how many of an act that showed more than one entry holds: "2/25"; each record is in one of them."""
    return (document.entry or {}).get("part")


class ToldActor(TypedDict):
    """What an agency is told of whoever acted."""

    agency: str
    country: str
    subject: str | None
    purpose: str
    case_reference: str | None


def _describe_actor(session: Session, document: AuditDocument) -> ToldActor:
    """Who acted and why, as the requester's agency may know it: of other agencies' people it is not told the person."""
    own = document.agency == session.requester.agency
    referenced = own or session.runtime.settings.owners_see_references
    return {
        "agency": document.agency,
        "country": document.country,
        "subject": document.subject if own else None,
        "purpose": document.purpose,
        "case_reference": document.case_reference if referenced else None,
    }


def is_of(agency: str, shown: ShownCase) -> bool:
    """Whether the case that was shown is a record of the agency."""
    return shown.case.startswith(f"{agency}:")


MOST: Final = 100
"""Acts of one page, and of one part of a file."""

PATIENCE_S: Final = 2.0
"""How long an answer waits for the trail to be verified; a longer check goes on meanwhile."""

MEDIA_TYPES: Final[dict[TableFormat, str]] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "excel": "text/csv; charset=utf-8",
}

COLUMNS: Final = (
    "time", "kind", "agency", "country", "subject", "purpose", "case_reference", "shown", "rule", "part", "file",
)  # fmt: skip
"""The fields of an act in a file, a contract with those who read it: another comes behind them."""


class ActFilter(msgspec.Struct, frozen=True):
    """Which acts: of one of the own people, of one agency's people, of the days from `first` to `last`."""

    subject: Annotated[str, Meta(max_length=SUBJECT.most, description="One of your own agency's people.")] = ""
    agency: Annotated[str, Meta(max_length=200, description="Whose people.")] = ""
    first: Annotated[Day | None, Meta(description="From this day on (UTC).")] = None
    last: Annotated[Day | None, Meta(description="To the end of this day (UTC).")] = None

    def as_texts(self) -> dict[str, str]:
        """By field, "" for what narrows nothing: as the audit, cursors and forms hold it."""
        return {name: value or "" for name, value in msgspec.structs.asdict(self).items()}


async def list_acts(session: Session, wanted: ActFilter, limit: int = 50, cursor: str | None = None) -> ActsAnswer:
    """The acts that an auditor's agency may know of.

    Raises ForbiddenError, UnprocessableError for a cursor of another question.

    They are only ever added to, the latest first, so that none moves between pages.
    """
    session.require_role(Role.AUDITOR)
    pages = PageCursor(session, "acts", wanted.as_texts())

    async def fetch(after: SortValues | None) -> list[tuple[AuditDocument, SortValues]]:
        return await session.runtime.decisions.list_acts(session.requester.agency, _make_bounds(wanted), MOST, after)

    async def show(found: list[AuditDocument]) -> list[ActRow | None]:
        return [*await _make_rows(session, found)]

    rows, place = await fill_page(fetch, show, min(limit, MOST), MOST, pages.open(cursor))
    await session.record(ActKind.READ, {"acts": wanted.as_texts()})
    return ActsAnswer(*session.moment, tuple(rows), pages.seal(place) if place else None)


async def export_acts(session: Session, wanted: ActFilter, form: TableFormat) -> AsyncGenerator[bytes, None]:
    """The same as a file in parts, recorded before the first. Raises ForbiddenError, UnavailableError."""
    session.require_role(Role.AUDITOR)
    await session.record(ActKind.EXPORT, {"acts": wanted.as_texts(), "form": form}, form=form)
    yield b"" if form == "ndjson" else encode_table_head(form, COLUMNS)
    after: SortValues | None = None
    while found := await session.runtime.decisions.list_acts(
        session.requester.agency, _make_bounds(wanted), MOST, after
    ):
        rows = await _make_rows(session, [document for document, _ in found])
        yield encode_lines(map(msgspec.to_builtins, rows)) if form == "ndjson" else encode_csv(map(_make_cells, rows))
        after = found[-1][1]


async def verify_trail(session: Session) -> TrailAnswer:
    """Whether the trail is whole, verified anew unless that was a moment ago.

    Raises ForbiddenError, UnavailableError.
    """
    session.require_role(Role.AUDITOR)
    await session.record(ActKind.READ, {"trail": True})
    try:
        found = await session.runtime.trail.check_trail(PATIENCE_S)
    except LaterFormatError as error:
        raise UnavailableError(error) from error
    except (KafkaError, OSError) as error:
        raise UnavailableError("the records can't be read right now; try again") from error
    at = found.at.isoformat() if found.at else None
    return TrailAnswer(found.entries, found.findings, at, found.running)


def _make_cells(row: ActRow) -> list[object]:
    """An act as cells for people: records by key or reference, each with its form, as "fr-pj:1 (full)"."""
    shown = SEVERAL.join(f"{one.case or one.reference} ({one.form})" for one in row.shown)
    return [shown if name == "shown" else getattr(row, name) for name in COLUMNS]


def _make_bounds(wanted: ActFilter) -> ActSelection:
    behind = (date.fromisoformat(wanted.last) + timedelta(days=1)).isoformat() if wanted.last else ""
    return ActSelection(wanted.subject, wanted.agency, wanted.first or "", behind)


async def _make_rows(session: Session, found: Sequence[AuditDocument]) -> list[ActRow]:
    """What is told of each act, in the order of COLUMNS."""
    agency = session.requester.agency
    foreign = (
        each.case
        for document in found
        if document.agency == agency
        for each in document.shown
        if not is_of(agency, each)
    )
    cases = await session.runtime.reader.read_cases(foreign)
    return [_make_row(session, document, cases) for document in found]


def _make_row(session: Session, document: AuditDocument, cases: Mapping[str, SealedCase]) -> ActRow:
    agency = session.requester.agency
    own = document.agency == agency
    shown = (each for each in document.shown if own or is_of(agency, each))
    return ActRow(
        time=document.time,
        kind=document.kind.value,
        **_describe_actor(session, document),
        shown=tuple(_make_record(session, document, each, cases) for each in shown),
        rule=(document.entry or {}).get("rule") if own else None,
        part=part_of(document),
        file=document.facts.form or None,
    )


def _make_record(session: Session, act: AuditDocument, shown: ShownCase, cases: Mapping[str, SealedCase]) -> ActRecord:
    """A record by its key where the agency reads it for the act's purpose now, else by the agency's reference to it."""
    named = is_of(session.requester.agency, shown) or (
        shown.form is ShownForm.FULL and _may_read(session, act, shown, cases)
    )
    return ActRecord(
        agency=shown.case.partition(":")[0],
        case=shown.case if named else None,
        reference=None if named else session.make_reference(shown.case),
        form=shown.form.value,
        rule=shown.rule or None,
    )


def _may_read(session: Session, act: AuditDocument, shown: ShownCase, cases: Mapping[str, SealedCase]) -> bool:
    who = session.requester
    investigator = Requester("", who.agency, who.country, frozenset({Role.INVESTIGATOR}))
    case = cases.get(shown.case)
    stated = next((purpose for purpose in Purpose if purpose == act.purpose), None)
    if case is None or stated is None:
        return False
    return decide(case.head, investigator, stated, session.now).view is View.FULL
