"""Growing pauses between attempts."""

from __future__ import annotations

import asyncio
import logging

import pytest

from pipeline.backoff import reset_pauses, retrying

log = logging.getLogger(__name__)


async def test_pauses_double_up_to_the_longest() -> None:
    pauses: list[float] = []
    failures = iter([OSError(), OSError(), OSError(), OSError()])

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    async for attempt in retrying(OSError, log, "it", first_pause_s=1, longest_pause_s=3, sleep=sleep):
        with attempt:
            if (failure := next(failures, None)) is not None:
                raise failure
    assert pauses == [1, 2, 3, 3]


async def test_other_errors_leave_at_once() -> None:
    async def attempts() -> None:
        async for attempt in retrying(OSError, log, "it"):
            with attempt:
                raise KeyError("gone")

    with pytest.raises(KeyError):
        await attempts()


async def test_pauses_begin_anew_after_a_success() -> None:
    pauses: list[float] = []
    failures = 0

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    async for attempt in retrying(OSError, log, "it", first_pause_s=1, sleep=sleep):
        with attempt:
            failures += 1
            if failures == 3:
                reset_pauses(attempt)
            if failures < 5:
                raise OSError
    assert pauses == [1, 2, 1, 2]


async def test_a_cancelled_attempt_ends() -> None:
    begun = asyncio.Event()

    async def attempts() -> None:
        async for attempt in retrying(Exception, log, "it"):
            with attempt:
                begun.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(attempts())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
