"""Who may do what on a broker that asks: access lists, as the topic catalogue gives them. Nobody else may do more.

The operator, a super user, makes topics, users and access lists; every other process has just what follows from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from pipeline.access.requester import Role
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import Process, Scope, Topic, upload_prefix


class ResourceType(StrEnum):
    """What a grant is about, by the names of Kafka's resource types."""

    TOPIC = "TOPIC"
    GROUP = "GROUP"
    TRANSACTIONS = "TRANSACTIONAL_ID"


class KafkaOperation(StrEnum):
    """What may be done; to read, write or delete lets one describe the resource too."""

    READ = "READ"
    WRITE = "WRITE"
    DELETE = "DELETE"
    DESCRIBE = "DESCRIBE"


class KafkaRight(NamedTuple):
    """One right; with `prefix` it holds for every resource whose name begins so."""

    kind: ResourceType
    name: str
    operation: KafkaOperation
    prefix: bool = False


class ProcessDuties(NamedTuple):
    """What a process of ours reads and writes.

    Of topics that it `purges` it deletes what it has applied: Kafka asks for the right to delete the topic.
    `owns` begins the names of its groups and transactions, if any; `also_sends_as` those of further transactions. Who
    `watches` topics sees how far they have come, and how far all stages.
    """

    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    purges: tuple[Topic, ...]
    owns: str
    also_sends_as: tuple[str, ...]
    watches: tuple[Topic, ...]


API: Final = Process.API.value

OWNS: Final = {Process.API: "feed."}
"""How the names of a process's groups and transactions begin, where not by its own name.

For agencies without Kafka the API sends and reads receipts as they would. What stages have yet to do is counted record
by record: how fresh the index is, and the page for those who operate, depend on it.
"""

ALSO_SENDS_AS: Final = {
    Process.INTAKE: ("derive",),  # whose place it takes at a switch of generations
    Process.CORRELATE: ("subscribe",),  # its second feed
    Process.API: ("decide",),
}


SAVED_SEARCHES: Final = "sub"
"""How keys of alerts begin among those of cases (pipeline.access.alerts)."""


def _duties(process: Process) -> ProcessDuties:
    return ProcessDuties(
        reads=tuple(topic for topic in topics.CATALOGUE if topic.is_read_by(process)),
        writes=tuple(topic for topic in topics.CATALOGUE if process in topic.writers),
        purges=tuple(topic for topic in topics.CATALOGUE if topic.purged and process in topic.consumers),
        owns=OWNS.get(process, process.value),
        also_sends_as=ALSO_SENDS_AS.get(process, ()),
        watches=tuple(topic for topic in topics.CATALOGUE if process in topic.watchers),
    )


ROLES: Final = {
    process.value: _duties(process) for process in Process if process not in (Process.AGENCY, Process.OPERATIONS)
}
"""The workers, by stage, and the API: what the topics' rows say that they read and write."""


def reserved_names() -> frozenset[str]:
    """Names that mean something here and that no agency may bear: it would share a user, a group or keys with ours.

    Those of our processes and of what they send as, of roles in tokens, and the words that topics' names begin with.
    """
    owned = {duties.owns.strip(".") for duties in ROLES.values()}
    senders = {name for duties in ROLES.values() for name in duties.also_sends_as}
    topic_words = {topic.pattern.partition("{")[0].strip(".-") for topic in topics.CATALOGUE}
    spoken = {word.replace("_", "-") for word in topic_words}
    known = {each.value for kind in (Process, Role) for each in kind}
    return frozenset({SAVED_SEARCHES, *owned, *senders, *topic_words, *spoken, *known})


def role_grants(settings: Settings, role: str) -> list[KafkaRight]:
    """What a process of ours may do."""
    duties = ROLES[role]
    granted = [
        *_rights_on(settings, duties.reads, KafkaOperation.READ),
        *_rights_on(settings, duties.writes, KafkaOperation.WRITE),
        *_rights_on(settings, duties.purges, KafkaOperation.DELETE),
    ]
    granted += _own_group_rights(settings.namespace + duties.owns)
    if duties.watches:
        stages = [settings.namespace + each.owns for name, each in ROLES.items() if name != API]
        granted += _rights_on(settings, duties.watches, KafkaOperation.DESCRIBE)
        granted += [KafkaRight(ResourceType.GROUP, stage, KafkaOperation.DESCRIBE, prefix=True) for stage in stages]
    return [*granted, *(_transaction_right(settings.namespace + sender) for sender in duties.also_sends_as)]


def agency_grants(settings: Settings, agency: str) -> list[KafkaRight]:
    """What an agency may do.

    It sends its records and notes how far it has come, reads its receipts, its hits and who takes part, and witnesses
    the audit log.
    """
    written = [topic for topic in topics.CATALOGUE if Process.AGENCY in topic.writers]
    read = [topic for topic in topics.CATALOGUE if topic.is_read_by(Process.AGENCY)]
    own = [topic for topic in read if topic.scope is Scope.AGENCY and not topic.open_to_agencies]
    return [
        *_own_topics(settings, written, agency, KafkaOperation.WRITE),
        *_own_topics(settings, own, agency, KafkaOperation.READ),
        *_rights_on(settings, [topic for topic in read if topic not in own], KafkaOperation.READ),
        *_own_group_rights(upload_prefix(settings, agency)),
    ]


def _own_topics(settings: Settings, kinds: Iterable[Topic], agency: str, operation: KafkaOperation) -> list[KafkaRight]:
    names = (topics.topic_name(settings, topic, agency=agency) for topic in kinds)
    return [KafkaRight(ResourceType.TOPIC, name, operation) for name in names]


def _rights_on(settings: Settings, kinds: Iterable[Topic], operation: KafkaOperation) -> list[KafkaRight]:
    """All topics of these kinds, whichever agency or generation they are for."""
    starts = [(topic.pattern.partition("{")) for topic in kinds]
    return [
        KafkaRight(ResourceType.TOPIC, settings.namespace + start, operation, bool(rest)) for start, rest, _ in starts
    ]


def _own_group_rights(prefix: str) -> list[KafkaRight]:
    return [KafkaRight(ResourceType.GROUP, prefix, KafkaOperation.READ, prefix=True), _transaction_right(prefix)]


def _transaction_right(prefix: str) -> KafkaRight:
    return KafkaRight(ResourceType.TRANSACTIONS, prefix, KafkaOperation.WRITE, prefix=True)
