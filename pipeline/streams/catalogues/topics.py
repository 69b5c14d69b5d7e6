"""The one catalogue of Kafka topics: a row says all of one, and rights, lag, backups and asyncapi.yaml derive from it.

`make reference` writes schemas/asyncapi.yaml, the same contract for readers outside, from these rows.
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

DAY_MS: Final = "86400000"
"""What a later version replaced is gone from a compacted topic within about two days: one to roll, one to compact."""

HOUR_MS: Final = "3600000"
"""A stage that is less than this behind reads every version, so that its store and the hits it sends miss none."""


class Count(StrEnum):
    """What a topic's partition count follows."""

    CASES = "case_partitions"
    HOMES = "correlate_partitions"
    PROGRESS = "progress"
    ONE = "one"


class Scope(StrEnum):
    """What a topic exists once for."""

    INSTALLATION = "installation"
    AGENCY = "agency"
    GENERATION = "generation"


class Process(StrEnum):
    """Who uses topics: the stages in the order of the flow, the API, agencies, and the operator's commands."""

    INTAKE = "intake"
    DERIVE = "derive"
    CORRELATE = "correlate"
    PROJECT = "project"
    NOTIFY = "notify"
    ATTEST = "attest"
    API = "api"
    AGENCY = "agency"
    OPERATIONS = "operations"


OF_A_GENERATION: Final = (Process.DERIVE, Process.CORRELATE, Process.PROJECT)
"""Stages of which each generation has its own; derive works only for one that is not active."""


@dataclass(frozen=True)
class Topic:
    """One kind of topic. `pattern` is its name without the namespace; `retention` None keeps it for good.

    One that holds no messages has neither key nor schema. The messages of one with a `layout` are bytes and no JSON.
    """

    pattern: str
    key: str
    schema: str
    count: Count
    description: str
    """What it holds, for readers outside (schemas/asyncapi.yaml)."""
    note: str = ""
    """What else they must know of its messages."""
    layout: str = ""
    """Where the keys and values are bytes: whose layout they have in LAYOUTS (tools/asyncapi_contract.py)."""
    writers: tuple[Process, ...] = ()
    consumers: tuple[Process, ...] = ()
    """Stages that work through it: what they have not reached yet is their lag."""
    readers: tuple[Process, ...] = ()
    """Who else may read it: whole at every start, or what somebody asks for."""
    watchers: tuple[Process, ...] = ()
    """Who may see how far it has come, and how far all stages have, without reading it."""
    open_to_agencies: bool = False
    """Every agency that may read it reads those of all agencies."""
    in_every_index: bool = False
    """Each generation's index holds it by itself: every generation's project stage consumes it, not just the active's.
    """
    max_bytes: int = KAFKA_DEFAULT_BYTES
    compacted: bool = False
    retention: timedelta | None = None
    purged: bool = False
    """Its consumer deletes what it has applied: nobody reads it again."""
    quick: bool = False
    """Read whole at every assignment: rolled and compacted in small segments so that this stays quick."""
    compressed: bool = False
    """Stages compress its larger values by zstd. None that agencies read: not all of their clients have this codec."""
    stamped: bool = False
    """Its messages bear the broker's time of arrival, not one of their sender's choice. A restore's keep their own."""
    backed_up: bool = False
    """A backup copies it: nothing else that is kept says what it holds."""
    personal: bool = False
    erasure: str = ""
    """How personal data leaves it; "" where it holds none."""

    @property
    def scope(self) -> Scope:
        """What it exists once for, by the placeholder in its name."""
        if "{agency}" in self.pattern:
            return Scope.AGENCY
        return Scope.GENERATION if "{generation}" in self.pattern else Scope.INSTALLATION

    def is_read_by(self, process: Process) -> bool:
        """Whether a process may read it."""
        return process in self.consumers or process in self.readers

    def configuration(self) -> dict[str, str]:
        """The topic's settings as Kafka names them, every value a string."""
        config = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_bytes),
            "retention.ms": str(-1 if self.retention is None else int(self.retention.total_seconds() * 1000)),
        }
        if self.compacted and self.personal:
            config |= {"segment.ms": DAY_MS, "max.compaction.lag.ms": DAY_MS, "min.compaction.lag.ms": HOUR_MS}
        if self.purged:
            config |= {"segment.ms": HOUR_MS, "segment.bytes": str(64 * MIB)}
        if self.stamped:
            config[TIMES] = BROKERS_TIME
        if self.quick:
            config |= {"segment.bytes": str(MIB), "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"}
        return config


