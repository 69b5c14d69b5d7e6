"""A process of its own with little memory and time, for native code that believes what a stranger's file says.

Two cells in opposite corners of a sheet make its reader ask for memory for all cells between them, and a process that
runs out of memory is ended: so it is another than the one that somebody waits for.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import Final

import msgspec

MAX_CELLS: Final = 1 << 25
"""Of a sheet from its first filled cell to its last: a million rows, as many as a sheet has, of 32 columns."""


class ProcessLimits(msgspec.Struct, frozen=True):
    """Address space, of which the interpreter takes a fifth of a gibibyte, seconds of the processor, a sheet's cells.

    `niceness` is by how much others go before it.
    """

    memory_bytes: int
    cpu_s: int
    cells: int = MAX_CELLS
    niceness: int = 0


_held: Final[list[ProcessLimits]] = []


def limit_process(limits: ProcessLimits) -> None:
    """From here on no more than that; no core file, which would hold the table."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(limits.niceness)
    _held.append(limits)


def run_limited(module: str, asked: bytes, wait_s: float) -> bytes | None:
    """What a module that limits itself says to `asked` on its standard input; None where it ran out of its limits.

    Blocks until then, for `wait_s` seconds at most.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a module of ours by the interpreter that runs it
            [sys.executable, "-m", module], input=asked, capture_output=True, timeout=wait_s, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode else done.stdout


def is_limited() -> bool:
    """Whether this process has limits, so that it may read what it is given."""
    return bool(_held)


def most_cells() -> int:
    """How many cells of a sheet this process reads."""
    return _held[-1].cells if _held else MAX_CELLS
