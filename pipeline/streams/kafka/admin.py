"""Create the topics of the catalogue, and report where existing ones differ from it, in configuration or replicas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.protocol.admin import DescribeClusterRequest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from pipeline.backoff import FIRST_PAUSE_S
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import INTERNAL, PlannedTopic, min_insync_replicas
from pipeline.streams.kafka.connection import check_login, client_options, login_name

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

RECONNECTED_WITHIN_MS: Final = 1000
"""Between two attempts to connect: the pauses grow to 23 s otherwise, and a Kafka that was back after 10 s was given up
after 30 s by a worker that began meanwhile."""

NO_CONTROLLER: Final = "Failed to find active controller id!"
"""What kafka-python 3.0.12 says, as a RuntimeError, where a broker knows no controller twice."""

DENIALS: Final = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)
"""What Kafka says to a login without the right."""

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


class ClusterNotReadyError(LiaisonError):
    """Kafka can't do it now, and may be able to later: it starts, elects a leader, or lacks brokers."""


@contextmanager
def admin_client(settings: Settings) -> Iterator[KafkaAdminClient]:
    """kafka-python's admin client, closed afterwards.

    Raises LiaisonError where the cluster can't be reached or refuses; LoginRefusedError, within seconds, where that is
    for the user or password, ClusterNotReadyError where it may pass.
    """
    known = client_options(settings)
    check_login(settings)
    try:
        client = KafkaAdminClient(**known, client_id="liaison-admin", reconnect_backoff_max_ms=RECONNECTED_WITHIN_MS)
    except KafkaError as error:
        servers = ",".join(known["bootstrap_servers"])
        raise ClusterNotReadyError(f"Kafka at {servers} can't be reached: {error}") from error
    try:
        yield client
    except DENIALS as error:
        raise LiaisonError(explain_denial(settings)) from error
    except KafkaError as error:
        kind = ClusterNotReadyError if error.retriable else LiaisonError
        raise kind(f"Kafka refused: {error}") from error
    except RuntimeError as error:
        if str(error) != NO_CONTROLLER:
            raise
        raise ClusterNotReadyError("Kafka's controllers are electing a leader") from error
    finally:
        client.close()


def explain_denial(settings: Settings) -> str:
    """What is said where the login has no right to what was asked."""
    return f"Kafka does not let {login_name(settings) or 'this client'} do this: it takes an operator's login"


def require_writer(settings: Settings, topic: str) -> None:
    """Raise LiaisonError, within seconds, where the topic is missing or the login may not write to it.

    aiokafka's producers would ask for ever. Without logins nothing is refused, and nothing asked here.
    """
    if not login_name(settings):
        return
    with admin_client(settings) as client:
        (found,) = client.describe_topics([topic])
    if found["error_code"] == UnknownTopicOrPartitionError.errno:
        raise LiaisonError(f"missing topics: {topic}; run `liaison topics apply`")
    if "WRITE" not in (found["authorized_operations"] or ()):
        raise LiaisonError(explain_denial(settings))


def _refuse_denied(client: KafkaAdminClient, settings: Settings, missing: Sequence[str]) -> None:
    """Raise LiaisonError where topics that can't be seen may be there: the login has no right to know."""
    described = client.describe_topics(list(missing)) if missing else []
    denied = [topic["name"] for topic in described if topic["error_code"] == TopicAuthorizationFailedError.errno]
    if denied:
        raise LiaisonError(f"{explain_denial(settings)} (it may not read {', '.join(denied)})")


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


def count_members(settings: Settings, groups: Sequence[str]) -> dict[str, int]:
    """How many members each of these consumer groups has; 0 for one that is not there. Raises LiaisonError."""
    with admin_client(settings) as client:
        held = {group["group_id"] for group in client.list_groups()}.intersection(groups)
        described = client.describe_groups(sorted(held)) if held else {}
        return {group: len(described[group]["members"]) if group in described else 0 for group in groups}


def ask_cluster_id(client: KafkaAdminClient) -> str:
    """The cluster's id, which any login may know.

    kafka-python 3.0.12 always asks as well what the login may do to the cluster. To a worker and an API server that is
    nothing, so the broker noted a denial in its log at each look.
    """

    async def ask() -> str:
        answer = await client._manager.send(DescribeClusterRequest(include_cluster_authorized_operations=False))  # noqa: SLF001
        if answer.error_code:
            raise for_code(answer.error_code)(answer.error_message)
        return str(answer.cluster_id)

    found: str = client._manager.run(ask)  # noqa: SLF001
    return found


@dataclass(frozen=True)
class ClusterIds:
    """What tells this cluster and these topics from others of the same names."""

    cluster: str
    topics: dict[str, str]


def read_ids(settings: Settings, names: Sequence[str]) -> ClusterIds:
    """The ids of the cluster and of existing topics. Raises LiaisonError where one is missing."""
    with admin_client(settings) as client:
        held = set(client.list_topics())
        missing = [n for n in names if n not in held]
        _refuse_denied(client, settings, missing)
        if missing:
            raise LiaisonError(f"missing topics: {', '.join(missing)}; run `liaison topics apply`")
        return ClusterIds(
            ask_cluster_id(client), {t["name"]: str(t["topic_id"]) for t in client.describe_topics(list(names))}
        )
