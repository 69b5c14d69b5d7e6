"""What people decide, as documents: each value of a decision topic replaces the document of its key. Pure.

The external version is the value's offset: such a topic has one partition, so Kafka's order is the order of decisions,
and a rebuild from what compaction left ends in the same documents.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pipeline.access.audit import ActKind, AuditEntry, ShownCase
from pipeline.access.disclosure_threads import Disclosure, Move, find_unreviewed
from pipeline.access.hit_ledger import Admission, HitAllowance
from pipeline.access.notices import Notice
from pipeline.access.reviews import Assignment, Review
from pipeline.access.subscriptions import Subscription
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.index.document_making import DocumentWrite


class ReviewDocument(Review, frozen=True, omit_defaults=True):
    """A document of index `reviews`."""

    position: int = -1


class DisclosureDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of index `disclosures`; `thread` is JSON when written, plain values when read."""

    id: str
    position: int
    case: str
    owner: str
    requester: str
    move: Move
    time: datetime
    subject: str = ""
    deadline: datetime | None = None
    until: datetime | None = None
    thread: Any = None


class NoticeDocument(Notice, frozen=True, omit_defaults=True):
    """A document of index `notices`."""

    position: int = -1


class SubscriptionDocument(Subscription, frozen=True, omit_defaults=True):
    """A document of index `subscriptions`."""

    position: int = -1


class AuditDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of index `audit`: what of an entry is asked for, and all of it in `entry`, which proofs are made of.

    `entry` is JSON when written, plain values when read.
    """

    id: str
    position: int
    kind: ActKind
    time: str
    subject: str = ""
    agency: str = ""
    country: str = ""
    purpose: str = ""
    case_reference: str = ""
    object: str = ""
    owners: tuple[str, ...] = ()
    shown: tuple[ShownCase, ...] = ()
    entry: Any = None


_encoder = msgspec.json.Encoder()
_reviews = msgspec.json.Decoder(Review)
_assignments = msgspec.json.Decoder(Assignment)
_disclosures = msgspec.json.Decoder(Disclosure)
_subscriptions = msgspec.json.Decoder(Subscription)
_notices = msgspec.json.Decoder(Notice)
_entries = msgspec.json.Decoder(AuditEntry)
_admissions = msgspec.json.Decoder(Admission)
_allowances = msgspec.json.Decoder(HitAllowance)


def review_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `reviews`."""
    review = _reviews.decode(value)
    document = ReviewDocument(**msgspec.structs.asdict(review), position=offset)
    return DocumentWrite("reviews", review.id, offset, _encoder.encode(document))


def assignment_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `assignments`."""
    return DocumentWrite("assignments", _assignments.decode(value).id, offset, value)


def disclosure_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `disclosures`."""
    disclosure = _disclosures.decode(value)
    last = disclosure.last
    document = DisclosureDocument(
        id=disclosure.id,
        position=offset,
        case=disclosure.case,
        owner=disclosure.owner,
        requester=disclosure.requester,
        move=last.move,
        time=last.time,
        subject=disclosure.subject,
        deadline=_deadline_of(disclosure),
        until=last.until,
        thread=msgspec.Raw(value),
    )
    return DocumentWrite("disclosures", disclosure.id, offset, _encoder.encode(document))


def _deadline_of(disclosure: Disclosure) -> datetime | None:
    """When the owner is to have acted, whatever came behind; a request to a second supervisor is not for the owner."""
    if due := find_unreviewed(disclosure):
        return due.deadline
    return disclosure.last.deadline if disclosure.last.move is Move.REQUEST else None


def subscription_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `subscriptions`.

    A case reference from before it had a limit is cut: Elasticsearch would refuse the document (a term has at most
    32,766 bytes), and nobody could list or stop the alert.
    """
    subscription = _subscriptions.decode(value)
    subscription = msgspec.structs.replace(
        subscription, case_reference=subscription.case_reference[: CASE_REFERENCE.most]
    )
    document = SubscriptionDocument(**msgspec.structs.asdict(subscription), position=offset)
    return DocumentWrite("subscriptions", subscription.id, offset, _encoder.encode(document))


def notice_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `notices`."""
    notice = _notices.decode(value)
    document = NoticeDocument(**msgspec.structs.asdict(notice), position=offset)
    return DocumentWrite("notices", notice.id, offset, _encoder.encode(document))


def admission_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `hit_admissions`."""
    return DocumentWrite("hit_admissions", _admissions.decode(value).id, offset, value)


def allowance_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `hit_allowances`."""
    return DocumentWrite("hit_allowances", _allowances.decode(value).id, offset, value)


def audit_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `audit`."""
    entry = _entries.decode(value)
    name = f"{entry.chain}|{entry.sequence}"
    document = AuditDocument(
        id=name,
        position=offset,
        kind=entry.kind,
        time=entry.time,
        subject=entry.subject,
        agency=entry.agency,
        country=entry.country,
        purpose=entry.purpose,
        case_reference=entry.case_reference,
        object=entry.object,
        owners=tuple(sorted({case.case.partition(":")[0] for case in entry.shown})),
        shown=entry.shown,
        entry=msgspec.Raw(value),
    )
    return DocumentWrite("audit", name, offset, _encoder.encode(document))
