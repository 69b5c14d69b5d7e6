"""Judging links: reviews, undo, manual links. Only those who see both sides in full judge or see judgements.

One verdict may be given on several links, each judged by itself: what becomes of one says nothing of the others.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.access.audit import ActKind
from pipeline.access.release import View
from pipeline.access.requester import Requester
from pipeline.access.reviews import (
    EvidenceChange,
    Mark,
    NotUndoableError,
    Review,
    ReviewSummary,
    Verdict,
    evidence_change,
    evidence_marks,
    review_for,
    summarise_reviews,
    undo_review,
    verdicts_with_reason,
)
from pipeline.access.text_limits import REASON
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import BulkAnswer, LinkOutcome, ManualLinkRow, ManualLinksAnswer, ReviewedLink, ReviewsAnswer
from pipeline.api.paging import SortValues, fill_page
from pipeline.api.problems import ConflictError, ForbiddenError, NotFoundError, UnprocessableError, translate_error
from pipeline.api.sealed import seal_case
from pipeline.api.services.cases import show_case
from pipeline.api.session import Session, record_decision, require_short
from pipeline.correlation.claims import link_id
from pipeline.errors import LiaisonError
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.reading import STATE_FIELDS
from pipeline.locale import translate
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics

NO_LINK = "link not found, or you do not have access to both cases"
MOST_MANUAL = 100
"""Links made to one case by hand that are shown, the latest: people make few."""


ReviewReason = Annotated[str, Meta(min_length=1, max_length=REASON.most, examples=["Same passport and birth date."])]


ReviewId = Annotated[str, Meta(max_length=64, examples=["5d0a" * 8])]


class LinkReview(msgspec.Struct, frozen=True):
    """What a reviewer says; `action`: the confirmed link needs action.

    `seen` is the id of the own review that they saw in force, null for none.
    """

    verdict: Verdict
    reason: ReviewReason
    action: bool = False
    seen: ReviewId | None = None


class ReviewableLink(msgspec.Struct, frozen=True):
    """A link that the requester sees in full: its two live cases, its document unless it was made by hand."""

    name: str
    a: CaseDocument
    b: CaseDocument
    link: LinkDocument | None
    reviews: list[Review]


async def read_reviews(session: Session, link: str) -> ReviewsAnswer:
    """The judgements of a link, undone ones included. Raises NotFoundError."""
    session.require_reader()
    async with session.answer(ActKind.READ, {"reviews": link}, about=link) as answer:
        sides = await show_sides(answer, link)
        return ReviewsAnswer(*session.moment, await describe_reviews(session, sides))


async def review_link(session: Session, link: str, said: LinkReview) -> ReviewsAnswer:
    """Judge a link for the requester's agency.

    Raises NotFoundError, UnprocessableError without a reason, UnavailableError; ConflictError where the agency's
    decision is not the one that its judge has seen.
    """
    session.require_reader()
    async with session.answer(ActKind.REVIEW) as answer:
        sides = await show_sides(answer, link)
        _require_reason(said.reason)
        require_seen(session, sides, said.seen)
        return await record_review(answer, sides, make_review(session, sides, said))


async def link_manually(session: Session, case_a: str, case_b: str, reason: str) -> ReviewsAnswer:
    """Say that two cases are the same where no score does.

    Raises NotFoundError, UnprocessableError, UnavailableError; ConflictError where the agency has judged the link.
    """
    if case_a == case_b:
        raise UnprocessableError("a case can't be linked to itself", "case_b")
    session.require_reader()
    async with session.answer(ActKind.REVIEW) as answer:
        sides = await show_sides(answer, link_id(case_a, case_b), tuple(sorted((case_a, case_b))))
        _require_reason(reason)
        require_seen(session, sides, None)
        return await record_review(answer, sides, make_review(session, sides, LinkReview(Verdict.SAME, reason)))


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UnprocessableError("enter a reason for your decision", "reason")


async def retract_review(session: Session, name: str) -> ReviewsAnswer:
    """Undo a review. Raises NotFoundError; ForbiddenError for another's; ConflictError when it was undone before."""
    session.require_reader()
    async with session.answer(ActKind.REVIEW) as answer:
        held = await session.runtime.decisions.read_review(name)
        sides = await show_sides(answer, held.link if held else name)
        if held is None:
            raise NotFoundError(NO_LINK)
        try:
            undone = undo_review(held, session.requester, session.now)
        except NotUndoableError as error:
            raise (ConflictError if held.undone else ForbiddenError)(error) from error
        return await record_review(answer, sides, undone)


