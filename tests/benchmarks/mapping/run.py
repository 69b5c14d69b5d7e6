"""Rows that `liaison feed map` maps a second, and the memory that it takes: `make bench-mapping`.

    PYTHONPATH=tests python tests/benchmarks/mapping/run.py [--rows N ...] [--kit NAME ...]

Each kit maps made-up tables of N rows (joined ones have as many) in a process of its own, start and reading included.
CPU time, since other work may run beside; records go to /dev/null. Ten million rows need 3 GB of disk for the tables
and as much for what is joined or grouped.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.mapping.kits import KITS, MeasuredKit, write_table

MIB = 1024
"""Of ru_maxrss, which Linux counts in KiB."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--kit", nargs="+", choices=list(KITS), default=list(KITS))
    wanted = parser.parse_args()
    table = Table("kit", "rows", "CPU, s", "rows a CPU second", "peak memory, MiB")
    for name in wanted.kit:
        for rows in wanted.rows:
            cpu_s, peak_mib = measure_kit(KITS[name], rows)
            table.add_row(name, f"{rows:,}", f"{cpu_s:.1f}", f"{rows / cpu_s:,.0f}", f"{peak_mib:,.0f}")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


def measure_kit(kit: MeasuredKit, rows: int) -> tuple[float, float]:
    """CPU seconds and peak memory (MiB) of mapping tables of so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (header, line) in kit.tables.items():
            write_table(Path(folder, f"{name}.csv"), header, line, rows)
        written = Path(folder, "kit.yml")
        written.write_text(yaml.safe_dump(kit.written), encoding="utf-8")
        table = Path(folder, f"{next(iter(kit.tables))}.csv")
        liaison = Path(sys.executable).with_name("liaison")
        words = (liaison, "feed", "map", table, "--mapping", written, "-o", os.devnull)
        return _run([str(word) for word in words])


def _run(words: list[str]) -> tuple[float, float]:
    """CPU seconds and peak memory (MiB) of a process; raises SystemExit if it fails."""
    process = os.posix_spawn(words[0], words, os.environ)
    _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(" ".join(words))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / MIB


if __name__ == "__main__":
    sys.exit(main())
