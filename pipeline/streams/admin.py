"""Create the topics of the catalogue, and report where existing ones differ from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.connection import options
from pipeline.streams.topics import Planned


@dataclass
class Applied:
    """What `apply` did and found; a difference is one line of text."""

    created: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def __iadd__(self, other: Applied) -> Applied:
        self.created += other.created
        self.present += other.present
        self.differences += other.differences
        return self


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    """kafka-python's admin client, closed afterwards. Raises LiaisonError where the cluster can't be reached."""
    known = options(settings)
    try:
        client = KafkaAdminClient(**known, client_id="liaison-admin")
    except KafkaError as error:
        raise LiaisonError(f"Kafka at {','.join(known['bootstrap_servers'])} can't be reached: {error}") from error
    try:
        yield client
    except KafkaError as error:
        raise LiaisonError(f"Kafka refused: {error}") from error
    finally:
        client.close()


def apply(settings: Settings, planned: Sequence[Planned]) -> Applied:
    """Create what is missing and compare the rest; nothing that exists is ever changed.

    Raises LiaisonError, before anything is created, where an existing topic has another partition count: keys would
    move to other partitions and the order of a case's versions would be lost.
    """
    with admin(settings) as client:
        held = set(client.list_topics())
        present = [p for p in planned if p.name in held]
        missing = [p for p in planned if p.name not in held]
        _refuse_other_counts(client, present)
        _create(client, settings, missing)
        return Applied([p.name for p in missing], [p.name for p in present], _differences(client, present))


def _refuse_other_counts(client: KafkaAdminClient, present: Sequence[Planned]) -> None:
    counts = partition_counts(client, [p.name for p in present])
    wrong = [f"{p.name} has {counts[p.name]}, not {p.partitions}" for p in present if counts[p.name] != p.partitions]
    if wrong:
        raise LiaisonError(f"partition counts are fixed for good: {'; '.join(wrong)}")


def partition_counts(client: KafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """Partitions of each of these existing topics."""
    if not names:
        return {}
    return {found["name"]: len(found["partitions"]) for found in client.describe_topics(list(names))}


def _create(client: KafkaAdminClient, settings: Settings, missing: Sequence[Planned]) -> None:
    if not missing:
        return
    new = {
        p.name: {
            "num_partitions": p.partitions,
            "replication_factor": settings.replication_factor,
            "configs": p.topic.configuration(),
        }
        for p in missing
    }
    client.create_topics(new, wait_for_metadata=True)


def _differences(client: KafkaAdminClient, present: Sequence[Planned]) -> list[str]:
    if not present:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, p.name, None) for p in present]
    described = client.describe_configs(resources, config_filter="all")
    found = next(iter(described.values()))
    return [line for p in present for line in _compare(p, found[p.name])]


def _compare(planned: Planned, found: dict[str, dict[str, str]]) -> Iterator[str]:
    for key, wanted in planned.topic.configuration().items():
        actual = found[key]["value"]
        if actual != wanted:
            yield f"{planned.name}: {key} is {actual}, the catalogue says {wanted}"


def members(settings: Settings, groups: Sequence[str]) -> dict[str, int]:
    """How many members each of these consumer groups has; 0 for one that is not there. Raises LiaisonError."""
    with admin(settings) as client:
        held = {group["group_id"] for group in client.list_groups()}.intersection(groups)
        described = client.describe_groups(sorted(held)) if held else {}
        return {group: len(described[group]["members"]) if group in described else 0 for group in groups}


@dataclass(frozen=True)
class Ids:
    """What tells this cluster and these topics from others of the same names."""

    cluster: str
    topics: dict[str, str]

    def secret(self, settings: Settings) -> bytes:
        """What keys opaque references: the settings' secret, else the cluster's id."""
        return (settings.hit_secret.get_secret_value() or self.cluster).encode()


def ids(settings: Settings, names: Sequence[str]) -> Ids:
    """The ids of the cluster and of existing topics. Raises LiaisonError where one is missing."""
    with admin(settings) as client:
        held = set(client.list_topics())
        missing = [n for n in names if n not in held]
        if missing:
            raise LiaisonError(f"missing topics: {', '.join(missing)}; run `liaison topics apply`")
        cluster = str(client.describe_cluster()["cluster_id"])
        return Ids(cluster, {t["name"]: str(t["topic_id"]) for t in client.describe_topics(list(names))})
