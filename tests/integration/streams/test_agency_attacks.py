"""An agency with its own credentials against a broker that asks who it is: what is refused, and what harms it alone."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError as ClientError
from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stubs export none of the last three
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from kafka import KafkaConsumer
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from kafka.structs import TopicPartition as Place

from pipeline.engines.endpoints import Endpoints, endpoints
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import agency_grants
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.producers import FailFastProducer
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.monitoring.lag import group_of
from pipeline.streams.provisioning import users
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from support.kafka.secure_broker import admits, secure_broker
from support.waiting import PATIENCE_S, wait

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.xdist_group("rights"), pytest.mark.timeout(300)]

OWN, OTHER = "fr-pj", "be-fp"
REFUSED = re.compile("Authorization|AUTHORIZATION|needs [A-Z]+ permission|partitions are not known")
"""How Kafka says so; the last is its client's word for a topic that may not even be seen."""


STAGES = ("intake", "correlate", "project", "notify", "attest")


@pytest.fixture(scope="module")
def operator(engines: Endpoints) -> Iterator[Settings]:
    """The operator of an installation with two agencies."""
    home = Path(tempfile.mkdtemp(prefix="liaison-attacked-"))
    with secure_broker(home, engines.elasticsearch, namespace="attacked-") as made:

        async def prepare() -> None:
            await apply_all(made)
            for name in (OWN, OTHER):
                await registry.register_agency(made, Agency(name, name[:2].upper()))

        asyncio.run(prepare())
        yield made
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def agency(operator: Settings) -> Settings:
    """What an attacker has who holds the credentials of one agency."""
    made = users.make_user(operator, OWN, agency_grants(operator, OWN), renew=True)
    given: dict[str, Any] = {
        "home": Path("/nowhere"), "kafka_url": endpoints(operator).kafka, "namespace": operator.namespace,
        "kafka_security_protocol": "SASL_PLAINTEXT", "kafka_username": made.user, "kafka_password": made.password,
    }  # fmt: skip
    settings = Settings(**given)
    wait(lambda: admits(settings))
    return settings


def named(settings: Settings, topic: topics.Topic, agency: str = "") -> str:
    return topics.topic_name(settings, topic, agency=agency)


def is_refused(attempt: Callable[[], Any]) -> bool:
    """Whether Kafka lets nothing of it be done, in whatever way it says so."""
    try:
        answered = attempt()
    except (KafkaError, ClientError, KafkaException) as error:
        return REFUSED.search(f"{type(error).__name__} {error!r}") is not None
    return REFUSED.search(repr(answered)) is not None


def shorten_retention(settings: Settings, topic: str) -> None:
    """Let a topic keep nothing, by librdkafka: kafka-python asks what may be set before, of which it sees nothing."""
    client = AdminClient({
        "bootstrap.servers": settings.kafka_url, "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": settings.kafka_sasl_mechanism, "sasl.username": settings.kafka_username,
        "sasl.password": settings.kafka_password.get_secret_value(),
    })  # fmt: skip
    entry = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    asked = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    for answer in client.incremental_alter_configs([asked]).values():
        answer.result()


