"""What people decide, as documents, and reading them: by id in real time, by search once a refresh has shown it.

Each value of a decision topic replaces the document of its key. The external version is the value's offset: such a
topic has one partition, so Kafka's order is the order of decisions, and a rebuild from what compaction left ends in
the same documents. A decision is effective when its document is there; `wait_until_effective` waits for that before it
is acknowledged. It is one module, so that a reader finds each kind of decision beside how it is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from pipeline.access.alerts import Alert
from pipeline.access.audit import Act, ActFacts, ActKind, ShownCase, decode_entry, facts_of
from pipeline.access.disclosure_threads import OPENING, Disclosure, Move, find_unreviewed, grant_of
from pipeline.access.disclosures import thread_ids
from pipeline.access.folders import (
    MOST_FOLDERS,
    Folder,
    FolderChart,
    FolderItem,
    FolderMember,
    FolderRole,
    FolderVisit,
    item_key,
    visit_key,
)
from pipeline.access.hit_ledger import Admission, HitAllowance
from pipeline.access.notices import Notice
from pipeline.access.release import Grant
from pipeline.access.requester import Requester
from pipeline.access.reviews import Assignment, Review, assignment_id
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.correlation.key_ring import KeyRing
from pipeline.errors import LiaisonError
from pipeline.index.documents import DocumentWrite
from pipeline.index.engine import (
    PAGE,
    PointInTime,
    SearchEngine,
    bring,
    call_engine,
    fetch_documents,
    read_pages,
    search_all_shards,
)
from pipeline.index.mappings import Indices
from pipeline.index.queries import Body, page_body


class ReviewDocument(Review, frozen=True, omit_defaults=True):
    """A document of index `reviews`."""

    position: int = -1


class DisclosureDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of index `disclosures` as it is written: `thread` is JSON."""

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
    thread: msgspec.Raw = msgspec.Raw()


class _StoredThread(msgspec.Struct):
    """What is read of a document of index `disclosures`."""

    thread: Disclosure


class NoticeDocument(Notice, frozen=True, omit_defaults=True):
    """A document of index `notices`."""

    position: int = -1


class AlertDocument(Alert, frozen=True, omit_defaults=True):
    """A document of index `subscriptions`."""

    position: int = -1


class FolderDocument(Folder, frozen=True, omit_defaults=True):
    """A document of index `folders`; `subjects` are those of its members, to find it by."""

    position: int = -1
    subjects: tuple[str, ...] = ()


class FolderItemDocument(FolderItem, frozen=True, omit_defaults=True):
    """A document of index `folder_items`: `kept` of what was not removed, `of_cases` as `cases` to find it by."""

    position: int = -1
    kept: bool = False
    of_cases: tuple[str, ...] = msgspec.field(default=(), name="cases")


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

    @property
    def facts(self) -> ActFacts:
        """What the act did, as read."""
        said = msgspec.convert((self.entry or {}).get("facts"), ActFacts | None)
        return facts_of(Act(self.kind, object=self.object, shown=self.shown, facts=said))


_encoder = msgspec.json.Encoder()
_reviews = msgspec.json.Decoder(Review)
_assignments = msgspec.json.Decoder(Assignment)
_disclosures = msgspec.json.Decoder(Disclosure)
_alerts = msgspec.json.Decoder(Alert)
_notices = msgspec.json.Decoder(Notice)
_admissions = msgspec.json.Decoder(Admission)
_allowances = msgspec.json.Decoder(HitAllowance)
_folders = msgspec.json.Decoder(Folder)
_folder_items = msgspec.json.Decoder(FolderItem)
_folder_charts = msgspec.json.Decoder(FolderChart)
_folder_visits = msgspec.json.Decoder(FolderVisit)


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