PROGRESS_PARTITIONS: Final = 24
"""A dead worker's open transaction holds back readers of its partition only: enough that two stages seldom meet."""


TIMES: Final = "message.timestamp.type"
BROKERS_TIME: Final = "LogAppendTime"
SENDERS_TIME: Final = "CreateTime"
"""Whose time a topic's messages bear, as Kafka names it."""

INTERNAL: Final = ("__consumer_offsets", "__transaction_state")
"""Kafka's own topics that exactly-once rests on; brokers create them at first use."""


def min_insync_replicas(replicas: int) -> int:
    """How many of a partition's replicas must hold a record before it counts as written: half of them, rounded up.

    2 of 3: one broker may be away, and what was acknowledged is on two disks. 1 of 2, since with 2 no broker might be.
    """
    return (replicas + 1) // 2


WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
SEVEN_MONTHS: Final = timedelta(days=210)
"""Owners are told half a year before a case expires: retention sees here whom it has told."""

GUESSES_KEPT: Final = timedelta(days=160)
"""An era of counts, 120 days, and 40 for who looks back (pipeline.access.guesses)."""

ERASED_BY_WITHDRAWAL: Final = "a later version, a withdrawal or an expiry replaces it; compaction removes the old one"
CONTENT_FREE: Final = "A withdrawn, expired or retracted value is a content-free mark, never a Kafka null."
POSITION_KEY: Final = "source topic-partition-offset"

