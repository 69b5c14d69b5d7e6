"""What benchmarks cost here, as multiples of what they cost at another commit: `make bench-against REF=v0.2.0`.

    PYTHONPATH=tests python tests/benchmarks/against/run.py REF [--only stream lists search train] [--turns 5]
        [--cases 10000] [--measured 2000] [--seconds 20] [--report-only] [--figures FILE]

The commit and the tree as it is now run by turns of half a second, each by its own benchmarks' code, so that the host's
drift is shared; loads of searches, which take time as it passes, one after the other.
All figures are CPU time. README.md says how to read the table. Ends with 1 if anything got worse by more than 10%.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.data_sets import DATA
from benchmarks.against.checkouts import (
    Checkout,
    FailedError,
    TimeSlices,
    UsageError,
    checked_out,
    run_by_slices,
    working_tree,
)
from benchmarks.against.ratios import Comparison, compare_turns
from benchmarks.against.tables import Place, find_figure, read_tables
from benchmarks.figures import write_figures
from benchmarks.stream.populations import LISTS, MADE_UP, open_population
from benchmarks.stream.stages import CHUNK

PARTITIONS: Final = 4
STAGES: Final = ("intake", "correlate", "project", "all")
CROWDS: Final = ("1, 4", "1, 16", "2, 16")
"""Servers, and users who do not pause, as tests/benchmarks/search/run.py has them."""
LIST_QUESTIONS: Final = ("one name", "original script", "names, a date of birth", "all fields")
NOT_READ: Final = "no valid case record"
"""What training says of records that it leaves out."""
LIST_DATA: Final = DATA / "lists"

WITH_CPU: Final = """
import resource, subprocess, sys
ended = subprocess.call(sys.argv[1:])
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print()
print(usage.ru_utime + usage.ru_stime)
sys.exit(ended)
"""
"""Runs a command, then prints the seconds of CPU that it took."""

WORSE, FAILED = 1, 2
"""What the command ends with."""

Costs = dict[str, float]
"""CPU by figure."""


class Sizes(NamedTuple):
    """How much is measured: cases held or trained on, cases measured over them, seconds of a search load.

    `work` is a folder for what is kept between turns.
    """

    cases: int
    measured: int
    seconds: int
    work: Path


class Benchmark(NamedTuple):
    """How one turn of a checkout is measured, in which unit, the figures that decide, and the data that it needs."""

    measure: Callable[[Checkout, Sizes], Costs]
    unit: str
    judged: tuple[str, ...]
    data: Path | None = None
    sliced: bool = True
    """Whether the two run by turns of half a second; else one after the other."""


def measure_stream(checkout: Checkout, sizes: Sizes, *more: str) -> Costs:
    """Microseconds a case by stage."""
    printed = checkout.run(
        "tests/benchmarks/stream/run.py", "--cases", str(sizes.cases), "--measured", str(sizes.measured),
        "--partitions", str(PARTITIONS), "--live-cases", "0", *more,
    )  # fmt: skip
    places = {stage: Place("a case costs, by cases held", f"us {stage}", f"{sizes.cases:,}") for stage in STAGES}
    return _read_costs(printed, places)


def measure_lists(checkout: Checkout, sizes: Sizes) -> Costs:
    """The same of entries of the UN's, the UK's and OFAC's lists."""
    return measure_stream(checkout, sizes, "--population", LISTS)


def measure_search(checkout: Checkout, sizes: Sizes) -> Costs:
    """Milliseconds a search of all processes, by load and by what is asked; the index is filled in the first turn."""
    home = sizes.work / f"search-{checkout.root.parent.name}"  # the worktree's folder has a name of its own
    printed = checkout.run(
        "tests/benchmarks/search/run.py", "--home", home, "--cases", str(sizes.cases), "--seconds", str(sizes.seconds)
    )
    return read_search_costs(printed)


