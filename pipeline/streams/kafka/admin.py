"""kafka-python's admin client: what it refuses, in words, and what is asked of the cluster by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition
from kafka import TopicPartition as KafkaTopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.protocol.admin import DescribeClusterRequest

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka.connection import blocking_options, check_login, login_name

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


class ClusterNotReadyError(LiaisonError):
    """Kafka can't do it now, and may be able to later: it starts, elects a leader, or lacks brokers."""


class DeniedError(LiaisonError):
    """The login has not the right to do it."""


@contextmanager
def admin_client(settings: Settings) -> Iterator[KafkaAdminClient]:
    """kafka-python's admin client, closed afterwards.

    Raises LiaisonError where the cluster can't be reached or refuses; LoginRefusedError, within seconds, where that is
    for the user or password, DeniedError where it lacks the right, ClusterNotReadyError where it may pass.
    """
    known = blocking_options(settings)
    check_login(settings)
    try:
        client = KafkaAdminClient(**known, client_id="liaison-admin", reconnect_backoff_max_ms=RECONNECTED_WITHIN_MS)
    except KafkaError as error:
        servers = ",".join(known["bootstrap_servers"])
        raise ClusterNotReadyError(f"Kafka at {servers} can't be reached: {error}") from error
    try:
        yield client
    except DENIALS as error:
        raise DeniedError(explain_denial(settings)) from error
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


def delete_records(settings: Settings, before: Mapping[TopicPartition, int]) -> None:
    """Delete what lies before an offset of each partition, for good. Raises LiaisonError, DeniedError among it."""
    with admin_client(settings) as client:
        try:
            client.delete_records({KafkaTopicPartition(*partition): offset for partition, offset in before.items()})
        except BrokerResponseError as error:  # that of several partitions names their errors in its text alone
            if TopicAuthorizationFailedError.__name__ not in str(error):
                raise
            raise TopicAuthorizationFailedError(str(error)) from error


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
