"""What a case costs in each stage as the stores grow: CPU on one core, with the real matcher and LMDB stores.

    python tests/benchmarks/stream/run.py [--cases 10000 100000] [--partitions 4] [--measured 2000] [--plot FILE]

Stores are filled by loading fingerprints without judging them, as a rebuild does; then new cases go through intake,
correlate and project as messages, CHUNK at a time. Kafka's and Elasticsearch's clients are left out: the figures are
those of the stages' own work. CPU time is this process's, so that other work beside changes it little.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import psutil
from population import Population
from rich.console import Console
from rich.table import Table
from stages import CHUNK, Stages, Stopwatch

STAGES = ("intake", "correlate", "project")
PARTS = ("screen", "rule out", "score", "explain", "commit")
WARM_UP = 400
PLOT = Path(__file__).with_name("stream.png")

Row = dict[str, float]


def main() -> int:
    """Measure at each size, print the table, write the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[10_000, 100_000], help="cases held when measuring")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--measured", type=int, default=2000, help="cases measured at each size")
    parser.add_argument("--plot", type=Path, default=PLOT)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), sorted(wanted.cases), wanted.partitions, wanted.measured)
    report(rows)
    plot(rows, wanted.plot)
    return 0


def measure(folder: Path, sizes: Sequence[int], partitions: int, measured: int) -> list[Row]:
    """One row a size; the stores grow from one to the next."""
    watch, population, held, rows = Stopwatch(), Population(1), 0, []
    stages = Stages(folder, partitions, watch)
    for cases in sizes:
        stages.fill(islice(population.fingerprints(), cases - held))
        _run(stages, population, WARM_UP, Stopwatch())
        watch.seconds.clear()
        before = {count: stages.total(count) for count in ("candidates", "judged")}
        links = _run(stages, population, measured, watch)
        row = {name: seconds / measured * 1e6 for name, seconds in watch.seconds.items()}
        row |= {count: (stages.total(count) - was) / measured for count, was in before.items()}
        disk = sum(file.stat().st_blocks * 512 for file in folder.rglob("data.mdb")) / 1e6
        memory = psutil.Process().memory_full_info().uss / 1e6
        rows.append(row | {"held": cases, "links": links / measured, "disk": disk, "memory": memory})
        held = cases + WARM_UP + measured
    return rows


def _run(stages: Stages, population: Population, count: int, watch: Stopwatch) -> int:
    """Send cases through all stages; the claims about them, counted."""
    messages, claimed = population.messages(), 0
    for _ in range(count // CHUNK):
        chunk = list(islice(messages, CHUNK))
        records, blocks = watch.timed("intake", stages.intake)(chunk)
        claims = watch.timed("correlate", stages.correlate)(blocks)
        watch.timed("project", stages.project)(records, claims)
        claimed += len(claims)
    return claimed


def report(rows: Sequence[Row]) -> None:
    """The table of what a case costs, and where correlate's time goes."""
    table = Table(title="CPU per case on one core, microseconds")
    columns = ("cases held", *STAGES, "all", "cases/s", "candidates", "us/candidate", "links", *PARTS, "disk MB", "MB")
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        whole = sum(row[stage] for stage in STAGES)
        figures = [*(row[stage] for stage in STAGES), whole, 1e6 / whole]
        table.add_row(
            f"{row['held']:,.0f}",
            *(f"{figure:,.0f}" for figure in figures),
            f"{row['candidates']:.1f}",
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
    started = time.process_time()
    code = main()
    print(f"{time.process_time() - started:.0f} s of CPU in all")
    sys.exit(code)
