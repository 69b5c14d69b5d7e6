"""What agencies are told beside hits: produced by the stream, never inside a request. Pure.

A notice has no content of any case, and of other agencies' cases no key. Rights are held against it again when read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from pipeline.access.disclosure_threads import Disclosure, Move
from pipeline.access.release import is_silent, release_shared_question
from pipeline.correlation.claims import ClaimSide
from pipeline.correlation.hits import Hit, HitKind
from pipeline.correlation.key_ring import ID_CHARS, KeyRing, KeyUse, keyed_id, make_reference
from pipeline.matching.bands import HIT_BAND, Band, ExactMatch


class NoticeKind(StrEnum):
    """What an agency is told."""

    SUBSCRIPTION_MATCH = "subscription_match"
    SILENT_SEARCH = "silent_search"
    SILENT_LINK = "silent_link"
    SHARED_INTEREST = "shared_interest"
    BREAK_GLASS = "break_glass"
    BREAK_GLASS_REQUEST = "break_glass_request"
    """A supervisor of the receiver's own awaits a second one."""
    DISCLOSURE_REQUEST = "disclosure_request"
    DISCLOSURE_ANSWER = "disclosure_answer"
    EXPIRY = "expiry"
    GUESSES_REFUSED = "guesses_refused"
    """Cases of the receiver's own ask names with more birth dates or numbers than are asked: `count` on a day."""
    HIT_TOLD = "hit_told"
    """Another agency was told that a hit-only record of the receiver is there."""


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `notices`, key = id. `agency` is told; `case` is its own; `reference` stands for another's.

    Of a silent case's link both are there.

    `disclosure` and `subscription` are ids of a thread and of the receiver's own alert.
    """

    id: str
    agency: str
    kind: NoticeKind
    time: datetime
    case: str = ""
    reference: str = ""
    disclosure: str = ""
    subscription: str = ""
    other_agency: str = ""
    purpose: str = ""
    band: Band = Band.NONE
    count: int = 0


def notice_id(*parts: str) -> str:
    """The same for the same event, so that it is told once however often it is processed."""
    return hashlib.blake2b("|".join(parts).encode(), digest_size=16).hexdigest()


TO_OWNER = {
    Move.REQUEST: NoticeKind.DISCLOSURE_REQUEST,
    Move.BREAK_GLASS: NoticeKind.BREAK_GLASS,
    Move.CONFIRMATION: NoticeKind.BREAK_GLASS,
}
TO_REQUESTER = {Move.BREAK_GLASS_REQUEST: NoticeKind.BREAK_GLASS_REQUEST}
"""Beside answers, of which the requester is told."""


def disclosure_notice(thread: Disclosure, ring: KeyRing) -> Notice | None:
    """Who is told of a thread's last step: the owner of what is asked or opened, the requester of what is answered.

    Of a withdrawal nobody is. The requester knows the case by its agency's reference, whoever's thread it is.
    """
    step = thread.last
    if step.move is Move.WITHDRAWAL:
        return None
    name = notice_id("disclosure", thread.id, step.move, step.time.isoformat())
    owner, requester = thread.owner, thread.requester
    if kind := TO_OWNER.get(step.move):
        notice = Notice(name, owner, kind, step.time, disclosure=thread.id, other_agency=requester)
        return msgspec.structs.replace(notice, case=thread.case, purpose=step.purpose)
    kind = TO_REQUESTER.get(step.move, NoticeKind.DISCLOSURE_ANSWER)
    own = bool(thread.subject)
    known_as = make_reference(ring, thread.id[:ID_CHARS], requester, thread.case) if own else thread.id
    return Notice(name, requester, kind, step.time, reference=known_as, disclosure=thread.id, other_agency=owner)


def silent_link_notice(hit: Hit, side: ClaimSide, now: datetime) -> Notice | None:
    """What the owner of a silent case is told of a new link of it, beside the hit: silence there is their own choice.

    A hit is there only where the other side is visible to them at least as one; `side` is their own of the claim.
    """
    if hit.kind is not HitKind.NEW or not is_silent(side.handling):
        return None
    return Notice(
        notice_id("silent link", hit.id),
        hit.receiver,
        NoticeKind.SILENT_LINK,
        now,
        case=hit.case,
        reference=hit.reference,
        other_agency=hit.agency,
        band=hit.band,
    )


def guesses_refused_notice(agency: str, day: date, count: int, now: datetime) -> Notice:
    """What an agency is told once a day: how many of its own cases asked more with a name than is asked."""
    name = notice_id("guesses refused", agency, day.isoformat())
    return Notice(name, agency, NoticeKind.GUESSES_REFUSED, now, count=count)


def hit_told_notice(case: str, answer: str, receiver: str, purpose: str, now: datetime) -> Notice:
    """What the owner of a hit-only case is told once another agency, the receiver, is told that it is there.

    Its id follows from that of the hit or notice which is the answer. That one is keyed, so nobody can test a guess at
    the other side by it.
    """
    owner = case.partition(":")[0]
    name = notice_id("hit told", answer)
    return Notice(name, owner, NoticeKind.HIT_TOLD, now, case=case, other_agency=receiver, purpose=purpose)


def searched_notice(case: str, searcher: str, purpose: str, at: datetime, ring: KeyRing, *content: str) -> Notice:
    """What the owner of a silent record is told of a search that named it: the UTC day of `at`, agency and purpose.

    Such a notice is a way to watch other agencies: who plants silent records is told what others work on. So the agency
    that searches says for which purposes owners may be told, none by default; a number alone meets nothing
    (hit_gate.names_person); and no time within the day shows, neither in the notice nor by when it comes.

    One for each case, agency, purpose and day, however often it was asked; with `content` one for each of that. The id
    is keyed: a digest of the day's searches would tell, by trial, which they were.
    """
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = content or (searcher, purpose, day.date().isoformat())
    name = keyed_id(ring, KeyUse.NOTICE_IDS, NoticeKind.SILENT_SEARCH, case, *told)
    owner = case.partition(":")[0]
    return Notice(name, owner, NoticeKind.SILENT_SEARCH, day, case=case, other_agency=searcher, purpose=purpose)


class Asker(NamedTuple):
    """An agency that asks: by a search, or by the alert `subscription`. `once` names what is told once."""

    agency: str
    purpose: str
    once: str
    subscription: str = ""


def shared_notices(a: Asker, b: Asker, exact: ExactMatch, now: datetime) -> Iterator[Notice]:
    """Both sides' notices, where two agencies ask for the same and both share that they do; `exact` is by what.

    Neither is told what the other asks, only that it asks for the same, and for which purpose.
    """
    if not release_shared_question(a.agency, b.agency, exact):
        return
    for receiver, other in ((a, b), (b, a)):
        yield Notice(
            notice_id("shared interest", receiver.agency, receiver.once, other.once),
            receiver.agency,
            NoticeKind.SHARED_INTEREST,
            now,
            subscription=receiver.subscription,
            other_agency=other.agency,
            purpose=other.purpose,
            band=HIT_BAND,
        )