CASES: Final = Topic(
    "cases.{agency}", "case key", "case", Count.CASES,
    description="National topic: an agency's case records, with the broker's time of arrival "
    "(message.timestamp.type LogAppendTime).",
    note="Structured-mode CloudEvents 1.0. The partition is murmur2 of the key, modulo the partition count.",
    writers=(Process.API, Process.AGENCY, Process.OPERATIONS), consumers=(Process.INTAKE,), readers=(Process.API,),
    max_bytes=4 * MIB, retention=WEEK, stamped=True, personal=True,
    erasure="deleted after 7 days",
)  # fmt: skip
"""The national topic. Stamped, since whether a key was in force is judged by it (pipeline.records.signatures)."""
RECEIPTS: Final = Topic(
    "receipts.{agency}", POSITION_KEY, "receipt", Count.CASES,
    description="What became of each message of the national topic.",
    writers=(Process.INTAKE,), readers=(Process.API, Process.AGENCY), max_bytes=4 * MIB, retention=MONTH,
)  # fmt: skip
HITS: Final = Topic(
    "hits.{agency}", "hit id", "hit", Count.ONE,
    description="What an agency is told about links of its cases.",
    writers=(Process.PROJECT,), readers=(Process.AGENCY,), watchers=(Process.API,), retention=MONTH,
)  # fmt: skip
REJECTED: Final = Topic(
    "rejected", POSITION_KEY, "rejected", Count.CASES,
    description="Dead-letter topic: original bytes with the reason; replayable.",
    writers=(Process.INTAKE, Process.DERIVE, Process.CORRELATE, Process.PROJECT), consumers=(Process.PROJECT,),
    readers=(Process.API, Process.OPERATIONS), max_bytes=8 * MIB, retention=WEEK, personal=True,
    erasure="deleted after 7 days",
)  # fmt: skip
ACCEPTED: Final = Topic(
    "accepted", "case key", "accepted", Count.CASES,
    description="The normalised record of every case's latest version.",
    note=CONTENT_FREE,
    writers=(Process.INTAKE,), consumers=(Process.DERIVE, Process.PROJECT), readers=(Process.INTAKE, Process.API),
    max_bytes=16 * MIB, in_every_index=True, compacted=True, backed_up=True, personal=True,
    compressed=True, erasure=ERASED_BY_WITHDRAWAL,
)  # fmt: skip
FINGERPRINTS: Final = Topic(
    "fingerprints.{generation}", "case key", "fingerprint", Count.HOMES,
    description="The fingerprint of every case's latest version, in the partition that is the case's home.",
    note=f"The home is the 128-bit BLAKE2b hash of the key, modulo the partition count. {CONTENT_FREE}",
    writers=(Process.INTAKE, Process.DERIVE, Process.CORRELATE), consumers=(Process.CORRELATE,),
    readers=(Process.API,), max_bytes=16 * MIB, compacted=True, personal=True,
    compressed=True, erasure=ERASED_BY_WITHDRAWAL,
)  # fmt: skip
POSTINGS: Final = Topic(
    "postings.{generation}", "case id", "", Count.HOMES,
    description="A case's blocking keys and small sketch, to each partition that owns one of the keys.",
    note="A posting without keys takes the case off all that the partition owns.",
    layout="postings", writers=(Process.CORRELATE,), consumers=(Process.CORRELATE,), readers=(Process.API,),
    compacted=True, personal=True,
    erasure=ERASED_BY_WITHDRAWAL,
)  # fmt: skip
PAIRS: Final = Topic(
    "pairs.{generation}", "kind, id of case A, id of case B", "", Count.HOMES,
    description="Which two cases are to be compared, to the home of B; and B's fingerprint, to the home of A.",
    layout="pairs", writers=(Process.CORRELATE,), consumers=(Process.CORRELATE,), readers=(Process.API,),
    max_bytes=16 * MIB, purged=True, compressed=True,
    personal=True, erasure="correlate deletes what it has applied, within some hours",
)  # fmt: skip
"""Not compacted: for each pair that was ever asked for, it would keep B's content, also after B is withdrawn."""
WATCHES: Final = Topic(
    "watches.{generation}", "kind, id of case A, id of case B", "", Count.HOMES,
    description="Which links the home of case A follows, and that the home of B sends it later versions.",
    layout="watches", writers=(Process.CORRELATE,), consumers=(Process.CORRELATE,), readers=(Process.API,),
    compacted=True,
)  # fmt: skip
LINKS: Final = Topic(
    "links.{generation}", "link id | emitting partition", "link", Count.CASES,
    description="Claims that two cases are linked.",
    note=CONTENT_FREE,
    writers=(Process.CORRELATE,), consumers=(Process.PROJECT,), readers=(Process.API,),
    max_bytes=16 * MIB, in_every_index=True, compacted=True, personal=True, compressed=True,
    erasure="a retraction without content replaces it; compaction removes the old one",
)  # fmt: skip
REVOCATIONS: Final = Topic(
    "revocations", "token id, or agency | subject", "revocation", Count.ONE,
    description="Sessions that were ended before their tokens expire.",
    writers=(Process.API, Process.OPERATIONS), readers=(Process.API,), retention=MONTH, personal=True,
    erasure="deleted after 30 days, the longest that a token may hold",
)  # fmt: skip
EXPIRIES: Final = Topic(
    "expiries", "case key", "expiry", Count.CASES,
    description="Versions whose retention is over, for intake to end.",
    note="In the partition of the case's key. Asking twice is harmless.",
    writers=(Process.OPERATIONS,), consumers=(Process.INTAKE,), readers=(Process.API,), retention=WEEK,
)  # fmt: skip
REVIEWS: Final = Topic(
    "reviews", "review id", "review", Count.ONE,
    description="Investigators' reviews of links.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT,), readers=(Process.API,), compacted=True,
    backed_up=True,
)  # fmt: skip
ASSIGNMENTS: Final = Topic(
    "assignments", "agency | link id", "assignment", Count.ONE,
    description="Who of an agency is to judge a link.",
    writers=(Process.API,), consumers=(Process.PROJECT,), readers=(Process.API,), compacted=True, backed_up=True,
)  # fmt: skip
SUBSCRIPTIONS: Final = Topic(
    "subscriptions", "subscription id", "subscription", Count.ONE,
    description="Alerts.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.CORRELATE, Process.PROJECT, Process.NOTIFY),
    readers=(Process.API,), compacted=True, backed_up=True, personal=True,
    erasure="its end replaces it by a mark without content; compaction removes the old one",
)  # fmt: skip
DISCLOSURES: Final = Topic(
    "disclosures", "disclosure id", "disclosure", Count.ONE,
    description="Requests for hit-only content, and their answers.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT, Process.NOTIFY), readers=(Process.API,),
    compacted=True, backed_up=True,
)  # fmt: skip
NOTICES: Final = Topic(
    "notices", "notice id", "notice", Count.ONE,
    description="What agencies are told beside hits.",
    writers=(Process.CORRELATE, Process.PROJECT, Process.NOTIFY, Process.OPERATIONS), consumers=(Process.PROJECT,),
    readers=(Process.API,), retention=SEVEN_MONTHS, backed_up=True,
)  # fmt: skip
HIT_QUESTIONS: Final = Topic(
    "hit_questions", "question id", "hit_question", Count.ONE,
    description="What agencies are due to learn of hit-only records, before the budget, and searches for silent ones.",
    writers=(Process.CORRELATE, Process.PROJECT, Process.NOTIFY), consumers=(Process.PROJECT,),
    readers=(Process.API,), compacted=True, personal=True,
    erasure="the link's retraction replaces it by one without content; compaction removes the old one",
)  # fmt: skip
HIT_ADMISSIONS: Final = Topic(
    "hit_admissions", "question id", "hit_admission", Count.ONE,
    description="Which questions about hit-only records were answered, and how many on a day.",
    writers=(Process.PROJECT,), consumers=(Process.PROJECT,), readers=(Process.API,), compacted=True, backed_up=True,
)  # fmt: skip
HIT_ALLOWANCES: Final = Topic(
    "hit_allowances", "owner | agency", "hit_allowance", Count.ONE,
    description="What owners allow beyond the daily budget.",
    writers=(Process.API,), consumers=(Process.PROJECT,), readers=(Process.API,), compacted=True, backed_up=True,
)  # fmt: skip
HIT_GUESSES: Final = Topic(
    "hit_guesses", "agency", "hit_guesses", Count.ONE,
    description="Which names agencies ask with which birth dates and numbers, as digests under a key of each agency.",
    note="Read uncommitted: what was asked in a transaction that was given up was asked.",
    writers=(Process.INTAKE, Process.PROJECT, Process.API, Process.OPERATIONS), readers=(Process.PROJECT, Process.API),
    retention=GUESSES_KEPT, stamped=True, backed_up=True, personal=True,
    erasure="deleted after 160 days; it holds keyed digests, and keys of cases and alerts",
)  # fmt: skip
"""Stamped, since the days in which a guess counts are the broker's, whoever wrote it. In a backup, or whoever lost one
could ask three more dates with each name."""
FOLDERS: Final = Topic(
    "folders", "folder id", "folder", Count.ONE,
    description="Case folders: what they are called, for what they are, and who of their agency shares them.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT,), readers=(Process.API,),
    compacted=True, backed_up=True, personal=True,
    erasure="its end replaces it by a mark without content; compaction removes the old one",
)  # fmt: skip
FOLDER_ITEMS: Final = Topic(
    "folder_items", "folder id | item id", "folder_item", Count.ONE,
    description="What case folders keep: references, searches, notes, and where each stands.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT,), readers=(Process.API,),
    compacted=True, backed_up=True, personal=True,
    erasure="its removal or the folder's end replaces it by a mark without content; compaction removes the old one",
)  # fmt: skip
FOLDER_CHARTS: Final = Topic(
    "folder_charts", "folder id | item id", "folder_chart", Count.ONE,
    description="The content of charts that case folders keep.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT,), readers=(Process.API,),
    max_bytes=8 * MIB, compacted=True, backed_up=True, personal=True,
    erasure="its removal or the folder's end replaces it by a mark without content; compaction removes the old one",
)  # fmt: skip
"""A chart of 2 MiB (access/folders.py), of which JSON in JSON escapes every quotation mark and may escape more."""
FOLDER_VISITS: Final = Topic(
    "folder_visits", "folder id | subject, of a chart folder id / item id | subject", "folder_visit", Count.ONE,
    description="What each person last saw of a case folder or chart, as digests under a key of theirs and its own.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT,), readers=(Process.API,),
    max_bytes=4 * MIB, compacted=True, backed_up=True, personal=True,
    erasure="the folder's end replaces it by a mark without content; compaction removes the old one",
)  # fmt: skip
AUDIT: Final = Topic(
    "audit", "chain id", "audit", Count.ONE,
    description="Who did what, written before the answer is given.",
    writers=(Process.API, Process.OPERATIONS), consumers=(Process.PROJECT, Process.NOTIFY, Process.ATTEST),
    readers=(Process.API,), backed_up=True, personal=True,
    erasure="query text is encrypted with a monthly key that retention deletes",
)  # fmt: skip
AUDIT_LOG: Final = Topic(
    "audit_log", "leaf index, or head", "audit_log", Count.ONE,
    description="The audit as a transparency log: leaves that tell nothing without their entry, and signed heads.",
    writers=(Process.ATTEST,), readers=(Process.ATTEST, Process.API, Process.AGENCY), max_bytes=4 * MIB,
    backed_up=True,
)  # fmt: skip
"""An entry shows 4,096 records at most, which makes a leaf of 110 kB; older ones some 40,000, of 1.6 MB.

Kept for good: what an agency has witnessed is held against it. It tells nothing of what an entry says."""
WITNESS: Final = Topic(
    "witness.{agency}", "size", "witnessed_head", Count.ONE,
    description="The log's heads that an agency has countersigned, for all agencies to compare with theirs.",
    writers=(Process.AGENCY,), readers=(Process.AGENCY,), open_to_agencies=True, retention=MONTH,
)  # fmt: skip
AGENCIES: Final = Topic(
    "agencies", "agency name", "agency", Count.ONE,
    description="The agency registry.",
    writers=(Process.OPERATIONS,), readers=(Process.INTAKE, Process.PROJECT, Process.API, Process.AGENCY),
    compacted=True, quick=True, backed_up=True,
)  # fmt: skip
CONTROL: Final = Topic(
    "control", "setting", "control", Count.ONE,
    description="Settings that all processes follow.",
    writers=(Process.OPERATIONS,),
    readers=(Process.INTAKE, Process.DERIVE, Process.CORRELATE, Process.PROJECT, Process.NOTIFY, Process.API),
    compacted=True, quick=True, backed_up=True,
)  # fmt: skip
PROGRESS: Final = Topic(
    "progress", "stage, generation, topic, partition", "progress", Count.PROGRESS,
    description="How far each stage has come; written in the same transaction as its outputs.",
    writers=(Process.INTAKE, Process.DERIVE, Process.CORRELATE, Process.PROJECT, Process.NOTIFY, Process.ATTEST),
    readers=(Process.INTAKE, Process.DERIVE, Process.CORRELATE, Process.PROJECT, Process.NOTIFY, Process.ATTEST),
    compacted=True, quick=True,
)  # fmt: skip
UPLOADS: Final = Topic(
    "uploads", "", "", Count.ONE,
    description="Holds no message: each upload's consumer group commits how far it has come and a digest of "
    "what was taken, as the metadata of offset 0.",
    readers=(Process.API, Process.AGENCY), retention=WEEK,
)  # fmt: skip
"""Holds no message, ever: each upload's group commits here, so that no group's lag grows (feeds/uploads.py)."""

