"""Other agencies' heads on a real broker: what one leaves open or writes keeps nobody from the others'."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.feeds import witnessing
from pipeline.feeds.witnessing import compare_with_others
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.producers import FailFastProducer
from pipeline.transparency.checkpoints import Checkpoint, sign_head
from pipeline.transparency.log_records import HeadRecord
from pipeline.transparency.witness import LogFault, Witness
from support.installation.installation import Installation
from support.kafka.record_batches import produce_raw, zstd_bomb
from support.transparency.log_world import LogWorld, witness_of
from support.waiting import PATIENCE_S

pytestmark = [pytest.mark.engines, pytest.mark.rare]

NOISE, ZEROS, TIMES = bytes(range(256)) * 2000, 64 << 20, 4
"""A batch that would inflate to 256 MiB, four times what may be."""


@pytest.fixture
def world(tmp_path: Path) -> LogWorld:
    found = LogWorld(tmp_path / "log")
    for _ in range(9):
        found.act("be-fp", "nl-np:1")
    found.sign()
    return found


@pytest.fixture
def witness(world: LogWorld, tmp_path: Path) -> Iterator[Witness]:
    made = witness_of(tmp_path, "nl-np")
    world.show(made)
    yield made
    made.close()


@pytest.fixture
async def producer(installation: Installation) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(**client_options(installation.settings)) as made:
        yield made


def topic_of(settings: Settings, agency: str) -> str:
    return topics.topic_name(settings, topics.WITNESS, agency=agency)


def head_of(note: str) -> bytes:
    return msgspec.json.encode(HeadRecord(note))


def forked(world: LogWorld, size: int = 9) -> bytes:
    """A head of a size that the log has signed otherwise for somebody else."""
    return head_of(sign_head(Checkpoint(world.key.verifier.name, size, b"\0" * 32, world.now.isoformat()), world.key))


def forks(witness: Witness) -> list[str]:
    return [found.told.partition(" ")[0] for found in witness.read_findings() if found.fault is LogFault.FORKED]


async def test_an_open_transaction_of_one_agency_hides_neither_its_heads_nor_those_of_others(
    installation: Installation, world: LogWorld, witness: Witness, producer: AIOKafkaProducer
) -> None:
    settings = installation.settings
    sound = head_of(world.signed[-1][1])
    hanging = FailFastProducer(settings, f"{settings.namespace}feed.be-fp.x", transaction_timeout_ms=600_000)
    await hanging.start()
    await hanging.begin_transaction()
    await hanging.send_and_wait(topic_of(settings, "be-fp"), sound, key=b"9")
    await producer.send_and_wait(topic_of(settings, "be-fp"), forked(world, 5), key=b"5")
    for value in (None, b"", b"poison", b'{"head":1}', forked(world)):
        await producer.send_and_wait(topic_of(settings, "fr-pj"), value, key=b"9")
    async with asyncio.timeout(PATIENCE_S):
        assert await compare_with_others(settings, witness, "nl-np") == []
    await hanging.drop()
    assert sorted(forks(witness)) == ["be-fp", "fr-pj"]


async def test_what_cannot_be_read_of_one_agency_is_said_and_the_others_are_read(
    installation: Installation, world: LogWorld, witness: Witness, producer: AIOKafkaProducer
) -> None:
    settings = installation.settings
    await produce_raw(settings.kafka_url, topic_of(settings, "be-fp"), 0, zstd_bomb(NOISE, ZEROS, TIMES))
    await producer.send_and_wait(topic_of(settings, "fr-pj"), forked(world), key=b"9")
    (told,) = await compare_with_others(settings, witness, "nl-np")
    assert told.startswith("the heads that be-fp countersigned: ")
    assert forks(witness) == ["fr-pj"]


async def test_each_look_takes_so_many_heads_of_an_agency_and_the_next_goes_on(
    installation: Installation,
    world: LogWorld,
    witness: Witness,
    producer: AIOKafkaProducer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = installation.settings
    monkeypatch.setattr(witnessing, "OTHERS_HEADS", 10)
    monkeypatch.setattr(witnessing, "OTHERS_AT_ONCE", 5)
    sound, ahead = head_of(world.signed[-1][1]), forked(world, 10)
    for value in (*[sound] * 24, forked(world), ahead):
        await producer.send_and_wait(topic_of(settings, "be-fp"), value, key=b"9")
    await producer.send_and_wait(topic_of(settings, "fr-pj"), forked(world), key=b"9")
    told = [await compare_with_others(settings, witness, "nl-np") for _ in range(3)]
    assert [len(each) for each in told] == [1, 1, 0]
    assert "be-fp" in told[0][0]
    assert sorted(forks(witness)) == ["be-fp", "fr-pj"]
    world.act("be-fp", "nl-np:1")
    world.show(witness)
    assert await compare_with_others(settings, witness, "nl-np") == []
    assert [found.at for found in witness.read_findings() if "be-fp" in found.told] == [9, 10], "what was ahead came"


async def test_reading_one_agency_ends_in_time(
    installation: Installation,
    world: LogWorld,
    witness: Witness,
    producer: AIOKafkaProducer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = installation.settings
    await producer.send_and_wait(topic_of(settings, "be-fp"), head_of(world.signed[-1][1]), key=b"9")
    monkeypatch.setattr(witnessing, "OTHERS_S", 0.0)
    told = await compare_with_others(settings, witness, "nl-np")
    assert any("that be-fp countersigned" in line and "took more than" in line for line in told)
