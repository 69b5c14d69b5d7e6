"""Decisions while their broker hangs: answers are prompt, and what was reported as failed never comes."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionError, DecisionLog, UnknownDecisionError
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import FailFastProducer
from pipeline.streams.kafka.reading import read_partitions
from support.kafka.own_broker import HeldConnection, broker, line, stopped

__all__ = ["broker", "line"]

pytestmark = [pytest.mark.rare, pytest.mark.engines, pytest.mark.timeout(400)]

ROUNDS = 5

ANSWERED_S = 14.0
"""Answers come within 5 s on a machine with nothing else to do."""


class Value(msgspec.Struct):
    """As good as a review."""

    name: str


async def write_until_taken(log: DecisionLog, key: str) -> None:
    async with asyncio.timeout(90):
        while True:
            try:
                await log.write(topics.REVIEWS, key, Value(key))
            except DecisionError:
                await asyncio.sleep(0)
            else:
                return


async def written(settings: Settings) -> list[str]:
    """The keys of all decisions that readers see."""
    source = TopicPartition(topics.topic_name(settings, topics.REVIEWS), 0)
    return [record.key.decode() async for records in read_partitions(settings, {source: 0}) for record in records]


@pytest.mark.short
async def test_what_was_reported_as_failed_never_comes(broker: Settings) -> None:
    async with DecisionLog(broker) as log:
        for number in range(ROUNDS):
            await write_until_taken(log, f"before{number}")
            with stopped(broker):
                async with asyncio.timeout(ANSWERED_S):
                    ends = await asyncio.gather(
                        *(log.write(topics.REVIEWS, f"failed{number}", Value("x")) for _ in range(20)),
                        return_exceptions=True,
                    )
                assert {type(end) for end in ends} == {DecisionError}
            await write_until_taken(log, f"after{number}")
    expected = {f"{when}{number}" for number in range(ROUNDS) for when in ("before", "after")}
    assert set(await written(broker)) == expected


async def test_what_was_held_back_comes_to_nothing(broker: Settings, line: HeldConnection) -> None:
    async with DecisionLog(broker) as log:
        await write_until_taken(log, "before")
        line.hold()
        with pytest.raises(DecisionError, match="not saved"):
            await log.write(topics.REVIEWS, "failed", Value("x"))
        assert line.bytes_held > 0
        await write_until_taken(log, "after")
        line.release()
        await write_until_taken(log, "last")
    assert await written(broker) == ["before", "after", "last"]


async def test_a_commit_whose_answer_is_lost_is_said_to_be_unknown_to_all_that_share_it(
    broker: Settings, line: HeldConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = FailFastProducer.commit_transaction

    async def held(producer: Any) -> None:
        line.hold()
        await commit(producer)

    async with DecisionLog(broker) as log:
        await write_until_taken(log, "before")
        with monkeypatch.context() as patched:
            patched.setattr(FailFastProducer, "commit_transaction", held)
            ends = await asyncio.gather(
                *(log.write(topics.REVIEWS, f"unknown{number}", Value("x")) for number in range(5)),
                return_exceptions=True,
            )
            assert {type(end) for end in ends} == {UnknownDecisionError}
            assert all("check before you repeat it" in str(end) for end in ends)
        await write_until_taken(log, "after")
        known = await written(broker)
        line.release()
        await write_until_taken(log, "last")
    assert await written(broker) == [*known, "last"]
    assert len(known) in (2, 7), "all of them or none"
