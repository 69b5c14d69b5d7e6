from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import repeat

import msgspec
import pytest

from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import (
    BYTES_TOGETHER,
    DecisionError,
    DecisionLog,
    NewValue,
    OvertakenError,
    UnknownDecisionError,
    plan_sends,
)
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import ANSWER_S
from support.kafka.transactions_imitation import Fault, Kafka, run_without_waiting


class Value(msgspec.Struct, frozen=True):
    """As good as a decision."""


def plan(*values: tuple[topics.Topic, bool]) -> list[list[int]]:
    return plan_sends([NewValue(topic, "key", Value(), Value() if replaces else None) for topic, replaces in values])


def test_topics_are_sent_to_in_one_order_and_only_once_nothing_is_waited_for_before() -> None:
    a, b, c = topics.ASSIGNMENTS, topics.FOLDERS, topics.REVIEWS
    assert plan((c, True), (a, True)) == plan((c, False), (a, True)) == [[1], [0]]
    assert plan((a, True), (c, True), (b, False), (a, False)) == [[0, 3], [2, 1]]


def test_what_goes_before_the_only_replaced_values_goes_with_them() -> None:
    assert plan((topics.FOLDER_ITEMS, True), (topics.FOLDER_CHARTS, False)) == [[1, 0]]
    assert plan((topics.REVIEWS, False), (topics.ASSIGNMENTS, False)) == [[1, 0]]
    assert plan() == [[]]


# ── decisions that wait ──

SETTINGS = Settings(namespace="waiting-")
REVIEWS = topics.topic_name(SETTINGS, topics.REVIEWS)


class Kept(msgspec.Struct, frozen=True):
    """As good as a decision, too."""

    name: str


def write_at_once(
    patch: pytest.MonkeyPatch, decisions: Sequence[Sequence[NewValue]], faults: Sequence[Fault] = ()
) -> tuple[Kafka, list[list[int] | BaseException]]:
    """What becomes of decisions of one server that are made at one moment."""
    kafka = Kafka(faults)
    kafka.install(patch)

    async def write() -> list[list[int] | BaseException]:
        async with DecisionLog(SETTINGS) as log:
            return await asyncio.gather(*map(log.write_all, decisions), return_exceptions=True)

    return kafka, run_without_waiting(write())


def new(key: str, name: str, replaces: str = "") -> list[NewValue]:
    return [NewValue(topics.REVIEWS, key, Kept(name), Kept(replaces) if replaces else None)]


def read_values(kafka: Kafka) -> list[str]:
    return [msgspec.json.decode(value, type=Kept).name for _, _, value in kafka.committed(REVIEWS)]


def test_decisions_that_wait_share_a_transaction_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka, ends = write_at_once(monkeypatch, [new(f"key{at}", f"{at}") for at in range(50)])
    assert read_values(kafka) == [f"{at}" for at in range(50)]
    assert (ends, kafka.commits) == ([[at] for at in range(50)], 1)


@pytest.mark.parametrize(("count", "size", "commits"), [(3, 50, 2), (3, 200, 3), (250, 1, 3)])
def test_a_transaction_has_so_many_values_that_others_find_them(
    count: int, size: int, commits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [[value for at in range(size) for value in new(f"{one}.{at}", "")] for one in range(count)]
    kafka, ends = write_at_once(monkeypatch, many)
    assert (kafka.commits, len(read_values(kafka))) == (commits, count * size)
    assert not any(isinstance(end, BaseException) for end in ends)


def test_large_values_share_no_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka, _ = write_at_once(monkeypatch, [new(f"{at}", "x" * (BYTES_TOGETHER - 20)) for at in range(3)])
    assert kafka.commits == 3


def test_the_next_decision_on_a_key_finds_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    chained = [new("a", "1"), new("a", "2", replaces="1"), new("b", "3"), new("a", "4", replaces="1")]
    kafka, ends = write_at_once(monkeypatch, chained)
    assert read_values(kafka) == ["1", "2", "3"]
    assert [type(end) for end in ends] == [list, list, list, OvertakenError]


def test_of_those_that_wait_only_the_one_that_is_overtaken_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka()
    for key in "abc":
        kafka.keep(REVIEWS, key.encode(), b'{"name":"first"}')
    kafka.install(monkeypatch)

    async def write() -> list[int | BaseException]:
        async with DecisionLog(SETTINGS) as log:
            asked = (log.write(*new(key, key, replaces="first" if key != "b" else "other")[0]) for key in "abc")
            return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(end) for end in run_without_waiting(write())] == [int, OvertakenError, int]
    assert read_values(kafka) == ["first", "first", "first", "a", "c"]


def test_what_cannot_be_sent_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka, ends = write_at_once(monkeypatch, [new("a", "1"), new("b", "too large"), new("c", "3")])
    assert read_values(kafka) == ["1", "3"]
    assert [type(end) for end in ends] == [list, DecisionError, list]


def test_a_commit_whose_answer_is_lost_is_unknown_to_each(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka, ends = write_at_once(monkeypatch, [new("a", "1"), new("b", "2")], [Fault.NONE, Fault.NONE, Fault.LOST])
    assert [type(end) for end in ends] == [UnknownDecisionError] * 2
    assert read_values(kafka) == ["1", "2"]


def test_who_gives_up_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka()
    kafka.install(monkeypatch)

    async def write() -> int:
        async with DecisionLog(SETTINGS) as log:
            first, other = (asyncio.create_task(log.write(*new(key, key)[0])) for key in "ab")
            await asyncio.sleep(0.015)
            first.cancel()
            return await other

    assert run_without_waiting(write()) == 3, "behind what was given up, and its marker"
    assert read_values(kafka) == ["b"]


def test_who_waits_when_the_log_is_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka(repeat(Fault.SLOW))
    kafka.install(monkeypatch)

    async def write() -> list[int | BaseException]:
        async with DecisionLog(SETTINGS) as log:
            asked = [asyncio.create_task(log.write(*new("a", name)[0])) for name in "ab"]
            await asyncio.sleep(0.1)
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(end) for end in run_without_waiting(write())] == [DecisionError, DecisionError]
    assert read_values(kafka) == []


def test_a_broker_that_hangs_is_waited_for_no_longer_than_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka(repeat(Fault.HANGS))
    kafka.install(monkeypatch)

    async def write() -> tuple[list[int | BaseException], float]:
        async with DecisionLog(SETTINGS) as log:
            asked = (log.write(*new(key, key)[0]) for key in "abc")
            ends = await asyncio.gather(*asked, return_exceptions=True)
            return ends, asyncio.get_running_loop().time()

    ends, took = run_without_waiting(write())
    assert [type(end) for end in ends] == [DecisionError] * 3
    assert took == pytest.approx(ANSWER_S, abs=0.01)
