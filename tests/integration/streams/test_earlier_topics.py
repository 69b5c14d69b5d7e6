"""Topics as an earlier version of Liaison left them go on under this one: `liaison topics apply` on a real broker.

topics_of_0_2_0.ndjson is the catalogue of 0.2.0 (commit db355f39): each topic's name, its partitions or the setting
that they follow, and its configuration as Kafka had it.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import pytest
from aiokafka import TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from pipeline.settings import Settings
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import read_partitions
from support.installation.command import RunLiaison
from support.processes import warm

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

FORMER: Final = "0123456789ab"
"""The generation that 0.2.0 computed."""

EARLIER_TOPICS: Final = Path(__file__).with_name("topics_of_0_2_0.ndjson")

BLOCK_PARTITIONS: Final = 3

EARLIER_CONTROL: Final = {
    "active_generation": {"setting": "active_generation", "value": FORMER, "by": "ops", "time": "2026-11-25T10:00:00Z"},
    f"generation|{FORMER}": {
        "setting": "generation", "value": FORMER, "by": "ops", "time": "2026-11-25T10:00:00Z",
        "block_partitions": BLOCK_PARTITIONS, "model": {"name": "of 0.2.0"}, "born": [0] * 4,
    },
}  # fmt: skip
"""The topic `control` as 0.2.0 wrote it; it and `agencies` are what `topics apply` reads."""


@pytest.fixture
def liaison(engine_environment: dict[str, str]) -> RunLiaison:
    return lambda *words: warm.run(words, engine_environment)


def make_earlier_topics(settings: Settings, admin: KafkaAdminClient) -> dict[str, int]:
    """The topics of 0.2.0 with one agency and one generation; returns each one's partition count."""
    counts = {"case_partitions": settings.case_partitions, "block_partitions": BLOCK_PARTITIONS}
    made = {}
    for line in EARLIER_TOPICS.read_text().splitlines():
        row = json.loads(line)
        name = settings.namespace + row["pattern"].format(agency="fr-pj", generation=FORMER)
        configuration = row["configuration"] | {"min.insync.replicas": "1"}
        partitions = counts.get(row["partitions"], row["partitions"])
        made[name] = NewTopic(name, partitions, 1, topic_configs=configuration)
    admin.create_topics([*made.values()])
    admin.wait_for_topics([*made])
    return {name: topic.num_partitions for name, topic in made.items()}


def fill_topics(settings: Settings, counts: dict[str, int]) -> None:
    """Put something into every partition; into `control` and `agencies` what 0.2.0 said there."""
    told = {
        "control": {key: json.dumps(value) for key, value in EARLIER_CONTROL.items()},
        "agencies": {"fr-pj": json.dumps({"name": "fr-pj", "country": "FR"})},
    }

    async def send() -> None:
        async with plain_producer(settings) as producer:
            for name, count in counts.items():
                for key, value in told.get(name.removeprefix(settings.namespace), {"kept": "as it is"}).items():
                    for partition in range(count):
                        await producer.send_and_wait(name, value.encode(), key=key.encode(), partition=partition)

    asyncio.run(send())


def read_topics(settings: Settings, counts: dict[str, int]) -> list[tuple[str, int, int, bytes, bytes]]:
    """All that is in these topics: topic, partition, offset, key and value of each message."""
    starts = {TopicPartition(name, partition): 0 for name, count in counts.items() for partition in range(count)}

    async def read() -> list[tuple[str, int, int, bytes, bytes]]:
        found = [record async for records in read_partitions(settings, starts) for record in records]
        return sorted((one.topic, one.partition, one.offset, one.key, one.value) for one in found)

    return asyncio.run(read())


def test_topics_of_0_2_0_get_what_they_lack_keep_all_that_is_in_them_and_are_then_left_alone(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, liaison: RunLiaison
) -> None:
    counts = make_earlier_topics(engine_settings, kafka_admin)
    fill_topics(engine_settings, counts)
    before = read_topics(engine_settings, counts)
    assert len(before) == sum(counts.values()) + 1  # control has two

    def apply(*words: str) -> dict[str, list[str]]:
        done = liaison("topics", "apply", "--json", *words)
        assert done.returncode == 0, done.stderr
        report: dict[str, list[str]] = json.loads(done.stdout)
        return report

    def kinds(names: list[str]) -> set[str]:
        return {name.removeprefix(engine_settings.namespace) for name in names}

    first = apply()
    since = {"hit_guesses", "folders", "folder_items", "folder_charts", "folder_visits"}
    renamed = {f"{kind}.{FORMER}" for kind in ("fingerprints", "postings", "pairs", "watches")}
    assert kinds(first["created"]) == since | renamed
    assert {*first["present"]} == {*counts} - {f"{engine_settings.namespace}blocks.{FORMER}"}
    (difference,) = first["differences"]
    assert difference.startswith("the model at hand makes generation")
    assert read_topics(engine_settings, counts) == before

    second = apply()
    assert second["created"] == second["repaired"] == []
    assert {*second["present"]} == {*first["present"], *first["created"]}
    assert second["differences"] == first["differences"]
    assert read_topics(engine_settings, counts) == before


def test_a_setting_that_an_earlier_installation_had_otherwise_is_named_and_mended_when_asked(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, liaison: RunLiaison
) -> None:
    counts = make_earlier_topics(engine_settings, kafka_admin)
    fill_topics(engine_settings, counts)
    topic = f"{engine_settings.namespace}accepted"
    other = ConfigResource(ConfigResourceType.TOPIC, topic, {"min.compaction.lag.ms": "0"})
    kafka_admin.alter_configs([other], incremental=True)
    before = read_topics(engine_settings, counts)
    named = f"differs: {topic}: min.compaction.lag.ms is 0, the catalogue says 3600000"
    assert named in liaison("topics", "apply").stdout.splitlines()
    mended = liaison("topics", "apply", "--repair").stdout
    assert f"repaired: {topic}: min.compaction.lag.ms" in mended
    again = liaison("topics", "apply", "--repair").stdout.splitlines()
    assert again[0].startswith("0 topics created")
    assert [line for line in again if topic in line] == []
    assert read_topics(engine_settings, counts) == before
