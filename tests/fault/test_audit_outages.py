"""The audit trail while its broker hangs, and what a broker delivers late: answers are prompt, the trail is whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pipeline.access import audit
from pipeline.access.audit import Act, ActKind, AuditEntry
from pipeline.access.audit_verification import TrailVerifier
from pipeline.settings import Settings
from pipeline.streams.audit import audit_log
from pipeline.streams.audit.audit_log import AuditError, AuditLog, KafkaSender
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.kafka import producers
from pipeline.streams.kafka.producers import ANSWER_S
from pipeline.times import now
from support.kafka.own_broker import HeldConnection, broker, line, stopped

__all__ = ["broker", "line"]

pytestmark = [pytest.mark.engines, pytest.mark.timeout(400), pytest.mark.rare]

READ = Act(ActKind.READ, subject="anna")

ROUNDS = 5

ANSWERED_S = 14.0
"""With a patience of ANSWER_S they come within 5 s on a machine with nothing else to do."""


@asynccontextmanager
async def writer(settings: Settings, name: str) -> AsyncIterator[AuditLog]:
    sender = KafkaSender(settings)
    try:
        async with AuditLog(sender, now, dict, name) as log:
            yield log
    finally:
        await sender.stop()


async def write_until_taken(log: AuditLog, act: Act) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                return await log.write(act)
            except AuditError:
                await asyncio.sleep(0)


async def trail(settings: Settings) -> tuple[list[AuditEntry], list[str]]:
    """All entries, and the faults that verification finds in them."""
    found = [entry async for entry in read_entries(settings)]
    verification = TrailVerifier()
    for entry in found:
        verification.check_entry(entry)
    return found, [
        f"{finding.fault} {finding.chain} {finding.sequence} {finding.told}" for finding in verification.findings(now())
    ]


@pytest.mark.short
async def test_a_broker_that_hangs_fails_all_acts_promptly_and_leaves_the_trail_whole(
    broker: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "FAIL_OVER_S", ANSWER_S)  # nobody takes this broker's place
    acknowledged = 0
    async with writer(broker, "host|1") as log:
        for _ in range(ROUNDS):
            await write_until_taken(log, READ)
            with stopped(broker):
                async with asyncio.timeout(ANSWERED_S):
                    ends = await asyncio.gather(*(log.write(READ) for _ in range(300)), return_exceptions=True)
                assert {type(end) for end in ends} == {AuditError}
            await write_until_taken(log, READ)
            acknowledged += 2
    found, faults = await trail(broker)
    assert faults == []
    assert sum(entry.kind is ActKind.READ for entry in found) >= acknowledged


@pytest.mark.short
@pytest.mark.parametrize("over", [0, 2000])
async def test_an_act_of_exactly_1_mib_is_taken_and_one_that_kafka_refuses_fails_alone(
    broker: Settings, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    """With the check before it put aside, the client refuses one of 2,000 bytes more."""
    monkeypatch.setattr(audit, "MOST_ENTRY_BYTES", audit.MOST_ENTRY_BYTES + over)
    async with writer(broker, "host|1") as log:
        bare = audit.longest_entry(Act(ActKind.READ, query="x"), f"host|1|{'9' * audit_log.CHAIN_DIGITS}") - 1
        large = Act(ActKind.READ, query="x" * (audit.MOST_ENTRY_BYTES - bare))
        await write_until_taken(log, READ)
        acts = [READ, READ, large, READ, READ]
        ends = await asyncio.gather(*(log.write(act) for act in acts), return_exceptions=True)
        assert [end is None for end in ends] == [True, True, not over, True, True]
        await log.write(READ)
    found, faults = await trail(broker)
    assert faults == []
    assert [entry.subject for entry in found].count("anna") == 6
    assert [entry.kind for entry in found].count(ActKind.OPENED) == (2 if over else 1)


@pytest.mark.short
async def test_what_arrives_after_its_chain_was_replaced_is_no_fault(
    broker: Settings, line: HeldConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        producers, "PROMPT_TIMEOUT_MS", 30_000
    )  # one request, which is held for longer than its writer waits
    late = Act(ActKind.READ, subject="late")
    async with writer(broker, "host|1") as log:
        await log.write(READ)
        line.hold()
        with pytest.raises(AuditError):
            await log.write(late)
        assert line.bytes_held > 0
        await write_until_taken(log, READ)
        assert late.subject not in {entry.subject for entry in (await trail(broker))[0]}
        line.release()
        async with asyncio.timeout(60):
            while late.subject not in {entry.subject for entry in (await trail(broker))[0]}:
                await asyncio.sleep(0)
        await log.write(READ)
    found, faults = await trail(broker)
    at = [entry.subject for entry in found].index(late.subject)
    assert [entry.kind for entry in found[:at]].count(ActKind.OPENED) == 2
    assert faults == []
