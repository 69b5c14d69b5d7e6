"""Reads a workbook's sheet in a process of its own, row by row, so that no workbook exhausts this one.

    python -m pipeline.feeds.tables.sheet_process       SheetRequest on standard input; SheetHead, then rows, as lines

A process that is limited itself, as that of a list check (grids.py), reads the sheet directly.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.limited_process import ProcessLimits, is_limited, limit_process
from pipeline.feeds.tables.sheets import (
    CrowdedWorkbookError,
    OversizedWorkbookError,
    ProtectedWorkbookError,
    SheetRows,
    UncomputedWorkbookError,
    read_sheet,
)

LIMITS: Final = ProcessLimits(memory_bytes=3 << 30, cpu_s=300)
"""A million rows, as many as a sheet has, of 20 filled cells."""

ROWS_A_LINE: Final = 500
"""Rows written together. A choice: fewer cost a step of both processes more often, more hold rows in memory."""

EXHAUSTED: Final = "{path} unpacks to too much to be read, or is damaged; save the sheet as CSV, or split it"

FAULTS: Final[tuple[type[LiaisonError], ...]] = (
    OversizedWorkbookError,
    ProtectedWorkbookError,
    UncomputedWorkbookError,
    CrowdedWorkbookError,
    LiaisonError,
)
"""What may be wrong, told by its place: the last is anything else."""

NumberedRows = list[tuple[int, list[str]]]


class SheetRequest(msgspec.Struct, frozen=True):
    """Which sheet of which workbook; "" is the first."""

    path: str
    sheet: str


class SheetHead(msgspec.Struct, frozen=True):
    """What is known before any row; or what is wrong, and its place in FAULTS."""

    names: tuple[str, ...] = ()
    height: int = 0
    fault: str = ""
    kind: int = 0


def open_sheet(path: Path, name: str) -> SheetRows:
    """A sheet whose rows are read as they are asked for. Raises LiaisonError, also while they are read."""
    if is_limited():
        return read_sheet(path, name)
    command = [sys.executable, "-m", __spec__.name if __name__ == "__main__" else __name__]
    process = subprocess.Popen(  # noqa: S603 - this module by the interpreter that runs it
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    lines = _read_lines(process, msgspec.json.encode(SheetRequest(str(path), name)), path)
    head = msgspec.json.decode(next(lines), type=SheetHead)
    if head.fault:
        lines.close()
        raise FAULTS[head.kind](head.fault)
    return SheetRows(
        head.names, head.height, chain.from_iterable(map(msgspec.json.Decoder(NumberedRows).decode, lines))
    )


def _read_lines(process: subprocess.Popen[bytes], asked: bytes, path: Path) -> Generator[bytes, None, None]:
    """What the process says, until it has said all; it ends with whoever reads this."""
    with process:
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError("both are pipes")
            process.stdin.write(asked)
            process.stdin.close()
            yield from process.stdout
            if process.wait():
                raise LiaisonError(EXHAUSTED.format(path=path))
        finally:
            process.kill()


def _serve(source: IO[bytes], target: IO[bytes]) -> None:
    asked = msgspec.json.decode(source.read(), type=SheetRequest)
    try:
        sheet = read_sheet(Path(asked.path), asked.sheet)
    except LiaisonError as error:
        kind = next(place for place, known in enumerate(FAULTS) if isinstance(error, known))
        target.write(msgspec.json.encode(SheetHead(fault=str(error), kind=kind)))
        return
    target.write(msgspec.json.encode(SheetHead(sheet.names, sheet.height)) + b"\n")
    while some := list(islice(sheet.rows, ROWS_A_LINE)):
        target.write(msgspec.json.encode(some) + b"\n")


if __name__ == "__main__":
    limit_process(LIMITS)
    _serve(sys.stdin.buffer, sys.stdout.buffer)
