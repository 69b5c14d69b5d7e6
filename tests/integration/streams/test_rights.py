"""Who may do what, on a real broker that asks every client who it is."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from string import Template
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka import Consumer, KafkaError, Message, Producer
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import TopicAuthorizationFailedError as NotToBeRead
from pydantic import SecretStr

from pipeline.engines.endpoints import Endpoints, endpoints
from pipeline.errors import LiaisonError
from pipeline.feeds.client import FeedClient
from pipeline.records.agencies import Agency
from pipeline.records.hashing import partition_of
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.catalogues.rights import KafkaOperation, KafkaRight, agency_grants, role_grants
from pipeline.streams.kafka.admin import admin_client, read_ids
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.streams.provisioning import users
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from pipeline.streams.runtime.health import LaneState
from pipeline.streams.runtime.stage import OwnedPartition
from pipeline.streams.stages import correlate
from support.installation.records import COUNTRIES
from support.kafka.secure_broker import admits, log_decisions, refusals, secure_broker
from support.processes import warm
from support.records.builder import event_bytes
from support.waiting import PATIENCE_S, WaitFor, wait

pytestmark = [
    pytest.mark.engines,
    pytest.mark.rare,
    pytest.mark.xdist_group("rights"),
    pytest.mark.timeout(300),
]

STAGES = ("intake", "correlate", "project", "notify", "attest")


@pytest.fixture(scope="module")
def broker(engines: Endpoints) -> Iterator[Settings]:
    home = Path(tempfile.mkdtemp(prefix="liaison-secure-"))
    with secure_broker(home, engines.elasticsearch) as operator:
        log_decisions(operator)
        yield operator
    shutil.rmtree(home)


@pytest.fixture
def operator(broker: Settings, elasticsearch_client: Any) -> Iterator[Settings]:
    """The operator of an installation with all agencies."""
    own = broker.model_copy(update={"namespace": f"t{uuid.uuid4().hex[:8]}-"})

    async def prepare() -> None:
        await apply_all(own)
        for name, country in COUNTRIES.items():
            await registry.register_agency(own, Agency(name, country))

    asyncio.run(prepare())
    yield own
    if indices := list(elasticsearch_client.indices.get(index=f"{own.namespace}*", expand_wildcards="all")):
        elasticsearch_client.indices.delete(index=indices)


def liaison(operator: Settings, *words: str) -> str:
    """What a command of the operator prints."""
    environment = {
        **os.environ, "LIAISON_HOME": str(operator.home), "LIAISON_NAMESPACE": operator.namespace,
        "LIAISON_ELASTICSEARCH_URL": operator.elasticsearch_url, "LIAISON_KAFKA_URL": "",
    }  # fmt: skip
    ran = warm.run(words, environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def as_agency(operator: Settings, name: str) -> Settings:
    """The settings of an agency on another machine."""
    return as_user(operator, name, agency_grants(operator, name))


def as_user(operator: Settings, name: str, grants: Iterable[KafkaRight]) -> Settings:
    """The settings of a user on another machine who has these rights and no others."""
    made = users.make_user(operator, name, grants, renew=True)
    given: dict[str, Any] = {
        "home": Path("/nowhere"),
        "kafka_url": endpoints(operator).kafka,
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_username": made.user,
        "kafka_password": made.password,
        "namespace": operator.namespace,
    }
    settings = Settings(**given)
    wait(lambda: admits(settings))
    return settings


def every_topic(operator: Settings) -> list[str]:
    with admin_client(operator) as client:
        return [topic for topic in client.list_topics() if topic.startswith(operator.namespace)]


def may_write(settings: Settings, topic: str) -> bool:
    async def write() -> None:
        producer = AIOKafkaProducer(**client_options(settings))
        try:
            await producer.start()
            await producer.send_and_wait(topic, b"{}", partition=0)
        finally:
            await producer.stop()  # also one that could not be started, which would complain in a later test

    try:
        asyncio.run(write())
    except TopicAuthorizationFailedError:
        return False
    return True


def may_read(settings: Settings, topic: str, wait_for: WaitFor) -> bool:
    """Whether a topic, which holds something, can be read; one that may not be seen seems to be missing."""
    consumer = KafkaConsumer(**client_options(settings), auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        if topic not in consumer.topics():
            return False
        consumer.assign([TopicPartition(topic, 0)])
        return bool(wait_for(lambda: consumer.poll(timeout_ms=700)))
    except NotToBeRead:
        return False
    finally:
        consumer.close()


def fill(operator: Settings, names: list[str]) -> None:
    async def write() -> None:
        async with AIOKafkaProducer(**client_options(operator)) as producer:
            for name in names:
                await producer.send_and_wait(name, b"{}", key=b"filled", partition=0)

    asyncio.run(write())


def test_an_agency_writes_its_own_topics_and_reads_what_is_its_own_or_for_all(
    operator: Settings, wait_for: WaitFor
) -> None:
    agency, everything = as_agency(operator, "fr-pj"), every_topic(operator)
    fill(operator, [name for name in everything if not name.endswith("agencies")])
    short = {name: name.removeprefix(operator.namespace) for name in everything}
    assert {short[name] for name in everything if may_write(agency, name)} == {"cases.fr-pj", "witness.fr-pj"}
    witnesses = {f"witness.{name}" for name in COUNTRIES}
    readable = {"receipts.fr-pj", "hits.fr-pj", "agencies", "uploads", "audit_log"} | witnesses
    assert {short[name] for name in everything if may_read(agency, name, wait_for)} == readable
    with admin_client(agency) as client:
        assert {short[name] for name in client.list_topics()} == {"cases.fr-pj", *readable}


def test_the_client_tells_an_agency_that_it_may_not_act_for_another(operator: Settings) -> None:
    agency = as_agency(operator, "fr-pj")
    with FeedClient("fr-pj", agency) as own:
        assert own.push("x", [b"{}"], validate=False).sent == 1
    with FeedClient("be-fp", agency) as other:
        with pytest.raises(LiaisonError, match="can't send for be-fp"):
            other.push("x", [b"{}"], validate=False)
        with pytest.raises(LiaisonError, match=r"receipts\.be-fp"):
            list(other.receipts())
        with pytest.raises(LiaisonError, match=r"hits\.be-fp"):
            list(other.hits())


def test_a_user_that_was_removed_can_do_nothing_any_more(operator: Settings, wait_for: WaitFor) -> None:
    agency = as_agency(operator, "de-bk")
    with FeedClient("de-bk", agency) as client:
        client.push("x", [b"{}"], validate=False)
        users.remove_user(operator, "de-bk")
        users.remove_user(operator, "de-bk")
        uploads = itertools.count()

        def is_refused() -> bool:
            try:
                client.push(f"y{next(uploads)}", [b"{}"], validate=False)
            except LiaisonError:
                return True
            return False

        wait_for(is_refused)
    wait_for(lambda: not admits(agency))


def test_the_broker_holds_an_agency_to_its_rate_and_forgets_it_with_the_agency(
    operator: Settings, caplog: pytest.LogCaptureFixture, wait_for: WaitFor
) -> None:
    run = functools.partial(liaison, operator)

    def rates() -> dict[str, int | None]:
        return {one["name"]: one["max_rate"] for one in json.loads(run("ops", "agency", "list", "--json"))}

    def push(name: str) -> bool:
        """Send 4 MB at once; returns whether the broker slowed the agency down."""
        caplog.clear()
        with (
            caplog.at_level(logging.WARNING, "kafka"),
            closing(KafkaProducer(**client_options(as_agency(operator, name)))) as own,
        ):
            for _ in range(8):
                own.send(topics.topic_name(operator, topics.CASES, agency=name), bytes(500_000), partition=0).get(
                    timeout=60
                )
        return "throttled by broker" in caplog.text

    run("ops", "agency", "add", "fr-pj", "--country", "FR", "--max-rate", "300000")
    # The broker tells of a rate, and goes by it, a moment after it accepted it.
    limited = {name: 300_000 if name == "fr-pj" else None for name in COUNTRIES}
    wait_for(lambda: rates() == limited)
    wait_for(lambda: push("fr-pj"))
    assert not push("be-fp")
    run("ops", "agency", "set", "fr-pj", "--max-rate", "90000000")
    wait_for(lambda: rates()["fr-pj"] == 90_000_000)
    run("ops", "agency", "set", "fr-pj", "--max-rate", "0")
    wait_for(lambda: rates()["fr-pj"] is None)
    run("ops", "agency", "set", "be-fp", "--max-rate", "300000")
    wait_for(lambda: rates()["be-fp"] == 300_000)
    users.remove_user(operator, "be-fp")
    wait_for(lambda: set(rates().values()) == {None})


def test_the_command_hands_out_credentials_once(operator: Settings, tmp_path: Path, wait_for: WaitFor) -> None:
    environment = {
        **os.environ, "LIAISON_HOME": str(operator.home), "LIAISON_NAMESPACE": operator.namespace,
        "LIAISON_ELASTICSEARCH_URL": operator.elasticsearch_url, "LIAISON_KAFKA_URL": "",
    }  # fmt: skip
    file = tmp_path / "es-pn.env"
    words = ["ops", "agency", "add", "es-pn", "--country", "ES", "--credentials", str(file)]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        done = warm.run([*words, *more], environment)
        assert done.returncode == 0, done.stderr
        return done

    first = run()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    given = file.read_text()
    password = given.split("LIAISON_KAFKA_PASSWORD=")[1].split("\n")[0]
    assert password not in first.stdout + first.stderr
    assert "--renew" in run().stderr
    assert file.read_text() == given
    run("--renew")
    assert file.read_text() != given
    own = dict(line.split("=", 1) for line in file.read_text().splitlines())
    feed = ["feed", "receipts", "--agency", "es-pn"]
    with_them = {"PATH": os.environ["PATH"], "LIAISON_HOME": "/nowhere", **own}
    wait_for(lambda: warm.run(feed, with_them).returncode == 0)
    old = with_them | {"LIAISON_KAFKA_PASSWORD": password}
    ran: list[subprocess.CompletedProcess[str]] = []

    def is_refused() -> bool:
        ran.append(warm.run(feed, old))
        return ran[-1].returncode == 1

    wait_for(is_refused)
    refused = ran[-1]
    assert refused.stderr.startswith(f"liaison: Kafka refused the login of {own['LIAISON_KAFKA_USERNAME']}: ")
    assert "Traceback" not in refused.stderr


class OnePartition:
    """What a stage says of its partitions, which is all that the purge asks of it."""

    def __init__(self, *owned: TopicPartition) -> None:
        self._owned = owned

    def owned_partitions(self) -> list[OwnedPartition]:
        return [OwnedPartition("", p, LaneState.WORKING, 0, 0, 1, False, Path("/nowhere")) for p in self._owned]


async def test_a_worker_that_may_not_purge_says_so_and_does_it_once_it_may(
    operator: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(correlate, "PURGE_S", 0.5)
    (pairs,) = [name for name in every_topic(operator) if name.startswith(f"{operator.namespace}pairs.")]
    partitions = [TopicPartition(pairs, number) for number in range(operator.correlate_partitions)]
    async with AIOKafkaProducer(**client_options(operator)) as producer:
        for partition in partitions:
            await producer.send_and_wait(pairs, b"{}", partition=partition.partition)
    granted = role_grants(operator, correlate.STAGE)
    lacking = [grant for grant in granted if grant.operation is not KafkaOperation.DELETE]
    own = await asyncio.to_thread(as_user, operator, correlate.STAGE, lacking)

    async def begins() -> set[int]:
        async with plain_consumer(own, partitions) as consumer:
            return set((await consumer.beginning_offsets(partitions)).values())

    async def until(holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                await asyncio.sleep(0.2)

    async def is_told() -> bool:
        return f"Kafka does not let {own.kafka_username} delete it; `liaison ops credentials correlate`" in caplog.text

    async def is_purged() -> bool:
        return await begins() == {1}

    stage: Any = OnePartition(*partitions)
    purging = asyncio.create_task(correlate._purge_applied(own, stage, pairs))  # noqa: SLF001 - the worker's own task
    try:
        await until(is_told)
        assert await begins() == {0}
        assert metrics.UNPURGED_AGE._value.get() > 0  # noqa: SLF001 - what /metrics shows
        await asyncio.to_thread(users.make_user, operator, correlate.STAGE, granted)
        await until(is_purged)
        assert metrics.UNPURGED_AGE._value.get() == 0  # noqa: SLF001
    finally:
        purging.cancel()
        await asyncio.wait([purging])


REFUSED_S = 30
"""Kafka's clients gave up after 60 s, some never; it takes 3 s, on a busy machine more."""


