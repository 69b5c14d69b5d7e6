"""The one catalogue of Kafka topics: names, keys, partitions, retention, sizes, schemas, and how personal data leaves.

schemas/asyncapi.yaml is the same contract for readers outside; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pipeline.settings import Settings

MIB: Final = 1 << 20
KAFKA_DEFAULT_BYTES: Final = MIB
"""Messages without free text stay far below Kafka's own default."""

PROGRESS_PARTITIONS: Final = 24
"""A dead worker's open transaction holds back readers of its partition only: enough that two stages seldom meet."""


DAY_MS: Final = "86400000"
"""What a later version replaced is gone from a compacted topic within about two days: one to roll, one to compact."""


HOUR_MS: Final = "3600000"
"""A stage that is less than this behind reads every version, so that its store and the hits it sends miss none."""


class Count(StrEnum):
    """What a topic's partition count follows."""

    CASES = "case_partitions"
    BLOCKS = "block_partitions"
    PROGRESS = "progress"
    ONE = "one"


class Scope(StrEnum):
    """What a topic exists once for."""

    INSTALLATION = "installation"
    AGENCY = "agency"
    GENERATION = "generation"


@dataclass(frozen=True)
class Topic:
    """One kind of topic. `pattern` is its name without the namespace; `retention` None keeps it for good.

    One that holds no messages has neither key nor schema.
    """

    pattern: str
    key: str
    schema: str
    count: Count
    max_bytes: int = KAFKA_DEFAULT_BYTES
    compacted: bool = False
    retention: timedelta | None = None
    quick: bool = False
    """Read whole at every assignment: rolled and compacted in small segments so that this stays quick."""
    stamped: bool = False
    """Its messages bear the broker's time of arrival, not one of their sender's choice."""
    personal: bool = False
    erasure: str = ""

    @property
    def scope(self) -> Scope:
        """What it exists once for, by the placeholder in its name."""
        if "{agency}" in self.pattern:
            return Scope.AGENCY
        return Scope.GENERATION if "{generation}" in self.pattern else Scope.INSTALLATION

    def configuration(self) -> dict[str, str]:
        """The topic's settings as Kafka names them, every value a string."""
        config = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_bytes),
            "retention.ms": str(_milliseconds(self.retention)),
        }
        if self.compacted and self.personal:
            config |= {"segment.ms": DAY_MS, "max.compaction.lag.ms": DAY_MS, "min.compaction.lag.ms": HOUR_MS}
        if self.stamped:
            config["message.timestamp.type"] = "LogAppendTime"
        if self.quick:
            config |= {"segment.bytes": str(MIB), "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"}
        return config


INTERNAL: Final = ("__consumer_offsets", "__transaction_state")
"""Kafka's own topics that exactly-once rests on; brokers create them at first use."""


def min_insync_replicas(replicas: int) -> int:
    """How many of a partition's replicas must hold a record before it counts as written: half of them, rounded up.

    2 of 3: one broker may be away, and what was acknowledged is on two disks. 1 of 2, since with 2 no broker might be.
    """
    return (replicas + 1) // 2


def _milliseconds(span: timedelta | None) -> int:
    return -1 if span is None else int(span.total_seconds() * 1000)


WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
SEVEN_MONTHS: Final = timedelta(days=210)
"""Owners are told half a year before a case expires: retention sees here whom it has told."""

ERASED_BY_WITHDRAWAL: Final = "a later version, a withdrawal or an expiry replaces it; compaction removes the old one"
POSITION_KEY: Final = "source topic-partition-offset"

