"""What keeps followers going, and what is said of one that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka import following
from pipeline.streams.kafka.following import FollowedTopic, Follower, Followers, follow_topic
from pipeline.streams.kafka.positions import BlockedPartitionError
from pipeline.streams.kafka.reading import FetchedRecords, Fetching

PARTITION = TopicPartition("audit", 0)
WAIT_S = 30.0


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0)


async def for_ever(follower: Follower) -> None:
    follower.note_caught_up()
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("fr-pj:1 is secret"), "the trail can't be followed: ValueError"),
        (LiaisonError("the secret is missing"), "the trail can't be followed: the secret is missing"),
        (TopicAuthorizationFailedError("audit"), "the trail can't be followed: TopicAuthorizationFailedError"),
        (BlockedPartitionError(PARTITION, 7, "cut short"),
         "the trail can't be followed: audit can't be read on at partition 0, offset 7: cut short"),
    ],
)  # fmt: skip
async def test_one_that_fails_is_named_until_it_goes_on_and_tells_nothing_of_a_record(
    error: Exception, said: str
) -> None:
    followers, mended = Followers(), asyncio.Event()

    async def follow(follower: Follower) -> None:
        if not mended.is_set():
            raise error
        await for_ever(follower)

    async with followers.keep("the trail", follow), followers.keep("another", for_ever):
        await until(followers.why_stopped)
        assert followers.why_stopped() == followers.why_stopped("the trail") == said
        assert followers.why_stopped("another") == ""
        mended.set()
        await until(lambda: not followers.why_stopped())
    assert followers.why_stopped() == ""


@pytest.mark.parametrize("error", [OSError("refused"), KafkaConnectionError("no broker"), EOFError("the index")])
async def test_an_outage_is_waited_out_and_is_no_reason_to_use_another_server(error: Exception) -> None:
    followers, tried = Followers(), 0

    async def follow(follower: Follower) -> None:
        nonlocal tried
        tried += 1
        if tried < 3:
            raise error
        await for_ever(follower)

    async with followers.keep("the trail", follow, EOFError) as follower:
        while tried < 3:
            assert followers.why_stopped() == ""
            await asyncio.sleep(0)
        await follower.wait_caught_up()


async def test_a_task_that_ends_though_nobody_told_it_to_is_named() -> None:
    followers = Followers()

    async def ends(_: Follower) -> None:
        return

    async with followers.keep("the trail", for_ever) as follower, followers.keep("another", ends) as other:
        await other.wait_caught_up()
        assert followers.why_stopped() == "another can't be followed: its task has ended"
        await follower.wait_caught_up()
        assert followers.why_stopped("the trail") == ""
        follower.task.cancel()
        await until(lambda: follower.task.done())
        assert followers.why_stopped("the trail") == "the trail can't be followed: its task has ended"


class Topic:
    """A partition as `read_on` hands it on, two records at a time; cut off as often as `outages` says."""

    def __init__(self, values: Sequence[bytes], outages: int = 0) -> None:
        self.values, self.outages, self.starts = values, outages, list[int]()

    async def read_on(
        self, _: Settings, starts: Mapping[TopicPartition, int], fetching: Fetching
    ) -> AsyncGenerator[FetchedRecords]:
        at = starts[PARTITION]
        self.starts.append(at)
        yield FetchedRecords([], at >= len(self.values), at_end=False)
        while at < len(self.values):
            some = [_record(place, self.values[place]) for place in range(at, min(at + 2, len(self.values)))]
            at += len(some)
            yield FetchedRecords(some, at >= len(self.values), at_end=False)
            if self.outages:
                self.outages -= 1
                raise KafkaConnectionError("gone")
        await asyncio.Event().wait()


def _record(offset: int, value: bytes) -> ConsumerRecord:
    return ConsumerRecord("audit", 0, offset, 0, 0, b"", value, None, 0, len(value), ())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


async def test_each_record_is_seen_once_in_order_over_outages(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, seen, settled = Topic([b"%d" % at for at in range(7)], outages=3), list[bytes](), list[int]()
    monkeypatch.setattr(following, "read_on", topic.read_on)

    async def settle() -> None:
        settled.append(len(seen))

    following_it = follow_topic(
        settings, Followers(), FollowedTopic("the trail", PARTITION), value_of, seen.append, settle=settle
    )
    async with following_it as follower:
        await follower.wait_caught_up()
        assert seen == topic.values
        assert settled == [2, 4, 6, 7]
        assert topic.starts == [0, 2, 4, 6]


@pytest.mark.parametrize("where", ["decode", "see"])
async def test_a_record_that_cannot_be_taken_in_holds_up_what_follows_and_comes_again_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """What came before it with the same fetch is not seen twice: hits would be counted twice."""
    topic, seen, mended = Topic([b"0", b"1", b"2", b"poison", b"4"]), list[bytes](), asyncio.Event()
    monkeypatch.setattr(following, "read_on", topic.read_on)
    followers = Followers()

    def stop_at(value: bytes) -> bytes:
        if value == b"poison" and not mended.is_set():
            raise LiaisonError("it is of a later version")
        return value

    def decode(record: ConsumerRecord) -> bytes:
        return stop_at(value_of(record)) if where == "decode" else value_of(record)

    def see(value: bytes) -> None:
        seen.append(value if where == "decode" else stop_at(value))

    async with follow_topic(settings, followers, FollowedTopic("the trail", PARTITION), decode, see) as follower:
        await until(lambda: len(topic.starts) > 1)
        assert (seen, topic.starts[1]) == ([b"0", b"1", b"2"], 3)
        assert followers.why_stopped() == "the trail can't be followed: it is of a later version"
        await follower.wait_caught_up()  # who begins with it waits for what it may never take in no longer
        mended.set()
        await until(lambda: seen == topic.values and not followers.why_stopped())


def value_of(record: ConsumerRecord) -> Any:
    return record.value
