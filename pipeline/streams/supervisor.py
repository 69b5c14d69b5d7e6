"""`liaison worker all`: the three stages, each a process of its own, restarted when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Sequence
from typing import Final

from pipeline.settings import Settings

log = logging.getLogger(__name__)

STAGES: Final = ("intake", "correlate", "project")

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 60.0
"""A process that lived this long is restarted at once when it dies."""

GRACE_S: Final = 20.0
"""A stage ends in order within 15 s; after this it is killed."""


def supervise(settings: Settings) -> None:
    """Run all stages until SIGTERM or SIGINT, then end them; blocks."""
    asyncio.run(_supervise(settings))


async def _supervise(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await asyncio.gather(*(_keep(command(name, settings), name, stop) for name in STAGES))


def command(name: str, settings: Settings) -> list[str]:
    """The command line of a stage's process; it inherits the environment, and ends with its standard input."""
    code = "from pipeline.cli import main; main()"
    return [sys.executable, "-c", code, "worker", name, "--name", settings.worker_name, "--attached"]


async def _keep(arguments: Sequence[str], name: str, stop: asyncio.Event) -> None:
    pause = FIRST_PAUSE_S
    while not stop.is_set():
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *arguments, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        code = await _until_dead(process, stop)
        if stop.is_set():
            return
        pause = FIRST_PAUSE_S if time.monotonic() - started > STEADY_S else min(2 * pause, LONGEST_PAUSE_S)
        log.warning("%s ended with %d; starting again in %.0f s", name, code, pause)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _until_dead(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    """The exit code, once the process has ended by itself or was ended."""
    stopping = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(process.wait())
    await asyncio.wait([stopping, ending], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ending.done():
        process.terminate()
        await asyncio.wait([ending], timeout=GRACE_S)
    if not ending.done():
        process.kill()
    return await ending
