"""One verdict on several links, each judged by itself: what becomes of one says nothing of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.access.audit import ActKind
from pipeline.access.reviews import Review, Verdict
from pipeline.access.text_limits import REASON
from pipeline.api.answers import IndexAnswer
from pipeline.api.languages import translate_error
from pipeline.api.problems import NotFoundError, UnprocessableError
from pipeline.api.services.deciding import require_short
from pipeline.api.services.reviews import (
    LinkJudgement,
    LinkVerdict,
    ReviewableLink,
    ReviewId,
    both_shown,
    make_judgement,
    make_review,
    read_reviews,
    reasons_needed,
    record_review,
    require_seen,
    require_sides,
    retract_review,
)
from pipeline.api.session import Session
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band

MOST_LINKS: Final = 100
"""Links of one verdict: a page of the inbox."""

AT_ONCE: Final = 4
"""Of them under way together: decisions are committed one after the other, and none waits for its turn in vain."""


class JudgedLink(msgspec.Struct, frozen=True):
    """A link to judge; `seen` is the id of the own review that its judge saw in force, null for none."""

    link: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", examples=["0c1f" * 8])]
    seen: ReviewId | None = None


class BulkVerdict(msgspec.Struct, frozen=True):
    """One verdict on several links; without a `reason` none is kept, where that will do."""

    links: Annotated[tuple[JudgedLink, ...], Meta(min_length=1, max_length=MOST_LINKS)]
    verdict: Verdict
    reason: Annotated[str, Meta(max_length=REASON.most, examples=["Same passport and birth date."])] = ""
    action: bool = False


class LinkOutcome(msgspec.Struct, frozen=True):
    """What became of one link: how it stands now, the review that was made or undone, and what went wrong, in words."""

    link: str
    review: str | None
    judged: LinkJudgement | None
    reason_for: tuple[Verdict, ...]
    """The verdicts that now take a reason in one's own words."""
    problem: str | None = None


class BulkAnswer(IndexAnswer, frozen=True):
    """The outcome for each link, in the order in which they were named."""

    outcomes: tuple[LinkOutcome, ...]


async def judge_links(session: Session, said: BulkVerdict) -> BulkAnswer:
    """Judge links for the requester's agency; what can't be judged says why and holds up none of the others.

    A *possible* link is judged by itself alone. A link that somebody of the agency judged since it was `seen` is left
    as it is, with a word: nobody's verdict is replaced unseen.
    """
    session.require_reader()
    require_short(REASON, said.reason)
    room = asyncio.Semaphore(AT_ONCE)

    async def judge(one: JudgedLink) -> LinkOutcome:
        async with room:
            return await _judge_link(_fork(session), one, said)

    outcomes = await asyncio.gather(*(judge(one) for one in dict.fromkeys(said.links)))
    return BulkAnswer(*session.moment, tuple(outcomes))


async def retract_reviews(session: Session, names: Sequence[str]) -> BulkAnswer:
    """Undo reviews, each by itself."""
    session.require_reader()
    return BulkAnswer(*session.moment, tuple([await _retract(_fork(session), name) for name in names]))


async def read_outcomes(session: Session, links: Iterable[str]) -> list[LinkOutcome]:
    """How links stand that somebody of the agency judged meanwhile; those not seen in full any more are left out."""
    session.require_reader()
    outcomes = []
    for link in links:
        try:
            judged = (await read_reviews(_fork(session), link)).judged
            sides = await require_sides(_fork(session), link)
        except NotFoundError:
            continue
        outcomes.append(LinkOutcome(link, None, judged, _with_reason(session, sides)))
    return outcomes


async def _retract(session: Session, name: str) -> LinkOutcome:
    try:
        judged = (await retract_review(session, name)).judged
        sides = await require_sides(_fork(session), judged.link)
    except LiaisonError as error:
        return LinkOutcome("", name, None, (), translate_error(error, session.language))
    return LinkOutcome(judged.link, name, judged, _with_reason(session, sides))


def _fork(session: Session) -> Session:
    """A session of the same request: each record of what was shown has its own rules."""
    fork = Session(session.runtime, session.requester, session.grounds, session.language, session.request_id)
    fork.recorded = session.recorded
    return fork


async def _judge_link(session: Session, one: JudgedLink, said: BulkVerdict) -> LinkOutcome:
    try:
        sides = await require_sides(session, one.link)
    except LiaisonError as error:
        return LinkOutcome(one.link, None, None, (), translate_error(error, session.language))
    shown = both_shown(session, sides)  # a record ends the session's rules, and a review that fails leaves two
    try:
        made = _make_review(session, sides, one, said)
        answer = await record_review(session, sides, made)
    except LiaisonError as error:
        held = await make_judgement(session, sides)
        await session.audit(ActKind.REVIEW, {"link": one.link, "refused": said.verdict}, shown)
        problem = translate_error(error, session.language)
        return LinkOutcome(one.link, None, held, _with_reason(session, sides), problem)
    return LinkOutcome(one.link, made.id, answer.judged, tuple(Verdict), answer.notice)


def _make_review(session: Session, sides: ReviewableLink, one: JudgedLink, said: BulkVerdict) -> Review:
    """The review of one link. Raises ProblemError where it can't be judged so."""
    require_seen(session, sides, one.seen)
    if len(said.links) > 1 and _band_of(sides) is Band.POSSIBLE:
        raise UnprocessableError("possible links are reviewed one by one", "links")
    reason = said.reason.strip()
    if not reason and said.verdict in _with_reason(session, sides):
        raise UnprocessableError("enter a reason for your decision", "reason")
    return make_review(session, sides, LinkVerdict(said.verdict, reason, said.action))


def _with_reason(session: Session, sides: ReviewableLink) -> tuple[Verdict, ...]:
    return reasons_needed(session, _band_of(sides), sides.reviews)


def _band_of(sides: ReviewableLink) -> Band:
    return sides.link.band if sides.link else Band.NONE