CASES: Final = Topic(
    "cases.{agency}", "case key", "case", Count.CASES, 4 * MIB, retention=WEEK, stamped=True, personal=True,
    erasure="deleted after 7 days",
)  # fmt: skip
"""The national topic. Stamped, since whether a key was in force is judged by it (pipeline.records.signatures)."""
RECEIPTS: Final = Topic("receipts.{agency}", POSITION_KEY, "receipt", Count.CASES, 4 * MIB, retention=MONTH)
HITS: Final = Topic("hits.{agency}", "hit id", "hit", Count.ONE, retention=MONTH)
REJECTED: Final = Topic(
    "rejected", POSITION_KEY, "rejected", Count.CASES, 8 * MIB, retention=WEEK, personal=True,
    erasure="deleted after 7 days",
)  # fmt: skip
ACCEPTED: Final = Topic(
    "accepted", "case key", "accepted", Count.CASES, 16 * MIB, compacted=True, personal=True,
    erasure=ERASED_BY_WITHDRAWAL,
)  # fmt: skip
BLOCKS: Final = Topic(
    "blocks.{generation}", "case key", "fingerprint", Count.BLOCKS, 16 * MIB, compacted=True, personal=True,
    erasure=ERASED_BY_WITHDRAWAL,
)  # fmt: skip
LINKS: Final = Topic(
    "links.{generation}", "link id | emitting partition", "link", Count.CASES, 16 * MIB, compacted=True, personal=True,
    erasure="a retraction without content replaces it; compaction removes the old one",
)  # fmt: skip
REVOCATIONS: Final = Topic(
    "revocations", "token id, or agency | subject", "revocation", Count.ONE, retention=MONTH, personal=True,
    erasure="deleted after 30 days, the longest that a token may hold",
)  # fmt: skip
EXPIRIES: Final = Topic("expiries", "case key", "expiry", Count.CASES, retention=WEEK)
REVIEWS: Final = Topic("reviews", "review id", "review", Count.ONE, compacted=True)
ASSIGNMENTS: Final = Topic("assignments", "agency | link id", "assignment", Count.ONE, compacted=True)
SUBSCRIPTIONS: Final = Topic(
    "subscriptions", "subscription id", "subscription", Count.ONE, compacted=True, personal=True,
    erasure="its end replaces it by a mark without content; compaction removes the old one",
)  # fmt: skip
DISCLOSURES: Final = Topic("disclosures", "disclosure id", "disclosure", Count.ONE, compacted=True)
NOTICES: Final = Topic("notices", "notice id", "notice", Count.ONE, retention=SEVEN_MONTHS)
HIT_QUESTIONS: Final = Topic(
    "hit_questions", "question id", "hit_question", Count.ONE, compacted=True, personal=True,
    erasure="the link's retraction replaces it by one without content; compaction removes the old one",
)  # fmt: skip
HIT_ADMISSIONS: Final = Topic("hit_admissions", "question id", "hit_admission", Count.ONE, compacted=True)
HIT_ALLOWANCES: Final = Topic("hit_allowances", "owner | agency", "hit_allowance", Count.ONE, compacted=True)
AUDIT: Final = Topic(
    "audit", "chain id", "audit", Count.ONE, personal=True,
    erasure="query text is encrypted with a monthly key that retention deletes",
)  # fmt: skip
AUDIT_LOG: Final = Topic("audit_log", "leaf index, or head", "audit_log", Count.ONE, 4 * MIB)
"""The largest entry shows some 40,000 records, which makes a leaf of 1.6 MB.

Kept for good: what an agency has witnessed is held against it. It tells nothing of what an entry says."""
WITNESS: Final = Topic("witness.{agency}", "size", "witnessed_head", Count.ONE, retention=MONTH)
AGENCIES: Final = Topic("agencies", "agency name", "agency", Count.ONE, compacted=True, quick=True)
CONTROL: Final = Topic("control", "setting", "control", Count.ONE, compacted=True, quick=True)
PROGRESS: Final = Topic(
    "progress", "stage, generation, topic, partition", "progress", Count.PROGRESS, compacted=True, quick=True
)
UPLOADS: Final = Topic("uploads", "", "", Count.ONE, retention=WEEK)
"""Holds no message, ever: each upload's group commits here, so that no group's lag grows (feeds/uploads.py)."""

