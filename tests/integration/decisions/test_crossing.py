"""Decisions on one key that cross: of those made on the same value one is kept, whoever wrote it, and no other."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionError, DecisionLog, NewValue, OvertakenError
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from support.installation.installation import Installation

pytestmark = pytest.mark.engines

ROUNDS, WRITERS = 5, 3


class Thread(msgspec.Struct, frozen=True):
    """As good as a disclosure."""

    steps: tuple[str, ...] = ()

    def after(self, step: str) -> Thread:
        return Thread((*self.steps, step))


@pytest.fixture
def settings(installation: Installation) -> Settings:
    """Topics, and no stage."""
    found: Settings = installation.settings
    return found


async def kept(settings: Settings, key: str) -> list[Thread]:
    """The values of a key that readers see."""
    source = TopicPartition(topics.topic_name(settings, topics.REVIEWS), 0)
    values = [
        one.value async for some in read_partitions(settings, {source: 0}) for one in some if one.key == key.encode()
    ]
    return [msgspec.json.decode(value, type=Thread) for value in values]


async def decide(log: DecisionLog, key: str, before: Thread, step: str) -> Thread | None:
    """The value that was kept; None where somebody else decided first."""
    try:
        await log.write(topics.REVIEWS, key, before.after(step), before)
    except OvertakenError:
        return None
    return before.after(step)


async def test_of_decisions_on_one_value_one_is_kept(settings: Settings) -> None:
    logs = [DecisionLog(settings) for _ in range(WRITERS)]
    held = Thread()
    try:
        for number, log in enumerate(logs):
            await log.write(topics.REVIEWS, f"other{number}", held)
        for number in range(ROUNDS):
            steps = (decide(log, "key", held, f"{number} by {at}") for at, log in enumerate(logs))
            (held,) = [thread for thread in await asyncio.gather(*steps) if thread is not None]
    finally:
        for log in logs:
            await log.__aexit__(None, None, None)
    threads = await kept(settings, "key")
    assert [len(thread.steps) for thread in threads] == list(range(1, ROUNDS + 1))
    assert threads[-1] == held


async def test_of_those_that_share_a_transaction_each_hears_of_its_own(settings: Settings) -> None:
    keys = [f"shared{number}" for number in range(6)]
    held = dict.fromkeys(keys, Thread())
    async with DecisionLog(settings) as one, DecisionLog(settings) as other:
        for number in range(ROUNDS):
            asked = [(log, key) for key in keys for log in ((one, other) if key in keys[::2] else (one,))]
            steps = (decide(log, key, held[key], f"{number} by {at}") for at, (log, key) in enumerate(asked))
            ends = list(zip(asked, await asyncio.gather(*steps), strict=True))
            for key in keys:
                (held[key],) = [thread for (_, wanted), thread in ends if wanted == key and thread is not None]
    for key in keys:
        assert (await kept(settings, key))[-1] == held[key]
        assert [len(thread.steps) for thread in await kept(settings, key)] == list(range(1, ROUNDS + 1))


async def test_a_decision_that_was_refused_stands_in_nobodys_way(settings: Settings) -> None:
    async with DecisionLog(settings) as log, DecisionLog(settings) as other:
        first = await decide(log, "key", Thread(), "first")
        assert first is not None
        assert await decide(other, "key", Thread(), "crossing") is None
        second = await decide(log, "key", first, "second")
        assert second is not None
        assert await decide(other, "key", second, "third") is not None
    assert [thread.steps[-1] for thread in await kept(settings, "key")] == ["first", "second", "third"]


async def decide_two(log: DecisionLog, key: str, *on: topics.Topic) -> None:
    """Decide in two topics at once, in each on what the key held."""
    before = Thread()
    for topic in on:
        await log.write(topic, key, before)
    for number in range(ROUNDS):
        await log.write_all([NewValue(topic, key, before.after(str(number)), before) for topic in on])
        before = before.after(str(number))


async def test_those_that_decide_in_the_same_topics_do_not_wait_for_each_other(settings: Settings) -> None:
    """In whatever order each names them: in two orders each would wait below the other, until both gave up."""
    async with DecisionLog(settings) as one, DecisionLog(settings) as other:
        await asyncio.gather(
            decide_two(one, "one", topics.REVIEWS, topics.ASSIGNMENTS),
            decide_two(other, "other", topics.ASSIGNMENTS, topics.REVIEWS),
        )
    for key in ("one", "other"):
        assert [len(thread.steps) for thread in await kept(settings, key)] == list(range(ROUNDS + 1))


async def test_what_holds_is_not_needed_where_nothing_is_replaced(settings: Settings) -> None:
    async with DecisionLog(settings) as log:
        for _ in range(2):
            await log.write(topics.REVIEWS, "key", Thread())
        with pytest.raises(DecisionError):
            await log.write(topics.REVIEWS, "key", Thread(("a",)), Thread(("b",)))
