"""The topics of a plan: created where missing, compared with it in configuration and replicas, and mended.

Repair gives existing topics the replicas and settings that they lack; never other partitions. Cut off, it is run again:
brokers go on with what they have begun, and the rest is found by comparing anew.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from aiokafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from pipeline.backoff import FIRST_PAUSE_S
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import INTERNAL, TIMES, PlannedTopic, min_insync_replicas
from pipeline.streams.kafka.admin import ClusterNotReadyError, admin_client

REPLICAS: Final = "replicas"
MIN_INSYNC: Final = "min.insync.replicas"

FACTOR: Final = "LIAISON_REPLICATION_FACTOR is"
EXACTLY_ONCE: Final = "exactly-once needs"


@dataclass(frozen=True)
class TopicState:
    """A topic as Kafka has it: the brokers of each partition, the preferred leader first, and all of its settings."""

    name: str
    assigned: Mapping[int, Sequence[int]]
    configuration: Mapping[str, str]

    @property
    def replicas(self) -> int:
        """How many replicas the partition with the fewest has."""
        return min(map(len, self.assigned.values()))


@dataclass(frozen=True)
class TopicDifference:
    """One thing in which a topic is not as it should be; `key` is a setting's name, or REPLICAS."""

    topic: str
    key: str
    actual: str
    wanted: str
    source: str = "the catalogue says"
    """Who wants it, with the verb."""

    @property
    def mendable(self) -> bool:
        """Whether `topics apply --repair` mends it. It takes no replica away: a setting left out must not cost data."""
        return self.key != REPLICAS or int(self.actual) < int(self.wanted)

    def __str__(self) -> str:
        return f"{self.topic}: {self.key} is {self.actual}, {self.source} {self.wanted}"


def wanted_configuration(planned: PlannedTopic, replicas: int) -> dict[str, str]:
    """All settings of a topic that has so many replicas, as Kafka names them."""
    return planned.topic.configuration() | {MIN_INSYNC: str(min_insync_replicas(replicas))}


def read_states(client: KafkaAdminClient, names: Sequence[str]) -> list[TopicState]:
    """The state of each of these existing topics. Raises KafkaError."""
    if not names:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, None) for name in names]
    found = next(iter(client.describe_configs(resources, config_filter="all").values()))
    return [_parse_state(topic, found[topic["name"]]) for topic in client.describe_topics(list(names))]


def _parse_state(topic: Mapping[str, Any], settings: Mapping[str, Mapping[str, str]]) -> TopicState:
    if topic["error_code"] or not topic["partitions"]:  # it has just been made, or is being deleted
        raise LeaderNotAvailableError(topic["name"])
    assigned = {p["partition_index"]: p["replica_nodes"] for p in topic["partitions"]}
    return TopicState(topic["name"], assigned, {key: setting["value"] for key, setting in settings.items()})


def compare_topics(
    planned: Iterable[PlannedTopic], states: Iterable[TopicState], replicas: int
) -> list[TopicDifference]:
    """Where topics differ from their plan, or Kafka's own from what exactly-once needs, at so many replicas."""
    plans = {topic.name: topic for topic in planned}
    return [
        difference
        for state in states
        for difference in (
            _compare_internal(state, replicas)
            if state.name in INTERNAL
            else _compare_planned(plans[state.name], state, replicas)
        )
    ]


def _compare_planned(planned: PlannedTopic, state: TopicState, replicas: int) -> Iterator[TopicDifference]:
    if state.replicas != replicas:
        yield TopicDifference(state.name, REPLICAS, str(state.replicas), str(replicas), FACTOR)
    # More replicas than asked for stay, and how many must be in sync goes by what is there.
    for key, value in wanted_configuration(planned, max(state.replicas, replicas)).items():
        if state.configuration[key] != value:
            yield TopicDifference(state.name, key, state.configuration[key], value)


def _compare_internal(state: TopicState, replicas: int) -> Iterator[TopicDifference]:
    """Brokers' settings decide of Kafka's own topics, which other programs share: only too little is a difference."""
    if state.replicas < replicas:
        yield TopicDifference(state.name, REPLICAS, str(state.replicas), str(replicas), FACTOR)
    needed = min_insync_replicas(max(state.replicas, replicas))
    if int(state.configuration[MIN_INSYNC]) < needed:
        yield TopicDifference(state.name, MIN_INSYNC, state.configuration[MIN_INSYNC], str(needed), EXACTLY_ONCE)


def internal_topics(client: KafkaAdminClient) -> list[str]:
    """Those of INTERNAL that exist. Raises KafkaError."""
    return sorted(set(client.list_topics()).intersection(INTERNAL))


PATIENCE_S: Final = 60.0
"""A cluster that starts, or elects leaders after a fault, is ready within this."""

LONGEST_PAUSE_S: Final = 2.0
"""Between attempts while somebody waits for the command."""


@dataclass
class TopicReport:
    """What was done and found; a difference, and what was repaired, is one line of text."""

    created: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    def __iadd__(self, other: TopicReport) -> TopicReport:
        self.created += other.created
        self.present += other.present
        self.differences += other.differences
        self.repaired += other.repaired
        return self


