"""A worker process: builds one stage, runs it until it is told to stop, and starts anew where it must join anew.

It starts anew by executing itself again: a worker that was fenced, or that sees another agency registered, so begins
with nothing left over from before.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import resource
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, suppress
from typing import Final

import uvloop
from aiokafka.errors import KafkaError

from pipeline.backoff import reset_pauses, retrying
from pipeline.engines.endpoints import ELASTICSEARCH, KAFKA, how_to_mend
from pipeline.errors import LiaisonError
from pipeline.heap import freeze_heap
from pipeline.matching.operations import operations_done
from pipeline.private_files import keep_private
from pipeline.records import validation
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.monitoring.monitor import Monitor
from pipeline.streams.monitoring.status_port import StatusPort, serve_status
from pipeline.streams.provisioning.setup import warn_of_missing_replicas
from pipeline.streams.provisioning.users import as_role
from pipeline.streams.registers.control import watch_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime.deciding import count_turns, step_in_hand
from pipeline.streams.runtime.health import Health, Remedies
from pipeline.streams.runtime.processor import After
from pipeline.streams.runtime.stage import Stage, noop
from pipeline.streams.runtime.stop_order import StopOrder
from pipeline.streams.runtime.stores import delete_abandoned, shared_root, touch_and_prune
from pipeline.streams.stages import attest, correlate, derive, intake, notify, project
from pipeline.streams.workers.restarts import RestartReason, note_restart, show_restarts

log = logging.getLogger(__name__)

Build = Callable[[Settings, str, After], AbstractAsyncContextManager[Stage]]

BUILDERS: Final[dict[str, Build]] = {
    intake.STAGE: intake.intake_stage,
    correlate.STAGE: correlate.correlate_stage,
    project.STAGE: project.project_stage,
    notify.STAGE: notify.notify_stage,
    derive.STAGE: derive.derive_stage,
    attest.STAGE: attest.attest_stage,
}
"""The stages, in the order of the flow."""

OF_EVERY_GENERATION: Final = (correlate.STAGE, project.STAGE)
"""The stages whose port a supervisor's processes of two generations would have: the active one's has it."""

AGAIN_S: Final = 1.0
"""Pause before starting anew, so that a lasting fault makes no busy loop."""

ENDED_WITHIN_S: Final = 25.0
"""A worker that was told to end is gone after this: good order takes 15 s at most, Kubernetes kills after 30."""

LOOK_S: Final = 3.0
"""Pause between two looks at the health, and so between two signs of life to a supervisor."""

TEND_S: Final = 3600.0
"""How often a worker tends its stores, of which those abandoned are deleted after a day."""


def run_worker(
    name: str, settings: Settings, *, generation: str = "", attached: bool = False, after: After = noop
) -> None:
    """Run a stage in this process until SIGTERM or SIGINT (`StopOrder`); attached, also until standard input ends.

    It works for the generation given, or else follows the active one. Raises LiaisonError where it can't be started, or
    fails by a fault of ours.
    """
    allow_open_files()
    validation.load()
    keep_private(settings.home)
    key_ring(settings)  # no stage starts in an installation without a secret
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # Faust's consumer thread makes its own loop
    delete_abandoned(shared_root(settings))
    settings = as_role(settings, name)
    warn_of_missing_replicas(settings)
    anew = asyncio.run(_run_stage(name, settings, generation, attached, after))
    if anew is not None:
        note_restart(anew)
        time.sleep(AGAIN_S)
        asyncio.run(_await_kafka(settings, give_sign if attached else lambda: None))
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very program again


def allow_open_files() -> None:
    """Let the process hold as many files open as it may: each partition of correlate has some fifteen."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # some systems refuse what they call unlimited
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _await_kafka(settings: Settings, sign: Callable[[], None]) -> None:
    """Return once Kafka answers: a worker that was running is not ended by an outage, however long."""
    async for attempt in retrying(LiaisonError, log, "reaching Kafka", first_pause_s=AGAIN_S):
        sign()
        with attempt, admin_client(settings):
            pass


def give_sign() -> None:
    """Tell the supervisor, which holds the other end of standard input, that this process gets on; else do nothing.

    It never waits: a supervisor that hangs itself has not read the signs before.
    """
    place = sys.stdin.fileno()
    with suppress(OSError):
        if stat.S_ISSOCK(os.fstat(place).st_mode):
            os.set_blocking(place, False)
            os.write(place, b".")


def _count_work() -> int:
    """What moves as long as the work in hand does: turns at slices, and within one what is compared."""
    return count_turns() + operations_done()


