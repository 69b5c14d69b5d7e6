"""What `attest` makes of records of `audit`, before any of it goes to Kafka."""

from __future__ import annotations

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import Act, ActKind, Chain, bind_acts
from pipeline.settings import Settings
from pipeline.streams.stages.attest import AttestProcessor, LogEnd
from pipeline.transparency.growth import GrowingLog
from pipeline.transparency.leaves import new_seed
from pipeline.transparency.log_records import HEAD_KEY, leaf_key
from support.transparency.log_world import KEYS, LOG, NOW

AUDIT = TopicPartition("audit", 0)


def record(offset: int, value: bytes | None) -> ConsumerRecord:
    return ConsumerRecord("audit", 0, offset, 0, 0, b"chain", value, None, 0, 0, ())


def keys(values: list[bytes | None], known: int = -1) -> list[bytes]:
    end = LogEnd(GrowingLog(), LOG, known)
    records = [record(offset, value) for offset, value in enumerate(values)]
    return [
        output.key
        for output in AttestProcessor(Settings(), KEYS, lambda: NOW).decide_records(AUDIT, end, records).outputs
    ]


def test_what_is_no_entry_has_no_leaf_and_stops_nothing() -> None:
    first, second = bind_acts(Chain("host|1|0"), [(Act(ActKind.OPENED), NOW), (Act(ActKind.READ), NOW)], new_seed)[1]
    sound = [msgspec.json.encode(entry) for entry in (first, second)]
    undated = msgspec.json.encode(msgspec.structs.replace(first, time="yesterday"))
    assert keys([sound[0], None, b"{", undated, sound[1]]) == [leaf_key(0), leaf_key(1), HEAD_KEY]


def test_what_has_a_leaf_already_gets_none() -> None:
    made = bind_acts(Chain("host|1|0"), [(Act(ActKind.READ), NOW)] * 3, new_seed)[1]
    values: list[bytes | None] = [msgspec.json.encode(entry) for entry in made]
    assert keys(values, known=1) == [leaf_key(0), HEAD_KEY]
    assert keys(values, known=2) == []
