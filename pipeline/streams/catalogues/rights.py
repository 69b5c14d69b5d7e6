"""Who may do what on a broker that asks: one table, from which access lists are made. Nobody else may do anything.

The operator, a super user, makes topics, users and access lists; every other process has just what is listed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import Topic, upload_prefix


class ResourceType(StrEnum):
    """What a grant is about, by the names of Kafka's resource types."""

    TOPIC = "TOPIC"
    GROUP = "GROUP"
    TRANSACTIONS = "TRANSACTIONAL_ID"


class Operation(StrEnum):
    """What may be done; to read or write lets one describe the resource too."""

    READ = "READ"
    WRITE = "WRITE"
    DESCRIBE = "DESCRIBE"


class KafkaRight(NamedTuple):
    """One right; with `prefix` it holds for every resource whose name begins so."""

    kind: ResourceType
    name: str
    operation: Operation
    prefix: bool = False


class Duties(NamedTuple):
    """What a process of ours reads and writes.

    `owns` begins the names of its groups and transactions, if any; `also_sends_as` those of further transactions. Who
    `watches` topics sees how far they have come, and how far all stages.
    """

    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    owns: str = ""
    also_sends_as: tuple[str, ...] = ()
    watches: tuple[Topic, ...] = ()


DECIDED: Final = (
    topics.REVIEWS,
    topics.ASSIGNMENTS,
    topics.DISCLOSURES,
    topics.SUBSCRIPTIONS,
    topics.NOTICES,
    topics.HIT_ADMISSIONS,
    topics.HIT_ALLOWANCES,
    topics.AUDIT,
)
"""What people do and decide, and what others are told of it."""

API: Final = "api"

ROLES: Final = {
    "intake": Duties(
        reads=(topics.AGENCIES, topics.CONTROL, topics.PROGRESS, topics.CASES, topics.EXPIRIES, topics.ACCEPTED),
        writes=(topics.PROGRESS, topics.RECEIPTS, topics.REJECTED, topics.ACCEPTED, topics.BLOCKS),
        owns="intake",
        also_sends_as=("derive",),  # whose place it takes at a switch of generations
    ),
    "derive": Duties(
        reads=(topics.CONTROL, topics.PROGRESS, topics.ACCEPTED),
        writes=(topics.PROGRESS, topics.BLOCKS, topics.REJECTED),
        owns="derive",
    ),
    "correlate": Duties(
        reads=(topics.CONTROL, topics.PROGRESS, topics.SUBSCRIPTIONS, topics.BLOCKS, topics.LINKS),
        writes=(topics.PROGRESS, topics.BLOCKS, topics.LINKS, topics.NOTICES, topics.HIT_QUESTIONS, topics.REJECTED),
        owns="correlate",
        also_sends_as=("subscribe",),  # its second feed
    ),
    "project": Duties(
        reads=(
            topics.CONTROL,
            topics.PROGRESS,
            topics.ACCEPTED,
            topics.REJECTED,
            topics.LINKS,
            topics.HIT_QUESTIONS,
            *DECIDED,
        ),
        writes=(
            topics.PROGRESS,
            topics.HITS,
            topics.NOTICES,
            topics.HIT_QUESTIONS,
            topics.HIT_ADMISSIONS,
            topics.REJECTED,
        ),
        owns="project",
    ),
    "notify": Duties(
        reads=(topics.CONTROL, topics.PROGRESS, topics.DISCLOSURES, topics.AUDIT, topics.SUBSCRIPTIONS),
        writes=(topics.PROGRESS, topics.NOTICES, topics.HIT_QUESTIONS),
        owns="notify",
    ),
    "attest": Duties(
        reads=(topics.PROGRESS, topics.AUDIT, topics.AUDIT_LOG),
        writes=(topics.PROGRESS, topics.AUDIT_LOG),
        owns="attest",
    ),
    # For agencies without Kafka it sends and reads receipts as they would. What stages have yet to do is counted record
    # by record: how fresh the index is, and the page for those who operate, depend on it.
    API: Duties(
        reads=(
            topics.AGENCIES,
            topics.CONTROL,
            topics.CASES,
            topics.EXPIRIES,
            topics.RECEIPTS,
            topics.REJECTED,
            topics.ACCEPTED,
            topics.BLOCKS,
            topics.LINKS,
            topics.HIT_QUESTIONS,
            topics.UPLOADS,
            topics.REVOCATIONS,
            topics.AUDIT_LOG,
            *DECIDED,
        ),
        writes=(
            topics.AUDIT,
            topics.REVIEWS,
            topics.ASSIGNMENTS,
            topics.DISCLOSURES,
            topics.SUBSCRIPTIONS,
            topics.HIT_ALLOWANCES,
            topics.REVOCATIONS,
            topics.CASES,
        ),
        owns="feed.",
        also_sends_as=("decide",),
        watches=(topics.HITS,),
    ),
}
"""The workers, by stage, and the API."""


def role_grants(settings: Settings, role: str) -> list[KafkaRight]:
    """What a process of ours may do."""
    duties = ROLES[role]
    granted = [*_on(settings, duties.reads, Operation.READ), *_on(settings, duties.writes, Operation.WRITE)]
    if duties.owns:
        granted += _own(settings.namespace + duties.owns)
    if duties.watches:
        granted += _watching(settings, duties.watches)
    return [*granted, *(_sending(settings.namespace + one) for one in duties.also_sends_as)]


def agency_grants(settings: Settings, agency: str) -> list[KafkaRight]:
    """What an agency may do.

    It sends its records and notes how far it has come, reads its receipts, its hits and who takes part, and witnesses
    the audit log.
    """
    own = [
        KafkaRight(ResourceType.TOPIC, topics.name(settings, topic, agency=agency), operation)
        for topic, operation in (
            (topics.CASES, Operation.WRITE),
            (topics.RECEIPTS, Operation.READ),
            (topics.HITS, Operation.READ),
            (topics.WITNESS, Operation.WRITE),
        )
    ]
    return [
        *own,
        *_on(settings, [topics.AGENCIES, topics.UPLOADS, topics.AUDIT_LOG, topics.WITNESS], Operation.READ),
        *_own(upload_prefix(settings, agency)),
    ]


def _on(settings: Settings, kinds: Iterable[Topic], operation: Operation) -> list[KafkaRight]:
    """All topics of these kinds, whichever agency or generation they are for."""
    starts = [(topic.pattern.partition("{")) for topic in kinds]
    return [
        KafkaRight(ResourceType.TOPIC, settings.namespace + start, operation, bool(rest)) for start, rest, _ in starts
    ]


def _watching(settings: Settings, kinds: Iterable[Topic]) -> list[KafkaRight]:
    stages = (settings.namespace + duties.owns for role, duties in ROLES.items() if role != API)
    groups = [KafkaRight(ResourceType.GROUP, stage, Operation.DESCRIBE, prefix=True) for stage in stages]
    return [*_on(settings, kinds, Operation.DESCRIBE), *groups]


def _own(prefix: str) -> list[KafkaRight]:
    return [KafkaRight(ResourceType.GROUP, prefix, Operation.READ, prefix=True), _sending(prefix)]


def _sending(prefix: str) -> KafkaRight:
    return KafkaRight(ResourceType.TRANSACTIONS, prefix, Operation.WRITE, prefix=True)
