"""Who could see a case of the requester's own agency, and why; and what other handling would change."""

from __future__ import annotations

import msgspec

from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.case_visibility import CaseVisibility, HandlingChange, explain_visibility
from pipeline.access.release import View
from pipeline.api.answers import PersonWithAccess, VisibilityAnswer
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import NO_CASE, require_readable
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument
from pipeline.index.reading import STATE_FIELDS


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
    people = tuple(
        PersonWithAccess(
            view.agency,
            view.subject if view.agency == session.requester.agency else None,
            view.until.isoformat(),
            view.purposes,
            view.changed_purposes,
        )
        for view in found.people
    )
    return VisibilityAnswer(*session.moment, found.case, found.handling, found.changed, found.agencies, people)
