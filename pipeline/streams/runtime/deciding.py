"""Decides the slices of all lanes of a worker: one after the other, or together what costs less so.

What takes longer than TURN_S is decided step by step beside the others: between two steps the event loop turns and
other lanes have their slices decided. Long steps are done in a thread, one at a time; they touch no store.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.steps import Step
from pipeline.streams.runtime.processor import ChunkResult, Processor, SourceSlice, Store

LONG_SLICE_S: Final = 0.002
BREATH_S: Final = 0.001
"""Pause after slices that took so long: a fetch and a commit are each some ten steps of the event loop and of Kafka's
threads, which would else get one step a slice."""


TURN_S: Final = 0.1
"""How long a slice is decided without a break: ordinary ones take less, so that nothing is lost by breaks."""


_turns = 0


def count_turns() -> int:
    """How many turns at slices this process has taken so far: one that stands still is at a slice, or at none."""
    return _turns


_begun: dict[int, tuple[float, SourceSlice]] = {}
"""By thread the turn that it is at: when it began, and the slice, or the first of several."""


def step_in_hand(clock: Callable[[], float] = time.monotonic) -> tuple[str, float]:
    """Which records the longest turn in hand is at, by position, and for how many seconds; "" and 0 where none is.

    It may be asked from any thread: the event loop does not turn while it is at one.
    """
    begun = min(_begun.copy().values(), key=itemgetter(0), default=None)
    if begun is None:
        return "", 0.0
    at, ((topic, partition), _, records) = begun
    return f"{topic}-{partition}, offset {records[0].offset} to {records[-1].offset}", clock() - at


@contextlib.contextmanager
def _turn_at(slice_: SourceSlice) -> Iterator[None]:
    """Say what this thread is at for as long as its turn lasts, and count that."""
    global _turns
    _begun[threading.get_ident()] = time.monotonic(), slice_
    try:
        yield
    finally:
        del _begun[threading.get_ident()]
        _turns += 1


class Decision(NamedTuple):
    """What a slice leads to, and its share of the seconds that deciding took."""

    result: ChunkResult
    spent_s: float


class _Request(NamedTuple):
    work: Processor
    slice: SourceSlice
    answer: asyncio.Future[Decision]


class _Deciding:
    """A slice that is decided in steps. `spent_s` is what they took so far."""

    def __init__(self, request: _Request) -> None:
        self.request = request
        self.next = Step.SHORT
        self.spent_s = 0.0
        self._steps = request.work.decide_in_steps(*request.slice)
        self._result: ChunkResult | BaseException | None = None

    def take_turn(self) -> bool:
        """Take a long step, or short ones for as long as a turn is; whether the slice is decided, or failed."""
        begun = time.perf_counter()
        with _turn_at(self.request.slice):
            try:
                self.next = next(self._steps)
                while self.next is Step.SHORT and time.perf_counter() - begun < TURN_S:
                    self.next = next(self._steps)
            except StopIteration as end:
                self._result = end.value
            except BaseException as error:  # a panic of a library in Rust is no Exception; no lane may wait for ever
                self._result = error
        self.spent_s += time.perf_counter() - begun
        return self._result is not None

    def answer(self) -> None:
        """Tell the lane, unless it has gone meanwhile. Raises what ends the process."""
        result, answer = self._result, self.request.answer
        if result is None or answer.done():
            self._steps.close()
        elif isinstance(result, ChunkResult):
            answer.set_result(Decision(result, self.spent_s))
        else:
            answer.set_exception(result)
            if isinstance(result, KeyboardInterrupt | SystemExit):
                raise result


class Decider:
    """What the lanes of a worker share to have their slices decided."""

    def __init__(self) -> None:
        self._waiting: list[_Request] = []
        self._task: asyncio.Task[None] | None = None
        self._long: set[asyncio.Task[None]] = set()
        self._thread = asyncio.Lock()
        """Held during a long step: two at a time would take as long, and hold twice as much."""

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
                spent_s = self._decide_group([request for request in some if not request.answer.done()])
                await asyncio.sleep(BREATH_S if spent_s >= LONG_SLICE_S else 0)

    def _decide_group(self, requests: Sequence[_Request]) -> float:
        """Decide those of a group, or begin to; the seconds that it took."""
        if len(requests) > 1:
            return _decide_together(requests)
        if not requests:
            return 0.0
        deciding = _Deciding(requests[0])
        if deciding.take_turn():
            deciding.answer()
        else:
            going_on = asyncio.create_task(self._go_on(deciding), name="deciding step by step")
            self._long.add(going_on)
            going_on.add_done_callback(self._long.discard)
        return deciding.spent_s

    async def _go_on(self, deciding: _Deciding) -> None:
        """Decide what is left, as long as its lane waits for it."""
        done = False
        while not (done or deciding.request.answer.done()):
            if deciding.next is Step.LONG:
                async with self._thread:
                    done = await _run_in_thread(deciding.take_turn)
            else:
                await asyncio.sleep(BREATH_S)
                done = not deciding.request.answer.done() and deciding.take_turn()
        deciding.answer()


def _group_requests(requests: Sequence[_Request]) -> list[list[_Request]]:
    """Those that their processor decides together; each other one alone."""
    groups: dict[tuple[object, ...], list[_Request]] = defaultdict(list)
    for at, request in enumerate(requests):
        source = request.slice.source
        together = request.work.decides_together(source)
        groups[(id(request.work), source.topic) if together else (at,)].append(request)
    return list(groups.values())


def _decide_together(requests: Sequence[_Request]) -> float:
    """Decide several at once, answer, and return the seconds that it took."""
    begun = time.perf_counter()
    try:
        with _turn_at(requests[0].slice):
            results = requests[0].work.decide_slices([request.slice for request in requests])
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


async def _run_in_thread(step: Callable[[], bool]) -> bool:
    """What the step returns; a thread takes it that ends with the process, where a pool's would be waited for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def answer(found: bool) -> None:
        if not done.done():
            done.set_result(found)

    def run() -> None:
        found = step()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(answer, found)

    threading.Thread(target=run, name="long step", daemon=True).start()
    return await done