async def list_manual_links(session: Session, case: str) -> ManualLinksAnswer:
    """The latest links made to a case by hand that hold, of which the requester reads both sides.

    Raises NotFoundError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ, {"manual_links": case}) as answer:
        await show_case(answer, case)

        async def fetch(after: SortValues | None) -> list[tuple[Review, SortValues]]:
            return await session.runtime.decisions.manual_links(case, MOST_MANUAL, after)

        async def show(found: list[Review]) -> list[ManualLinkRow | None]:
            return await _show_manual_links(answer, found)

        rows, _ = await fill_page(fetch, show, MOST_MANUAL, MOST_MANUAL, None)
        answer.show(key for row in rows for key in (row.case_a, row.case_b))
        return ManualLinksAnswer(*session.moment, tuple(rows))


async def _show_manual_links(answer: RecordedAnswer, found: list[Review]) -> list[ManualLinkRow | None]:
    session = answer.session
    cases = await session.runtime.reader.read_cases(key for review in found for key in (review.case_a, review.case_b))
    full = {key for key, seen in (await answer.decide(cases.values())).items() if seen is View.FULL}
    return [
        _make_manual_row(review, session.requester)
        if not review.undone and {review.case_a, review.case_b} <= full
        else None
        for review in found
    ]


async def read_colours(session: Session, links: Sequence[str]) -> dict[str, ReviewSummary]:
    """Colour and dispute of links of which the requester sees both sides in full; audited by who calls."""
    found = await session.runtime.decisions.reviews_of(links)
    return {link: summarise_reviews(given) for link, given in found.items()}


def compare_evidence(session: Session, link: LinkDocument, own: Review | None) -> EvidenceChange | None:
    """How a link's evidence differs from what the agency's own review was made on."""
    return None if own is None else evidence_change(own, _mark_evidence(session, link))


def find_own_review(reviews: Sequence[Review], agency: str) -> Review | None:
    """The review that holds for an agency."""
    return next((review for review in summarise_reviews(reviews).holding if review.agency == agency), None)


async def find_changed_reviews(session: Session, seen: Mapping[str, str | None]) -> list[str]:
    """Of the links of an open page those for which the agency's review is not the one last `seen`.

    Nothing of it may be told: who wants to know more reads the link as ever, and is shown and recorded as ever.
    """
    given = await session.runtime.decisions.reviews_of(seen)
    held = {link: find_own_review(reviews, session.requester.agency) for link, reviews in given.items()}
    return [link for link, own in held.items() if (own.id if own else None) != seen[link]]


def reasons_needed(session: Session, band: Band, reviews: Sequence[Review]) -> tuple[Verdict, ...]:
    """The verdicts on a link that take a reason in the requester's own words, as the installation demands it."""
    if session.runtime.settings.own_reasons:
        return tuple(Verdict)
    return verdicts_with_reason(band, reviews, session.requester.agency)


async def show_sides(answer: RecordedAnswer, name: str, named: tuple[str, ...] = ()) -> ReviewableLink:
    """Both sides of a link, which are shown. Raises NotFoundError as `require_sides` does."""
    sides = await require_sides(answer, name, named)
    answer.show((sides.a.case, sides.b.case))
    return sides


async def require_sides(
    answer: RecordedAnswer, name: str, named: tuple[str, ...] = (), fields: Sequence[str] = STATE_FIELDS
) -> ReviewableLink:
    """Both sides of a link, made by the matcher or by hand. Raises NotFoundError unless both are seen in full.

    `fields` are what is brought of the cases. Whatever is missing, the index is asked the same.
    """
    runtime = answer.session.runtime
    link = await runtime.reader.read_link(name)
    given = (await runtime.decisions.reviews_of([name]))[name]
    keys = (
        link.head.cases if link else named or next(((review.case_a, review.case_b) for review in given), (name, name))
    )
    cases = await runtime.reader.read_cases(keys, fields)
    views = await answer.decide_named(keys, cases)
    if any(views.get(key) is not View.FULL for key in keys):
        await answer.refuse(NotFoundError(NO_LINK), {"link": name}, kind=ActKind.REVIEW)
    a, b = (answer.open(cases[key]) for key in keys)
    return ReviewableLink(name, a, b, next(iter(answer.weigh_links([link] if link else [])), None), given)


