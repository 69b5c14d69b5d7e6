"""One case, as its requester may see it; and, of their own agency's, who could see it, also under other handling.

How a case is signed is what the server finds by the keys that the registry lists for its agency. So a case that was
written behind intake, into Kafka or the index, shows as what it is. It is the server's word: a reader who does not
trust it checks the answer itself (`liaison feed verify-case`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.case_visibility import CaseVisibility, HandlingChange, explain_visibility
from pipeline.access.redaction import provenance_for
from pipeline.access.release import View
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import CaseAnswer, CaseRow, PersonWithAccess, VisibilityAnswer
from pipeline.api.problems import NotFoundError
from pipeline.api.sealed import SealedCase
from pipeline.api.session import Session
from pipeline.feeds.signing import SignatureVerdict, verify_case
from pipeline.index.documents import CaseDocument, case_meta
from pipeline.index.reading import STATE_FIELDS
from pipeline.records.agencies import Registry
from pipeline.records.signing_policy import SigningPolicy

NO_CASE = "case not found, or you do not have access"


async def read_case(session: Session, key: str) -> CaseAnswer:
    """The case `key`. Raises NotFoundError where there is none, or none to be read: the two are one answer."""
    session.require_reader()
    async with session.answer(ActKind.READ, {"case": key}) as answer:
        return CaseAnswer(*session.moment, await show_case_row(answer, key))


async def show_case_row(answer: RecordedAnswer, key: str) -> CaseRow:
    """What a case says, and until when a grant has opened it. Raises NotFoundError as `require_case` does."""
    document = await show_case(answer, key)
    until = (await answer.read_access_ends([document.case])).get(key)
    return make_case_row(answer.session, document, until)


async def show_case(answer: RecordedAnswer, key: str, fields: Sequence[str] | None = None) -> CaseDocument:
    """The document of a case as `require_case` brings it, which is shown."""
    document = await require_case(answer, key, fields)
    answer.show([key])
    return document


async def require_case(answer: RecordedAnswer, key: str, fields: Sequence[str] | None = None) -> CaseDocument:
    """The document, or `fields` of it, of a case that the requester sees in full.

    Raises NotFoundError after recording the attempt. Nothing of it is fetched unless they might read it: to load
    a record takes a tenth of a refusal's time, which would tell that there is one.
    """
    found: dict[str, SealedCase] = {}
    if await _might_read(answer.session, key):
        found = await answer.session.runtime.reader.read_cases([key], fields)
    document = (await answer.weigh(found.values())).get(key)
    if document is None:
        await answer.refuse(NotFoundError(NO_CASE), {"case": key}, kind=ActKind.READ)
    return document


async def weigh_readable(
    answer: RecordedAnswer, keys: Sequence[str], fields: Sequence[str] | None
) -> dict[str, CaseDocument]:
    """Those of some cases that the requester sees in full, with `fields` of each.

    The index is asked the same whatever is there and not to be read, and brings nothing of it (`require_case`).
    """
    parts = weigh_readable_parts(answer, keys, fields)
    return {case: document async for part in parts for case, document in part.items()}


async def weigh_readable_parts(
    answer: RecordedAnswer, keys: Sequence[str], fields: Sequence[str] | None
) -> AsyncIterator[dict[str, CaseDocument]]:
    """The same in parts, for who keeps little of each.

    Of their own agency some may be hidden, which is decided before any of it is fetched, and again by what is.
    """
    session = answer.session
    viewer, reader = session.viewer, session.runtime.reader
    keys = list(dict.fromkeys(keys))
    foreign = [] if viewer is None else [key for key in keys if key.partition(":")[0] != viewer.agency]
    grants = await session.runtime.grants.read_grants(foreign, session.requester) if foreign else ()
    if viewer is not None and foreign:
        granted = [grant.case for grant in grants if session.now < grant.until]
        closed = {*foreign} - {*await reader.find_readable(foreign, granted, viewer)}
        keys = [key for key in keys if key not in closed]
    own = [] if viewer is None else [key for key in keys if key.partition(":")[0] == viewer.agency]
    if own and (fields is None or not {*fields} <= {*STATE_FIELDS}):
        states = await reader.read_cases(own)
        hidden = {*own} - {case for case, state in states.items() if answer.decide_case(state.head) is View.FULL}
        keys = [key for key in keys if key not in hidden]
    async for part in reader.read_parts(keys, fields, readable=True):
        yield {
            sealed.head.case: answer.open(sealed)
            for sealed in part
            if answer.decide_case(sealed.head, grants) is View.FULL
        }


async def _might_read(session: Session, key: str) -> bool:
    """Whether it is their agency's by its key, or was readable or granted to them as it was indexed, a second ago."""
    viewer = session.viewer
    if viewer is None or key.partition(":")[0] == viewer.agency:
        return True
    grants = await session.runtime.grants.read_grants([key], session.requester)
    granted = any(session.now < grant.until for grant in grants)
    return await session.runtime.reader.may_be_read(key, viewer, granted=granted)


async def may_still_read(session: Session, keys: Sequence[str]) -> bool:
    """Whether the requester sees all of some cases in full now: for a page that shows them already.

    It tells of nothing else, so nothing is recorded.
    """
    async with session.answer(ActKind.READ) as answer:
        views = await answer.decide_named(keys, await session.runtime.reader.read_cases(keys))
        answer.tell_nothing()
        return all(views[key] is View.FULL for key in keys)


def make_case_row(session: Session, document: CaseDocument, until: str | None) -> CaseRow:
    """What a case says, its owner's grading and where it came from."""
    who = session.requester
    return CaseRow(
        case=document.case,
        agency=document.agency,
        country=document.country,
        version=document.version,
        status=document.status,
        handling=document.handling,
        contact=document.contact,
        retain_until=document.retain_until,
        data=document.data,
        signature=document.signature,
        signature_verdict=signature_verdict(document, session.runtime.agencies),
        warnings=document.warnings,
        provenance=provenance_for(who.operates or who.agency == document.agency, document.provenance),
        access_until=until,
        view=View.FULL.value,
        caveat=document.caveat,
        caveat_translation=document.translate_caveat(session.language),
    )


def signature_verdict(document: CaseDocument, agencies: Registry) -> SignatureVerdict | None:
    """How a case that is seen in full is signed; None where it is not, and its agency does not ask for that."""
    agency = agencies.get(document.agency)
    signing = agency.signing if agency else SigningPolicy()
    if document.signature is None and not signing.required:
        return None
    arrived_ms = document.provenance.arrived_ms if document.provenance else 0
    row = {
        "case": document.case,
        "version": document.version,
        "data": document.data,
        "signature": document.signature,
        "provenance": {"arrived_ms": arrived_ms or None},
    }
    return verify_case(row, {key.kid: key for key in signing.keys}).verdict


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
    asked = {"visibility": key, "change": msgspec.to_builtins(change)}
    async with session.answer(ActKind.READ, asked) as answer:
        document = await _show_own_case(answer, key)
        grants = await session.runtime.decisions.grants_on(key, session.runtime.agencies)
        found = explain_visibility(case_meta(document), session.runtime.agencies.values(), grants, session.now, change)
        return _make_answer(session, found)


async def _show_own_case(answer: RecordedAnswer, key: str) -> CaseDocument:
    """A case of the requester's agency. Of another's nothing is asked: whatever it is, the answer takes the same."""
    if key.partition(":")[0] != answer.session.requester.agency:
        await answer.refuse(NotFoundError(NO_CASE), {"visibility": key})
    return await show_case(answer, key, STATE_FIELDS)


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
