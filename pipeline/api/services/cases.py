"""One case, as its requester may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pipeline.access.audit import Kind
from pipeline.access.policy import View
from pipeline.access.redaction import Row, case_for, provenance_for
from pipeline.api.problems import NotFound
from pipeline.api.session import Session, meta, shown
from pipeline.index.documents import CaseDocument
from pipeline.index.reading import STATE_FIELDS


class CaseAnswer(msgspec.Struct, frozen=True):
    """A case with its record, grading and provenance."""

    as_of: str
    case: Row


async def case(session: Session, key: str) -> CaseAnswer:
    """The case `key`. Raises NotFound where there is none, or none to be read: the two are one answer."""
    session.require_reader()
    document = await readable(session, key)
    row = case_for(View.FULL, meta(document), _content(session, document), session.reference)
    await session.audit(Kind.READ, {"case": key}, shown({key: View.FULL}))
    return CaseAnswer(session.as_of, row or {})


async def readable(session: Session, key: str, fields: Sequence[str] | None = None) -> CaseDocument:
    """The document, or `fields` of it, of a case that the requester sees in full.

    Raises NotFound after recording the attempt. Until the requester is known to read it no content is fetched: a
    refusal costs the same whatever the key stands for.
    """
    document = await _readable(session, key, STATE_FIELDS)
    if document is not None and fields != STATE_FIELDS:
        document = await _readable(session, key, fields)
    if document is not None:
        return document
    await session.audit(Kind.READ, {"case": key})
    raise NotFound("there is no such case, or none that you may read")


async def _readable(session: Session, key: str, fields: Sequence[str] | None) -> CaseDocument | None:
    found = await session.runtime.reader.cases([key], fields)
    views = await session.views_by_key([key], found)
    return found[key] if views[key] is View.FULL else None


def _content(session: Session, document: CaseDocument) -> dict[str, Any]:
    """What a case says, its owner's grading and where it came from; keys in a fixed order."""
    who = session.requester
    return {
        "case": document.case,
        "agency": document.agency,
        "country": document.country,
        "version": document.version,
        "status": document.status,
        "handling": msgspec.to_builtins(document.handling),
        "contact": msgspec.to_builtins(document.contact),
        "retain_until": document.retain_until,
        "data": document.data,
        "warnings": msgspec.to_builtins(document.warnings),
        "provenance": provenance_for(
            who.operates or who.agency == document.agency, msgspec.to_builtins(document.provenance)
        ),
    }
