"""Processes that a test starts from a script, all killed at its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def started(script: Path, environment: Mapping[str, str], logs: Path) -> Iterator[Start]:
    """Give a function that runs `script` with its arguments; each process has a log of its own in the folder `logs`."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        with (logs / f"{script.stem}-{len(processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(script), *arguments], env=environment, stdout=log, stderr=log
            )
        processes.append(process)
        return process

    try:
        yield start
    finally:
        for process in processes:
            process.kill()
            process.wait()