def read_search_costs(printed: str) -> Costs:
    """What a search took of all processes but locust, whose start alone is most of what it takes in a short load."""
    loads = {f"servers, users: {crowd}": ("servers, users", crowd) for crowd in CROWDS}
    loads |= {f"list entries by {form}": ("UN's entries by", form) for form in LIST_QUESTIONS}
    everything = _read_costs(printed, {name: Place(*load, "all") for name, load in loads.items()})
    locust = _read_costs(printed, {name: Place(*load, "locust") for name, load in loads.items()})
    return {name: cost - locust.get(name, 0) for name, cost in everything.items()}


def measure_training(checkout: Checkout, sizes: Sizes) -> Costs:
    """Seconds of `liaison batch train`, start and reading included, on files that are the same for both.

    A file is left out where a commit does not know fields of its records: it would train on fewer.
    """
    costs = {}
    for population in (MADE_UP, LISTS) if LIST_DATA.exists() else (MADE_UP,):
        cases = sizes.work / f"{population}.ndjson"
        if not cases.exists():
            messages = islice(open_population(population, seed=1, made=0).messages(), sizes.cases)
            cases.write_bytes(b"".join((message.value or b"") + b"\n" for message in messages))
        model = sizes.work / f"{checkout.root.parent.name}.json"
        liaison = checkout.python.with_name("liaison")
        *printed, cost = checkout.run("-c", WITH_CPU, liaison, "batch", "train", cases, "-o", model).splitlines()
        if NOT_READ not in "".join(printed):
            costs[population] = float(cost)
    return costs


def _read_costs(printed: str, places: dict[str, Place]) -> Costs:
    tables = read_tables(printed)
    found = {name: find_figure(tables, place) for name, place in places.items()}
    return {name: cost for name, cost in found.items() if cost}


BENCHMARKS: Final = {
    "stream": Benchmark(measure_stream, "µs a case", ("all",)),
    "lists": Benchmark(measure_lists, "µs a case", ("all",), LIST_DATA),
    "search": Benchmark(measure_search, "ms a search", (f"servers, users: {CROWDS[-1]}",), sliced=False),
    "train": Benchmark(measure_training, "s", (MADE_UP, LISTS)),
}


