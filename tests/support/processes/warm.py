"""Processes that begin with their imports done: those of a worker or a command take longer than most of what it does.

Each is forked from a parent that has imported them (warm_parent.py), and is a process like any other: its own id,
environment, output, signals and exit. It differs from one that Python has just started in that modules are imported,
and that it hashes as its siblings do. The workers of `liaison worker all`, the demo and the benchmarks begin cold, and
so does one that begins anew by executing itself.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

import orjson

from support.installation.command import LIAISON
from support.processes.commands import command_of, with_support
from support.processes.warm_parent import NUMBER

PARENT = "support.processes.warm_parent"

COMMAND_S = 200.0
"""A command takes a second or a few on a machine with nothing else to do."""


class WarmProcess:
    """One such process; what it shares with subprocess.Popen has the same names."""

    def __init__(self, command: Sequence[str], status_pipe: int) -> None:
        self.args, self._status_pipe = command, status_pipe
        self.returncode: int | None = None
        self.pid = self._number()

    def _number(self) -> int:
        packed = os.read(self._status_pipe, NUMBER.size)
        if not packed:
            raise ChildProcessError(f"the parent of warm processes has ended: {self.args}")
        return int(NUMBER.unpack(packed)[0])

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""
        code = self._ended(None if timeout is None else timeout * 1000)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _ended(self, within_ms: float | None) -> int | None:
        if self.returncode is None:
            events = select.poll()
            events.register(self._status_pipe, select.POLLIN)
            if events.poll(within_ms):
                self.returncode = os.waitstatus_to_exitcode(self._number())
                os.close(self._status_pipe)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class WarmParent:
    """The process that forks them, for as long as this one lives."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                command_of(PARENT, str(theirs.fileno())),
                env=with_support(os.environ),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, command: Sequence[str], environment: Mapping[str, str], standard: Sequence[int]) -> WarmProcess:
        """Fork one that runs a command on these descriptors for standard input, output and error."""
        ours, theirs = os.pipe()
        packet = orjson.dumps([[str(word) for word in command], dict(environment), str(Path.cwd())])
        try:
            socket.send_fds(self._control, [packet], [*standard, theirs])
        finally:
            os.close(theirs)
        return WarmProcess(command, ours)

    def end(self) -> None:
        """It ends once nobody can ask any more; its children go on."""
        self._control.close()
        self._process.wait()


@cache
def parent() -> WarmParent:
    """This process's own, started when the first is asked for."""
    return WarmParent()


def end_parent() -> None:
    """End it, if there is one."""
    if parent.cache_info().currsize:
        parent().end()


def start(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes], errors: IO[bytes]) -> WarmProcess:
    """Start `python SCRIPT WORDS` or `python -m MODULE WORDS`, whose input is empty."""
    with Path(os.devnull).open("rb") as empty:
        return parent().start(command, environment, [empty.fileno(), output.fileno(), errors.fileno()])


def run(
    words: Sequence[str], environment: Mapping[str, str], timeout_s: float = COMMAND_S
) -> subprocess.CompletedProcess[str]:
    """Run `liaison WORDS` to its end, its output kept; raises subprocess.TimeoutExpired once it is killed."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start([sys.executable, str(LIAISON), *words], environment, output, errors)
        try:
            code = process.wait(timeout_s)
        finally:
            process.kill()
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(process.args, code, *texts)