def alert_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `subscriptions`.

    A case reference from before it had a limit is cut: Elasticsearch would refuse the document (a term has at most
    32,766 bytes), and nobody could list or stop the alert.
    """
    alert = _alerts.decode(value)
    alert = msgspec.structs.replace(alert, case_reference=alert.case_reference[: CASE_REFERENCE.most])
    document = AlertDocument(**msgspec.structs.asdict(alert), position=offset)
    return DocumentWrite("subscriptions", alert.id, offset, _encoder.encode(document))


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


def folder_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `folders`."""
    folder = _folders.decode(value)
    subjects = tuple(member.subject for member in folder.members)
    document = FolderDocument(**msgspec.structs.asdict(folder), position=offset, subjects=subjects)
    return DocumentWrite("folders", folder.id, offset, _encoder.encode(document))


def folder_item_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `folder_items`."""
    item = _folder_items.decode(value)
    document = FolderItemDocument(
        **msgspec.structs.asdict(item), position=offset, kept=not item.removed, of_cases=item.cases
    )
    return DocumentWrite("folder_items", item.key, offset, _encoder.encode(document))


def folder_chart_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `folder_charts`."""
    chart = _folder_charts.decode(value)
    return DocumentWrite("folder_charts", item_key(chart.folder, chart.item), offset, value)


def folder_visit_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `folder_visits`."""
    visit = _folder_visits.decode(value)
    return DocumentWrite("folder_visits", visit.key, offset, value)


def audit_document(value: bytes, offset: int) -> DocumentWrite:
    """The document of a value of `audit`. Raises LaterFormatError for an entry of a later version."""
    entry = decode_entry(value)
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

COLLEAGUE_ACTS: Final = 50
COLLEAGUE_PAGES: Final = 4
"""Acts of one page, and pages, that are read to offer an agency's people: some tens of those who worked last."""

MOST_OPENED: Final = 65_536
"""Cases that a query names: Elasticsearch takes no more terms (index.max_terms_count). Each is granted for a year at
most; an agency that holds more finds those granted first by their own keys alone."""

MOST_REVIEWS: Final = 10_000
"""Reviews of one page's links: the most that one search returns."""

MOST_THREADS: Final = 1000
"""Disclosures of one case that are looked through for what single persons have opened, the latest."""

IN_ORDER: Final[list[Body]] = [{"position": "asc"}]
LATEST_FIRST: Final[list[Body]] = [{"position": "desc"}]
BY_PLACE: Final[list[Body]] = [{"place": "asc"}, {"id": "asc"}]
"""The items of a folder in their order (access/folders.py: FolderItem.rank)."""

T = TypeVar("T")


class NotEffectiveError(LiaisonError):
    """The decision is recorded and will take effect, but has not in time: the project stage does not keep up."""


class ThreadKind(StrEnum):
    """Which disclosure threads of an agency are listed."""

    ALL = "all"
    ASKED = "asked"
    BREAK_GLASS = "break_glass"
    AWAITING_ANSWER = "awaiting_answer"
    """Requests that their owner has not answered."""
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """Expired ones among them."""
    AWAITING_REVIEW = "awaiting_review"