def main() -> int:
    """Measure by turns and print the table; 1 if anything judged is worse, 2 if it could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ref", help="commit, tag or branch that the tree is held against")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--turns", type=int, default=5, help="measurements of each of the two")
    parser.add_argument("--cases", type=int, default=10_000, help="held by stores or the index, or trained on")
    parser.add_argument("--measured", type=int, default=2000, help="cases that go through the stages in a turn")
    parser.add_argument("--seconds", type=int, default=20, help="of a search load, as make bench-search has it")
    parser.add_argument("--report-only", action="store_true", help="end with 0 also if something is worse")
    parser.add_argument("--figures", type=Path, help="a file of figures to write, for docs/benchmarks")
    wanted = parser.parse_args()
    if wanted.measured % CHUNK or min(wanted.measured, wanted.turns) < 1:
        parser.error(
            f"--measured is a multiple of {CHUNK}, as old commits measure whole chunks only; --turns at least 1"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would let children ignore it
    compared: dict[str, dict[str, Comparison]] = {}
    failed = False
    try:
        with checked_out(wanted.ref) as baseline, tempfile.TemporaryDirectory(prefix="liaison-against-") as work:
            current = working_tree()
            for checkout in (baseline, current):
                checkout.prepare()
            sizes = Sizes(wanted.cases, wanted.measured, wanted.seconds, Path(work))
            for name in wanted.only:
                try:
                    compared[name] = compare_costs(*measure_by_turns(name, baseline, current, sizes, wanted.turns))
                except FailedError as error:  # what the others have measured, or will, is told
                    print(f"{name} failed: {error}", file=sys.stderr)
                    failed = True
    except FailedError as error:
        print(error, file=sys.stderr)
        return FAILED
    report(compared, baseline.name, current.name)
    if wanted.figures:
        command = f"make bench-against REF={wanted.ref} BENCH_ARGS='{shlex.join(sys.argv[2:])}'"
        figures = {name: {figure: one._asdict() for figure, one in found.items()} for name, found in compared.items()}
        sizes_told = {"cases held": wanted.cases, "cases measured": wanted.measured, "seconds": wanted.seconds}
        write_figures(wanted.figures, command, figures, {"turns": wanted.turns, **sizes_told})
    if failed:
        return FAILED
    return WORSE if any_worse(compared) and not wanted.report_only else 0


def measure_by_turns(
    name: str, baseline: Checkout, current: Checkout, sizes: Sizes, turns: int
) -> tuple[list[Costs], list[Costs]]:
    """Costs of the baseline and of the current tree, a row a turn; none where the baseline can't run the benchmark.

    Where they run one after the other, who goes first changes with each turn: so neither gains by a drift within
    turns. Raises FailedError.
    """
    benchmark = BENCHMARKS[name]
    if benchmark.data and not benchmark.data.exists():
        print(f"{name}: left out, {benchmark.data} is missing", file=sys.stderr)
        return [], []
    theirs, ours = list[Costs](), list[Costs]()
    for turn in range(turns):
        order = [current, baseline] if turn % 2 else [baseline, current]
        try:
            costs = dict(zip((checkout.name for checkout in order), measure_turn(benchmark, order, sizes), strict=True))
        except UsageError as error:
            if error.checkout == current.name:
                raise FailedError(str(error)) from error
            print(f"{name}: left out, {error}", file=sys.stderr)
            return [], []
        theirs.append(costs[baseline.name])
        ours.append(costs[current.name])
        if not ours[-1].keys() & set(benchmark.judged):
            raise FailedError(
                f"{name}: {current.name} printed no {' or '.join(benchmark.judged)} where it is looked for"
            )
        told = (f"{figure} {cost:.4g} -> {ours[-1].get(figure, 0):.4g}" for figure, cost in theirs[-1].items())
        print(f"{name}, turn {turn + 1} of {turns}: {', '.join(told)}", file=sys.stderr)
    for has, lacks, checkout in ((ours, theirs, baseline), (theirs, ours, current)):
        if missing := has[-1].keys() - lacks[-1].keys():
            print(f"{name}: left out, {checkout.name} does not measure {', '.join(sorted(missing))}", file=sys.stderr)
    return theirs, ours


def measure_turn(benchmark: Benchmark, order: Sequence[Checkout], sizes: Sizes) -> list[Costs]:
    """Costs of the checkouts in their order. Raises UsageError, FailedError."""
    if not benchmark.sliced:
        return [benchmark.measure(checkout, sizes) for checkout in order]
    return run_by_slices(*(partial(_measure_sliced, benchmark, checkout, sizes) for checkout in order))


def _measure_sliced(benchmark: Benchmark, checkout: Checkout, sizes: Sizes, slices: TimeSlices) -> Costs:
    return benchmark.measure(checkout.sliced(slices), sizes)


def compare_costs(theirs: Sequence[Costs], ours: Sequence[Costs]) -> dict[str, Comparison]:
    """Comparisons of the figures that all turns of both have, in the order of ours."""
    shared = [figure for figure in next(iter(ours), ()) if all(figure in costs for costs in (*theirs, *ours))]
    return {
        figure: compare_turns([costs[figure] for costs in theirs], [costs[figure] for costs in ours])
        for figure in shared
    }


def report(compared: dict[str, dict[str, Comparison]], baseline: str, current: str) -> None:
    """The table of ratios: medians of turns, their quartiles and extremes."""
    table = Table("benchmark", "figure", title="CPU time by turns", caption="below 1: less CPU than at the baseline")
    for heading in ("unit", baseline, current, "ratio", "quartiles", "extremes"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for name, found in compared.items():
        for figure, one in found.items():
            costs = (f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}" for cost in (one.baseline, one.current))
            spread = (f"{low:.2f} to {high:.2f}" for low, high in ((one.low, one.high), (one.least, one.most)))
            unit = BENCHMARKS[name].unit
            table.add_row(name, figure, unit, *costs, f"{one.ratio:.2f}", *spread, one.verdict)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def any_worse(compared: dict[str, dict[str, Comparison]]) -> bool:
    """Whether any benchmark is worse by a figure that decides."""
    return any(
        found[figure].verdict == "worse"
        for name, found in compared.items()
        for figure in BENCHMARKS[name].judged
        if figure in found
    )


if __name__ == "__main__":
    sys.exit(main())
