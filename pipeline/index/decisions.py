"""What people decide, as documents, and reading them: by id in real time, by search once a refresh has shown it.

Each value of a decision topic replaces the document of its key. The external version is the value's offset: such a
topic has one partition, so Kafka's order is the order of decisions, and a rebuild from what compaction left ends in
the same documents. A decision is effective when its document is there; `wait_until_effective` waits for that before it
is acknowledged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from pipeline.access.audit import ActKind, AuditEntry, ShownCase
from pipeline.access.disclosure_threads import Disclosure, Move, find_unreviewed, grant_of
from pipeline.access.disclosures import thread_ids
from pipeline.access.hit_ledger import Admission, HitAllowance
from pipeline.access.notices import Notice
from pipeline.access.release import Grant
from pipeline.access.requester import Requester
from pipeline.access.reviews import Assignment, Review, assignment_id
from pipeline.access.subscriptions import Subscription
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.correlation.key_ring import KeyRing
from pipeline.errors import LiaisonError
from pipeline.index.documents import DocumentWrite
from pipeline.index.engine import PAGE, PointInTime, SearchEngine, call_engine, fetch_documents
from pipeline.index.mappings import Indices
from pipeline.index.queries import Body, page_body


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


POLL_S: Final = 0.05
EFFECTIVE_S: Final = 10.0
"""How long the project stage may take to show a decision: it fetches every 0.2 s."""

MOST_REVIEWS: Final = 10_000
"""Reviews of one page's links: the most that one search returns."""

MOST_THREADS: Final = 1000
"""Disclosures of one case that are looked through for what single persons have opened, the latest."""

IN_ORDER: Final[list[Body]] = [{"position": "asc"}]
LATEST_FIRST: Final[list[Body]] = [{"position": "desc"}]

T = TypeVar("T")


class NotEffectiveError(LiaisonError):
    """The decision is recorded and will take effect, but has not in time: the project stage does not keep up."""


class ThreadKind(StrEnum):
    """Which disclosure threads of an agency are listed."""

    ALL = "all"
    ASKED = "asked"
    BREAK_GLASS = "break_glass"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """Expired ones among them."""
    AWAITING_REVIEW = "awaiting_review"


_OF_A_SUPERVISOR: Final[Body] = {"exists": {"field": "subject"}}
_OF_KIND: Final[Mapping[ThreadKind, list[Body]]] = {
    ThreadKind.ALL: [],
    ThreadKind.ASKED: [{"bool": {"must_not": [_OF_A_SUPERVISOR]}}],
    ThreadKind.BREAK_GLASS: [_OF_A_SUPERVISOR],
    ThreadKind.AWAITING_CONFIRMATION: [_OF_A_SUPERVISOR, {"term": {"move": Move.BREAK_GLASS_REQUEST}}],
    ThreadKind.AWAITING_REVIEW: [_OF_A_SUPERVISOR, {"exists": {"field": "deadline"}}],
}


class ActSelection(NamedTuple):
    """Which acts: of one subject, of one agency's people, from the day `first` until before the day `behind`."""

    subject: str = ""
    agency: str = ""
    first: str = ""
    behind: str = ""


