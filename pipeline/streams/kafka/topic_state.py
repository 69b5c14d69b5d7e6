"""How existing topics differ from the catalogue: in their configuration, and in how many replicas they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import LeaderNotAvailableError

from pipeline.streams.catalogues.topics import INTERNAL, PlannedTopic, min_insync_replicas

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
