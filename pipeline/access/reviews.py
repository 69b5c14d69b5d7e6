"""Judgements of links, kept apart from scores: they survive re-scoring, reindexing and new versions. Pure.

Each agency's latest review that was not undone holds for it; another agency's contradiction is kept beside it and shown
as a dispute. Colours are those of the EU's Multiple-Identity Detector (Regulation (EU) 2019/817, articles 30-33).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from pipeline.access.requester import Requester
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import Explanation


class Verdict(StrEnum):
    """What a reviewer says of two cases."""

    SAME = "same"
    DIFFERENT = "different"
    RELATED = "related"
    UNSURE = "unsure"


class Colour(StrEnum):
    """How far a link has been judged: not yet; same or lawfully similar; different; confirmed and needs action."""

    YELLOW = "yellow"
    WHITE = "white"
    GREEN = "green"
    RED = "red"


COLOURS: Final = {
    Verdict.SAME: Colour.WHITE,
    Verdict.RELATED: Colour.WHITE,
    Verdict.DIFFERENT: Colour.GREEN,
    Verdict.UNSURE: Colour.YELLOW,
}

MOST_URGENT: Final = (Colour.RED, Colour.WHITE, Colour.GREEN, Colour.YELLOW)
"""Of several agencies' colours the first of these is the link's."""


class Review(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `reviews`, key = id: one verdict; undone, the same with a mark.

    `reason` is what the reviewer wrote, "" where nobody wrote anything. `evidence` are digests of what spoke for and
    against the link at that time (`marks`). A `manual` link has no score.
    """

    id: str
    link: str
    case_a: str
    case_b: str
    version_a: int
    version_b: int
    generation: str
    verdict: Verdict
    agency: str
    reviewer: str
    time: datetime
    reason: str = ""
    action: bool = False
    manual: bool = False
    evidence: tuple[str, ...] = ()
    undone: bool = False
    undone_by: str = ""
    undone_at: datetime | None = None


class Assignment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `assignments`, key = `<agency>|<link id>`: who of an agency is to judge a link; "" nobody."""

    link: str
    agency: str
    assignee: str
    by: str
    time: datetime

    @property
    def id(self) -> str:
        """The message's key."""
        return assignment_id(self.agency, self.link)


class ReviewSummary(msgspec.Struct, frozen=True):
    """What a link's reviews come to: its colour, whether agencies contradict, and the review that holds for each."""

    colour: Colour
    disputed: bool
    holding: tuple[Review, ...]


class NotUndoableError(LiaisonError):
    """The review was undone before, or is another's."""


def assignment_id(agency: str, link: str) -> str:
    """The key of an agency's assignment of a link."""
    return f"{agency}|{link}"


def summarise_reviews(reviews: Iterable[Review]) -> ReviewSummary:
    """Fold a link's reviews, in any order."""
    latest: dict[str, Review] = {}
    for review in sorted(reviews, key=lambda review: (review.time, review.id)):
        if not review.undone:
            latest[review.agency] = review
    holding = tuple(latest[agency] for agency in sorted(latest))
    colours = {review_colour(review) for review in holding} | {Colour.YELLOW}
    said = {review.verdict for review in holding}
    disputed = Verdict.DIFFERENT in said and bool(said & {Verdict.SAME, Verdict.RELATED})
    return ReviewSummary(min(colours, key=MOST_URGENT.index), disputed, holding)


def review_colour(review: Review) -> Colour:
    """The colour that one review gives."""
    if review.action and review.verdict in (Verdict.SAME, Verdict.RELATED):
        return Colour.RED
    return COLOURS[review.verdict]


def verdicts_with_reason(band: Band, reviews: Iterable[Review], agency: str) -> tuple[Verdict, ...]:
    """The verdicts on a link that take a reason in the reviewer's own words; the others may have none.

    Without one nobody could tell why somebody goes against evidence that is all but certain, against another agency,
    or back on what the own agency said.
    """
    holding = summarise_reviews(reviews).holding
    if any(review.agency == agency for review in holding):
        return tuple(Verdict)
    said = {review.verdict for review in holding}
    alike = {Verdict.SAME, Verdict.RELATED}
    against = alike if Verdict.DIFFERENT in said else set()
    if band is Band.CERTAIN or said & alike:
        against = against | {Verdict.DIFFERENT}
    return tuple(verdict for verdict in Verdict if verdict in against)


