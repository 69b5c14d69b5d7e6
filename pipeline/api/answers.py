"""What services answer with: a struct for each answer and for each of its rows.

Routes, pages, commands, exports and the OpenAPI document are made from these; a field's name, unit and meaning is told
here and nowhere else. What is null, or left out, is so for everybody alike: it says no more than its docstring. A
field is only ever added behind the others, so that a client that does not know it goes on.

Structs that pipeline.access makes, because it decides what they hold, are there (`redaction.py`, `disclosures.py`,
`reviews.py`). It is one module, so that a reader finds every answer on one page.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pipeline.access.audit import NotAsked
from pipeline.access.audit_verification import TrailFinding
from pipeline.access.case_filters import Filters
from pipeline.access.case_visibility import AgencyView, HandlingWords
from pipeline.access.disclosures import AccessRequestRow
from pipeline.access.folders import FolderRole, ItemKind, KeptSearch
from pipeline.access.redaction import HitRow, ProvenanceRow
from pipeline.access.reviews import ReviewRow, Verdict
from pipeline.api.list_planning import ListColumn, ListHint, ListTie
from pipeline.feeds.signing import SignatureVerdict
from pipeline.index.documents import AsSent
from pipeline.index.filters import FacetCounts
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.explanation import EntityEvidence, Explanation
from pipeline.matching.handling import Contact
from pipeline.records.caveats import CaveatTranslation
from pipeline.records.normalised import RecordWarning
from pipeline.search.ranking import StatedHandling
from pipeline.search.understanding import SearchHint, UnderstoodPart

CaseKey = Annotated[str, Meta(description="<agency>:<case id>.", examples=["fr-pj:2026-004711"])]
Centibits = Annotated[int, Meta(description="In hundredths of a bit.")]
CountryOf = Annotated[str, Meta(description="ISO 3166-1 alpha-2.", examples=["FR"])]
UtcTime = Annotated[str, Meta(description="ISO 8601, in UTC.", examples=["2026-11-24T12:00:00+00:00"])]
OpaqueReference = Annotated[str, Meta(description="What stands for a record, for your agency alone.")]
NextCursor = Annotated[str | None, Meta(description="The cursor of the following page; null where there is none.")]


ToldT = TypeVar("ToldT")


def told(value: ToldT | UnsetType) -> ToldT | None:
    """The value of a field that may be left out; None where it is."""
    return None if isinstance(value, UnsetType) else value


class IndexAnswer(msgspec.Struct, frozen=True):
    """What every answer from the search index says of itself; the session sets both (`Session.moment`)."""

    as_of: Annotated[
        str,
        Meta(
            description="How fresh the index is that this was read from: it holds everything that agencies had pushed "
            "by then. 1970 where that is not known. The answer's own time is `time`.",
            examples=["2026-11-24T12:00:00+00:00"],
        ),
    ]
    time: Annotated[
        str,
        Meta(
            description="When this was answered: grants, deadlines and ages in it are as of then.",
            examples=["2026-11-24T12:00:03+00:00"],
        ),
    ]


# The audit: who did what, and who was shown which records.


class AccessedRecord(msgspec.Struct, frozen=True):
    """One of the agency's own records that was shown: in which form, by which rule of the policy."""

    case: CaseKey
    form: str
    rule: str | None


class AccessRow(msgspec.Struct, frozen=True):
    """An act in which records of the agency were shown.

    Of other agencies' people `subject` is null, and so is `case_reference` unless the installation tells owners that.
    `part` says which part of how many of a large act this entry holds: "2/25"; `file` in which form
    the answer was saved as a file: "xlsx". Of acts other than searches it is null before facts were written.
    """

    kind: str
    time: UtcTime
    agency: str
    country: CountryOf
    subject: str | None
    purpose: str
    case_reference: str | None
    part: str | None
    file: str | None
    shown: tuple[AccessedRecord, ...]


class AccessesAnswer(IndexAnswer, frozen=True):
    """Who was shown which of the agency's records, the latest first: a page of `whole` accesses."""

    accesses: tuple[AccessRow, ...]
    whole: int
    next: NextCursor = None


class ActRecord(msgspec.Struct, frozen=True):
    """A record that an act has shown: by `case` if the agency reads it for the act's purpose, else by `reference`."""

    agency: str
    case: CaseKey | None
    reference: OpaqueReference | None
    form: str
    rule: str | None


class ActRow(msgspec.Struct, frozen=True):
    """An act of the agency's people, or of others in which its records were shown.

    Of the latter `subject` and `rule` are null, and so is `case_reference` unless the installation tells owners that.
    `part` says which part of how many of a large act this entry holds: "2/25"; `file` in which form
    the answer was saved as a file: "xlsx". Of acts other than searches it is null before facts were written.
    """

    time: UtcTime
    kind: str
    agency: str
    country: CountryOf
    subject: str | None
    purpose: str
    case_reference: str | None
    shown: tuple[ActRecord, ...]
    rule: str | None
    part: str | None
    file: str | None


class ActsAnswer(IndexAnswer, frozen=True):
    """Acts, the latest first; `next` is the cursor of the following page."""

    acts: tuple[ActRow, ...]
    next: NextCursor = None


