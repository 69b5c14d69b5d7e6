"""What a case costs in each stage as the stores grow: CPU on one core, with the real matcher and LMDB stores.

    python tests/benchmarks/stream/run.py [--cases 10000 100000] [--rarity BITS] [--partitions 4] [--measured 2000]
        [--plot FILE]

Keys are as rare as `batch train --cases` makes them for the cases held, or as --rarity says in hundredths of a bit.

Stores are filled by loading fingerprints without judging them, as a rebuild does; then new cases go through intake,
correlate and project as messages, CHUNK at a time, in a process that holds nothing else. Kafka's and Elasticsearch's
clients are left out: the figures are those of the stages' own work. CPU time is that process's, so that other work
beside changes it little, though it does: caches and cores are shared.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from filling import fill
from measuring import Row, measure
from rich.console import Console
from rich.table import Table

from pipeline.matching.training.run import key_rarity

STAGES = ("intake", "correlate", "project")
PARTS = ("screen", "rule out", "score", "explain", "commit")
PLOT = Path(__file__).with_name("stream.png")


def main() -> int:
    """Measure at each size, print the table, write the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[10_000, 100_000], help="cases held when measuring")
    parser.add_argument("--rarity", type=int, help="hundredths of a bit; else as training sets it for the cases held")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--measured", type=int, default=2000, help="cases measured at each size")
    parser.add_argument("--plot", type=Path, default=PLOT)
    wanted = parser.parse_args()
    rows = [
        measured_at(cases, wanted.rarity or key_rarity(cases), wanted.partitions, wanted.measured)
        for cases in sorted(wanted.cases)
    ]
    report(rows)
    plot(rows, wanted.plot)
    return 0


def measured_at(cases: int, rarity: int, partitions: int, measured: int) -> Row:
    """The row of one size, on stores of its own, as keys differ."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), partitions, cases, rarity)
        return measure(Path(folder), partitions, cases, measured, rarity)


def report(rows: Sequence[Row]) -> None:
    """The table of what a case costs, and where correlate's time goes."""
    table = Table(title="CPU per case on one core, microseconds")
    columns = (
        "cases held",
        "rarity",
        *STAGES,
        "all",
        "cases/s",
        "candidates",
        "read",
        "us/candidate",
        "links",
        *PARTS,
        "disk MB",
        "anon MB",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        whole = sum(row[stage] for stage in STAGES)
        figures = [*(row[stage] for stage in STAGES), whole, 1e6 / whole]
        table.add_row(
            f"{row['held']:,.0f}",
            f"{row['rarity']:.0f}",
            *(f"{figure:,.0f}" for figure in figures),
            f"{row['candidates']:.1f}",
            f"{row['judged']:.2f}",
            f"{row['correlate'] / max(row['candidates'], 1e-9):.0f}",
            f"{row['links']:.2f}",
            *(f"{row.get(part, 0.0):,.0f}" for part in PARTS),
            f"{row['disk']:,.0f}",
            f"{row['memory']:,.0f}",
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def plot(rows: Sequence[Row], path: Path) -> None:
    """Each stage's cost by the cases held, as a PNG."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    names = [f"{row['held']:,.0f}\n{row['candidates']:.1f} candidates" for row in rows]
    bottom = [0.0] * len(rows)
    for stage in STAGES:
        heights = [row[stage] for row in rows]
        axes.bar(names, heights, bottom=bottom, width=0.5, label=stage)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.axhline(1000, color="black", linewidth=1, linestyle="--", label="goal: 1 ms")
    axes.set_xlabel("cases held, and candidates a case")
    axes.set_ylabel("CPU per case, microseconds")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main())