CATALOGUE: Final[tuple[Topic, ...]] = (
    CASES, RECEIPTS, HITS, REJECTED, ACCEPTED, CONTROL, FINGERPRINTS, POSTINGS, PAIRS, WATCHES, LINKS, EXPIRIES,
    REVIEWS, ASSIGNMENTS, SUBSCRIPTIONS, DISCLOSURES, NOTICES, HIT_GUESSES, HIT_QUESTIONS, HIT_ADMISSIONS,
    HIT_ALLOWANCES, FOLDERS, FOLDER_ITEMS, FOLDER_CHARTS, FOLDER_VISITS, AGENCIES, AUDIT_LOG, AUDIT, WITNESS,
    PROGRESS, UPLOADS, REVOCATIONS,
)  # fmt: skip
"""A backup reads in this order: cases first and the audit last, behind its log, so that every agency of a case, every
act behind a decision and each leaf's entry is there."""


FORMER_PATTERNS: Final = ("blocks.{generation}",)
"""Topics of generations that earlier versions of Liaison computed. They go when their generation is dropped."""


@dataclass(frozen=True)
class PlannedTopic:
    """One topic that must exist: its full name, partition count and kind."""

    name: str
    partitions: int
    topic: Topic


_COMPRESSED: Final = frozenset(topic.pattern.partition(".")[0] for topic in CATALOGUE if topic.compressed)