def apply_plan(settings: Settings, planned: Sequence[PlannedTopic], patience_s: float = PATIENCE_S) -> TopicReport:
    """Create what is missing and compare the rest; nothing that exists is changed. It may be cut off and repeated.

    Where Kafka is not ready it is tried again for `patience_s`: brokers may be starting or electing a leader.
    Raises LiaisonError, before anything is created, where there are fewer brokers than replicas are asked for, or an
    existing topic has another partition count: keys would move to other partitions and the order of a case's versions
    would be lost.
    """
    attempts = Retrying(
        stop=stop_after_delay(patience_s),
        wait=wait_exponential(multiplier=FIRST_PAUSE_S, max=LONGEST_PAUSE_S),
        retry=retry_if_exception_type(ClusterNotReadyError),
        reraise=True,
    )
    absent: set[str] = set()
    found: list[TopicDifference] = attempts(_apply_once, settings, planned, absent)
    return TopicReport(
        [p.name for p in planned if p.name in absent],
        [p.name for p in planned if p.name not in absent],
        [str(difference) for difference in found],
    )


def _apply_once(settings: Settings, planned: Sequence[PlannedTopic], absent: set[str]) -> list[TopicDifference]:
    """One attempt; notes in `absent` which topics were not there."""
    with admin_client(settings) as client:
        held = set(client.list_topics())
        states = read_states(client, [p.name for p in planned if p.name in held])
        _refuse_other_counts(planned, states)
        missing = [p for p in planned if p.name not in held]
        absent.update(p.name for p in missing)
        _create_topics(client, settings, missing)
        client.wait_for_topics([p.name for p in planned])
        return compare_topics(planned, states, settings.replication_factor)


def _refuse_other_counts(planned: Sequence[PlannedTopic], states: Sequence[TopicState]) -> None:
    wanted = {p.name: p.partitions for p in planned}
    counts = {state.name: len(state.assigned) for state in states}
    wrong = [f"{name} has {count}, not {wanted[name]}" for name, count in counts.items() if count != wanted[name]]
    if wrong:
        raise LiaisonError(f"partition counts are fixed for good: {'; '.join(wrong)}")


def _create_topics(client: KafkaAdminClient, settings: Settings, missing: Sequence[PlannedTopic]) -> None:
    if not missing:
        return
    _refuse_too_few_brokers(client, settings.replication_factor)
    new = {
        p.name: {
            "num_partitions": p.partitions,
            "replication_factor": settings.replication_factor,
            "configs": wanted_configuration(p, settings.replication_factor),
        }
        for p in missing
    }
    for dry in (True, False):  # what Kafka refuses of one topic it refuses before any is made
        _raise_refused(client.create_topics(new, validate_only=dry, raise_errors=False)["topics"])


def _refuse_too_few_brokers(client: KafkaAdminClient, replicas: int) -> None:
    brokers = len(client.describe_cluster()["brokers"])
    if brokers < replicas:
        have = f"{brokers} broker{'' if brokers == 1 else 's'}"
        raise ClusterNotReadyError(
            f"LIAISON_REPLICATION_FACTOR is {replicas}, but Kafka has {have}: no topic was created"
        )


def _raise_refused(answers: Iterable[Mapping[str, Any]]) -> None:
    """Raises KafkaError for the first topic refused; one that somebody else has just created is as good as ours."""
    for answer in answers:
        error = for_code(answer["error_code"])
        if error not in (NoError, TopicAlreadyExistsError):
            raise error(f"{answer['name']}: {answer['error_message']}")


def find_differences(settings: Settings, planned: Sequence[PlannedTopic]) -> list[TopicDifference]:
    """Where these topics, which exist, and Kafka's own differ from what they should be. Raises LiaisonError."""
    with admin_client(settings) as client:
        states = read_states(client, [*(p.name for p in planned), *internal_topics(client)])
        return compare_topics(planned, states, settings.replication_factor)


ReplicaAssignment = Mapping[TopicPartition, Sequence[int]]
"""The ids of the brokers that hold each partition, the preferred leader first."""


def add_replicas(
    assigned: ReplicaAssignment, racks: Mapping[int, str | None], replicas: int
) -> dict[TopicPartition, list[int]]:
    """Returns the new assignment of each partition that has fewer than `replicas`; what it has it keeps, in order.

    A new replica goes to a broker of a rack that holds none of the partition's, if there is one, and of those to the
    broker that holds fewest replicas. `racks` are the brokers that may take one, with the rack of each; a partition
    gets no more replicas than they allow.
    """
    held = Counter(broker for brokers in assigned.values() for broker in brokers)
    changed: dict[TopicPartition, list[int]] = {}
    for partition in sorted(assigned):
        brokers = list(assigned[partition])
        while len(brokers) < replicas and (free := sorted(racks.keys() - brokers)):
            used = {racks[broker] for broker in brokers if racks.get(broker) is not None}
            chosen = min(free, key=lambda broker: (racks[broker] in used, held[broker]))
            held[chosen] += 1
            brokers.append(chosen)
        if len(brokers) > len(assigned[partition]):
            changed[partition] = brokers
    return changed