def test_what_is_the_installations_or_another_agencys_is_neither_changed_nor_deleted(
    operator: Settings, agency: Settings
) -> None:
    """Nor what the agency itself has sent: nothing that was counted may go."""
    own, others = named(operator, topics.CASES, OWN), named(operator, topics.CASES, OTHER)
    kept = named(operator, topics.ACCEPTED)
    rule = ACL(f"User:{OWN}", "*", ACLOperation.READ, ACLPermissionType.ALLOW,
               ResourcePattern(ResourceType.TOPIC, others))  # fmt: skip
    any_rule = ACLFilter(
        None,
        None,
        ACLOperation.ANY,
        ACLPermissionType.ANY,
        ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
    password = UserScramCredentialUpsertion(OTHER, ScramMechanism.SCRAM_SHA_512, "0" * 20)
    with admin_client(agency) as client:
        attempts: list[Callable[[], Any]] = [
            *(partial(client.delete_records, {Place(name, 0): 0}) for name in (own, others, kept)),
            *(partial(client.delete_topics, [name]) for name in (own, others, kept)),
            *(partial(shorten_retention, agency, name) for name in (own, others)),
            lambda: client.create_topics({f"{operator.namespace}cases.de-x": {"num_partitions": 1}}),
            lambda: client.create_partitions({own: 9}),
            lambda: client.create_acls([rule]),
            lambda: client.delete_acls([any_rule]),
            lambda: client.describe_acls(any_rule),
            lambda: client.alter_user_scram_credentials([password]),
            lambda: client.describe_user_scram_credentials([OTHER]),
        ]
        assert [at for at, attempt in enumerate(attempts) if not is_refused(attempt)] == []


def test_groups_and_transactions_of_others_can_be_neither_seen_nor_taken(operator: Settings, agency: Settings) -> None:
    own, others = named(operator, topics.CASES, OWN), named(operator, topics.CASES, OTHER)
    groups = [*(group_of(operator, stage) for stage in STAGES), f"{topics.upload_prefix(operator, OTHER)}x"]
    offsets = {Place(own, 0): OffsetAndMetadata(0, "", -1)}
    with admin_client(agency) as client:
        for group in groups:
            assert is_refused(partial(client.list_group_offsets, {group: [Place(own, 0)]})), group
            assert is_refused(partial(client.alter_group_offsets, group, offsets)), group
            assert is_refused(partial(client.delete_groups, [group])), group
        assert not set(groups) & {found["group_id"] for found in client.list_groups()}
        assert OTHER not in repr(client.list_transactions())

    async def transact(name: str, topic: str) -> None:
        producer = AIOKafkaProducer(**client_options(agency), transactional_id=name)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await producer.start()
                async with producer.transaction():
                    await producer.send_and_wait(topic, b"{}", partition=0)
        finally:
            await producer.stop()

    def run_transaction(name: str, topic: str) -> None:
        asyncio.run(transact(name, topic))

    for name in (f"{operator.namespace}intake-0", f"{topics.upload_prefix(operator, OTHER)}x", "x"):
        assert is_refused(partial(run_transaction, name, own)), name
    assert is_refused(partial(run_transaction, f"{topics.upload_prefix(operator, OWN)}x", others))


def test_a_consumer_reads_nothing_of_others_under_any_group(operator: Settings, agency: Settings) -> None:
    others = named(operator, topics.CASES, OTHER)

    async def fill() -> None:
        async with AIOKafkaProducer(**client_options(operator)) as producer:
            await producer.send_and_wait(others, b"{}", key=b"k", partition=0)

    asyncio.run(fill())
    for group in (group_of(operator, "intake"), f"{topics.upload_prefix(operator, OWN)}x"):
        consumer = KafkaConsumer(**client_options(agency), group_id=group, auto_offset_reset="earliest")
        try:
            consumer.subscribe([others])
            with suppress(KafkaError):
                assert not consumer.poll(timeout_ms=5_000), group
        finally:
            consumer.close()


def test_a_transaction_that_stays_open_holds_up_no_topic_but_the_agencys_own(
    operator: Settings, agency: Settings
) -> None:
    """It may take in the offsets of an own group: those of others are committed and read meanwhile."""
    own, witness = named(operator, topics.CASES, OWN), named(operator, topics.WITNESS, OWN)
    prefix = topics.upload_prefix(operator, OWN)

    async def attack() -> None:
        hanging = FailFastProducer(agency, f"{prefix}hanging", transaction_timeout_ms=900_000)
        await hanging.start()
        await hanging.begin_transaction()
        for topic in (own, witness):
            await hanging.send_and_wait(topic, b"{}", key=b"k", partition=0)
        async with asyncio.timeout(PATIENCE_S):
            for each in topics.CATALOGUE:
                if each.scope is topics.Scope.INSTALLATION:
                    places = {TopicPartition(named(operator, each), 0): 0}
                    _ = [part async for part in read_partitions(operator, places)]
            others = {TopicPartition(named(operator, topics.CASES, OTHER), 0): 0}
            _ = [part async for part in read_partitions(operator, others)]
        await hanging.drop()

    asyncio.run(attack())
