from __future__ import annotations

import asyncio
import os
import signal

import pytest

from pipeline.streams.runtime.stop_order import StopOrder


@pytest.mark.parametrize(
    ("sent", "for_good"),
    [
        ([signal.SIGTERM], False),
        ([signal.SIGINT], True),
        ([signal.SIGINT, signal.SIGTERM], True),
        ([signal.SIGTERM, signal.SIGINT], True),
    ],
)
async def test_sigint_stops_for_good_and_sigterm_takes_nothing_back(sent: list[signal.Signals], for_good: bool) -> None:
    order = StopOrder()
    order.follow_signals()
    try:
        for number in sent:
            os.kill(os.getpid(), number)
            async with asyncio.timeout(60):
                await order.wait()
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            while order.for_good is not for_good:
                await asyncio.sleep(0.001)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
    assert order.is_set()
    assert order.for_good is for_good
