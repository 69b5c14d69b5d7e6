"""`liaison worker all`: every stage of every generation, each a process of its own, restarted when it dies or hangs.

A stage's standard input is one end of a pair of sockets. It ends when the other end closes, so with its supervisor, and
gives a sign of life through it every few seconds, as long as it would say on its port that it need not be restarted.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
import socket
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

from aiokafka.errors import KafkaError
from tenacity import AttemptManager

from pipeline.backoff import reset_pauses, retrying
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.registers.control import GenerationControl, watch_control
from pipeline.streams.runtime.stop_order import StopOrder
from pipeline.streams.workers.restarts import environment_of_successor

log = logging.getLogger(__name__)

STAGES: Final = ("intake", "correlate", "project", "notify", "attest")

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 60.0
"""The pause before a process is started again is the first one, if it lived this long."""

HUNG_S: Final = 180.0
"""Without a sign of life for this long, a process that gave one before hangs. A stage stops giving them once it has
stood still for a minute; one that waits for Kafka to come back looks for it once in less than two."""

GRACE_S: Final = 20.0
"""A stage ends in order within 15 s; after this it is killed."""


class SupervisedProcess(NamedTuple):
    """One process to keep running; a generation of "" follows the active one."""

    stage: str
    generation: str


def supervise_stages(settings: Settings) -> None:
    """Run all stages of all registered generations until SIGTERM or SIGINT, then end them; blocks."""
    asyncio.run(_Supervisor(settings).run())


def wanted_processes(held: GenerationControl) -> set[SupervisedProcess]:
    """The processes that the generations ask for; what another version of this program must compute is left to it."""
    wanted = {SupervisedProcess("intake", ""), SupervisedProcess("notify", ""), SupervisedProcess("attest", "")}
    for generation in held.generations.values():
        try:
            generation.compile_model()
        except LiaisonError as error:
            log.warning("%s", error)
            continue
        wanted |= {SupervisedProcess("correlate", generation.id), SupervisedProcess("project", generation.id)}
        if generation.id != held.active:  # the active one's fingerprints are made by intake
            wanted.add(SupervisedProcess("derive", generation.id))
    return wanted


class _Supervisor:
    """Keeps the processes of the jobs that `control` asks for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[SupervisedProcess, tuple[StopOrder, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        stop = StopOrder()
        stop.follow_signals()
        following, stopping = asyncio.create_task(self._follow_control()), asyncio.create_task(stop.wait())
        await asyncio.wait([following, stopping], return_when=asyncio.FIRST_COMPLETED)
        following.cancel()
        await self._end_processes(self._kept.keys(), for_good=stop.for_good)
        if not stop.is_set():
            await following

    async def _follow_control(self) -> None:
        """Hold to what `control` asks for; while it can't be read, what runs goes on."""
        async for attempt in retrying((LiaisonError, KafkaError), log, "reading `control`"):
            with attempt:
                async with aclosing(watch_control(self._settings)) as states:
                    async for held in states:
                        reset_pauses(attempt)
                        await self._hold_to(wanted_processes(held))

    async def _hold_to(self, wanted: set[SupervisedProcess]) -> None:
        for job in sorted(wanted - self._kept.keys()):
            stop = StopOrder()
            keeping = keep_running(stage_command(job.stage, job.generation), job.stage, stop)
            self._kept[job] = stop, asyncio.create_task(keeping)
        await self._end_processes(self._kept.keys() - wanted, for_good=True)

    async def _end_processes(self, ended: Collection[SupervisedProcess], *, for_good: bool) -> None:
        ending = [self._kept.pop(job) for job in list(ended)]
        for stop, _ in ending:
            stop.give_order(for_good=for_good)
        await asyncio.gather(*(keeping for _, keeping in ending))


def stage_command(name: str, generation: str = "") -> list[str]:
    """The command line of a stage's process; it inherits the environment, and ends with its standard input."""
    code = "from pipeline.cli.main import main; main()"
    pinned = ["--generation", generation] if generation else []
    return [sys.executable, "-c", code, "worker", name, *pinned, "--attached"]


class ProcessEndedError(LiaisonError):
    """A process ended that nobody told to."""


async def keep_running(arguments: Sequence[str], name: str, stop: StopOrder) -> None:
    """Run a process until told to stop, again and again."""

    async def sleep(pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)

    attempts = retrying(
        ProcessEndedError, log, name, first_pause_s=FIRST_PAUSE_S, longest_pause_s=LONGEST_PAUSE_S, sleep=sleep
    )
    deaths = itertools.count()
    async for attempt in attempts:
        with attempt:
            await _run_process(arguments, stop, attempt, next(deaths))


async def _run_process(arguments: Sequence[str], stop: StopOrder, attempt: AttemptManager, deaths: int) -> None:
    """Run a process until told to stop; `deaths` have died before it.

    Raises ProcessEndedError where it ends by itself.
    """
    if stop.is_set():
        return
    started = time.monotonic()
    environment = environment_of_successor(deaths)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *arguments, stdin=theirs.fileno(), start_new_session=True, env=environment
            )
        hung = asyncio.create_task(_until_hung(ours))
        code = await _until_dead(process, stop, hung)
    if time.monotonic() - started > STEADY_S:
        reset_pauses(attempt)
    if not stop.is_set():
        raise ProcessEndedError("hung" if hung.done() and not hung.cancelled() else f"ended with {code}")


async def _until_hung(alive: socket.socket) -> None:
    """Return once signs of life have come, and then none for HUNG_S; never where the process ends before."""
    loop = asyncio.get_running_loop()
    alive.setblocking(False)
    patience_s = None
    try:
        while await asyncio.wait_for(loop.sock_recv(alive, 4096), patience_s):
            patience_s = HUNG_S
    except TimeoutError:
        return
    except OSError:
        pass  # it has ended
    await asyncio.Event().wait()


async def _until_dead(process: asyncio.subprocess.Process, stop: StopOrder, hung: asyncio.Task[None]) -> int:
    """The exit code, once the process has ended by itself or was ended, as one is that hangs."""
    stopping = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(process.wait())
    await asyncio.wait([stopping, ending, hung], return_when=asyncio.FIRST_COMPLETED)
    for watching in (stopping, hung):
        watching.cancel()
    if not ending.done():
        process.send_signal(signal.SIGINT if stop.for_good else signal.SIGTERM)
        await asyncio.wait([ending], timeout=GRACE_S)
    if not ending.done():
        process.kill()
    return await ending