def undo_review(review: Review, by: Requester, now: datetime) -> Review:
    """The review taken back: by its reviewer, or by a supervisor of the same agency. Raises NotUndoableError."""
    if review.undone:
        raise NotUndoableError("this review is already undone")
    if by.agency != review.agency or not (by.subject == review.reviewer or "supervisor" in by.roles):
        raise NotUndoableError("only the reviewer or their supervisor can undo a review")
    return msgspec.structs.replace(review, undone=True, undone_by=by.subject, undone_at=now)


class ReviewRow(msgspec.Struct, frozen=True):
    """A review as one who sees both sides fully may see it: of another agency's, the agency but not the reviewer.

    `version_a` and `version_b` are the versions of the two cases that it was made on, `generation` the index's.
    `action`: the confirmed link needs action. `manual`: no score links the two.
    """

    id: str
    verdict: str
    colour: str
    reason: str
    action: bool
    manual: bool
    agency: str
    reviewer: str | None
    time: str
    version_a: int
    version_b: int
    generation: str
    undone: bool
    undone_by: str | None


def review_for(review: Review, agency: str) -> ReviewRow:
    """A review as the people of an agency may see it."""
    own = review.agency == agency
    return ReviewRow(
        id=review.id,
        verdict=review.verdict.value,
        colour=review_colour(review).value,
        reason=review.reason,
        action=review.action,
        manual=review.manual,
        agency=review.agency,
        reviewer=review.reviewer if own else None,
        time=review.time.isoformat(),
        version_a=review.version_a,
        version_b=review.version_b,
        generation=review.generation,
        undone=review.undone,
        undone_by=review.undone_by if own and review.undone else None,
    )


class Mark(msgspec.Struct, frozen=True):
    """One comparison's digest, and where in the explanation it stands."""

    digest: str
    field: str
    level: str


class EvidenceChange(msgspec.Struct, frozen=True):
    """What is new in a link's evidence since a review, as field and level, and how many comparisons are gone."""

    new: tuple[tuple[str, str], ...]
    gone: int


def evidence_marks(explanation: Explanation, key: bytes, link: str) -> tuple[Mark, ...]:
    """Digests of a link's comparisons with their values, weights aside: so that a new model alone changes nothing.

    They are keyed by the installation's secret (Opaque.evidence_key) and the link, so that a review keeps no content
    and none can be guessed.
    """
    return tuple(sorted(set(_make_marks(explanation, key, link)), key=lambda mark: mark.digest))


def _make_marks(explanation: Explanation, key: bytes, link: str) -> Iterator[Mark]:
    for entity in explanation.entities:
        for item in entity.items:
            where = f"{link}|{entity.type_a}|{entity.type_b}"
            what = msgspec.json.encode((where, item.field, item.level, item.value_a, item.value_b))
            digest = hashlib.blake2b(what, key=key, digest_size=8).hexdigest()
            yield Mark(digest, item.field, item.level)


def evidence_change(review: Review, now: Iterable[Mark]) -> EvidenceChange | None:
    """How a link's evidence differs from what a review was made on; None: not at all, or it was a manual link."""
    held, present = set(review.evidence), list(now)
    new = tuple(sorted({(mark.field, mark.level) for mark in present if mark.digest not in held}))
    gone = len(held - {mark.digest for mark in present})
    return EvidenceChange(new, gone) if not review.manual and (new or gone) else None


def is_due(own: Review | None, change: EvidenceChange | None) -> bool:
    """Whether a link belongs into its agency's inbox: not judged yet, or judged different on other evidence."""
    return own is None or (own.verdict is Verdict.DIFFERENT and change is not None)