def refused_in_time(settings: Settings, *words: str) -> str:
    """The one line that a refused command prints. It ends with 1, and in time: a test of ours would wait for ever."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")},
        "LIAISON_HOME": str(settings.home), "LIAISON_NAMESPACE": settings.namespace,
        "LIAISON_KAFKA_URL": settings.kafka_url, "LIAISON_KAFKA_USERNAME": settings.kafka_username,
        "LIAISON_KAFKA_PASSWORD": settings.kafka_password.get_secret_value(),
        "LIAISON_KAFKA_SECURITY_PROTOCOL": settings.kafka_security_protocol,
    }  # fmt: skip
    began = time.monotonic()
    done = warm.run(words, environment)
    assert time.monotonic() - began < REFUSED_S, words
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_a_login_that_kafka_refuses_is_named(operator: Settings, tmp_path: Path) -> None:
    wrong = as_agency(operator, "fr-pj").model_copy(update={"kafka_password": SecretStr("x"), "home": tmp_path})
    (tmp_path / "c.ndjson").write_bytes(event_bytes("fr-pj", "1", country="FR"))
    removed = as_agency(operator, "de-bk").model_copy(update={"home": tmp_path})
    users.remove_user(operator, "de-bk")
    wait(lambda: not admits(removed))
    for settings, name in ((wrong, "fr-pj"), (removed, "de-bk")):
        for words in (
            ("feed", "push", str(tmp_path / "c.ndjson"), "--agency", name),
            ("feed", "receipts", "--agency", name),
            ("feed", "hits", "--agency", name, "--follow"),
            ("topics", "apply"),
        ):
            assert refused_in_time(settings, *words).startswith(
                f"liaison: Kafka refused the login of {settings.kafka_username}: "
            )


def test_an_agencys_login_for_an_operators_command_is_told_what_it_lacks(operator: Settings, tmp_path: Path) -> None:
    agency = as_agency(operator, "fr-pj").model_copy(update={"home": tmp_path})
    for words in (
        ("ops", "agency", "list"),
        ("ops", "agency", "add", "x", "--country", "FR"),
        ("ops", "agency", "remove", "de-bk", "--yes"),
        ("ops", "agency", "set", "fr-pj", "--max-rate", "400000"),
        ("ops", "credentials", "intake"),
        ("ops", "accounting"),
        ("ops", "lag"),
        ("topics", "apply"),
    ):
        said = refused_in_time(agency, *words)
        denied = f"liaison: Kafka does not let {agency.kafka_username} do this: it takes an operator's login"
        assert said.startswith(denied), words


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "topics.md"


def page_options(settings: Settings) -> list[dict[str, str]]:
    """What the page tells librdkafka to send and to read by, filled in as an agency fills it in."""
    held = {
        "LIAISON_KAFKA_URL": settings.kafka_url,
        "LIAISON_KAFKA_SECURITY_PROTOCOL": settings.kafka_security_protocol,
        "LIAISON_KAFKA_SASL_MECHANISM": settings.kafka_sasl_mechanism,
        "LIAISON_KAFKA_USERNAME": settings.kafka_username,
        "LIAISON_KAFKA_PASSWORD": settings.kafka_password.get_secret_value(),
        "LIAISON_NAMESPACE": settings.namespace,
    }
    blocks = re.findall(r"```properties\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = [[line for line in block.splitlines() if "ssl.ca.location" not in line] for block in blocks]
    return [dict(Template(line).substitute(held).split("=", 1) for line in block) for block in lines]


def test_a_client_of_librdkafka_needs_no_more_than_the_page_of_topics(operator: Settings) -> None:
    agency = as_agency(operator, "fr-pj")
    to_send, to_read = page_options(agency)
    keys = [f"fr-pj:{number}".encode() for number in range(40)]
    cases, receipts = (topics.topic_name(operator, one, agency="fr-pj") for one in (topics.CASES, topics.RECEIPTS))
    placed: dict[bytes, int] = {}

    def note(error: object, message: Message) -> None:
        assert error is None
        placed[bytes(message.key() or b"")] = message.partition() or 0

    producer = Producer(to_send)
    producer.init_transactions(PATIENCE_S)
    producer.begin_transaction()
    for key in keys:
        producer.produce(cases, b"{}", key, on_delivery=note)
    producer.commit_transaction(PATIENCE_S)
    assert placed == {key: partition_of(key, operator.case_partitions) for key in keys}
    fill(operator, [receipts])
    with closing(Consumer(to_read)) as consumer:
        consumer.subscribe([receipts])
        read = consumer.consume(1, PATIENCE_S)
        assert [(one.error(), one.key()) for one in read] == [(None, b"filled")]
    with closing(Consumer(to_read | {"group.id": "mine"})) as consumer:
        consumer.subscribe([receipts])
        (refused,) = consumer.consume(1, PATIENCE_S)
        error = refused.error()
        assert error is not None
        assert error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_a_new_agency_is_told_what_its_clients_need(operator: Settings) -> None:
    environment = {
        **os.environ, "LIAISON_HOME": str(operator.home), "LIAISON_NAMESPACE": operator.namespace,
        "LIAISON_ELASTICSEARCH_URL": operator.elasticsearch_url, "LIAISON_KAFKA_URL": "",
    }  # fmt: skip
    said = warm.run(("ops", "agency", "add", "fr-pj", "--country", "FR"), environment).stderr
    assert f"name their groups and transactional ids {operator.namespace}feed.fr-pj..." in said
    assert f"partition murmur2(key) mod {operator.case_partitions}" in said


def test_who_asks_for_ids_asks_for_no_right_that_it_lacks(operator: Settings) -> None:
    """An API server looks every few seconds: the broker's log had 412 denials an hour for it."""
    agency = as_agency(operator, "fr-pj")
    name = topics.topic_name(operator, topics.AGENCIES)
    found = read_ids(agency, [name])
    assert found == read_ids(operator, [name])
    denied = [line for line in refusals(operator.home) if f"User:{agency.kafka_username} " in line]
    assert [line for line in denied if "DescribeCluster" in line] == []
