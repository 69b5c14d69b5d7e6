"""Work in a loop lets others go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from pipeline.loop_turns import SLICE_S, LoopTurns

STEPS = 5


def spend(steps: int) -> Iterator[int]:
    """A value after each slice of CPU."""
    for step in range(steps):
        until = time.thread_time() + SLICE_S
        while time.thread_time() < until:
            pass
        yield step


async def test_others_go_on_after_each_slice_of_work() -> None:
    seen: list[int] = []
    made: list[int] = []

    async def go_on() -> None:
        while True:
            seen.append(len(made))
            await asyncio.sleep(0)

    def note() -> Iterator[bytes]:
        for step in spend(STEPS):
            made.append(step)
            yield bytes([step])

    others = asyncio.create_task(go_on())
    assert await LoopTurns().join(note()) == bytes(range(STEPS))
    others.cancel()
    assert {*seen} >= {*range(1, STEPS + 1)}


async def test_little_work_rests_never() -> None:
    went_on: list[bool] = []
    asyncio.get_running_loop().call_soon(went_on.append, True)
    turns = LoopTurns()
    await turns.rest()
    assert not went_on
