"""What a case costs as partitions and cases grow, and the constants of `liaison ops plan`: `make bench-scale`.

    PYTHONPATH=tests python tests/benchmarks/scale/run.py [--only stages engines workers held amended]
        [--partitions 4 64 96] [--held 10000 100000 1000000] [--bytes-held 100000] [--measured 2000]
        [--checked 1000] [--backlog 5000] [--turns 2] [--work DIR] [--figures docs/benchmarks/scale.json]

- stages: CPU of a case in the stages' own work, by partitions, a chunk of cases by turns, with 10,000 held. The same
  with --bytes-held, of which bytes on Kafka and on the stores' disks count.
- engines: an installation on real engines with one worker a stage, by partitions: CPU of the workers, their Kafka and
  Elasticsearch clients included; bytes that Kafka's logs and the index took. Then the CPU of correlate alone where all
  cases wait for it.
- workers: the same CPU by workers a stage, and so what a second and a fourth worker add to throughput.
- held: the same as stages at 4 partitions, by cases held. 10 million take two hours of two cores and 20 GB of disk:
  --held 10000000. Then the links of further cases are held to what judging every pair that shares a key finds.
- amended: messages of an amendment.

Each measurement is noted in --work as soon as it is made, and is not made again from there. --figures writes them all,
and pipeline/ops/plan.json. CPU time is that of processes; still, nothing else should run.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.figures import ROOT, write_figures
from benchmarks.scale.constants import fit_constants
from benchmarks.scale.parts import (
    check_links,
    measure_amendments,
    measure_engines,
    measure_held,
    measure_stages,
    measure_waiting,
    measure_workers,
)
from benchmarks.stream.measuring import WARM_UP

PARTS: Final = ("stages", "engines", "workers", "held", "amended")

WORKERS: Final = (1, 2, 4)

SMALL: Final = 10_000
"""Cases held where CPU is compared by partitions."""

AMENDED_AT: Final = 96

PLAN: Final = ROOT / "pipeline" / "ops" / "plan.json"

Noted = dict[str, Any]


class Notes:
    """What was measured, in a file, so that a run that was ended goes on."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "notes.json"
        self.held: Noted = msgspec.json.decode(self._file.read_bytes()) if self._file.exists() else {}

    def measure(self, name: str, measurement: Callable[..., Noted], *given: Any) -> None:
        """Make a measurement that is not noted yet."""
        if name not in self.held:
            self.held[name] = _rounded(measurement(*given))
            self._file.write_bytes(msgspec.json.format(msgspec.json.encode(self.held), indent=2))
        print(name, self.held[name], flush=True)


def _rounded(row: Noted) -> Noted:
    return {name: _rounded(value) if isinstance(value, dict) else float(f"{value:.4g}") for name, value in row.items()}


def main() -> int:
    """Measure what is not noted yet, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--partitions", type=int, nargs="*", default=(4, 64, 96))
    parser.add_argument("--held", type=int, nargs="*", default=(10_000, 100_000, 1_000_000))
    parser.add_argument("--bytes-held", type=int, default=100_000)
    parser.add_argument("--measured", type=int, default=2000, help="cases measured at each size")
    parser.add_argument("--checked", type=int, default=1000, help="cases whose links are checked at each size")
    parser.add_argument("--backlog", type=int, default=5000, help="cases that wait for the workers on engines")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--work", type=Path, help="a folder for notes and large stores")
    parser.add_argument("--figures", type=Path, help="a file of figures to write, as docs/benchmarks/scale.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = wanted.work or Path(scratch)
        folder.mkdir(exist_ok=True)
        notes = Notes(folder)
        _measure_all(wanted, notes, folder)
    if wanted.figures:
        _write(wanted, notes)
    return 0


def _measure_all(wanted: argparse.Namespace, notes: Notes, folder: Path) -> None:
    if "stages" in wanted.only:
        for held in (SMALL, wanted.bytes_held):
            notes.measure(f"stages, {held:,} held", measure_stages, wanted.partitions, held, wanted.measured)
    if "engines" in wanted.only:
        for partitions in wanted.partitions:
            name = f"engines, {partitions} partitions"
            notes.measure(name, measure_engines, partitions, wanted.backlog, wanted.turns)
            notes.measure(f"waiting, {partitions} partitions", measure_waiting, partitions, 2 * wanted.backlog)
    if "workers" in wanted.only:
        notes.measure("workers", measure_workers, WORKERS, wanted.backlog)
    if "held" in wanted.only:
        for held in wanted.held:
            stores = folder / f"stores-{held}"
            notes.measure(f"held, {held:,} cases", measure_held, stores, held, wanted.measured)
            behind = WARM_UP + wanted.measured
            notes.measure(f"links, {held:,} held", check_links, stores, held, behind, wanted.checked)
    if "amended" in wanted.only:
        notes.measure("amended", measure_amendments, AMENDED_AT, SMALL)


def _write(wanted: argparse.Namespace, notes: Notes) -> None:
    """The file of figures, and the constants of `ops plan`, which are part of it."""
    constants = fit_constants(
        notes.held, f"stages, {SMALL:,} held", f"held, {max(wanted.held):,} cases", wanted.partitions
    )
    by_partitions = notes.held[f"stages, {SMALL:,} held"]
    figures = {
        **notes.held,
        "CPU at 64 partitions, times that at 4": round(
            by_partitions["64 partitions"]["all"] / by_partitions["4 partitions"]["all"], 2
        ),
        "constants": msgspec.to_builtins(constants),
    }
    command = f"make bench-scale BENCH_ARGS={shlex.quote(' '.join(sys.argv[1:]))}"
    conditions = {"cases measured": wanted.measured, "cases between two commits": 200, "turns": wanted.turns}
    write_figures(wanted.figures, command, figures, conditions)
    PLAN.write_bytes(msgspec.json.format(msgspec.json.encode(constants), indent=2) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
