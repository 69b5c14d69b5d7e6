"""What a case costs in each stage as the stores grow, and what an installation on real engines does.

    PYTHONPATH=tests python tests/benchmarks/stream/run.py [--cases 10000 100000 1000000] [--rarity BITS]
        [--population lists] [--partitions 4] [--measured 2000] [--plot FILE] [--live-cases 10000] [--seconds 60]
        [--figures docs/benchmarks/stream.json]

First CPU on one core, with the real matcher and LMDB stores. Keys are as rare as `batch train --cases` makes them for
the cases held, or as --rarity says in hundredths of a bit. Stores are filled by loading fingerprints without judging
them, as a rebuild does; then new cases go through intake, correlate and project as messages, CHUNK at a time, in a
process that holds nothing else. Kafka's and Elasticsearch's clients are left out: the figures are those of the stages'
own work. CPU time is that process's, so that other work beside changes it little, though it does: caches and cores are
shared. Without numbers after --cases this part is left out. With --population lists cases are the UN's, the UK's and
OFAC's entries, grown by varied copies (list_population.py), at 10,000 and 100,000 held, beside made-up ones.

Then an installation (live.py): --live-cases in a row, then --seconds at each load; 0 leaves it out. Its seconds need a
machine that does nothing else. --figures writes what was measured to a file that documents quote (benchmarks.figures).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import write_figures
from benchmarks.stream.filling import fill
from benchmarks.stream.live import Loaded, live
from benchmarks.stream.measuring import Row, measure
from benchmarks.stream.populations import LISTS, MADE_UP
from pipeline.matching.training.run import key_rarity

STAGES = ("intake", "correlate", "project")
CONSOLE = Console(width=None if sys.stdout.isatty() else 160)
SIZES = {MADE_UP: (10_000, 100_000, 1_000_000), LISTS: (10_000, 100_000)}
SENT = ("accepted", "fingerprints", "postings", "asks", "answers", "watches", "links")
CORRELATE_PARTS = (
    ("decode and encode", "records"),
    ("home takes fingerprints", "home fingerprints"),
    ("of which small sketches", "small sketches"),
    ("meeting places take postings", "meeting places"),
    ("of which small screen", "small screen"),
    ("home takes asks", "home asks"),
    ("home takes answers", "home answers"),
    ("of which screen", "screen"),
    ("of which bound names", "meet"),
    ("of which score", "score"),
    ("of which explain", "explain"),
    ("home takes watches", "home watches"),
    ("commit of homes", "commit homes"),
    ("commit of meeting places", "commit places"),
)
"""Parts of correlate: what they are called, and where they stand in the row."""
LINES = (
    ("key rarity, hundredths of a bit", "rarity", ",.0f"),
    *((f"us {stage}", stage, ",.0f") for stage in STAGES),
    ("us all", "all", ",.0f"),
    ("cases a second of a core", "cases/s", ",.0f"),
    ("candidates", "candidates", ",.1f"),
    ("of which the small screen leaves", "screened", ",.3f"),
    ("postings", "postings records", ",.1f"),
    ("asks", "asks records", ",.3f"),
    ("answers", "answers records", ",.3f"),
    ("of which judged after the screen", "judged", ",.3f"),
    ("watches", "watches records", ",.3f"),
    ("links", "links", ",.3f"),
    *((f"bytes of {name}", f"{name} bytes", ",.0f") for name in SENT),
    ("us intake: validate, normalise", "receive", ",.0f"),
    ("us intake: fingerprint", "fingerprint", ",.0f"),
    ("us intake: guesses", "guesses", ",.0f"),
    *((f"us correlate: {name}", part, ",.0f") for name, part in CORRELATE_PARTS),
    ("bytes on disk of homes", "homes bytes", ",.0f"),
    ("bytes on disk of meeting places", "places bytes", ",.0f"),
    ("private memory, MB", "memory", ",.0f"),
)
"""What is told of each size: its name, where it stands in the row, its format."""


def main() -> int:
    """Measure at each size and load, print the tables, write the plot that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--population", choices=SIZES, default=MADE_UP, help="where cases are from")
    parser.add_argument("--cases", type=int, nargs="*", help="held when measuring")
    parser.add_argument("--rarity", type=int, help="hundredths of a bit; else as training sets it for the cases held")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--measured", type=int, default=2000, help="cases measured at each size")
    parser.add_argument("--plot", type=Path, help="a picture of CPU a case by cases held, to be written")
    parser.add_argument("--live-cases", type=int, default=10_000, help="cases that tell an installation's capacity")
    parser.add_argument("--figures", type=Path, help="a file of figures to write, as docs/benchmarks/stream.json")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each load lasts")
    wanted = parser.parse_args()
    sizes = SIZES[wanted.population] if wanted.cases is None else wanted.cases
    figures: dict[str, dict[str, float]] = {}
    for population in dict.fromkeys((MADE_UP, wanted.population)):
        rows = [
            measured_at(population, cases, wanted.rarity or key_rarity(cases), wanted.partitions, wanted.measured)
            for cases in sorted(sizes)
        ]
        if rows:
            report(population, rows)
        figures |= {f"{population}, {row['held']:,.0f} held": _rounded(row) for row in rows}
        if rows and wanted.plot and population == MADE_UP == wanted.population:
            plot(rows, wanted.plot)
    if wanted.live_cases and wanted.population == MADE_UP:
        loads = live(wanted.live_cases, wanted.seconds)
        report_live(loads)
        figures |= {f"on engines, {load.name}, {load.workers} a stage": _live_figures(load) for load in loads}
    if wanted.figures:
        command = f"make bench-stream BENCH_ARGS='{' '.join(sys.argv[1:])}'"
        held = {"cases held": sorted(sizes), "partitions": wanted.partitions, "cases measured": wanted.measured}
        write_figures(wanted.figures, command, figures, held)
    return 0


