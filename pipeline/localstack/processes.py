"""Engine processes: start detached, stop for certain."""

from __future__ import annotations

import atexit
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from pipeline.private_files import OTHERS

_children: list[subprocess.Popen[bytes]] = []
"""Children of a long-lived caller (a demo, a test session): kept so that they are reaped and not warned about."""


@atexit.register
def _let_go() -> None:
    """Those that still run outlive us on purpose; Python would complain when it collects what stands for them."""
    for child in _children:
        if child.poll() is None:
            child.returncode = 0


_LOOK_S = 0.2
"""Between two looks for zombies."""


def spawn(command: Sequence[str], console: Path, folder: Path) -> psutil.Process:
    """Start `command` in a session of its own, so that a terminal's Ctrl-C or hang-up does not reach it."""
    console.parent.mkdir(parents=True, exist_ok=True)
    with console.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 (the command is put together by this package alone)
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
            umask=OTHERS,
        )
    _children.append(child)
    process = psutil.Process(child.pid)
    # For a moment it has no command line, and whoever looks for it by that would take it for dead.
    with suppress(psutil.Error):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and not process.cmdline():
            time.sleep(0.005)
    return process


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end, its output kept. Interrupted, it is gone before the interrupt goes on.

    `subprocess.run` waits a quarter of a second for what it kills then, and knows nothing of a child that is started
    as the interrupt comes.
    """
    child: subprocess.Popen[str] | None = None
    try:
        with defer_interrupts():
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, umask=OTHERS)  # noqa: S603 (as above)
        output, errors = child.communicate()
    except BaseException:
        with defer_interrupts():
            if child is not None:
                child.kill()
                child.communicate()
        raise
    return subprocess.CompletedProcess(command, child.returncode, output, errors)


def stop_processes(processes: Sequence[psutil.Process], grace_s: float) -> set[int]:
    """Ask all to end, and kill those that have not after `grace_s` seconds; returns when none runs.

    The ids of those that had to be killed are returned.
    """
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    stubborn = _await_end(processes, grace_s)
    kill_processes(stubborn)
    return {process.pid for process in stubborn}


def kill_processes(processes: Sequence[psutil.Process]) -> None:
    """End all at once, with what they have started themselves; returns when none runs."""
    family = list(processes)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            family += process.children(recursive=True)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _await_end(family)
    _children[:] = [child for child in _children if child.poll() is None]


def _await_end(processes: Sequence[psutil.Process], timeout_s: float = math.inf) -> list[psutil.Process]:
    """Wait until all have ended; returns those that still run after so many seconds.

    A process that somebody else started, such as a demo that still runs, stays a zombie until that one asks for it.
    """
    deadline, left = time.monotonic() + timeout_s, list(processes)
    while True:
        _, left = psutil.wait_procs(left, timeout=min(_LOOK_S, timeout_s))
        left = [process for process in left if not _is_zombie(process)]
        if not left or time.monotonic() >= deadline:
            return left


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def is_listening(process: psutil.Process, port: int) -> bool:
    """Whether this very process listens on `port`: another server there must not pass for ours."""
    try:
        sockets = process.net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in sockets)


@contextmanager
def _handle(names: Sequence[signal.Signals], handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle these signals so within the block."""
    before = {name: signal.signal(name, handle) or signal.SIG_DFL for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Let Ctrl-C and termination wait until the block is done, so that no child is started but not recorded."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    try:
        with _handle((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), lambda number, _: caught.append(number)):
            yield
    finally:
        for number in caught:
            os.kill(os.getpid(), number)


@contextmanager
def end_on_signals() -> Iterator[None]:
    """Inside, termination and hang-up end the block as Ctrl-C does, so that it can clear up after itself."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # One that is ignored (nohup) stays so.
    names = [name for name in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(name) is not signal.SIG_IGN]
    with _handle(names, interrupt):
        yield