class TrailAnswer(msgspec.Struct, frozen=True):
    """Whether the trail is whole, all agencies' acts together: `entries` were read, `findings` tell what is wrong.

    `checked` is when the trail's end was last reached, none before; `running` while a check goes on.
    """

    entries: int
    findings: tuple[TrailFinding, ...]
    checked: UtcTime | None
    running: bool


class ConsistencyAnswer(msgspec.Struct, frozen=True):
    """That the tree of `second` leaves begins with that of `first`: hashes in base64, as RFC 6962 orders them."""

    first: int
    second: int
    path: tuple[str, ...]


class InclusionAnswer(msgspec.Struct, frozen=True):
    """That leaf `index` is in the tree of `size` leaves: its hash and its path, from the leaf upwards, in base64."""

    index: int
    size: int
    leaf: str
    path: tuple[str, ...]


class TagKeysAnswer(msgspec.Struct, frozen=True):
    """The agency's tag keys (base64url) by the id that leaves bear. A secret of the agency's."""

    keys: dict[str, str]


# Alerts and hit quotas.


class HitAllowanceRow(msgspec.Struct, frozen=True):
    """How many hit-only answers a day an agency is allowed until a time; `by` whom of us, and when that was said."""

    agency: str
    daily: int
    until: UtcTime
    active: bool
    by: str
    time: UtcTime


class HitAllowanceAnswer(IndexAnswer, frozen=True):
    """What is allowed to one agency."""

    allowance: HitAllowanceRow


class RefusedGuesses(msgspec.Struct, frozen=True):
    """What an agency asked on a day (UTC) that guessed too much: `questions`, of which `cases` were pushed cases."""

    agency: str
    day: str
    questions: int
    cases: int


class HitAllowancesAnswer(IndexAnswer, frozen=True):
    """What the requester's agency allows others, by their names, and who guessed too much in the last days.

    `daily` is what every agency has. `refused` has a row for each day and other agency of which questions asked one
    name with more birth dates or numbers than hit-only records are asked; the last day first. It is the same for all
    owners, whether or not a record of theirs was meant: it follows from what was asked alone.
    """

    daily: int
    allowances: tuple[HitAllowanceRow, ...]
    refused: tuple[RefusedGuesses, ...] = ()


class AlertRow(msgspec.Struct, frozen=True):
    """An alert of the agency: what it asks, how it is narrowed, who asks it for what, and until when.

    One that is not `active` has run out and waits to be renewed, or was ended; then what it asked is null. `label` is
    what the agency calls it. `shared`: agencies that ask the same, and share it, are told of each other. `country` is
    where its phones are dialled.
    """

    id: str
    active: bool
    label: str | None
    question: str | None
    country: CountryOf | None
    filters: Filters
    shared: bool
    owner: str | None
    purpose: str | None
    case_reference: str | None
    time: UtcTime
    until: UtcTime | None


class AlertAnswer(IndexAnswer, frozen=True):
    """An alert. `not_asked` says, when it is made, why hit-only records are not asked, or not all of it."""

    subscription: AlertRow
    not_asked: NotAsked = ""


class AlertsAnswer(IndexAnswer, frozen=True):
    """The alerts of the requester's agency, those made last first."""

    subscriptions: tuple[AlertRow, ...]


# Around cases: who sees them, what is near them, how they hang together.


class PersonWithAccess(msgspec.Struct, frozen=True):
    """A person who has opened the case by break-glass; of another agency's, `subject` is null."""

    agency: str
    subject: str | None
    until: UtcTime
    purposes: tuple[str, ...]
    changed_purposes: tuple[str, ...] | None


class VisibilityAnswer(IndexAnswer, frozen=True):
    """How each agency sees the case for each purpose, by which rule, and who has opened it by break-glass.

    `changed_*` are null unless other handling was asked about. The agency "" is the installation's operator.
    """

    case: CaseKey
    handling: HandlingWords
    changed_handling: HandlingWords | None
    agencies: tuple[AgencyView, ...]
    people: tuple[PersonWithAccess, ...]


class StatisticsAnswer(IndexAnswer, frozen=True):
    """How many cases have each Global Policing Goal and offence, and how many links join each pair of countries."""

    cases: int
    links: int
    policing_goals: dict[str, int]
    offences: dict[str, int]
    country_pairs: dict[str, int]


class NearbyCase(msgspec.Struct, frozen=True):
    """Another agency's open case with an event where and when the asked one has one, and whom to talk to."""

    case: CaseKey
    agency: str
    country: CountryOf
    title: str | None
    status: str
    contact: Contact


class DeconflictionAnswer(IndexAnswer, frozen=True):
    """Other agencies' open cases with an event at the same place and time."""

    cases: tuple[NearbyCase, ...]