class DecisionReader:
    """Reads reviews, assignments, access requests and notices of the active indices. `ring` keys thread ids."""

    def __init__(self, client: SearchEngine, indices: Indices, ring: KeyRing) -> None:
        self._client, self._indices, self._ring = client, indices, ring

    async def read_grants(self, cases: Iterable[str], requester: Requester) -> tuple[Grant, ...]:
        """The grants that may open one of these cases to the requester, in real time; the policy decides if one does.

        Ask for hit-only cases alone: no other needs one.
        """
        agency, subject = requester.agency, requester.subject
        ids = [
            thread_id
            for case in cases
            for whose in ("", subject)
            for thread_id in thread_ids(self._ring, agency, case, whose)
        ]
        threads = await self.read_threads(ids)
        return tuple(found for thread in threads.values() if (found := grant_of(thread)) is not None)

    async def grants_on(self, case: str, agencies: Iterable[str]) -> tuple[Grant, ...]:
        """All grants on a case: those to these agencies in real time, a person's own once a refresh has shown it."""
        found = await self._fetch_page("disclosures", [{"term": {"case": case}}], LATEST_FIRST, MOST_THREADS)
        named = [thread_id for agency in agencies for thread_id in thread_ids(self._ring, agency, case)]
        threads = await self.read_threads([*(hit["_id"] for hit in found), *named])
        return tuple(grant for thread in threads.values() if (grant := grant_of(thread)) is not None)

    async def read_threads(self, ids: Iterable[str]) -> dict[str, Disclosure]:
        """The disclosures of these ids, in real time."""
        found = await self._get_documents("disclosures", ids, DisclosureDocument)
        return {key: _to_disclosure(document) for key, document in found.items()}

    def open_point(self, kind: str, held: str | None) -> PointInTime:
        """Where a list is read whose items move: see PointInTime."""
        return PointInTime(self._client, self._indices.read_alias(kind), held)

    async def list_disclosures(
        self,
        agency: str,
        role: str,
        limit: int,
        after: Sequence[Any] | None = None,
        at: PointInTime | None = None,
        kind: ThreadKind = ThreadKind.ALL,
    ) -> list[tuple[Disclosure | None, list[Any]]]:
        """Threads of a kind in which an agency is `owner` or `requester`, that with the latest step at `at` first.

        Each as it is now, None where it is no more, with its place in line.
        """
        body = _page_body([{"term": {role: agency}}, *_OF_KIND[kind]], LATEST_FIRST, limit, after)
        found = await (at or self.open_point("disclosures", None)).hits(source=False, **body)
        threads = await self.read_threads(hit["_id"] for hit in found)
        return [(threads.get(hit["_id"]), hit["sort"]) for hit in found]

    async def late_reviews(self, now: datetime) -> AsyncIterator[Disclosure]:
        """The threads of all agencies in which a review was due before `now`, as they were indexed."""
        query = [*_OF_KIND[ThreadKind.AWAITING_REVIEW], {"range": {"deadline": {"lt": now.isoformat()}}}]
        after: list[Any] | None = None
        while found := await self._fetch_page("disclosures", query, IN_ORDER, PAGE, after):
            for hit in found:
                yield _to_disclosure(msgspec.convert(hit["_source"], DisclosureDocument))
            after = found[-1]["sort"]

    async def read_review(self, name: str) -> Review | None:
        """One review, in real time."""
        found = (await self._get_documents("reviews", [name], ReviewDocument)).get(name)
        return None if found is None else _to_review(found)

    async def reviews_of(self, links: Iterable[str]) -> dict[str, list[Review]]:
        """The reviews of each of these links, undone ones included; a link without any has an empty list."""
        found: dict[str, list[Review]] = {link: [] for link in links}
        if found:
            query: list[Body] = [{"terms": {"link": list(found)}}]
            for hit in await self._fetch_page("reviews", query, IN_ORDER, MOST_REVIEWS):
                review = msgspec.convert(hit["_source"], ReviewDocument)
                found[review.link].append(_to_review(review))
        return found

    async def manual_links(
        self, case: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[Review, list[Any]]]:
        """The reviews that link a case by hand, undone ones included, the latest first, each with its place in line."""
        sides: Body = {
            "bool": {"should": [{"term": {f"case_{side}": case}} for side in "ab"], "minimum_should_match": 1}
        }
        query = [sides, {"term": {"manual": True}}]
        found = await self._fetch_page("reviews", query, LATEST_FIRST, limit, after)
        return [(_to_review(msgspec.convert(hit["_source"], ReviewDocument)), hit["sort"]) for hit in found]

    async def read_assignees(self, agency: str, links: Iterable[str]) -> dict[str, str]:
        """Who of an agency is to judge each of these links, in real time; unassigned ones are left out."""
        ids = [assignment_id(agency, link) for link in links]
        found = await self._get_documents("assignments", ids, Assignment)
        return {assignment.link: assignment.assignee for assignment in found.values() if assignment.assignee}

    async def subscriptions_of(self, ids: Iterable[str]) -> dict[str, Subscription]:
        """The alerts of these ids, in real time."""
        found = await self._get_documents("subscriptions", ids, SubscriptionDocument)
        return {name: _to_subscription(document) for name, document in found.items()}

    async def list_subscriptions(self, agency: str, limit: int) -> list[Subscription]:
        """The active alerts of an agency, those made last first; those past their date among them."""
        query: list[Body] = [{"term": {"agency": agency}}, {"term": {"state": "active"}}]
        found = await self._fetch_page("subscriptions", query, LATEST_FIRST, limit)
        listed = (_to_subscription(msgspec.convert(hit["_source"], SubscriptionDocument)) for hit in found)
        return sorted(listed, key=lambda subscription: subscription.place, reverse=True)

    async def list_shared_subscriptions(self) -> AsyncIterator[Subscription]:
        """All active alerts that are shared."""
        query: list[Body] = [{"term": {"state": "active"}}, {"term": {"shared": True}}]
        after: list[Any] | None = None
        while found := await self._fetch_page("subscriptions", query, IN_ORDER, PAGE, after):
            for hit in found:
                yield _to_subscription(msgspec.convert(hit["_source"], SubscriptionDocument))
            after = found[-1]["sort"]

    async def read_admitted(self, ids: Iterable[str]) -> dict[str, str]:
        """By question id the hash of the case whose question the gate has answered, in real time."""
        found = await self._get_documents("hit_admissions", ids, Admission)
        return {name: admission.asks for name, admission in found.items() if admission.asks}

    async def list_allowances(self, owner: str, limit: int) -> list[HitAllowance]:
        """What an agency allows others to be told of its hit-only records a day, by their names."""
        found = await self._fetch_page("hit_allowances", [{"term": {"owner": owner}}], [{"agency": "asc"}], limit)
        return [msgspec.convert(hit["_source"], HitAllowance) for hit in found]

    async def list_notices(self, agency: str, after: int, limit: int) -> list[NoticeDocument]:
        """The notices to an agency behind a position, in their order."""
        query: list[Body] = [{"term": {"agency": agency}}, {"range": {"position": {"gt": after}}}]
        found = await self._fetch_page("notices", query, IN_ORDER, limit)
        return [msgspec.convert(hit["_source"], NoticeDocument) for hit in found]

    async def latest_notices(
        self, agency: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[NoticeDocument, list[Any]]]:
        """The notices to an agency, the latest first, each with its place in line."""
        found = await self._fetch_page("notices", [{"term": {"agency": agency}}], LATEST_FIRST, limit, after)
        return [(msgspec.convert(hit["_source"], NoticeDocument), hit["sort"]) for hit in found]

    async def list_accesses(
        self, owner: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[AuditDocument, list[Any]]]:
        """Acts in which cases of an agency were shown, the latest first, each with its place in line."""
        found = await self._fetch_page("audit", [{"term": {"owners": owner}}], LATEST_FIRST, limit, after)
        return [(msgspec.convert(hit["_source"], AuditDocument), hit["sort"]) for hit in found]

    async def latest_acts(self, limit: int) -> list[AuditDocument]:
        """The latest acts of all agencies, the last first."""
        found = await self._fetch_page("audit", [], LATEST_FIRST, limit)
        return [msgspec.convert(hit["_source"], AuditDocument) for hit in found]

    async def list_acts(
        self, agency: str, which: ActSelection, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[AuditDocument, list[Any]]]:
        """Acts of an agency's people, and others' in which its cases were shown, the latest first, each with its place.

        Other agencies' people are not told apart, so who asks for one person is given the agency's own alone.
        """
        own: Body = {"term": {"agency": agency}}
        filters: list[Body] = [{"bool": {"should": [own, {"term": {"owners": agency}}], "minimum_should_match": 1}}]
        if which.subject:
            filters += [own, {"term": {"subject": which.subject}}]
        if which.agency:
            filters.append({"term": {"agency": which.agency}})
        if days := {name: day for name, day in (("gte", which.first), ("lt", which.behind)) if day}:
            filters.append({"range": {"time": days}})
        found = await self._fetch_page("audit", filters, LATEST_FIRST, limit, after)
        return [(msgspec.convert(hit["_source"], AuditDocument), hit["sort"]) for hit in found]

    async def wait_until_effective(self, kind: str, name: str, offset: int) -> None:
        """Return once readers see the value at `offset` of its topic, or a later one. Raises NotEffectiveError."""
        deadline = time.monotonic() + EFFECTIVE_S
        while (await self._read_version(kind, name)) < offset:
            if time.monotonic() > deadline:
                raise NotEffectiveError("saved; it takes effect as soon as the search index has caught up")
            await asyncio.sleep(POLL_S)
        await call_engine(self._client.indices.refresh, index=self._indices.read_alias(kind))

    async def _read_version(self, kind: str, name: str) -> int:
        found = await fetch_documents(self._client, self._indices.read_alias(kind), [name], source=False)
        return int(found[0]["_version"]) if found else -1

    async def _get_documents(self, kind: str, ids: Iterable[str], struct: type[T]) -> Mapping[str, T]:
        found = await fetch_documents(self._client, self._indices.read_alias(kind), list(dict.fromkeys(ids)))
        return {item["_id"]: msgspec.convert(item["_source"], struct) for item in found}

    async def _fetch_page(
        self, kind: str, filters: list[Body], sort: list[Body], size: int, after: Sequence[Any] | None = None
    ) -> list[dict[str, Any]]:
        return await self.open_point(kind, None).hits(**_page_body(filters, sort, size, after))


def _page_body(filters: list[Body], sort: list[Body], size: int, after: Sequence[Any] | None) -> Body:
    return page_body({"bool": {"filter": filters}}, sort, size, None if after is None else list(after))


def _to_review(document: ReviewDocument) -> Review:
    fields = msgspec.structs.asdict(document)
    del fields["position"]
    return Review(**fields)


def _to_subscription(document: SubscriptionDocument) -> Subscription:
    fields = msgspec.structs.asdict(document)
    del fields["position"]
    return Subscription(**fields)


def _to_disclosure(document: DisclosureDocument) -> Disclosure:
    return msgspec.convert(document.thread, Disclosure)
