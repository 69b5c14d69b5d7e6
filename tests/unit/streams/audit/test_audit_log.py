"""The audit writer against a topic that can be away, slow, or take what it does not acknowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.access.audit import Act, ActKind, AuditEntry
from pipeline.access.audit_verification import TrailVerifier
from pipeline.streams.audit import audit_log
from pipeline.streams.audit.audit_log import AuditError, AuditLog

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Topic:
    """Takes entries; while `away` it fails, having taken them all the same if `unheard`."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.sends = 0
        self.away = self.unheard = False

    async def __call__(self, entries: Sequence[AuditEntry]) -> None:
        self.sends += 1
        await asyncio.sleep(0)
        if not self.away or self.unheard:
            self.entries += entries
        if self.away:
            raise OSError

    async def hang(self, _entries: Sequence[AuditEntry]) -> None:
        """In place of a send: never ends."""
        self.sends += 1
        await asyncio.Event().wait()

    def faults(self) -> list[str]:
        verification = TrailVerifier()
        for entry in self.entries:
            verification.check_entry(entry)
        return [finding.fault for finding in verification.findings(NOW + timedelta(hours=1))]


def log_to(topic: Topic) -> AuditLog:
    return AuditLog(topic, lambda: NOW, dict, "host|1")


READ = Act(ActKind.READ, subject="anna")


async def test_an_act_is_in_the_topic_before_write_returns() -> None:
    topic = Topic()
    async with log_to(topic) as log:
        assert topic.entries == []
        await log.write(READ)
        assert [entry.kind for entry in topic.entries] == [ActKind.OPENED, ActKind.READ]
    assert topic.entries[-1].kind is ActKind.CLOSED
    assert topic.faults() == []


async def test_what_comes_together_goes_together_and_in_one_chain() -> None:
    topic = Topic()
    async with log_to(topic) as log:
        await asyncio.gather(*(log.write(READ) for _ in range(50)))
        assert topic.sends <= 2
    assert len(topic.entries) == 52
    assert topic.faults() == []


@pytest.mark.parametrize("unheard", [False, True])
async def test_a_failed_send_fails_its_acts_and_the_next_opens_a_new_chain(unheard: bool) -> None:
    topic = Topic()
    async with log_to(topic) as log:
        await log.write(READ)
        topic.away, topic.unheard = True, unheard
        with pytest.raises(AuditError):
            await log.write(READ)
        topic.away = False
        await log.write(READ)
    assert {entry.chain for entry in topic.entries if entry.kind is ActKind.OPENED} == {"host|1|0", "host|1|1"}
    assert topic.faults() == []


async def test_a_writer_that_never_reached_the_topic_closes_nothing() -> None:
    topic = Topic()
    topic.away = True
    async with log_to(topic) as log:
        with pytest.raises(AuditError):
            await log.write(READ)
    assert topic.entries == []


async def test_acts_that_wait_fail_with_the_send_that_they_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: none is sent after the other, each with a time-out of its own."""
    monkeypatch.setattr(audit_log, "ANSWER_S", 0.2)
    monkeypatch.setattr(audit_log, "MOST_TOGETHER", 2)
    topic = Topic()
    log = AuditLog(topic.hang, lambda: NOW, dict, "host|1")
    async with asyncio.timeout(30), log:
        ends = await asyncio.gather(*(log.write(READ) for _ in range(9)), return_exceptions=True)
    assert [type(end) for end in ends] == [AuditError] * 9
    assert topic.sends == 1


async def test_an_error_that_nobody_expects_fails_its_acts_and_not_all_later_ones() -> None:
    topic = Topic()
    faulty = True

    async def send(entries: Sequence[AuditEntry]) -> None:
        if faulty:
            raise AssertionError
        await topic(entries)

    async with AuditLog(send, lambda: NOW, dict, "host|1") as log:
        with pytest.raises(AuditError, match="AssertionError"):
            await log.write(READ)
        faulty = False
        await log.write(READ)
    assert topic.faults() == []