def require_seen(session: Session, sides: ReviewableLink, seen: str | None) -> None:
    """Nobody's decision is replaced unseen. Raises ConflictError unless `seen` holds for the requester's agency."""
    own = find_own_review(sides.reviews, session.requester.agency)
    if own is not None and own.id != seen:
        raise ConflictError(LiaisonError("{who} reviewed this link meanwhile; look at it again", who=own.reviewer))
    if own is None and seen is not None:
        raise ConflictError("the decision was undone meanwhile; look at the link again")


def make_review(session: Session, sides: ReviewableLink, said: LinkReview) -> Review:
    """A verdict on what the link's evidence is now; whether it takes a reason is its caller's matter.

    Raises UnprocessableError for a reason that is too long.
    """
    require_short(REASON, said.reason.strip())
    link = sides.link
    return Review(
        id=uuid.uuid4().hex,
        link=sides.name,
        case_a=sides.a.case,
        case_b=sides.b.case,
        version_a=sides.a.version,
        version_b=sides.b.version,
        generation=link.generation if link else "",
        verdict=said.verdict,
        agency=session.requester.agency,
        reviewer=session.requester.subject,
        time=session.now,
        reason=said.reason.strip(),
        action=said.action,
        manual=link is None,
        evidence=tuple(mark.digest for mark in _mark_evidence(session, link)) if link else (),
    )


def _mark_evidence(session: Session, link: LinkDocument) -> tuple[Mark, ...]:
    return evidence_marks(link.explanation, session.runtime.opaque.evidence_key, link.link)


async def record_review(answer: RecordedAnswer, sides: ReviewableLink, made: Review) -> ReviewsAnswer:
    """Audit and keep a review of sides that are shown; how the link stands then. Raises UnavailableError."""
    session = answer.session
    answer.query = {"link": sides.name, "verdict": made.verdict, "undone": made.undone}
    answer.about = made.id
    await answer.end()
    await record_decision(session, topics.REVIEWS, made.id, made)
    reviews = (await session.runtime.decisions.reviews_of([sides.name]))[sides.name]
    judged = await describe_reviews(session, msgspec.structs.replace(sides, reviews=reviews))
    return ReviewsAnswer(*session.moment, judged, _tell_crossing(session, sides, made, reviews))


def _tell_crossing(session: Session, sides: ReviewableLink, made: Review, reviews: Sequence[Review]) -> str | None:
    """That a colleague's review came between reading and writing: both are kept, as events, and the later holds."""
    known = {made.id, *(review.id for review in sides.reviews)}
    for review in reviews:
        if review.agency == session.requester.agency and review.id not in known and not review.undone:
            return translate(
                "{who} reviewed this link at the same moment; both decisions are kept, the later one holds",
                session.language,
                who=review.reviewer,
            )
    return None


async def describe_reviews(session: Session, sides: ReviewableLink) -> ReviewedLink:
    """How a link stands for the requester's agency."""
    agency = session.requester.agency
    held, own = summarise_reviews(sides.reviews), find_own_review(sides.reviews, agency)
    found = compare_evidence(session, sides.link, own) if sides.link else None
    return ReviewedLink(
        link=sides.name,
        colour=held.colour.value,
        disputed=held.disputed,
        own=own.id if own else None,
        assignee=(await session.runtime.decisions.read_assignees(agency, [sides.name])).get(sides.name),
        new_evidence=found.new if found else (),
        gone_evidence=found.gone if found else 0,
        reviews=tuple(review_for(review, agency) for review in sides.reviews),
    )


def _make_manual_row(review: Review, who: Requester) -> ManualLinkRow:
    row = msgspec.structs.asdict(review_for(review, who.agency))
    return ManualLinkRow(**row, link=review.link, case_a=review.case_a, case_b=review.case_b)


MOST_LINKS: Final = 100
"""Links of one verdict: a page of the inbox."""

AT_ONCE: Final = 4
"""Of them under way together: decisions are committed one after the other, and none waits for its turn in vain."""


class LinkToReview(msgspec.Struct, frozen=True):
    """A link to review; `seen` is the id of the own review that its reviewer saw in force, null for none."""

    link: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", examples=["0c1f" * 8])]
    seen: ReviewId | None = None


