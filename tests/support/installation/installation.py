"""A whole installation on the real engines: its topics and agencies, what is pushed, and what came of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient

from pipeline.correlation.batch import find_links as batch_links
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.matching.bands import Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, generation_id, load_model
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import partition_of
from pipeline.records.messages import AcceptedRecord, Position, Provenance, Receipt
from pipeline.records.validation import read as read_record
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.monitoring.accounting import Accounting, count_outcomes
from pipeline.streams.monitoring.lag import group_of, measure_lag
from pipeline.streams.registers.registry import read_agencies
from pipeline.streams.runtime.faults import FAULTS
from support.installation.provisioning import provision
from support.installation.records import COUNTRIES, Message
from support.kafka.movement import RestWatch, read_offsets


@dataclass
class Installation:
    """One installation and what can be seen of it."""

    settings: Settings
    client: KafkaAdminClient | None = None
    """Connected to this installation's Kafka, where that is the session's: lets waiting for rest cost little."""

    @property
    def generation(self) -> str:
        return generation_id(load_model(self.settings.model), self.settings.correlate_partitions)

    def prepare(self) -> None:
        """Make the topics and register the agencies."""
        asyncio.run(provision(self.settings, COUNTRIES))

    def push(self, messages: Iterable[Message]) -> list[str]:
        """Send messages in order; returns their positions as receipts name them."""
        return asyncio.run(self._push(messages))

    async def _push(self, messages: Iterable[Message]) -> list[str]:
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_url, max_request_size=5 << 20, linger_ms=5
        ) as producer:
            sent = [await self._send(producer, message) for message in messages]
            done = await asyncio.gather(*sent)
        return [f"{m.topic}-{m.partition}-{m.offset}" for m in done]

    async def _send(self, producer: AIOKafkaProducer, message: Message) -> Any:
        home = partition_of(message.key or b"", self.settings.case_partitions)
        topic = topics.topic_name(self.settings, topics.CASES, agency=message.agency)
        partition = home if message.partition is None else message.partition
        return await producer.send(topic, message.value, key=message.key, partition=partition)

    def accounting(self) -> Accounting:
        return asyncio.run(count_outcomes(self.settings))

    def has_decided(self, count: int) -> bool:
        """Whether exactly so many messages have an outcome."""
        return self.accounting().decided == count

    def has_decided_more_than(self, count: int) -> bool:
        """Whether more messages have an outcome."""
        return self.accounting().decided > count

    def members(self) -> int:
        """How many workers are members of their groups."""
        with admin_client(self.settings) as client:
            names = [group["group_id"] for group in client.list_groups()]
            own = [name for name in names if name.startswith(self.settings.namespace)]
            return sum(len(group["members"]) for group in client.describe_groups(own).values())

    def at_rest(self) -> bool:
        """Whether everything pushed has gone through the stages of STAGES; False, too, while something moves.

        Searches then show it, which Elasticsearch does by itself a second later, on a busy machine more.
        """
        if self.waiting() if self.client is None else not self._rest_watch():
            return False
        asyncio.run(self._refresh())
        return True

    async def _refresh(self) -> None:
        async with connect(self.settings) as client:
            await client.indices.refresh(index=f"{self.settings.namespace}*")

    @cached_property
    def _rest_watch(self) -> RestWatch:
        client = self.client
        assert client is not None
        return RestWatch(lambda: read_offsets(client, self.settings), lambda: not self.waiting())

    def waiting(self) -> list[str]:
        """What has not gone through the stages of STAGES."""
        others = {group_of(self.settings, stage) for stage in ("notify", "attest")}
        return [str(lag) for lag in asyncio.run(measure_lag(self.settings)) if lag.lag and lag.group not in others]

    def receipts(self) -> dict[str, Receipt]:
        """Receipts by source position."""
        found = asyncio.run(self._values(topics.RECEIPTS))
        return {str(r.position): r for r in (msgspec.json.decode(value, type=Receipt) for value in found)}

    async def _values(self, topic: topics.Topic) -> list[bytes]:
        names = [
            topics.topic_name(self.settings, topic, agency=agency) for agency in await read_agencies(self.settings)
        ]
        count = topics.partition_count(self.settings, topic)
        return await self._read({TopicPartition(name, p): 0 for name in names for p in range(count)})

    def hits(self) -> list[dict[str, Any]]:
        """All hits sent to all agencies."""
        return [json.loads(value) for value in asyncio.run(self._values(topics.HITS))]

    def poison(self) -> None:
        """Write what no stage of ours would write to the topics between stages."""
        asyncio.run(self._poison())

    async def _poison(self) -> None:
        between = (topics.ACCEPTED, topics.FINGERPRINTS, topics.POSTINGS, topics.PAIRS, topics.WATCHES, topics.LINKS)
        poisons = [(topic, b"poison", b"poison") for topic in between] + [(topics.POSTINGS, bytes(16), b"\xff\x00")]
        async with AIOKafkaProducer(bootstrap_servers=self.settings.kafka_url) as producer:
            for topic, key, value in poisons:
                name = topics.topic_name(self.settings, topic, generation=self.generation)
                await producer.send_and_wait(name, value, key=key, partition=0)
            accepted = topics.topic_name(self.settings, topics.ACCEPTED)
            await producer.send_and_wait(accepted, self._refused(), key=b"refused", partition=0)

    def _refused(self) -> bytes:
        """What we can read and Elasticsearch refuses: a day that is none."""
        data = {"case_id": "refused", "agency": "fr-pj", "country": "FR", "opened": "the day before"}
        print_ = Fingerprint("fr-pj:refused", 1, "0" * 32, "fr-pj", "FR")
        origin = Provenance(Position("cases.fr-pj", 0, 0), "2026-11-24T10:00:00Z", "0" * 32, "", self.generation)
        raw = [msgspec.Raw(msgspec.json.encode(one)) for one in (data, print_)]
        return msgspec.json.encode(
            AcceptedRecord("fr-pj:refused", 1, "active", "0" * 32, raw[0], origin, fingerprint=raw[1])
        )

    def faults(self) -> list[str]:
        """Reasons in `rejected` that no agency caused."""
        name = topics.topic_name(self.settings, topics.REJECTED)
        values = asyncio.run(self._read({TopicPartition(name, p): 0 for p in range(self.settings.case_partitions)}))
        return [reason for value in values if (reason := json.loads(value)["reason"]) in FAULTS]

    async def _read(self, starts: dict[TopicPartition, int]) -> list[bytes]:
        return [r.value async for records in read_partitions(self.settings, starts) for r in records]

    def visible_links(self, generation: str = "") -> dict[str, tuple[int, int, int]]:
        """Link id to both versions and the score, as readers see them, or as they are in a generation's own indices."""
        return asyncio.run(self._visible_links(generation))

    async def _visible_links(self, generation: str) -> dict[str, tuple[int, int, int]]:
        async with connect(self.settings) as client:
            reader = IndexReader(client, Indices(self.settings.namespace, self.generation))
            reader = reader.of_generation(generation) if generation else reader
            return {link.link: (link.a.version, link.b.version, link.score) async for link in reader.every_link()}

    def bases(self) -> dict[tuple[str, str], Basis]:
        """On what each visible link rests, by its cases."""
        return asyncio.run(self._bases())

    async def _bases(self) -> dict[tuple[str, str], Basis]:
        async with connect(self.settings) as client:
            reader = IndexReader(client, Indices(self.settings.namespace, self.generation))
            return {link.cases: link.basis async for link in reader.every_link()}

    def cases(self, keys: Iterable[str]) -> dict[str, int]:
        """The live cases among these with their versions, as readers see them."""
        return asyncio.run(self._cases(keys))

    async def _cases(self, keys: Iterable[str]) -> dict[str, int]:
        async with connect(self.settings) as client:
            reader = IndexReader(client, Indices(self.settings.namespace, self.generation))
            return {key: case.version for key, case in (await reader.read_cases(keys)).items()}

    def left_of(self, generation: str) -> list[str]:
        """Topics, groups, indices and stores that bear a generation's name."""
        with admin_client(self.settings) as client:
            named = [*client.list_topics(), *(group["group_id"] for group in client.list_groups())]
        named += asyncio.run(self._indices())
        named += map(str, self.settings.home.glob(f"stores/*/*/{generation}/*"))
        return [name for name in named if name.startswith((self.settings.namespace, "/")) and generation in name]

    async def _indices(self) -> list[str]:
        async with connect(self.settings) as client:
            return list(await client.indices.get(index=f"{self.settings.namespace}*"))

    def batch_links(self, messages: Iterable[Message], model: Model | None = None) -> dict[str, tuple[int, int, int]]:
        """What a batch run over the same valid messages finds, with the settings' model or another."""
        model = model or load_model(self.settings.model)
        cases = (read_record(message.value).case for message in messages)
        prints = [make_fingerprint(case, normalise(case), model) for case in cases]
        found = batch_links(prints, ModelMatcher(model))
        return {link.link_id: (link.version_a, link.version_b, link.score) for link in found}

    def holds(self, messages: Iterable[Message]) -> None:
        """Assert what must be true once valid messages have gone through, whatever happened on the way."""
        assert self.accounting().balanced
        expected = self.batch_links(messages)
        assert expected
        assert self.visible_links() == expected
        hits = self.hits()
        assert len({hit["id"] for hit in hits}) == len(hits)
        kinds = Counter(hit["kind"] for hit in hits)
        assert kinds["new"] - kinds["retracted"] == 2 * len(expected)
