"""Processes that a test starts from a program, all killed at its end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from support.processes.commands import Program, command_of, name_of, with_support
from support.processes.warm import WarmProcess
from support.processes.warm import start as warm

Process = subprocess.Popen[bytes] | WarmProcess
Start = Callable[..., Process]
Launch = Callable[[Sequence[str], Mapping[str, str], IO[bytes], IO[bytes]], Process]


def cold(
    command: Sequence[str], environment: Mapping[str, str], output: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a process that imports everything itself, as for a measurement of its start."""
    return subprocess.Popen(command, env=environment, stdout=output, stderr=errors)


@contextmanager
def started(program: Program, environment: Mapping[str, str], logs: Path, launch: Launch = warm) -> Iterator[Start]:
    """Give a function that starts `program` with arguments; each process has a log of its own in the folder `logs`.

    `environment` is read at each start: what a test sets in it meanwhile holds for the processes that come.
    """
    processes: list[Process] = []

    def start(*arguments: str) -> Process:
        with (logs / f"{name_of(program)}-{len(processes)}.log").open("wb") as log:
            process = launch(command_of(program, *arguments), with_support(environment), log, log)
        processes.append(process)
        return process

    try:
        yield start
    finally:
        for process in processes:
            process.kill()
            process.wait()