async def _run_stage(
    name: str, settings: Settings, generation: str, attached: bool, after: After
) -> RestartReason | None:
    """Run the stage; returns why it is to be started anew, None where it was told to stop."""
    health = Health(time.monotonic(), _remedies_of(name, settings), _count_work, step_in_hand)
    monitor = Monitor(settings, health)
    metrics.WORKER.labels(name).set(1)
    show_restarts(name)
    targets = settings.metrics_targets_folder
    with (
        serve_status(settings.metrics_host, port_of(name, settings), health, targets=targets) as port,
        health_watched(health, give_sign if attached else lambda: None),
    ):
        tasks = [monitor.run(), _tend_stores(settings, monitor)]
        if attached and generation and name in OF_EVERY_GENERATION:
            tasks.append(yield_port(settings, generation, port))
        watching = [asyncio.create_task(task) for task in tasks]
        try:
            return await _run_monitored(BUILDERS[name](settings, generation, after), name, attached, monitor)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)


@contextmanager
def health_watched(
    health: Health, sign: Callable[[], None], clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Look at the health from a thread until left, and give a `sign` after each look by which it is alive.

    The event loop may be too busy to look. What stands still is logged once, and standard error gets the line of code
    that each thread is at.
    """
    ended = threading.Event()

    def watch() -> None:
        alive = True
        while not ended.is_set():
            problem = health.why_restart(clock())
            if not problem:
                sign()
            elif alive:
                log.error("%s", problem)
                faulthandler.dump_traceback(all_threads=True)
            alive = not problem
            ended.wait(LOOK_S)

    watching = threading.Thread(target=watch, name="health", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _remedies_of(name: str, settings: Settings) -> Remedies:
    elasticsearch = how_to_mend(ELASTICSEARCH, settings)
    waits = {
        intake.STAGE: "waiting for a first agency; `liaison ops agency add` registers one",
        project.STAGE: f"waiting for Elasticsearch; {elasticsearch}",
        attest.STAGE: f"waiting for the audit log's signing key; put it back into {settings.audit_log_key_path}",
    }
    return Remedies(waits.get(name, Remedies.first), how_to_mend(KAFKA, settings), elasticsearch)


async def _tend_stores(settings: Settings, monitor: Monitor) -> None:
    """Without it a worker that runs for long would keep what it no longer owns, and lose what it has once it dies."""
    while True:
        await asyncio.sleep(TEND_S)
        held = [partition.folder for partition in monitor.stage.owned_partitions()] if monitor.stage else []
        try:
            await asyncio.to_thread(touch_and_prune, held, shared_root(settings))
        except OSError:
            log.exception("stores could not be tended; in an hour again")


async def yield_port(settings: Settings, generation: str, port: StatusPort) -> None:
    """Leave the named port to the active generation's process, which stands beside this one, while it is another."""
    async for attempt in retrying((LiaisonError, KafkaError), log, "reading `control`"):
        with attempt:
            async with aclosing(watch_control(settings)) as states:
                async for held in states:
                    reset_pauses(attempt)
                    if held.active == generation:
                        port.claim()
                    else:
                        port.give_way()


def port_of(name: str, settings: Settings) -> int:
    """The port for a stage's metrics and health: that of the settings for the first, the next for the second."""
    return settings.metrics_port and settings.metrics_port + list(BUILDERS).index(name)


async def _run_monitored(
    built: AbstractAsyncContextManager[Stage], name: str, attached: bool, monitor: Monitor
) -> RestartReason | None:
    begun, stop = asyncio.Event(), StopOrder()
    running = asyncio.create_task(_run_until_stopped(built, name, begun, stop, monitor))
    stop.follow_signals()
    if attached:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _read_end, stop)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        _end_for_certain()
    if not begun.is_set():  # it waits for Elasticsearch or a first agency
        running.cancel()
    await asyncio.wait([running])
    return None if running.cancelled() else running.result()


async def _run_until_stopped(
    built: AbstractAsyncContextManager[Stage], name: str, begun: asyncio.Event, stop: StopOrder, monitor: Monitor
) -> RestartReason | None:
    try:
        async with built as stage:
            freeze_heap()
            log.info("%s: starting", name)
            begun.set()
            monitor.stage = stage
            await stage.run(stop)
    except LiaisonError:
        raise
    except Exception:
        log.exception("%s: crashed; starting anew", name)
        return RestartReason.CRASHED
    if stop.is_set():
        return None
    return RestartReason.FENCED if stage.lost else RestartReason.CHANGED


def _end_for_certain() -> None:
    """End the process, if need be without good order: its Kafka clients may wait for a broker that is away."""
    timer = threading.Timer(ENDED_WITHIN_S, _give_up)
    timer.daemon = True
    timer.start()


def _give_up() -> None:
    log.error("could not end in good order; what is not acknowledged is done again by the next owner")
    os._exit(1)


def _read_end(stop: StopOrder) -> None:
    """A supervisor never writes: what can be read is the end, which comes however it dies, perhaps to be restarted."""
    with suppress(ConnectionResetError):  # it ended with signs unread
        if os.read(sys.stdin.fileno(), 1):
            return
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    stop.give_order(for_good=False)
