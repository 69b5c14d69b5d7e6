"""The audit writer against a topic that can be away, slow, or take what it does not acknowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.access.audit import (
    FACTS_FORMAT,
    MOST_ENTRY_BYTES,
    MOST_SHOWN,
    Act,
    ActFacts,
    ActKind,
    AuditEntry,
    ShownCase,
    ShownForm,
    entry_bytes,
    longest_entry,
    split_act,
)
from pipeline.access.audit_verification import TrailVerifier
from pipeline.streams.audit import audit_log
from pipeline.streams.audit.audit_log import ActTooLargeError, AuditError, AuditLog, EntryRefusedError
from pipeline.streams.kafka.producers import FAIL_OVER_S

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Topic:
    """Takes entries; while `away` it fails, having taken them all the same if `unheard`.

    It refuses those whose part is `refused`; `sent` are the bytes of each send.
    """

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.sends = 0
        self.away = self.unheard = False
        self.refused: set[str] = set()
        self.sent: list[int] = []

    async def __call__(self, entries: Sequence[AuditEntry]) -> None:
        self.sends += 1
        self.sent.append(sum(map(entry_bytes, entries)))
        await asyncio.sleep(0)
        if refused := [at for at, entry in enumerate(entries) if entry.part in self.refused]:
            self.entries += entries[: refused[0]]
            raise EntryRefusedError(refused[0])
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
    monkeypatch.setattr(audit_log, "FAIL_OVER_S", 0.2)
    monkeypatch.setattr(audit_log, "MOST_TOGETHER", 2)
    topic = Topic()
    log = AuditLog(topic.hang, lambda: NOW, dict, "host|1")
    async with asyncio.timeout(30), log:
        ends = await asyncio.gather(*(log.write(READ) for _ in range(9)), return_exceptions=True)
    assert [type(end) for end in ends] == [AuditError] * 9
    assert topic.sends == 1


async def test_a_send_that_a_fail_over_holds_up_is_waited_for_and_written_once() -> None:
    """What was refused after 4 s: by Kafka's defaults a dead broker is missed after 9 s."""
    assert FAIL_OVER_S > 9
    topic, held = Topic(), asyncio.Event()

    async def send(entries: Sequence[AuditEntry]) -> None:
        await held.wait()
        await topic(entries)

    log = AuditLog(send, lambda: NOW, dict, "host|1")
    async with log:
        assert log.waits_s == 0
        writing = asyncio.create_task(log.write(READ))
        async with asyncio.timeout(30):
            while not log.waits_s:
                await asyncio.sleep(0)
        held.set()
        await writing
        assert log.waits_s == 0
    assert [entry.kind for entry in topic.entries].count(ActKind.READ) == 1
    assert topic.faults() == []


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


async def test_an_act_of_too_many_words_fails_alone_before_it_is_in_line() -> None:
    topic = Topic()
    large = Act(ActKind.READ, subject="anna", query="x" * MOST_ENTRY_BYTES)
    async with log_to(topic) as log:
        ends = await asyncio.gather(*(log.write(act) for act in (READ, large, READ)), return_exceptions=True)
        assert [type(end) for end in ends] == [type(None), ActTooLargeError, type(None)]
        await log.write(READ)
    assert {entry.chain for entry in topic.entries} == {"host|1|0"}
    assert topic.faults() == []


async def test_what_was_shown_is_in_parts_that_kafka_takes_each_record_once() -> None:
    """100,000 hit-only records of one answer; keys of the longest kind too."""
    topic = Topic()
    shown = tuple(
        ShownCase(f"be-fp:{'é' * (400 * (at % 5 == 0))}{at}", ShownForm.HIT, "hit_only") for at in range(100_000)
    )
    async with log_to(topic) as log:
        await log.write(Act(ActKind.EXPORT, "anna", query="sealed", request="r1", shown=shown))
    parts = [entry for entry in topic.entries if entry.kind is ActKind.EXPORT]
    assert tuple(each for entry in parts for each in entry.shown) == shown
    assert [entry.part for entry in parts] == [f"{at + 1}/{len(parts)}" for at in range(len(parts))]
    assert [entry.query for entry in parts] == ["sealed", *[""] * (len(parts) - 1)]
    assert {entry.request for entry in parts} == {"r1"}
    assert max(map(entry_bytes, parts)) <= MOST_ENTRY_BYTES
    assert max(len(entry.shown) for entry in parts) > MOST_SHOWN // 4
    assert topic.faults() == []


