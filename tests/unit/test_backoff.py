"""Growing pauses between attempts."""

from __future__ import annotations

import logging

import pytest

from pipeline.backoff import retrying

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
