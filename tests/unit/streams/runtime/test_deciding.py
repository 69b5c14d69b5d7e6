"""Slices are decided one after the other, or together; whatever fails is told to those whose slice it was."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.steps import Step, Steps
from pipeline.streams.runtime import deciding
from pipeline.streams.runtime.deciding import Decider, count_turns, step_in_hand
from pipeline.streams.runtime.processor import ChunkResult, NullStore, Processor, SourceSlice


class Recorder(Processor):
    """Notes what it is asked to decide; topic `together` at once, topic `poison` never."""

    def __init__(self) -> None:
        self.rounds: list[list[tuple[str, int]]] = []

    def decides_together(self, source: TopicPartition) -> bool:
        return bool(source.topic == "together")

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        self.rounds.append([tuple(source)])
        if source.topic == "poison":
            raise BaseException("a panic")
        return ChunkResult(documents=[source.partition])

    def decide_slices(self, slices: Sequence[SourceSlice]) -> list[ChunkResult]:
        self.rounds.append([tuple(one.source) for one in slices])
        return [ChunkResult(documents=[one.source.partition]) for one in slices]


async def decide(work: Recorder, decider: Decider, topic: str, partition: int, count: int = 1) -> list[Any]:
    decision = await decider.decide(work, TopicPartition(topic, partition), NullStore(), [None] * count)
    return decision.result.documents


def test_slices_of_a_topic_that_are_ready_are_decided_together_and_each_has_its_own_answer() -> None:
    async def run() -> None:
        work, decider = Recorder(), Decider()
        asked = [
            decide(work, decider, topic, at) for at, topic in enumerate(["together", "alone", "together", "alone"])
        ]
        assert await asyncio.gather(*asked) == [[0], [1], [2], [3]]
        assert work.rounds == [[("together", 0), ("together", 2)], [("alone", 1)], [("alone", 3)]]

    asyncio.run(run())


def test_a_failure_is_its_own_lanes_and_what_comes_later_is_decided() -> None:
    async def run() -> None:
        work, decider = Recorder(), Decider()
        failing = decide(work, decider, "poison", 0)
        told = await asyncio.gather(failing, decide(work, decider, "alone", 1), return_exceptions=True)
        assert isinstance(told[0], BaseException)
        assert told[1] == [1]
        assert await decide(work, decider, "alone", 2) == [2]

    asyncio.run(run())


def test_the_slice_of_a_lane_that_was_cancelled_is_not_decided() -> None:
    async def run() -> None:
        work, decider = Recorder(), Decider()
        gone = asyncio.create_task(decide(work, decider, "alone", 0))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await decide(work, decider, "alone", 1) == [1]
        assert work.rounds == [[("alone", 1)]]

    asyncio.run(run())


def test_the_time_of_a_group_is_shared_by_records() -> None:
    async def run() -> None:
        work, decider = Recorder(), Decider()
        sources = [TopicPartition("together", at) for at in range(2)]
        asked = [
            decider.decide(work, source, NullStore(), [None] * n) for source, n in zip(sources, (1, 3), strict=True)
        ]
        few, many = await asyncio.gather(*asked)
        assert many.spent_s == pytest.approx(3 * few.spent_s)

    asyncio.run(run())


class Stepwise(Recorder):
    """Decides topic `long` in two long steps, of which each ends once it may, and `many` in short ones."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_end = threading.Semaphore(0), threading.Semaphore(0)
        self.threads: list[int] = []
        self.ended = False

    def decide_in_steps(
        self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]
    ) -> Steps[ChunkResult]:
        try:
            if source.topic == "long":
                for _ in range(2):
                    yield Step.LONG
                    self.threads.append(threading.get_ident())
                    self.begun.release()
                    self.may_end.acquire()
            if source.topic == "many":
                for _ in records:
                    yield Step.SHORT
                    self.threads.append(threading.get_ident())
            return self.decide_records(source, store, records)
        finally:
            self.ended = True


class Asking(Processor):
    """Notes what another thread is told of the step that it is at; topic `together` is decided at once."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def decides_together(self, source: TopicPartition) -> bool:
        return bool(source.topic == "together")

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        with ThreadPoolExecutor() as other:
            self.told.append(other.submit(step_in_hand).result()[0])
        return ChunkResult()

    def decide_slices(self, slices: Sequence[SourceSlice]) -> list[ChunkResult]:
        return [self.decide_records(*one) for one in slices]


def test_other_threads_are_told_which_records_a_turn_is_at() -> None:
    """The loop that is at them can't tell."""

    async def run() -> list[str]:
        work, decider = Asking(), Decider()
        records: Any = [SimpleNamespace(offset=offset) for offset in (5, 6, 9)]
        places = [TopicPartition("cases", 3), TopicPartition("together", 0), TopicPartition("together", 1)]
        await asyncio.gather(*(decider.decide(work, place, NullStore(), records) for place in places))
        assert step_in_hand() == ("", 0.0)
        return sorted(work.told)

    assert asyncio.run(run()) == ["cases-3, offset 5 to 9", *["together-0, offset 5 to 9"] * 2]


def test_a_long_step_lets_the_loop_turn_and_others_go_on() -> None:
    async def run() -> None:
        work, decider = Stepwise(), Decider()
        long = asyncio.create_task(decide(work, decider, "long", 0))
        await asyncio.to_thread(work.begun.acquire)
        assert await decide(work, decider, "alone", 1) == [1]
        before = count_turns()
        work.may_end.release()
        await asyncio.to_thread(work.begun.acquire)
        assert count_turns() > before
        assert await decide(work, decider, "alone", 2) == [2]
        assert not long.done()
        work.may_end.release()
        assert await long == [0]
        assert work.rounds == [[("alone", 1)], [("alone", 2)], [("long", 0)]]
        assert threading.get_ident() not in work.threads

    asyncio.run(run())


def test_short_steps_that_take_longer_than_a_turn_let_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "TURN_S", 0.0)

    async def run() -> None:
        work, decider = Stepwise(), Decider()
        many = asyncio.create_task(decide(work, decider, "many", 0, count=50))
        await asyncio.sleep(0)
        assert await decide(work, decider, "alone", 1) == [1]
        assert await many == [0]
        assert work.rounds == [[("alone", 1)], [("many", 0)]]
        assert set(work.threads) == {threading.get_ident()}

    asyncio.run(run())


def test_what_a_lane_that_was_cancelled_has_in_hand_is_given_up_between_two_steps() -> None:
    async def run() -> None:
        work, decider = Stepwise(), Decider()
        gone = asyncio.create_task(decide(work, decider, "long", 0))
        await asyncio.to_thread(work.begun.acquire)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        work.may_end.release()
        while not work.ended:
            await asyncio.sleep(0)
        assert len(work.threads) == 1
        assert work.rounds == []

    asyncio.run(run())


def test_a_failure_in_a_thread_is_its_lanes() -> None:
    class Failing(Stepwise):
        def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
            raise BaseException("a panic")

    async def run() -> None:
        work, decider = Failing(), Decider()
        work.may_end.release(2)
        with pytest.raises(BaseException, match="a panic"):
            await decide(work, decider, "long", 0)

    asyncio.run(run())
