"""Guesses on a real broker: several servers count as one, and no open transaction holds a search up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from pipeline.access.guesses import BORN, AskedGuesses, GuessLedger, NamedGuess
from pipeline.settings import Settings
from pipeline.streams.audit import guess_log
from pipeline.streams.audit.guess_log import GuessError, GuessLog, GuessReader
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import FailFastProducer
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.times import now

pytestmark = pytest.mark.engines


def guess(born: int, about: str = "") -> AskedGuesses:
    return AskedGuesses("fr-pj", about, (NamedGuess(("0123456789abcdef",), f"{born:08x}"),))


async def test_servers_that_ask_at_once_are_answered_three_dates_together_and_a_late_one_agrees(
    engine_settings: Settings,
) -> None:
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    ledgers = [GuessLedger() for _ in range(3)]
    async with GuessLog(engine_settings, ledgers[0], now) as one, GuessLog(engine_settings, ledgers[1], now) as other:
        asked = [log.ask(guess(born)) for born in range(1, 7) for log in (one, other)]
        answers = await asyncio.gather(*asked)
        assert [bool(answer) for answer in answers].count(False) == 6  # each of three dates, by both
        assert answers[::2] == answers[1::2]
        again = [await one.ask(guess(born)) for born in range(1, 7)]
        assert again == answers[::2]
    async with GuessLog(engine_settings, ledgers[2], now) as late:
        assert [await late.ask(guess(born)) for born in range(1, 7)] == again
        assert late.ledger.refused_days()[0].day == datetime.now(UTC).date()


async def test_a_verdict_that_is_missing_lets_nothing_be_asked(
    engine_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where others write very much before the asker comes for it."""
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    async with GuessLog(engine_settings, GuessLedger(), now) as log:
        with monkeypatch.context() as crowded:
            crowded.setattr(guess_log, "REMEMBERED", 0)
            for born in range(1, 5):
                with pytest.raises(GuessError):
                    await log.ask(guess(born, "fr-pj:1"))
        assert [await log.ask(guess(born)) for born in range(1, 5)] == [frozenset()] * 3 + [{BORN}]


async def test_a_transaction_that_is_open_holds_nobody_up_and_counts_at_once(engine_settings: Settings) -> None:
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    name = topics.topic_name(engine_settings, topics.HIT_GUESSES)
    producer = FailFastProducer(engine_settings, f"{engine_settings.namespace}decide-1", transaction_timeout_ms=60_000)
    await producer.start()
    await producer.begin_transaction()
    for born in range(1, 4):
        await producer.send_and_wait(name, msgspec.json.encode(guess(born, "fr-pj:1")), key=b"fr-pj", partition=0)
    lane, reader = GuessLedger(keeping=True), GuessReader(engine_settings)
    async with GuessLog(engine_settings, GuessLedger(), now) as log:
        assert await log.ask(guess(4)) == {BORN}
        await producer.abort_transaction()
        assert await log.ask(guess(3)) == frozenset()
    await producer.stop()
    await reader.catch_up(lane)
    assert lane.end >= 4
    await reader.catch_up(lane)
    await reader.close()