_OF_A_SUPERVISOR: Final[Body] = {"exists": {"field": "subject"}}
_OF_KIND: Final[Mapping[ThreadKind, list[Body]]] = {
    ThreadKind.ALL: [],
    ThreadKind.ASKED: [{"bool": {"must_not": [_OF_A_SUPERVISOR]}}],
    ThreadKind.AWAITING_ANSWER: [{"bool": {"must_not": [_OF_A_SUPERVISOR]}}, {"term": {"move": Move.REQUEST}}],
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

    async def list_opened(self, requester: Requester, now: datetime) -> tuple[str, ...]:
        """The cases that a grant may open to the requester at `now`, those granted last first, MOST_OPENED at most.

        They narrow queries: what is acknowledged is among them, what has been revoked may be until a refresh.
        """
        query: list[Body] = [
            {"term": {"requester": requester.agency}},
            {"terms": {"move": sorted(OPENING)}},
            {"range": {"until": {"gt": now.isoformat()}}},
            {"bool": {"should": [{"bool": {"must_not": [_OF_A_SUPERVISOR]}}, {"term": {"subject": requester.subject}}],
                      "minimum_should_match": 1}},
        ]  # fmt: skip
        found: dict[str, None] = {}
        point = self.open_point("disclosures", None)
        filtered = {"bool": {"filter": query}}
        async for batch in read_pages(point, filtered, LATEST_FIRST, PAGE, brought=bring(("case",))):
            found |= dict.fromkeys(hit.source["case"] for hit in batch)
            if len(found) >= MOST_OPENED:
                break
        return tuple(found)[:MOST_OPENED]

    async def grants_on(self, case: str, agencies: Iterable[str]) -> tuple[Grant, ...]:
        """All grants on a case: those to these agencies in real time, a person's own once a refresh has shown it."""
        body = _page_body([{"term": {"case": case}}], LATEST_FIRST, MOST_THREADS)
        found = await self.open_point("disclosures", None).hits(source=False, **body)
        named = [thread_id for agency in agencies for thread_id in thread_ids(self._ring, agency, case)]
        threads = await self.read_threads([*(hit.id for hit in found), *named])
        return tuple(grant for thread in threads.values() if (grant := grant_of(thread)) is not None)

    async def read_threads(self, ids: Iterable[str]) -> dict[str, Disclosure]:
        """The disclosures of these ids, in real time."""
        return {key: held.thread for key, held in (await self._get("disclosures", ids, _StoredThread)).items()}

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
        threads = await self.read_threads(hit.id for hit in found)
        return [(threads.get(hit.id), hit.sort) for hit in found]

    async def late_reviews(self, now: datetime) -> AsyncIterator[Disclosure]:
        """The threads of all agencies in which a review was due before `now`, as they were indexed."""
        query = [*_OF_KIND[ThreadKind.AWAITING_REVIEW], {"range": {"deadline": {"lt": now.isoformat()}}}]
        async for held in self._read_all("disclosures", query, _StoredThread):
            yield held.thread

    async def read_review(self, name: str) -> Review | None:
        """One review, in real time."""
        return (await self._get("reviews", [name], Review)).get(name)

    async def reviews_of(self, links: Iterable[str]) -> dict[str, list[Review]]:
        """The reviews of each of these links, undone ones included; a link without any has an empty list."""
        found: dict[str, list[Review]] = {link: [] for link in links}
        if found:
            query: list[Body] = [{"terms": {"link": list(found)}}]
            for review, _ in await self._find("reviews", query, Review, IN_ORDER, MOST_REVIEWS):
                found[review.link].append(review)
        return found

    async def list_reviewed(
        self, agency: str, limit: int, after: Sequence[Any] | None = None, *, reviewer: str = "", verdict: str = ""
    ) -> list[tuple[str, list[Any]]]:
        """The links of an agency's reviews that were not undone, the latest first, each with its place in line.

        Of one reviewer ("": of all), of one verdict ("": of all). A link comes once for each of its reviews, whether or
        not that one holds still.
        """
        stated = {"agency": agency, "reviewer": reviewer, "verdict": verdict}
        query: list[Body] = [{"term": {name: value}} for name, value in stated.items() if value]
        query.append({"bool": {"must_not": [{"term": {"undone": True}}]}})
        found = await self._find("reviews", query, Review, LATEST_FIRST, limit, after)
        return [(review.link, place) for review, place in found]

    async def list_assigned(
        self, agency: str, assignee: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[str, list[Any]]]:
        """The links that one of an agency is to judge, by their ids, each with its place in line."""
        query: list[Body] = [{"term": {"agency": agency}}, {"term": {"assignee": assignee}}]
        found = await self._find("assignments", query, Assignment, [{"link": "asc"}], limit, after)
        return [(assignment.link, place) for assignment, place in found]

    async def manual_links(
        self, case: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[Review, list[Any]]]:
        """The reviews that link a case by hand, undone ones included, the latest first, each with its place in line."""
        sides: Body = {
            "bool": {"should": [{"term": {f"case_{side}": case}} for side in "ab"], "minimum_should_match": 1}
        }
        query = [sides, {"term": {"manual": True}}]
        return await self._find("reviews", query, Review, LATEST_FIRST, limit, after)

    async def read_assignees(self, agency: str, links: Iterable[str]) -> dict[str, str]:
        """Who of an agency is to judge each of these links, in real time; unassigned ones are left out."""
        ids = [assignment_id(agency, link) for link in links]
        found = await self._get("assignments", ids, Assignment)
        return {assignment.link: assignment.assignee for assignment in found.values() if assignment.assignee}

    async def alerts_of(self, ids: Iterable[str]) -> dict[str, Alert]:
        """The alerts of these ids, in real time."""
        return await self._get("subscriptions", ids, Alert)

    async def list_alerts(self, agency: str, limit: int) -> list[Alert]:
        """The active alerts of an agency, those made last first; those past their date among them."""
        query: list[Body] = [{"term": {"agency": agency}}, {"term": {"state": "active"}}]
        found = await self._find("subscriptions", query, Alert, LATEST_FIRST, limit)
        return sorted((listed for listed, _ in found), key=lambda listed: listed.place, reverse=True)

    async def list_shared_alerts(self) -> AsyncIterator[Alert]:
        """All active alerts that are shared."""
        query: list[Body] = [{"term": {"state": "active"}}, {"term": {"shared": True}}]
        async for listed in self._read_all("subscriptions", query, Alert):
            yield listed

    async def read_admitted(self, ids: Iterable[str]) -> dict[str, str]:
        """By question id the hash of the case whose question the gate has answered, in real time."""
        found = await self._get("hit_admissions", ids, Admission)
        return {name: admission.asks for name, admission in found.items() if admission.asks}

    async def list_allowances(self, owner: str, limit: int) -> list[HitAllowance]:
        """What an agency allows others to be told of its hit-only records a day, by their names."""
        query: list[Body] = [{"term": {"owner": owner}}]
        found = await self._find("hit_allowances", query, HitAllowance, [{"agency": "asc"}], limit)
        return [allowance for allowance, _ in found]

    async def folders_of(self, ids: Iterable[str]) -> dict[str, Folder]:
        """The folders of these ids, in real time."""
        return await self._get("folders", ids, Folder)

    async def list_folders(self, agency: str, subject: str | None = None) -> list[Folder]:
        """The open folders of an agency, those made last first; those past their date among them.

        With a `subject` those that are shared with them: all that they own, and of others' the latest.
        """
        query: list[Body] = [{"term": {"agency": agency}}, {"term": {"state": "open"}}]
        if subject is None:
            found = [folder for folder, _ in await self._find("folders", query, Folder, LATEST_FIRST, MOST_FOLDERS)]
        else:
            query.append({"term": {"subjects": subject}})
            own, others = list[Folder](), list[Folder]()
            pages = read_pages(self.open_point("folders", None), {"bool": {"filter": query}}, LATEST_FIRST, PAGE)
            async for batch in pages:
                for folder in (hit.read_as(Folder) for hit in batch):
                    (own if FolderMember(subject, FolderRole.OWNER) in folder.members else others).append(folder)
                del others[MOST_FOLDERS:]
            found = [*own, *others[: max(0, MOST_FOLDERS - len(own))]]
        return sorted(found, key=lambda folder: (folder.made or folder.time, folder.id), reverse=True)

    async def count_folder_items(self, folders: Sequence[str]) -> dict[str, int]:
        """How many items each of these folders holds, as indexed; one without any is left out."""
        if not folders:
            return {}
        query = {"bool": {"filter": [{"terms": {"folder": list(folders)}}, {"term": {"kept": True}}]}}
        counted = {"folders": {"terms": {"field": "folder", "size": len(folders)}}}
        alias = self._indices.read_alias("folder_items")
        found = await search_all_shards(self._client, index=alias, query=query, size=0, aggs=counted)
        return {bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["folders"]["buckets"]}

    async def folder_items_of(self, folder: str, ids: Iterable[str]) -> dict[str, FolderItem]:
        """The items of these ids that a folder has or had, in real time."""
        found = await self._get("folder_items", (item_key(folder, one) for one in ids), FolderItem)
        return {item.id: item for item in found.values()}

    async def list_folder_items(
        self, folder: str, limit: int, after: Sequence[Any] | None = None, *, last: bool = False
    ) -> list[FolderItem]:
        """The items of a folder behind a rank, in their order; the `last` ones: backwards."""
        query: list[Body] = [{"term": {"folder": folder}}, {"term": {"kept": True}}]
        sort = [{"place": "desc"}, {"id": "desc"}] if last else BY_PLACE
        return [item for item, _ in await self._find("folder_items", query, FolderItem, sort, limit, after)]

    async def latest_item(self, folder: str) -> int:
        """The position of a folder's latest change of an item, -1 before the first: it grows with each."""
        query: list[Body] = [{"term": {"folder": folder}}]
        found = await self._find("folder_items", query, FolderItemDocument, LATEST_FIRST, 1)
        return found[0][0].position if found else -1

    async def items_about(self, agency: str, cases: Sequence[str]) -> AsyncIterator[FolderItem]:
        """The items of an agency's folders that refer to one of these cases."""
        query: list[Body] = [
            {"term": {"agency": agency}}, {"term": {"kept": True}}, {"terms": {"cases": list(cases)}}
        ]  # fmt: skip
        async for item in self._read_all("folder_items", query, FolderItem):
            yield item

    async def read_chart(self, folder: str, item: str) -> FolderChart | None:
        """The content of a chart, in real time."""
        name = item_key(folder, item)
        return (await self._get("folder_charts", [name], FolderChart)).get(name)

    async def read_visit(self, folder: str, subject: str, item: str = "") -> FolderVisit | None:
        """What somebody saw of a folder, or of a chart in it, in real time."""
        name = visit_key(folder, subject, item)
        return (await self._get("folder_visits", [name], FolderVisit)).get(name)

    async def visits_to(self, folder: str) -> list[FolderVisit]:
        """Everybody's visits to a folder and to the charts in it, as indexed."""
        query: Body = {"bool": {"filter": [{"term": {"folder": folder}}]}}
        pages = read_pages(self.open_point("folder_visits", None), query, [{"time": "asc"}], PAGE)
        return [hit.read_as(FolderVisit) async for batch in pages for hit in batch]

    async def list_notices(self, agency: str, after: int, limit: int) -> list[NoticeDocument]:
        """The notices to an agency behind a position, in their order."""
        query: list[Body] = [{"term": {"agency": agency}}, {"range": {"position": {"gt": after}}}]
        return [notice for notice, _ in await self._find("notices", query, NoticeDocument, IN_ORDER, limit)]

    async def latest_notices(
        self, agency: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[NoticeDocument, list[Any]]]:
        """The notices to an agency, the latest first, each with its place in line."""
        query: list[Body] = [{"term": {"agency": agency}}]
        return await self._find("notices", query, NoticeDocument, LATEST_FIRST, limit, after)

    async def list_accesses(
        self, owner: str, limit: int, after: Sequence[Any] | None = None
    ) -> list[tuple[AuditDocument, list[Any]]]:
        """Acts in which cases of an agency were shown, the latest first, each with its place in line."""
        return await self._find("audit", [_showed_cases_of(owner)], AuditDocument, LATEST_FIRST, limit, after)

    async def count_accesses(self, owner: str) -> int:
        """How many acts have shown cases of an agency, as indexed."""
        alias, shown = self._indices.read_alias("audit"), _showed_cases_of(owner)
        query, counted = {"bool": {"filter": [shown]}}, {"accesses": {"filter": shown}}
        found = await search_all_shards(self._client, index=alias, query=query, size=0, aggs=counted)
        count: int = found["aggregations"]["accesses"]["doc_count"]
        return count

    async def has_acted(self, agency: str, subject: str) -> bool:
        """Whether somebody of an agency has signed in: their first page is an act of theirs already."""
        query: list[Body] = [{"term": {"agency": agency}}, {"term": {"subject": subject}}]
        return bool(await self._find("audit", query, AuditDocument, LATEST_FIRST, 1))

    async def list_colleagues(self, agency: str) -> list[str]:
        """Who of an agency acted lately, sorted: those that COLLEAGUE_PAGES pages of acts name, each but once."""
        found: set[str] = set()
        for _ in range(COLLEAGUE_PAGES):
            query: list[Body] = [
                {"term": {"agency": agency}},
                {"bool": {"must_not": [{"terms": {"subject": sorted(found)}}]}},
            ]
            acts = await self._find("audit", query, AuditDocument, LATEST_FIRST, COLLEAGUE_ACTS)
            if not acts:
                break
            found |= {act.subject for act, _ in acts if act.kind is not ActKind.PUSH}
        return sorted(found)

    async def latest_acts(self, limit: int) -> list[AuditDocument]:
        """The latest acts of all agencies, the last first."""
        return [act for act, _ in await self._find("audit", [], AuditDocument, LATEST_FIRST, limit)]

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
        return await self._find("audit", filters, AuditDocument, LATEST_FIRST, limit, after)

    async def wait_until_effective(self, kind: str, name: str, offset: int) -> None:
        """Return once readers see the value at `offset` of its topic, or a later one. Raises NotEffectiveError."""
        await self.wait_until_all_effective(kind, {name: offset})

    async def wait_until_all_effective(self, kind: str, offsets: Mapping[str, int]) -> None:
        """The same of several values of a topic, by their keys."""
        deadline = time.monotonic() + EFFECTIVE_S
        alias, waiting = self._indices.read_alias(kind), dict(offsets)
        while True:
            for held in await fetch_documents(self._client, alias, list(waiting), source=False):
                if held.version >= waiting[held.id]:
                    del waiting[held.id]
            if not waiting:
                break
            if time.monotonic() > deadline:
                raise NotEffectiveError("saved; it takes effect as soon as the search index has caught up")
            await asyncio.sleep(POLL_S)
        await call_engine(self._client.indices.refresh, index=alias)

    async def _get(self, kind: str, ids: Iterable[str], struct: type[T]) -> dict[str, T]:
        """Documents by id, in real time."""
        found = await fetch_documents(self._client, self._indices.read_alias(kind), list(dict.fromkeys(ids)))
        return {held.id: held.read_as(struct) for held in found}

    async def _find(
        self,
        kind: str,
        filters: list[Body],
        struct: type[T],
        sort: list[Body],
        size: int,
        after: Sequence[Any] | None = None,
    ) -> list[tuple[T, list[Any]]]:
        """The documents that pass, `size` at most, each with its place in line."""
        found = await self.open_point(kind, None).hits(**_page_body(filters, sort, size, after))
        return [(hit.read_as(struct), hit.sort) for hit in found]

    async def _read_all(self, kind: str, filters: list[Body], struct: type[T]) -> AsyncIterator[T]:
        """All documents that pass, in the order of their topic."""
        pages = read_pages(self.open_point(kind, None), {"bool": {"filter": filters}}, IN_ORDER, PAGE)
        async for batch in pages:
            for hit in batch:
                yield hit.read_as(struct)


def _showed_cases_of(owner: str) -> Body:
    """Acts in which cases of an agency were shown."""
    return {"term": {"owners": owner}}


def _page_body(filters: list[Body], sort: list[Body], size: int, after: Sequence[Any] | None = None) -> Body:
    return page_body({"bool": {"filter": filters}}, sort, size, None if after is None else list(after))
