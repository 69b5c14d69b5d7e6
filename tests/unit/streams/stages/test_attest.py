"""What `attest` makes of records of `audit`, before any of it goes to Kafka."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec
import pytest
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import FACTS_FORMAT, Act, ActFacts, ActKind, Chain, bind_acts
from pipeline.settings import Settings
from pipeline.streams.runtime.faults import InternalFaultError
from pipeline.streams.stages import attest
from pipeline.streams.stages.attest import AttestProcessor, LogEnd, wait_for_signing_key
from pipeline.transparency.checkpoints import Checkpoint
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


def test_at_an_entry_of_a_later_version_it_stops_once_those_before_have_their_leaves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = bind_acts(Chain("host|1|0"), [(Act(ActKind.READ), NOW)] * 3, new_seed)[1]
    sound = [msgspec.json.encode(entry) for entry in made]
    later = msgspec.json.encode(msgspec.to_builtins(made[2]) | {"format": FACTS_FORMAT + 1, "kind": "report"})
    with pytest.raises(InternalFaultError) as caught:
        keys([sound[0], b"{", sound[1], later, sound[2]])
    assert [output.key for output in caught.value.result.outputs] == [leaf_key(0), leaf_key(1), HEAD_KEY]
    assert (str(caught.value.position), caught.value.decided) == ("audit-0-3", 3)
    assert f"audit-0-3 has format {FACTS_FORMAT + 1}, which a later version of Liaison writes" in caplog.text
    with pytest.raises(InternalFaultError) as again:
        keys([later, sound[2]])
    assert (again.value.result.outputs, again.value.decided) == ([], 0)


def test_facts_that_the_format_does_not_tell_of_are_no_entry() -> None:
    """A leaf is of the entry's format: of these it would commit to less than they say, or to more."""
    sound = Chain("host|1|0").make_entry(Act(ActKind.READ, facts=ActFacts(hits=1)), NOW, new_seed())
    for damaged in ({"format": 0}, {"format": 2}, {"format": -1}, {"facts": None}):
        assert keys([msgspec.json.encode(msgspec.to_builtins(sound) | damaged)]) == []
    assert keys([msgspec.json.encode(sound)]) == [leaf_key(0), HEAD_KEY]


def test_what_has_a_leaf_already_gets_none() -> None:
    made = bind_acts(Chain("host|1|0"), [(Act(ActKind.READ), NOW)] * 3, new_seed)[1]
    values: list[bytes | None] = [msgspec.json.encode(entry) for entry in made]
    assert keys(values, known=1) == [leaf_key(0), HEAD_KEY]
    assert keys(values, known=2) == []


async def test_without_its_key_it_says_so_once_and_goes_on_when_the_key_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings, looks = Settings(home=tmp_path, audit_log_key_file=tmp_path / "log-key"), 0

    async def signed_log(*_: object) -> GrowingLog:
        log = GrowingLog()
        log.head = Checkpoint(LOG.verifier.name, 1, b"0" * 32)
        return log

    async def look(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 50:
            settings.audit_log_key_path.write_text(LOG.text)

    monkeypatch.setattr(attest, "read_log_end", signed_log)
    monkeypatch.setattr(asyncio, "sleep", look)
    with caplog.at_level(logging.INFO):
        await wait_for_signing_key(settings, AUDIT)
    assert looks == 50
    [missing, back] = [one.getMessage() for one in caplog.records if "signing key" in one.getMessage()]
    assert (
        missing
        == f"the audit log's signing key is not in {tmp_path}/log-key; put it back. Until then no head is signed"
    )
    assert "is there" in back


async def test_a_log_without_a_head_needs_no_key_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def new_log(*_: object) -> GrowingLog:
        return GrowingLog()

    monkeypatch.setattr(attest, "read_log_end", new_log)
    await wait_for_signing_key(Settings(home=tmp_path, audit_log_key_file=None), AUDIT)