def topic_name(settings: Settings, topic: Topic, *, agency: str = "", generation: str = "") -> str:
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
    starts = (pattern.partition("{") for pattern in (*(topic.pattern for topic in CATALOGUE), *FORMER_PATTERNS))
    return any(
        full_name.startswith(settings.namespace + start) if rest else full_name == settings.namespace + start
        for start, rest, _ in starts
    )


def is_national(settings: Settings, full_name: str) -> bool:
    """Whether a topic is one that an agency writes its cases to."""
    return full_name.startswith(settings.namespace + CASES.pattern.removesuffix("{agency}"))


def is_compressed(settings: Settings, full_name: str) -> bool:
    """Whether stages compress a topic's larger values."""
    return full_name.removeprefix(settings.namespace).partition(".")[0] in _COMPRESSED


def partition_count(settings: Settings, topic: Topic) -> int:
    """How many partitions every topic of this kind has."""
    counts = {
        Count.CASES: settings.case_partitions,
        Count.HOMES: settings.correlate_partitions,
        Count.PROGRESS: PROGRESS_PARTITIONS,
        Count.ONE: 1,
    }
    return counts[topic.count]


def plan_topics(settings: Settings, agencies: Iterable[str], generations: Iterable[str]) -> list[PlannedTopic]:
    """Every topic that this installation needs, for these agencies and generations."""
    return (
        [_plan_topic(settings, t) for t in CATALOGUE if t.scope is Scope.INSTALLATION]
        + agency_plan(settings, agencies)
        + generation_plan(settings, generations)
    )