class CaseNode(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case in a graph, `view` "full" with its key as `id`; or "hit" with a reference as `id`, and whom to ask.

    Left out is what is not told: a hit's country and title, the title of a case that has none, a full one's contact.
    """

    id: str
    view: str
    agency: str
    country: CountryOf | None = None
    title: str | None = None
    contact: Contact | None = None


class LinkEdge(msgspec.Struct, frozen=True):
    """A link between nodes `a` and `b`. A hit's `id` is a reference, and its `basis` null."""

    id: str
    a: str
    b: str
    band: Band
    view: str
    basis: Basis | None


class GraphAnswer(IndexAnswer, frozen=True):
    """Cases and hits around a case.

    `complete` is false where a limit left something out: `left_out` links of the cases that were followed.
    """

    nodes: tuple[CaseNode, ...]
    edges: tuple[LinkEdge, ...]
    complete: bool
    left_out: int


class TimelineEvent(msgspec.Struct, frozen=True):
    """What happened: `opened`, `closed`, or an `event` by its entity's id. `when` is as the record states it."""

    when: str
    what: str
    case: CaseKey
    agency: str
    entity: str | None


class TimelineAnswer(IndexAnswer, frozen=True):
    """What happened in a case and those linked to it, earliest first; days and times as the records state them."""

    events: tuple[TimelineEvent, ...]


class ChartPlace(msgspec.Struct, frozen=True):
    """Where a thing is: an entity of a case, by its id; without one, the case itself."""

    case: Annotated[str, Meta(min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]
    entity: Annotated[str, Meta(max_length=200, examples=["p1"])] = ""


class ChartNode(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node of a chart.

    `kind` is `case`; `thing`, what cases name, of an entity's type or a number's; `hit`, with whom to ask; or `closed`:
    an item that you can't open, whatever the reason. `places` say which entities a thing is: two things that have one
    in common are one. `bearers` are entities that bear a number. Of a case `name` is the title, `person` the name of
    its main person, the first suspect or else the first person as sent, and `caveat` its owner's. `id` is told for this
    answer alone, but for that of a case, a hit or a number.
    """

    id: str
    kind: str
    type: str = ""
    name: str = ""
    agency: str = ""
    country: str = ""
    opened: str = ""
    contact: Contact | None = None
    places: tuple[ChartPlace, ...] = ()
    bearers: tuple[ChartPlace, ...] = ()
    caveat: str = ""
    caveat_translation: CaveatTranslation | UnsetType = UNSET
    person: str = ""


class ChartLinkName(msgspec.Struct, frozen=True):
    """A link with its two cases, whose evidence you may read."""

    link: str
    a: CaseKey
    b: CaseKey


class ChartEdge(msgspec.Struct, frozen=True, omit_defaults=True):
    """An edge between two nodes.

    `kind` is `holds`: a case names a thing, or a thing bears a number; `link`, with the links that tie the case to
    others through the thing, the strongest first; `hit`; or `relation` of two things, then `word` is its type.
    """

    a: str
    b: str
    kind: str
    band: Band = Band.NONE
    basis: Basis = Basis.SAME
    links: tuple[ChartLinkName, ...] = ()
    word: str = ""


class ChartCount(msgspec.Struct, frozen=True):
    """How many linked cases there are of a type of thing that ties them, of a country, or of a band; how many shown."""

    value: str
    count: int
    shown: int = 0


class ChartExpansionAnswer(IndexAnswer, frozen=True):
    """What a node is tied to, as far as it was asked for, and what was left out.

    `all` linked cases and hits there are, `shown` of them are in the chart now, `matching` of them pass the filters.
    The counts are over all. The case names `entities` people and things, of which this answer draws `entities_shown`.
    """

    nodes: tuple[ChartNode, ...]
    edges: tuple[ChartEdge, ...]
    all: int
    shown: int
    matching: int
    types: tuple[ChartCount, ...]
    countries: tuple[ChartCount, ...]
    bands: tuple[ChartCount, ...]
    entities: int
    entities_shown: int


class OpenedChartAnswer(IndexAnswer, frozen=True):
    """What a chart names as it is now: a node for each item in their order, and what ties these.

    A node stands twice where two items have become one thing. Edges are those of the links that were named, or of all
    between the cases where none were.
    """

    nodes: tuple[ChartNode, ...]
    edges: tuple[ChartEdge, ...]


class ChartPath(msgspec.Struct, frozen=True):
    """A path: ids of its nodes from one end to the other, cases and things by turns, and the same in words."""

    nodes: tuple[str, ...]
    words: str


class ChartPathsAnswer(IndexAnswer, frozen=True):
    """The shortest paths between two nodes, at most three of them; `links` is how many each leads over.

    `followed` cases were looked at; where `complete` is false a limit ended the search, so there may be a path.
    """

    nodes: tuple[ChartNode, ...]
    edges: tuple[ChartEdge, ...]
    paths: tuple[ChartPath, ...]
    links: int
    followed: int
    complete: bool


class ChartHub(msgspec.Struct, frozen=True):
    """A thing by its node's id, how many cases it ties, and their countries."""

    node: str
    cases: int
    countries: tuple[CountryOf, ...]


class ChartHubsAnswer(IndexAnswer, frozen=True):
    """The things that tie the most cases, with the nodes of each and its cases.

    `hubs` are the first of `all`. `looked_at` cases were read, of `linked`; where that is fewer, or `complete` is
    false, some that tie these may be missing.
    """

    nodes: tuple[ChartNode, ...]
    edges: tuple[ChartEdge, ...]
    hubs: tuple[ChartHub, ...]
    all: int
    looked_at: int
    linked: int
    complete: bool


class EntityAppearance(msgspec.Struct, frozen=True):
    """A case that speaks of a thing, the band of the link that led to it, and the entity as its agency sent it."""

    case: CaseKey
    agency: str
    country: CountryOf
    band: Band
    caveat: str | None
    entity: AsSent
    caveat_translation: CaveatTranslation | UnsetType = UNSET


class EntityFact(msgspec.Struct, frozen=True):
    """A value of a field, as sent, and the cases that state it."""

    field: str
    value: Any
    cases: tuple[CaseKey, ...]


class EntityRelation(msgspec.Struct, frozen=True):
    """A relation of a thing in one case: `type` and dates as sent, `outgoing` where it is from the thing to `other`."""

    case: CaseKey
    country: CountryOf
    type: str
    outgoing: bool
    start: str | None
    end: str | None
    other: AsSent


class EntityAnswer(IndexAnswer, frozen=True):
    """A thing: where it appears, the asked entity first, and what is said of it, each with the cases that say so.

    `relations` are those of the cases that it appears in. `complete` is false where a limit left cases out.
    """

    type: str
    appearances: tuple[EntityAppearance, ...]
    facts: tuple[EntityFact, ...]
    relations: tuple[EntityRelation, ...]
    complete: bool


# What a link or a notice is about, as a list names it.


class LinkSide(msgspec.Struct, frozen=True):
    """One side of a link: its case, and the entity that it is about as its agency sent it; null where there is none.

    `caveat` is the owner's, which binds; `caveat_translation`, here as everywhere, the owner's own in the language of
    the answer, left out where there is none.
    """

    case: CaseKey
    agency: str
    country: CountryOf
    title: str | None
    caveat: str | None
    entity: str | None
    type: str | None
    name: str | None
    born: str | None
    caveat_translation: CaveatTranslation | UnsetType = UNSET


class NamedEntity(msgspec.Struct, frozen=True):
    """An entity of a case by type and name, or the number that stands for it."""

    entity: str | None
    type: str | None
    name: str | None


# Disclosures, and hits beside which stands what was asked of their owner.


class HitRequest(msgspec.Struct, frozen=True):
    """What the reader's agency has asked of a hit's owner; `time` is that of its last step, `subject` who asked."""

    id: str
    state: str
    overdue: bool
    time: UtcTime
    deadline: UtcTime | None
    until: UtcTime | None
    subject: str | None
    label: str | None


class BandedHit(HitRow, frozen=True):
    """A hit, and how sure the link to it is."""

    band: Band


class FoundHit(BandedHit, frozen=True):
    """A hit on a question; `request` is what was asked of its owner, null where nothing was."""

    request: HitRequest | None = None


class LinkHit(HitRow, frozen=True):
    """The hit-only side of a link; `request` is what was asked of its owner, null where nothing was."""

    request: HitRequest | None = None


class DisclosureAnswer(IndexAnswer, frozen=True):
    """A disclosure with its steps, as the asking or the answering agency may see it."""

    disclosure: AccessRequestRow


class DisclosuresAnswer(IndexAnswer, frozen=True):
    """A page of disclosures, the latest step first; `next` is the cursor of the following page."""

    disclosures: tuple[AccessRequestRow, ...]
    next: NextCursor = None


class RequestedRecord(msgspec.Struct, frozen=True):
    """The owner's record that is asked for."""

    case: CaseKey
    title: str | None
    entities: tuple[NamedEntity, ...]


class RequestedLink(LinkSide, frozen=True, kw_only=True):
    """The asking agency's case that the record is linked to, and why: what agrees, and a sentence for a layman."""

    link_id: str
    band: Band
    basis: Basis
    agrees: tuple[str, ...]
    summary: str


class RequestEvidenceAnswer(IndexAnswer, frozen=True):
    """What an owner sees beside a request: its own record, and why it and the asking agency's cases are linked.

    `links` are those that the owner sees in full, the strongest first: the other case, band, what agrees, a sentence.
    `hits` are those to a hit-only case of theirs, as the gate tells of them: reference, contact and band, and nothing
    of what agrees. `more` says that there are others. Nothing is told of what was searched.
    """

    record: RequestedRecord
    links: tuple[RequestedLink, ...]
    hits: tuple[BandedHit, ...]
    more: bool


# Reviews and the inbox.


class ReviewedLink(msgspec.Struct, frozen=True):
    """How a link stands by its reviews. `own` is the id of the review that holds for the reader's agency.

    `new_evidence` (field and level) and `gone_evidence` (how many comparisons) say how the evidence differs from what
    that review was made on.
    """

    link: str
    colour: str
    disputed: bool
    own: str | None
    assignee: str | None
    new_evidence: tuple[tuple[str, str], ...]
    gone_evidence: int
    reviews: tuple[ReviewRow, ...]


class ReviewsAnswer(IndexAnswer, frozen=True):
    """The reviews of a link; `notice` says that a colleague reviewed it at the moment of the requester's review."""

    judged: ReviewedLink
    notice: str | None = None


class ManualLinkRow(ReviewRow, frozen=True):
    """A link made by hand: the review that made it, the link's id and its two cases."""

    link: str
    case_a: CaseKey
    case_b: CaseKey


class ManualLinksAnswer(IndexAnswer, frozen=True):
    """The links of a case that investigators made by hand."""

    links: tuple[ManualLinkRow, ...]


class LinkOutcome(msgspec.Struct, frozen=True):
    """What became of one link: how it stands now, the review that was made or undone, and what went wrong, in words.

    `reason_for` are the verdicts that now take a reason in one's own words.
    """

    link: str
    review: str | None
    judged: ReviewedLink | None
    reason_for: tuple[Verdict, ...]
    problem: str | None = None


class BulkAnswer(IndexAnswer, frozen=True):
    """The outcome for each link, in the order in which they were named."""

    outcomes: tuple[LinkOutcome, ...]


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A link to review: both sides as in the evidence of a link, as <field>_a and <field>_b, and how it stands.

    `own` is the case of the reader's agency, `received` when intake took that in, to the minute; of another's, its
    owner alone is told. `agrees` is what speaks most for it, in words. `own_*` is the agency's review that holds, null
    where there is none, and `new_evidence` (field and level) and `gone_evidence` (how many comparisons) how the
    evidence differs from what that was made on. `reason_for` are the verdicts that take a reason in one's own words.
    """

    link_id: str
    case_a: CaseKey
    case_b: CaseKey
    agency_a: str
    agency_b: str
    country_a: CountryOf
    country_b: CountryOf
    title_a: str | None
    title_b: str | None
    caveat_a: str | None
    caveat_b: str | None
    entity_a: str | None
    entity_b: str | None
    type_a: str | None
    type_b: str | None
    name_a: str | None
    name_b: str | None
    born_a: str | None
    born_b: str | None
    own: CaseKey
    received: UtcTime | None
    agrees: tuple[str, ...]
    band: Band
    basis: Basis
    probability: float
    score: Centibits
    assignee: str | None
    colour: str
    disputed: bool
    judged_different: bool
    own_review: str | None
    own_verdict: str | None
    own_reviewer: str | None
    own_time: UtcTime | None
    reason_for: tuple[str, ...]
    new_evidence: tuple[tuple[str, str], ...]
    gone_evidence: int
    caveat_translation_a: CaveatTranslation | UnsetType = UNSET
    caveat_translation_b: CaveatTranslation | UnsetType = UNSET

    def side(self, *, own: bool) -> LinkSide:
        """The side of the reader's agency, or the other one."""
        name = "a" if (self.case_a == self.own) is own else "b"
        return LinkSide(*(getattr(self, f"{field}_{name}") for field in LinkSide.__struct_fields__))


class InboxAnswer(IndexAnswer, frozen=True):
    """A page of links to judge, or of decided ones, strongest first; `next` is the cursor of the following page."""

    links: tuple[InboxRow, ...]
    next: NextCursor = None


# Notices.


class NoticeSubject(LinkSide, frozen=True, kw_only=True):
    """Whom a notice is about; of an alert's match the entity that answers it best, and what `agrees`, in words."""

    agrees: tuple[str, ...]


class NoticeRow(msgspec.Struct, frozen=True):
    """Something that an agency is told, as it may know of it now.

    `case` is the record that it is about where the reader sees that in full, `reference` stands for another agency's.
    `disclosure` and `subscription` are the thread and the alert that it tells of, the latter with its `label`,
    `question` and `filters`. `agency` is the other one, `band` how sure a match is. `count` is of cases, `cursor` leads
    behind it, `about` says whom it is about to pages, `step` what was done with a request for access, and `until` when
    that ends; each is left out where it is not told.
    """

    id: str
    kind: str
    time: UtcTime
    case: CaseKey | None
    reference: OpaqueReference | None
    disclosure: str | None
    subscription: str | None
    label: str | None
    question: str | None
    filters: Filters | None
    agency: str | None
    purpose: str | None
    band: str | None
    count: int | UnsetType = UNSET
    cursor: str | UnsetType = UNSET
    about: NoticeSubject | UnsetType | None = UNSET
    step: str | UnsetType = UNSET
    until: UtcTime | UnsetType | None = UNSET


class NoticesAnswer(IndexAnswer, frozen=True):
    """Notices; `next` is where to go on, now or later."""

    notices: tuple[NoticeRow, ...]
    next: NextCursor


# Links.


class LinkListRow(msgspec.Struct, frozen=True):
    """A link as its reader may see it; `case_a` < `case_b`, or, with a hit-only side, the reader's is `case_a`.

    Of one with a hit-only side only the band and `hit` are told, and `link_id` is a reference; all else is null, so
    that both kinds have the same fields. `probability` is that the two are one, `basis` what it is of.
    """

    link_id: str
    case_a: CaseKey
    case_b: CaseKey | None
    version_a: int | None
    version_b: int | None
    probability: float | None
    score: Centibits | None
    band: Band
    basis: Basis | None
    evidence: Explanation | None
    hit: LinkHit | None
    title_a: str | None
    title_b: str | None
    country_a: CountryOf | None
    country_b: CountryOf | None
    explanation: str | None
    colour: str | None
    disputed: bool | None


class LinksAnswer(IndexAnswer, frozen=True):
    """A page of links; `next` is the cursor of the following page, None on the last one. No total, by design."""

    links: tuple[LinkListRow, ...]
    next: NextCursor = None


class CaseLinkRow(LinkListRow, frozen=True):
    """A link of a case by its own people and things.

    `entity` is the own entity that it speaks most about, `other` the other side's case and entity, `agrees` what the
    two have in common; of one with a hit-only side none of these is told.
    """

    entity: str | None = None
    other: LinkSide | None = None
    agrees: tuple[str, ...] = ()


class CaseLinksAnswer(IndexAnswer, frozen=True):
    """Page `page` of `pages` of the links that a filter keeps, `kept` in number, of `whole` that the requester sees.

    `entities` counts the links of each own entity, `countries` are those of the other sides: both of all that is seen
    in full.
    """

    links: tuple[CaseLinkRow, ...]
    page: int
    pages: int
    kept: int
    whole: int
    entities: dict[str, int]
    countries: tuple[str, ...]


class ExplainedLink(msgspec.Struct, frozen=True):
    """A link that is seen in full, with its explanation and, in `summary`, one sentence for a layman."""

    link_id: str
    case_a: CaseKey
    case_b: CaseKey
    version_a: int
    version_b: int
    probability: float
    score: Centibits
    band: Band
    basis: Basis
    evidence: Explanation
    explanation: str
    summary: str


class EvidenceSide(LinkSide, frozen=True, kw_only=True):
    """One side of a link, its handling code and version."""

    handling: str
    version: int


class NextBestCandidate(LinkSide, frozen=True, kw_only=True):
    """The strongest other link of an entity; `bits` is how much more it scores than this one, mostly negative.

    `same` says that the matcher takes it for the same as this link's other side.
    """

    link_id: str
    band: Band
    bits: Centibits
    same: bool


class LinkEvidenceAnswer(IndexAnswer, frozen=True):
    """A link of which the requester sees both sides in full.

    `sides` are a and b: case, title and the entity that the link is about. `own` is the case whose candidates are
    compared: the requester's agency's; where both sides are, or neither is, the one come from, else a. `next_best` is
    the strongest other link of that entity which the requester sees in full; null where there is none.
    """

    link: ExplainedLink
    sides: tuple[EvidenceSide, EvidenceSide]
    own: CaseKey
    next_best: NextBestCandidate | None
    judged: ReviewedLink


# Cases and what a search finds.


class CaseRow(msgspec.Struct, frozen=True):
    """A case that is seen in full: its record in `data` as its agency sent it, with grading and provenance.

    `signature` is the agency's over `data`, `signature_verdict` what the server finds of it. `warnings` are what intake
    found doubtful. `access_until` is when the grant ends that opened it, null where none did. `caveat` is the owner's.
    """

    case: CaseKey
    agency: str
    country: CountryOf
    version: int
    status: str
    handling: StatedHandling | None
    contact: Contact
    retain_until: str | None
    data: Any
    signature: str | None
    signature_verdict: SignatureVerdict | None
    warnings: tuple[RecordWarning, ...]
    provenance: ProvenanceRow | None
    access_until: UtcTime | None
    view: str
    caveat: str | None
    caveat_translation: CaveatTranslation | UnsetType = UNSET


class CaseAnswer(IndexAnswer, frozen=True):
    """A case with its record, grading and provenance; `access_until` is when the grant ends that opened it, if any."""

    case: CaseRow


class CasePreview(IndexAnswer, frozen=True):
    """A case as it stands beside a list, and how many of its links the requester sees; pages alone show it."""

    case: CaseRow
    links: int


class ResultSubject(msgspec.Struct, frozen=True):
    """Whom a result is about: the entity that answers best, as its agency named it, and since when the case is open."""

    entity: str | None
    type: str | None
    name: str | None
    born: str | None
    role: str | None
    opened: str | None


class SearchRow(msgspec.Struct, frozen=True):
    """A case that answers a question, or that the filters of a question without words leave.

    `score` (without the model's prior), `band`, the clauses `met` and `why` are of a question alone. With `evidence`
    asked for, `evidence` has the comparisons behind `why`, and `about` the entity that answers best; without, `title`
    and `caveat` are left out where the case has none. `access_until`: a grant opened the case until then.
    """

    view: str
    case: CaseKey
    agency: str
    country: CountryOf
    title: str | UnsetType | None = UNSET
    caveat: str | UnsetType | None = UNSET
    score: Centibits | UnsetType = UNSET
    band: Band | UnsetType = UNSET
    met: tuple[str, ...] | UnsetType = UNSET
    why: tuple[str, ...] | UnsetType = UNSET
    evidence: tuple[EntityEvidence, ...] | UnsetType = UNSET
    about: ResultSubject | UnsetType | None = UNSET
    access_until: UtcTime | UnsetType = UNSET
    caveat_translation: CaveatTranslation | UnsetType = UNSET


class SearchAnswer(IndexAnswer, frozen=True):
    """A page of what was found, the likeliest first; `hits` stand apart, since their place would tell of their score.

    A record that a grant has opened to the reader stands among `results` in its place, with `access_until`, where the
    question names it exactly. A hit says that a case of another agency answers the question, in which band, and whom
    to ask. `hits_left` of today are none where the budget is spent; then hits are left out, and `not_asked` says so of
    each question that could have met hit-only records, whether or not there are any; so it does where the agency has
    asked a name with three other birth dates, or numbers. `understood` says how those of the question's words were
    read that neither a prefix nor quotes state. `hints` say what may not have been meant so, which parts no record has
    that the reader is shown, and what to try.
    """

    results: tuple[SearchRow, ...]
    hits: tuple[FoundHit, ...] = ()
    hits_left: int = 0
    next: NextCursor = None
    understood: tuple[UnderstoodPart, ...] = ()
    not_asked: NotAsked = ""
    hints: tuple[SearchHint, ...] = ()


class FacetsAnswer(IndexAnswer, frozen=True):
    """The counts of a search's facets, of the cases that its reader may read, as they were indexed about a second ago.

    Of a question they count the cases that answer it, of the hundred best and of each agency's first that may be equal;
    without one all that the filters leave.
    """

    facets: FacetCounts


# Lists that are checked, and the drafts that they begin as.


class ListCheck(msgspec.Struct, frozen=True):
    """A list: `state` is running or done, `done` of its `rows` have been asked; it is deleted when it expires.

    `title` is the name of its file, "" where nobody gave one. `not_asked` of the rows done were not put to hit-only
    records.
    """

    id: str
    title: str
    state: str
    rows: int
    done: int
    purpose: str
    case_reference: str
    created: str
    expires: str
    not_asked: int


class ListCheckAnswer(IndexAnswer, frozen=True):
    """One list."""

    list: ListCheck


class ListChecksAnswer(IndexAnswer, frozen=True):
    """The requester's lists, the latest first."""

    lists: tuple[ListCheck, ...]


class PreviewRow(msgspec.Struct, frozen=True):
    """A row as it would be asked; `line` is its number in the file."""

    line: int
    id: str
    question: str


class ListDraftView(msgspec.Struct, frozen=True):
    """A draft: its columns, its first rows as they would be asked, hints on what is left out, how it was read."""

    id: str
    title: str
    rows: int
    columns: tuple[ListColumn, ...]
    preview: tuple[PreviewRow, ...]
    hints: tuple[ListHint, ...]
    header: bool
    encoding: str
    sheet: str
    sheets: tuple[str, ...]
    created: str
    expires: str


class ListDraftAnswer(IndexAnswer, frozen=True):
    """One draft."""

    draft: ListDraftView


class ListDraftSummary(msgspec.Struct, frozen=True):
    """A draft in a list of them."""

    id: str
    title: str
    rows: int
    created: str
    expires: str


class ListDraftsAnswer(IndexAnswer, frozen=True):
    """The requester's drafts, the latest first."""

    drafts: tuple[ListDraftSummary, ...]


class ListMatchSubject(msgspec.Struct, frozen=True):
    """The entity of a case that answers a row best; all null where nothing speaks for one."""

    entity: str | None = None
    type: str | None = None
    name: str | None = None
    born: str | None = None


class ListComparison(msgspec.Struct, frozen=True):
    """One comparison in words: what is compared, how well it agrees, what was asked and what the record has."""

    field: str
    label: str
    level: str
    agreement: str
    asked: str
    record: str
    bits: Centibits


class ListMatch(msgspec.Struct, frozen=True):
    """A case that answers a row, as a search would show it now: whom it found, and comparison by comparison why.

    `score` is null where the case's owner has disclosed it: then it has a hit's band. `met` are the clauses of the
    question that it answers, `compared` the strongest comparison first.
    """

    view: str
    case: CaseKey
    agency: str
    country: CountryOf
    title: str | None
    caveat: str | None
    band: Band
    score: Centibits | None
    met: tuple[str, ...]
    about: ListMatchSubject
    compared: tuple[ListComparison, ...]
    caveat_translation: CaveatTranslation | UnsetType = UNSET


class ListResultRow(msgspec.Struct, frozen=True):
    """A row of a list and what was found for it: `row` counts from 1, `line` is where it stood in the file.

    `query` is the question that it was asked as, `problem` why it could not be, `hint` what to try where nothing was
    found, `not_asked` why hit-only records were not asked, or not all of them. `source` is the record whose
    person or thing a row of a cross-reference asks about. `schema` and `ties` are those of a FollowTheMoney entity.
    """

    row: int
    line: int
    id: str | None
    query: str
    problem: str | None
    hint: SearchHint | None
    not_asked: NotAsked
    matches: tuple[ListMatch, ...]
    hits: tuple[FoundHit, ...]
    source: str | None = None
    schema: str | None = None
    ties: tuple[ListTie, ...] = ()


class ListResultsAnswer(IndexAnswer, frozen=True):
    """A page of a list's rows, as far as they have been asked; `next` is the cursor of the following page."""

    rows: tuple[ListResultRow, ...]
    next: NextCursor = None


class WorkCount(msgspec.Struct, frozen=True):
    """How many there are; `more`: at least as many, it is not counted on."""

    count: int
    more: bool


class WorkAnswer(IndexAnswer, frozen=True):
    """What waits for the requester, as far as they may see it now; each count is that of a list.

    Links: `to_review` the agency has not judged, of them `assigned` are the requester's; it is `unsure` of some, and
    `decided` are the requester's own decisions. Requests without an answer: `received` and `sent`, of them
    `received_overdue` and `sent_overdue` are late. Of the agency's alerts `alerts` run and `alerts_ended` wait to be
    renewed. `lists` are the requester's own, the latest first, `drafts` those whose columns are not confirmed.
    `folders` are shared with the requester and have not run out.
    """

    to_review: WorkCount
    assigned: WorkCount
    unsure: WorkCount
    decided: WorkCount
    received: WorkCount
    received_overdue: WorkCount
    sent: WorkCount
    sent_overdue: WorkCount
    alerts: int
    alerts_ended: int
    lists: tuple[ListCheck, ...]
    drafts: int
    folders: int = 0


class FoundEntry(msgspec.Struct, frozen=True):
    """A row of a list that found a record: its number and line, its sender's id, what it asked, and the band then.

    `source` is the record whose person or thing it asks about, null for a row that its sender wrote.
    """

    row: int
    line: int
    id: str | None
    query: str
    band: Band
    source: str | None = None


class FoundRecord(msgspec.Struct, frozen=True):
    """A record that rows of a list found; `entries` are those rows, `also` those of the other list that found it too.

    `count` and `count_also` are how many rows there are, of which the first are told.
    """

    case: str
    agency: str
    country: str
    title: str | None
    caveat: str | None
    band: Band
    count: int
    entries: tuple[FoundEntry, ...]
    count_also: int
    also: tuple[FoundEntry, ...]
    caveat_translation: CaveatTranslation | UnsetType = UNSET


class FoundRecordsAnswer(IndexAnswer, frozen=True):
    """A page of the records that a list found, as far as its rows have been asked; those of most rows first."""

    records: tuple[FoundRecord, ...]
    next: NextCursor = None


# Case folders, and what they keep as its reader may see it now.


class FolderMemberRow(msgspec.Struct, frozen=True):
    """Somebody who shares a folder: the owner may do all, a member add, order and annotate, a reader look."""

    subject: str
    role: FolderRole


class FolderRow(msgspec.Struct, frozen=True):
    """A case folder of the reader's agency.

    `role` is the reader's own; null for a supervisor with whom it is not shared. `items` counts what it keeps, whether
    or not it can be opened. One that is not `active` has run out: it shows nothing until it is renewed.
    """

    id: str
    title: str
    purpose: str
    case_reference: str
    active: bool
    role: FolderRole | None
    members: tuple[FolderMemberRow, ...]
    items: int
    made: UtcTime
    until: UtcTime


class FolderAnswer(IndexAnswer, frozen=True):
    """One folder."""

    folder: FolderRow


class FoldersAnswer(IndexAnswer, frozen=True):
    """Folders of the reader's agency, those made last first."""

    folders: tuple[FolderRow, ...]


class KeptLink(msgspec.Struct, frozen=True):
    """A link that a folder keeps: both sides, band, and colour by reviews."""

    a: LinkSide
    b: LinkSide
    band: Band
    colour: str
    disputed: bool


class FolderItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a folder as its reader may see it now.

    Of one that they can't open, for whatever reason, all but `id` is null, false or 0. `reference` is its name as text.
    `record` is that of a record or entity, `text` that of a note, `title` that of a chart. `is_new`: somebody else
    added it since the reader's last visit. `is_changed`: it says other things than it said to the reader then.
    `new_links` are those of a record that the reader can see now and did not then. `version` counts how often a note or
    chart was written.
    """

    id: str
    kind: ItemKind | None = None
    reference: str | None = None
    record: LinkSide | None = None
    link: KeptLink | None = None
    search: KeptSearch | None = None
    list: ListCheck | None = None
    text: str | None = None
    title: str | None = None
    by: str | None = None
    added: UtcTime | None = None
    edited_by: str | None = None
    version: int | None = None
    is_new: bool = False
    is_changed: bool = False
    new_links: int = 0


class FolderItemsAnswer(IndexAnswer, frozen=True):
    """A folder with a page of what it keeps, in its order. `since` is the reader's last visit, null on the first."""

    folder: FolderRow
    items: tuple[FolderItemRow, ...]
    since: UtcTime | None
    next: NextCursor


class AddedItem(msgspec.Struct, frozen=True):
    """What was asked to be kept, and the item that it is; null where its sender can't open it, whether or not it is."""

    reference: str
    item: str | None


class ItemsAddedAnswer(IndexAnswer, frozen=True):
    """What became of each thing that was to be kept, in the order in which it was sent."""

    folder: FolderRow
    added: tuple[AddedItem, ...]


class FolderItemAnswer(IndexAnswer, frozen=True):
    """An item that was written, moved or removed; `version` counts how often it was written; 0: it was removed."""

    item: str
    version: int


class FolderChartAnswer(IndexAnswer, frozen=True):
    """A chart that a folder keeps; `content` is JSON as text."""

    item: str
    title: str
    version: int
    content: str
