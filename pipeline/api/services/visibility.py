"""Who could see a case of the requester's own agency, and why; and what other handling would change."""

from __future__ import annotations

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.case_visibility import CaseVisibility, HandlingChange, PersonalGrantView, explain_visibility
from pipeline.access.redaction import Row
from pipeline.access.release import View
from pipeline.access.request_rules import RequestRule
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import NO_CASE, require_readable
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument
from pipeline.index.reading import STATE_FIELDS


class VisibilityAnswer(msgspec.Struct, frozen=True):
    """How each agency sees the case for each purpose, by which rule, and who has opened it by break-glass.

    `changed_*` are null unless other handling was asked about. The agency "" is the installation's operator.
    """

    as_of: str
    case: str
    handling: Row
    changed_handling: Row | None
    agencies: tuple[Row, ...]
    people: tuple[Row, ...]


async def read_visibility(
    session: Session,
    key: str,
    change: HandlingChange = HandlingChange(),  # noqa: B008 - frozen
) -> VisibilityAnswer:
    """For those who read the owner agency's cases.

    Raises NotFoundError for all other cases, whether there are any or not.

    Of other agencies' people it names the agency alone, as the owner's disclosures do.
    """
    session.require_reader()
    document = await _require_own_case(session, key)
    grants = await session.runtime.decisions.grants_on(key, session.runtime.agencies)
    found = explain_visibility(meta(document), session.runtime.agencies.values(), grants, session.now, change)
    asked = {"visibility": key, "change": msgspec.to_builtins(change)}
    await session.audit(ActKind.READ, asked, session.make_shown({key: View.FULL}))
    return _make_answer(session, found)


async def _require_own_case(session: Session, key: str) -> CaseDocument:
    """A case of the requester's agency. Of another's nothing is asked: whatever it is, the answer takes the same."""
    if key.partition(":")[0] == session.requester.agency:
        return await require_readable(session, key, STATE_FIELDS)
    await session.audit(ActKind.READ, {"visibility": key}, rule=RequestRule.NOT_SHOWN)
    raise NotFoundError(NO_CASE)


def _make_answer(session: Session, found: CaseVisibility) -> VisibilityAnswer:
    return VisibilityAnswer(
        session.as_of,
        found.case,
        msgspec.to_builtins(found.handling),
        msgspec.to_builtins(found.changed),
        tuple(msgspec.to_builtins(agency) for agency in found.agencies),
        tuple(_make_person_row(session, view) for view in found.people),
    )


def _make_person_row(session: Session, view: PersonalGrantView) -> Row:
    own = view.agency == session.requester.agency
    row: Row = msgspec.to_builtins(view)
    return row | {"until": view.until.isoformat(), "subject": view.subject if own else None}
