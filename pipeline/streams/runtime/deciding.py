"""Decides the slices of all lanes of a worker on one thread: one after the other, or together what costs less so."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.streams.runtime.processor import ChunkResult, Processor, SourceSlice, Store

LONG_SLICE_S: Final = 0.002
BREATH_S: Final = 0.001
"""Pause after slices that took so long: a fetch and a commit are each some ten steps of the event loop and of Kafka's
threads, which would else get one step a slice."""


class Decision(NamedTuple):
    """What a slice leads to, and its share of the seconds that deciding took."""

    result: ChunkResult
    spent_s: float


class _Request(NamedTuple):
    work: Processor
    slice: SourceSlice
    answer: asyncio.Future[Decision]


class Decider:
    """What the lanes of a worker share to have their slices decided."""

    def __init__(self) -> None:
        self._waiting: list[_Request] = []
        self._task: asyncio.Task[None] | None = None

    async def decide(
        self, work: Processor, source: TopicPartition, store: Store, records: Sequence[ConsumerRecord]
    ) -> Decision:
        """Decide on a slice in its turn. Raises what the processor does.

        A lane that is cancelled meanwhile may close its store at once: its slice is not decided any more.
        """
        request = _Request(work, SourceSlice(source, store, records), asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._decide_waiting(), name="deciding")
        return await request.answer

    async def _decide_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # lanes that are ready, too, have their slices in this round
            round_, self._waiting = self._waiting, []
            for some in _group_requests(round_):
                spent_s = _decide_group([request for request in some if not request.answer.done()])
                await asyncio.sleep(BREATH_S if spent_s >= LONG_SLICE_S else 0)


def _group_requests(requests: Sequence[_Request]) -> list[list[_Request]]:
    """Those that their processor decides together; each other one alone."""
    groups: dict[tuple[object, ...], list[_Request]] = defaultdict(list)
    for at, request in enumerate(requests):
        source = request.slice.source
        together = request.work.decides_together(source)
        groups[(id(request.work), source.topic) if together else (at,)].append(request)
    return list(groups.values())


def _decide_group(requests: Sequence[_Request]) -> float:
    """Decide, answer, and return the seconds that it took."""
    if not requests:
        return 0.0
    begun = time.perf_counter()
    work = requests[0].work
    try:
        if len(requests) == 1:
            results = [work.decide_records(*requests[0].slice)]
        else:
            results = work.decide_slices([request.slice for request in requests])
    except BaseException as error:  # a panic of a library in Rust is no Exception; no lane may wait for ever
        for request in requests:
            request.answer.set_exception(error)
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return time.perf_counter() - begun
    spent_s = time.perf_counter() - begun
    count = sum(len(request.slice.records) for request in requests)
    for request, result in zip(requests, results, strict=True):
        request.answer.set_result(Decision(result, spent_s * len(request.slice.records) / count))
    return spent_s