def agency_plan(settings: Settings, agencies: Iterable[str]) -> list[PlannedTopic]:
    """The topics that exist once per agency."""
    kinds = [t for t in CATALOGUE if t.scope is Scope.AGENCY]
    return [_plan_topic(settings, t, agency=a) for a in agencies for t in kinds]


def generation_plan(settings: Settings, generations: Iterable[str]) -> list[PlannedTopic]:
    """The topics that exist once per generation."""
    kinds = [t for t in CATALOGUE if t.scope is Scope.GENERATION]
    return [_plan_topic(settings, t, generation=g) for g in generations for t in kinds]


def names_of_generation(settings: Settings, generation: str) -> set[str]:
    """The names of all topics that a generation may have, whichever version of Liaison computed it."""
    former = {settings.namespace + pattern.format(generation=generation) for pattern in FORMER_PATTERNS}
    return former | {planned.name for planned in generation_plan(settings, [generation])}


def _plan_topic(settings: Settings, topic: Topic, *, agency: str = "", generation: str = "") -> PlannedTopic:
    full = topic_name(settings, topic, agency=agency, generation=generation)
    return PlannedTopic(full, partition_count(settings, topic), topic)


def link_partition(link: str, count: int) -> int:
    """Partition of `links` that holds a link: the high 32 bits of its id, modulo the partition count.

    The count is that of cases, the same in all generations, so that what agencies were told of a link in one generation
    is known to whoever tells them in the next.
    """
    return int(link[:8], 16) % count
