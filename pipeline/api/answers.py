"""What services answer with: a struct for each answer and for each of its rows.

Routes, pages, commands, exports and the OpenAPI document are made from these; a field's name, unit and meaning is told
here and nowhere else. What is null, or left out, is so for everybody alike: it says no more than its docstring. A
field is only ever added behind the others, so that a client that does not know it goes on.

Structs that pipeline.access makes, because it decides what they hold, are there (`redaction.py`, `disclosures.py`,
`reviews.py`). Longer than other modules, since it is one list.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pipeline.access.audit_verification import TrailFinding
from pipeline.access.case_filters import Filters
from pipeline.access.case_visibility import AgencyView, HandlingWords
from pipeline.api.hit_budget import NotAsked
from pipeline.matching.bands import Band, Basis
from pipeline.matching.fingerprint import Contact

AsSent = dict[str, Any]
"""JSON of a record as its agency sent it; schemas/case.schema.json says what it may hold."""

CaseKey = Annotated[str, Meta(description="<agency>:<case id>.", examples=["fr-pj:2026-004711"])]
Centibits = Annotated[int, Meta(description="In hundredths of a bit.")]
CountryOf = Annotated[str, Meta(description="ISO 3166-1 alpha-2.", examples=["FR"])]
UtcTime = Annotated[str, Meta(description="ISO 8601, in UTC.", examples=["2026-11-24T12:00:00+00:00"])]
OpaqueReference = Annotated[str, Meta(description="What stands for a record, for your agency alone.")]
NextCursor = Annotated[str | None, Meta(description="The cursor of the following page; null where there is none.")]


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

    Of other agencies' people it names the agency alone: `subject` and `case_reference` are null. `part` says which part
    of how many of a large act this entry holds: "2/25".
    """

    kind: str
    time: UtcTime
    agency: str
    country: CountryOf
    subject: str | None
    purpose: str
    case_reference: str | None
    part: str | None
    shown: tuple[AccessedRecord, ...]


class AccessesAnswer(IndexAnswer, frozen=True):
    """Who was shown which of the agency's records, the latest first."""

    accesses: tuple[AccessRow, ...]
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

    Of the latter `subject`, `case_reference` and `rule` are null. `part` says which part of how many of a large act
    this entry holds: "2/25".
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


class SubscriptionRow(msgspec.Struct, frozen=True):
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


class SubscriptionAnswer(IndexAnswer, frozen=True):
    """An alert. `not_asked` says, when it is made, why hit-only records are not asked, or not all of it."""

    subscription: SubscriptionRow
    not_asked: NotAsked = ""


class SubscriptionsAnswer(IndexAnswer, frozen=True):
    """The alerts of the requester's agency, those made last first."""

    subscriptions: tuple[SubscriptionRow, ...]


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


class EntityTie(msgspec.Struct, frozen=True):
    """A link drawn from an own `entity` (null for a hit) to `other`, a node's id; a hit's `basis` is null."""

    entity: str | None
    other: str
    link: str
    band: Band
    basis: Basis | None
    view: str


class EntityGraphAnswer(IndexAnswer, frozen=True):
    """What is drawn around a case, and how much there is in all of what the requester sees.

    `entities` are as the case's agency sent them, `relations` those between two of them.
    """

    country: CountryOf
    entities: tuple[AsSent, ...]
    cases: tuple[CaseNode, ...]
    ties: tuple[EntityTie, ...]
    relations: tuple[AsSent, ...]
    all_entities: int
    all_links: int
    all_relations: int


class EntityAppearance(msgspec.Struct, frozen=True):
    """A case that speaks of a thing, the band of the link that led to it, and the entity as its agency sent it."""

    case: CaseKey
    agency: str
    country: CountryOf
    band: Band
    caveat: str | None
    entity: AsSent


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
