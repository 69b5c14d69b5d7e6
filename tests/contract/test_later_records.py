"""What a later version writes, on a real broker: who must not pass over it stops there, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.access.audit import FACTS_FORMAT, Act, ActKind, AuditEntry
from pipeline.access.formats import LaterFormatError
from pipeline.access.guesses import BORN, GUESS_FORMAT, AskedGuesses, GuessLedger, NamedGuess
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.audit.audit_tail import AUDIT_TRAIL, TrailCheck, follow_audit, read_entries
from pipeline.streams.audit.guess_log import GUESSES, GuessError, GuessLog, GuessReader
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.following import Followers
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.times import now
from support.waiting import WaitFor

pytestmark = pytest.mark.engines


async def put(settings: Settings, topic: topics.Topic, value: bytes) -> None:
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        await producer.send_and_wait(topics.topic_name(settings, topic), value, key=b"later")


def of_later_version(known: msgspec.Struct, newest: int, **further: object) -> bytes:
    held: Mapping[str, object] = msgspec.to_builtins(known)
    return msgspec.json.encode({**held, **further, "format": newest + 1})


async def test_the_trail_is_read_up_to_an_entry_of_a_later_version_and_no_further(
    engine_settings: Settings, wait_for: WaitFor
) -> None:
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    seen, followers = list[AuditEntry](), Followers()
    check = TrailCheck(engine_settings, now)
    async with (
        audit_log(engine_settings, now) as log,
        follow_audit(engine_settings, 0, [seen.append], followers=followers),
    ):
        await log.write(Act(ActKind.READ, "anna", rule="role"))
        await put(engine_settings, topics.AUDIT, b"{")
        await asyncio.to_thread(wait_for, lambda: [entry.subject for entry in seen] == ["", "anna"])
        await put(engine_settings, topics.AUDIT, of_later_version(seen[-1], FACTS_FORMAT, kind="report"))
        await log.write(Act(ActKind.READ, "bert", rule="role"))
        await asyncio.to_thread(wait_for, followers.why_stopped)
        said = followers.why_stopped(AUDIT_TRAIL)
    position = f"{topics.topic_name(engine_settings, topics.AUDIT)}-0-3"
    assert seen[-1].subject == "anna"
    assert said.startswith(f"the audit trail can't be followed: {position} has format {FACTS_FORMAT + 1}, ")
    reading = read_entries(engine_settings)
    assert [await anext(reading) for _ in seen] == seen
    with pytest.raises(LaterFormatError, match=position):
        await anext(reading)
    for _ in range(2):
        with pytest.raises(LaterFormatError, match=position):
            await check.check_trail(60)
    async with audit_log(engine_settings, now, followers=followers):
        assert followers.why_stopped(AUDIT_TRAIL) == said, "a server that begins knows what it can't count"


async def test_behind_a_guess_of_a_later_version_nothing_is_asked(engine_settings: Settings) -> None:
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    asked = [AskedGuesses("fr-pj", guesses=(NamedGuess(("0123456789abcdef",), f"{born:08x}"),)) for born in range(1, 6)]
    followers = Followers()
    async with GuessLog(engine_settings, GuessLedger(), now, followers) as log:
        await put(engine_settings, topics.HIT_GUESSES, b"{")
        assert [await log.ask(one) for one in asked[:4]] == [frozenset()] * 3 + [{BORN}]
        await put(engine_settings, topics.HIT_GUESSES, of_later_version(asked[0], GUESS_FORMAT, guesses="many"))
        with pytest.raises(GuessError):
            await log.ask(asked[4])
        with pytest.raises(GuessError):
            await log.ask(asked[4])
        said = followers.why_stopped(GUESSES)
        assert said.startswith(
            f"guesses can't be followed: {topics.topic_name(engine_settings, topics.HIT_GUESSES)}-0-5"
        )
    async with GuessLog(engine_settings, GuessLedger(), now, followers) as log:
        with pytest.raises(GuessError):
            await log.ask(asked[4])
    reader, ledger = GuessReader(engine_settings), GuessLedger()
    for _ in range(2):
        with pytest.raises(LaterFormatError):
            await reader.catch_up(ledger)
        assert ledger.end == 5, "it is there to be read by a version that can"