AT_A_TIME: Final = 24
"""Partitions that are copied at once: brokers go on serving meanwhile."""

POLL_S: Final = 0.5
"""Between two looks at what brokers have done."""

SEEN_WITHIN_S: Final = 10.0
"""Every broker knows of a change after this: the next question may go to another."""

ReportReplicas = Callable[[int, int], None]
"""Is told how many partitions have their replicas, of how many that lacked some."""


def repair_topics(settings: Settings, planned: Sequence[PlannedTopic], advance: ReportReplicas) -> list[str]:
    """Mend what differs in these topics, which exist, and in Kafka's own; returns a line for each thing mended.

    Replicas come first: with more required in sync than there are, nothing could be written.
    Raises LiaisonError where Kafka refuses, or too few brokers are up to hold the replicas.
    """
    with admin_client(settings) as client:
        names = [*(p.name for p in planned), *internal_topics(client)]
        states = read_states(client, names)
        found = _find_mendable(settings, planned, states)
        _await_copies(client, _read_assignments(states), lambda left: None)  # what a run that was cut off has begun
        if any(each.key == REPLICAS for each in found):
            _add_replicas(client, _read_assignments(states), settings.replication_factor, advance)
        _set_configuration(client, [each for each in found if each.key != REPLICAS])
        deadline = time.monotonic() + SEEN_WITHIN_S
        while _find_mendable(settings, planned, read_states(client, names)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    return [str(each) for each in found]


def let_times_be(settings: Settings, names: Sequence[str], whose: str) -> None:
    """Let messages that are written to these topics from now on bear the time of SENDERS_TIME or BROKERS_TIME.

    What was written keeps its own. Raises LiaisonError where Kafka refuses, or does not say so within SEEN_WITHIN_S.
    """
    with admin_client(settings) as client:
        deadline = time.monotonic() + SEEN_WITHIN_S
        while other := {state.name: now for state in read_states(client, names)
                        if (now := state.configuration[TIMES]) != whose}:  # fmt: skip
            if time.monotonic() > deadline:
                raise LiaisonError(f"Kafka does not change {TIMES} of {', '.join(other)}; run the command again")
            _set_configuration(client, [TopicDifference(name, TIMES, now, whose) for name, now in other.items()])
            time.sleep(POLL_S)


def _find_mendable(
    settings: Settings, planned: Sequence[PlannedTopic], states: Iterable[TopicState]
) -> list[TopicDifference]:
    return [each for each in compare_topics(planned, states, settings.replication_factor) if each.mendable]


def _read_assignments(states: Iterable[TopicState]) -> dict[TopicPartition, Sequence[int]]:
    return {TopicPartition(state.name, p): brokers for state in states for p, brokers in state.assigned.items()}


def _add_replicas(
    client: KafkaAdminClient, assigned: dict[TopicPartition, Sequence[int]], replicas: int, advance: ReportReplicas
) -> None:
    up = {b["broker_id"]: b["rack"] for b in client.describe_cluster()["brokers"] if not b.get("is_fenced")}
    if len(up) < replicas:
        have = "1 broker is" if len(up) == 1 else f"{len(up)} brokers are"
        raise LiaisonError(f"LIAISON_REPLICATION_FACTOR is {replicas}, but only {have} up: no replica was added")
    changed = add_replicas(assigned, up, replicas)
    partitions = list(changed)
    for begin in range(0, len(partitions), AT_A_TIME):
        batch = partitions[begin : begin + AT_A_TIME]
        answers = client.alter_partition_reassignments({partition: changed[partition] for partition in batch})
        for partition, error in answers.items():
            if error is not None:
                raise LiaisonError(f"Kafka refused to add replicas to {partition.topic}: {error.__name__}")
        _await_copies(client, batch, partial(_report_progress, advance, begin + len(batch), len(partitions)))


def _report_progress(advance: ReportReplicas, begun: int, total: int, copying: int) -> None:
    advance(begun - copying, total)


def _await_copies(client: KafkaAdminClient, partitions: Iterable[TopicPartition], tell: Callable[[int], None]) -> None:
    """Return once none of these is being copied, however long it takes; `tell` hears how many still are."""
    wanted = list(partitions)
    while left := _count_copying(client, wanted):
        tell(left)
        time.sleep(POLL_S)
    tell(0)


def _count_copying(client: KafkaAdminClient, partitions: list[TopicPartition]) -> int:
    """How many partitions get replicas at the moment; all, while Kafka can't tell."""
    try:
        return len(client.list_partition_reassignments(partitions)) if partitions else 0
    except KafkaError as error:
        if not error.retriable:
            raise
        return len(partitions)


def _set_configuration(client: KafkaAdminClient, found: Sequence[TopicDifference]) -> None:
    if not found:
        return
    changes: dict[str, dict[str, str]] = {}
    for each in found:
        changes.setdefault(each.topic, {})[each.key] = each.wanted
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic, values) for topic, values in changes.items()]
    for answers in client.alter_configs(resources, incremental=True).values():
        for topic, answer in answers.items():
            if answer != "OK":
                raise LiaisonError(f"Kafka refused to change {topic}: {answer}")