class BulkReview(msgspec.Struct, frozen=True):
    """One verdict on several links; without a `reason` none is kept, where that will do."""

    links: Annotated[tuple[LinkToReview, ...], Meta(min_length=1, max_length=MOST_LINKS)]
    verdict: Verdict
    reason: Annotated[str, Meta(max_length=REASON.most, examples=["Same passport and birth date."])] = ""
    action: bool = False


async def review_links(session: Session, said: BulkReview) -> BulkAnswer:
    """Judge links for the requester's agency; what can't be judged says why and holds up none of the others.

    A *possible* link is judged by itself alone. A link that somebody of the agency judged since it was `seen` is left
    as it is, with a word: nobody's verdict is replaced unseen.
    """
    session.require_reader()
    require_short(REASON, said.reason)
    room = asyncio.Semaphore(AT_ONCE)

    async def judge(one: LinkToReview) -> LinkOutcome:
        async with room:
            return await _review_one(session, one, said)

    outcomes = await asyncio.gather(*(judge(one) for one in dict.fromkeys(said.links)))
    return BulkAnswer(*session.moment, tuple(outcomes))


async def retract_reviews(session: Session, names: Sequence[str]) -> BulkAnswer:
    """Undo reviews, each by itself."""
    session.require_reader()
    return BulkAnswer(*session.moment, tuple([await _retract(session, name) for name in names]))


async def read_outcomes(session: Session, links: Iterable[str]) -> list[LinkOutcome]:
    """How links stand that somebody of the agency judged meanwhile; those not seen in full any more are left out."""
    session.require_reader()
    outcomes = []
    for link in links:
        try:
            judged = (await read_reviews(session, link)).judged
            sides = await _read_sides(session, link)
        except NotFoundError:
            continue
        outcomes.append(LinkOutcome(link, None, judged, _with_reason(session, sides)))
    return outcomes


async def _retract(session: Session, name: str) -> LinkOutcome:
    try:
        judged = (await retract_review(session, name)).judged
        sides = await _read_sides(session, judged.link)
    except LiaisonError as error:
        return LinkOutcome("", name, None, (), translate_error(error, session.language))
    return LinkOutcome(judged.link, name, judged, _with_reason(session, sides))


async def _read_sides(session: Session, link: str) -> ReviewableLink:
    """Both sides of a link that has just been shown: how it stands is told of them, and nothing more."""
    async with session.answer(ActKind.READ) as answer:
        sides = await require_sides(answer, link)
        answer.tell_nothing()
        return sides


async def _review_one(session: Session, one: LinkToReview, said: BulkReview) -> LinkOutcome:
    sides: ReviewableLink | None = None
    try:
        async with session.answer(ActKind.REVIEW) as answer:
            sides = await show_sides(answer, one.link)
            judged = await record_review(answer, sides, made := _make_review(session, sides, one, said))
    except LiaisonError as error:
        problem = translate_error(error, session.language)
        if sides is None:
            return LinkOutcome(one.link, None, None, (), problem)
        async with session.answer(ActKind.REVIEW, {"link": one.link, "refused": said.verdict}) as answer:
            await answer.decide(map(seal_case, (sides.a, sides.b)))
            answer.show((sides.a.case, sides.b.case))
            held = await describe_reviews(session, sides)
            return LinkOutcome(one.link, None, held, _with_reason(session, sides), problem)
    return LinkOutcome(one.link, made.id, judged.judged, tuple(Verdict), judged.notice)


def _make_review(session: Session, sides: ReviewableLink, one: LinkToReview, said: BulkReview) -> Review:
    """The review of one link. Raises ProblemError where it can't be judged so."""
    require_seen(session, sides, one.seen)
    if len(said.links) > 1 and _band_of(sides) is Band.POSSIBLE:
        raise UnprocessableError("possible links are reviewed one by one", "links")
    reason = said.reason.strip()
    if not reason and said.verdict in _with_reason(session, sides):
        raise UnprocessableError("enter a reason for your decision", "reason")
    return make_review(session, sides, LinkReview(said.verdict, reason, said.action))


def _with_reason(session: Session, sides: ReviewableLink) -> tuple[Verdict, ...]:
    return reasons_needed(session, _band_of(sides), sides.reviews)


def _band_of(sides: ReviewableLink) -> Band:
    return sides.link.band if sides.link else Band.NONE