def _rounded(row: Row) -> dict[str, float]:
    """What is told of a size, as the table has it; microseconds of CPU a case unless the name says otherwise."""
    return {figure: float(format(row.get(figure, 0.0), form).replace(",", "")) for _, figure, form in LINES}


def _live_figures(load: Loaded) -> dict[str, float]:
    shares = (0.5, 0.95, 0.99) if load.latencies else ()
    found = {f"p{share * 100:.0f} s": round(load.percentile(share), 2) for share in shares}
    return {"cases/s": round(load.rate), **found, **{f"us {name}": round(us) for name, us in load.cpu.items()}}


def measured_at(population: str, cases: int, rarity: int, partitions: int, measured: int) -> Row:
    """The row of one size, on stores of its own, as keys differ."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), population, partitions, cases, rarity)
        row = measure(Path(folder), population, partitions, cases, measured, rarity)
    whole = sum(row[stage] for stage in STAGES)
    taken = ("home fingerprints", "meeting places", "home asks", "home answers", "home watches")
    row["records"] = row["decide"] - sum(row.get(part, 0.0) for part in taken)
    return row | {"all": whole, "cases/s": 1e6 / whole}


def report(population: str, rows: Sequence[Row]) -> None:
    """The table of what a case costs, and where the time goes."""
    table = Table("a case costs, by cases held", title=f"CPU of one core, cases: {population}")
    for row in rows:
        table.add_column(f"{row['held']:,.0f}", justify="right")
    for name, figure, form in LINES:
        table.add_row(name, *(format(row.get(figure, 0.0), form) for row in rows))
    CONSOLE.print(table)


def report_live(loads: Sequence[Loaded]) -> None:
    """The table of loads: seconds from a case's push until a search finds it, and what CPU each process took."""
    table = Table("load", title="On real engines, all on this machine; CPU in us a case")
    for column in ("workers a stage", "cases/s", "p50 s", "p95 s", "p99 s", *loads[0].cpu):
        table.add_column(column, justify="right")
    for load in loads:
        found = (f"{load.percentile(share):.2f}" if load.latencies else "" for share in (0.5, 0.95, 0.99))
        cpu = (f"{us:,.0f}" for us in load.cpu.values())
        table.add_row(load.name, str(load.workers), f"{load.rate:,.0f}", *found, *cpu)
    CONSOLE.print(table)


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
    figure.legend(loc="outside upper center", ncols=len(STAGES) + 1, frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main())