async def test_others_wait_for_one_part_of_a_large_act_and_not_for_all() -> None:
    topic = Topic()
    async with log_to(topic) as log:
        large = Act(ActKind.EXPORT, shown=tuple(ShownCase(f"a:{at}", ShownForm.HIT) for at in range(5 * MOST_SHOWN)))
        exported = asyncio.ensure_future(log.write(large))
        await asyncio.sleep(0)
        await log.write(READ)
        assert sum(entry.kind is ActKind.EXPORT for entry in topic.entries) <= 2
        await exported
    assert [entry.part for entry in topic.entries if entry.part] == [f"{at + 1}/5" for at in range(5)]


async def test_parts_are_written_whole_or_the_act_fails() -> None:
    topic = Topic()
    async with log_to(topic) as log:
        await log.write(READ)
        topic.refused = {"3/3"}
        with pytest.raises(AuditError):
            await log.write(Act(ActKind.EXPORT, shown=tuple(ShownCase(f"a:{at}", ShownForm.HIT) for at in range(9000))))
        await log.write(READ)
    assert topic.faults() == []


async def test_an_act_that_kafka_refuses_fails_alone_and_those_behind_it_go_into_a_new_chain() -> None:
    topic = Topic()
    topic.refused = {"odd"}
    odd = Act(ActKind.READ, subject="anna", part="odd")
    async with log_to(topic) as log:
        ends = await asyncio.gather(*(log.write(act) for act in (READ, odd, READ, odd, READ)), return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), AuditError, type(None), AuditError, type(None)]
    assert [entry.kind for entry in topic.entries].count(ActKind.READ) == 3
    assert topic.faults() == []


async def test_a_send_takes_no_more_bytes_than_kafka_answers_in_time() -> None:
    topic = Topic()
    large = Act(ActKind.READ, query="x" * (MOST_ENTRY_BYTES // 2))
    async with log_to(topic) as log:
        await asyncio.gather(*(log.write(large) for _ in range(40)))
    assert max(topic.sent) <= audit_log.BYTES_TOGETHER


def test_an_entry_is_as_large_as_it_may_be_and_no_larger() -> None:
    """Of the largest act Kafka's batch has exactly 1 MiB, once each number in it is as long as it can be."""
    bare = longest_entry(Act(ActKind.READ, query="x"), "host|1|0") - 1
    fits, over = (Act(ActKind.READ, query="x" * (MOST_ENTRY_BYTES - bare + more)) for more in (0, 1))
    assert longest_entry(fits, "host|1|0") == MOST_ENTRY_BYTES
    assert split_act(fits, "host|1|0") == [fits]
    assert split_act(over, "host|1|0") is None


async def test_facts_are_written_once_every_reader_knows_them() -> None:
    topic, facts = Topic(), ActFacts(posed=True, hits=2)
    async with AuditLog(topic, lambda: NOW, dict) as log:
        await log.write(Act(ActKind.SEARCH, subject="a", facts=facts))
        log.newest_format = FACTS_FORMAT + 1
        await log.write(Act(ActKind.SEARCH, subject="b", facts=facts))
        log.newest_format = FACTS_FORMAT - 1
        await log.write(Act(ActKind.SEARCH, subject="c", facts=facts))
    assert {entry.subject: entry.facts for entry in topic.entries if entry.subject} == {
        "a": None,
        "b": facts,
        "c": None,
    }
