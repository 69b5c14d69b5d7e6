"""One case, as its requester may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.redaction import Row, case_for, provenance_for
from pipeline.access.release import View
from pipeline.api.answers import IndexAnswer
from pipeline.api.problems import NotFoundError
from pipeline.api.services.case_signatures import signature_verdict
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument

NO_CASE = "case not found, or you do not have access"


class CaseAnswer(IndexAnswer, frozen=True):
    """A case with its record, grading and provenance; `access_until` is when the grant ends that opened it, if any."""

    case: Row


async def read_case(session: Session, key: str) -> CaseAnswer:
    """The case `key`. Raises NotFoundError where there is none, or none to be read: the two are one answer."""
    session.require_reader()
    document = await require_readable(session, key)
    until = (await session.read_access_ends({key: document})).get(key)
    content = _case_content(session, document) | {"access_until": until}
    row = case_for(View.FULL, meta(document), content, session.make_reference)
    await session.audit(ActKind.READ, {"case": key}, session.make_shown({key: View.FULL}))
    return CaseAnswer(*session.moment, row or {})


async def require_readable(session: Session, key: str, fields: Sequence[str] | None = None) -> CaseDocument:
    """The document, or `fields` of it, of a case that the requester sees in full.

    Raises NotFoundError after recording the attempt. Nothing of it is fetched unless they might read it: to load
    a record takes a tenth of a refusal's time, which would tell that there is one.
    """
    if await _might_read(session, key):
        found = await session.runtime.reader.read_cases([key], fields)
        if (await session.decide_views(found)).get(key) is View.FULL:
            return found[key]
    await session.audit(ActKind.READ, {"case": key}, rule=RequestRule.NOT_SHOWN)
    raise NotFoundError(NO_CASE)


async def _might_read(session: Session, key: str) -> bool:
    """Whether it is their agency's by its key, or was readable or granted to them as it was indexed, a second ago."""
    viewer = session.viewer
    if viewer is None or key.partition(":")[0] == viewer.agency:
        return True
    grants = await session.runtime.grants.read_grants([key], session.requester)
    granted = any(session.now < grant.until for grant in grants)
    return await session.runtime.reader.may_be_read(key, viewer, granted=granted)


def _case_content(session: Session, document: CaseDocument) -> dict[str, Any]:
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
        "signature": document.signature,
        "signature_verdict": signature_verdict(document, session.runtime.agencies),
        "warnings": msgspec.to_builtins(document.warnings),
        "provenance": provenance_for(
            who.operates or who.agency == document.agency, msgspec.to_builtins(document.provenance)
        ),
    }
