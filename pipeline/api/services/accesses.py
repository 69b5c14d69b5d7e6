"""Who was shown records of the requester's agency, as the audit has it."""

from __future__ import annotations

from typing import Final, TypedDict

from pipeline.access.audit import ActKind, ShownCase
from pipeline.api.answers import AccessedRecord, AccessesAnswer, AccessRow
from pipeline.api.cursors import PageCursor, SortValues
from pipeline.api.paging import fill_page
from pipeline.api.session import Session
from pipeline.index.decisions import AuditDocument

MOST: Final = 100
"""Accesses of one page."""


async def list_accesses(session: Session, limit: int = 50, cursor: str | None = None) -> AccessesAnswer:
    """Every act in which a record of the requester's agency was shown: who, when, for what, in which form.

    Of other agencies' people it names the agency alone.
    """
    session.require_reader()
    agency, pages = session.requester.agency, PageCursor(session, "accesses")

    async def fetch(after: SortValues | None) -> list[tuple[AuditDocument, SortValues]]:
        return await session.runtime.decisions.list_accesses(agency, MOST, after)

    async def show(found: list[AuditDocument]) -> list[AccessRow | None]:
        return [_make_access(document, agency) for document in found]

    rows, place = await fill_page(fetch, show, min(limit, MOST), MOST, pages.open(cursor))
    await session.audit(ActKind.READ, {"accesses": len(rows)})
    return AccessesAnswer(*session.moment, tuple(rows), pages.seal(place) if place else None)


def _make_access(document: AuditDocument, owner: str) -> AccessRow:
    shown = (each for each in document.shown if is_of(owner, each))
    return AccessRow(
        kind=document.kind.value,
        time=document.time,
        **describe_actor(document, owner),
        part=part_of(document),
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


def describe_actor(document: AuditDocument, agency: str) -> ToldActor:
    """Who acted and why, as an agency may know it: of other agencies' people it is told the agency alone."""
    own = document.agency == agency
    return {
        "agency": document.agency,
        "country": document.country,
        "subject": document.subject if own else None,
        "purpose": document.purpose,
        "case_reference": document.case_reference if own else None,
    }


def is_of(agency: str, shown: ShownCase) -> bool:
    """Whether the case that was shown is a record of the agency."""
    return shown.case.startswith(f"{agency}:")