CATALOGUE: Final[tuple[Topic, ...]] = (
    CASES, RECEIPTS, HITS, REJECTED, ACCEPTED, BLOCKS, LINKS, EXPIRIES, REVIEWS, ASSIGNMENTS,
    SUBSCRIPTIONS, DISCLOSURES, NOTICES, HIT_QUESTIONS, HIT_ADMISSIONS, HIT_ALLOWANCES,
    AUDIT, AUDIT_LOG, WITNESS, AGENCIES, CONTROL, PROGRESS, UPLOADS, REVOCATIONS,
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """One topic that must exist: its full name, partition count and kind."""

    name: str
    partitions: int
    topic: Topic


def name(settings: Settings, topic: Topic, *, agency: str = "", generation: str = "") -> str:
    """Full topic name, with the installation's namespace in front."""
    return settings.namespace + topic.pattern.format(agency=agency, generation=generation)


def upload_prefix(settings: Settings, agency: str) -> str:
    """How the transactional ids and the groups of an agency's uploads begin; no agency's is another's beginning."""
    return f"{settings.namespace}feed.{agency}."


def agency_of(settings: Settings, topic: Topic, full_name: str) -> str:
    """The agency whose `topic` bears this full name."""
    prefix = settings.namespace + topic.pattern.removesuffix("{agency}")
    return full_name.removeprefix(prefix)


def is_named_by_catalogue(settings: Settings, full_name: str) -> bool:
    """Whether a topic of the cluster is one of this installation's, whichever agency or generation it is for."""
    starts = (topic.pattern.partition("{") for topic in CATALOGUE)
    return any(
        full_name.startswith(settings.namespace + start) if rest else full_name == settings.namespace + start
        for start, rest, _ in starts
    )


def is_national(settings: Settings, full_name: str) -> bool:
    """Whether a topic is one that an agency writes its cases to."""
    return full_name.startswith(settings.namespace + CASES.pattern.removesuffix("{agency}"))


def partitions(settings: Settings, topic: Topic) -> int:
    """How many partitions every topic of this kind has."""
    counts = {
        Count.CASES: settings.case_partitions,
        Count.BLOCKS: settings.block_partitions,
        Count.PROGRESS: PROGRESS_PARTITIONS,
        Count.ONE: 1,
    }
    return counts[topic.count]


def plan(settings: Settings, agencies: Iterable[str], generations: Iterable[str]) -> list[Planned]:
    """Every topic that this installation needs, for these agencies and generations."""
    return (
        [_planned(settings, t) for t in CATALOGUE if t.scope is Scope.INSTALLATION]
        + agency_plan(settings, agencies)
        + generation_plan(settings, generations)
    )


def agency_plan(settings: Settings, agencies: Iterable[str]) -> list[Planned]:
    """The topics that exist once per agency."""
    kinds = [t for t in CATALOGUE if t.scope is Scope.AGENCY]
    return [_planned(settings, t, agency=a) for a in agencies for t in kinds]


def generation_plan(settings: Settings, generations: Iterable[str]) -> list[Planned]:
    """The topics that exist once per generation."""
    kinds = [t for t in CATALOGUE if t.scope is Scope.GENERATION]
    return [_planned(settings, t, generation=g) for g in generations for t in kinds]


def _planned(settings: Settings, topic: Topic, *, agency: str = "", generation: str = "") -> Planned:
    full = name(settings, topic, agency=agency, generation=generation)
    return Planned(full, partitions(settings, topic), topic)


def link_partition(link: str, count: int) -> int:
    """Partition of `links` that holds a link: the high 32 bits of its id, modulo the partition count.

    The count is that of cases, the same in all generations, so that what agencies were told of a link in one generation
    is known to whoever tells them in the next.
    """
    return int(link[:8], 16) % count
