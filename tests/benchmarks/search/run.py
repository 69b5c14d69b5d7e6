"""Search and link view under load: the real API, Kafka and Elasticsearch, the audit written before each answer.

    make bench-search [BENCH_ARGS="--home DIR --cases 300000 --seconds 60"]

First ten investigators who think for a second; as many who turn the page of a search, then who ask for its facets, then
for pages of links; then one who asks the entries of a real list, where those are held, many of them by several names or
in their own script; then ever more who do not think, for the highest rate.
README.md says how to read the tables.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from benchmarks.search.installation import Bench, Result, installation
from benchmarks.search.list_questions import FORMS
from pipeline.matching.model import generation_id, load_model
from pipeline.settings import Settings

WARM_UP_S = 30
"""Java compiles what is asked often, and Python's caches fill; a server that has run for a while has done so."""

USERS, THINK_S = 10, 1.0
"""The stated load, of which a quarter are link views."""

CROWDS = ((1, 4), (1, 8), (1, 16), (2, 8), (2, 16))
"""Servers, and users who do not think: with ever more of them the rate stops growing and only the waiting grows."""


def main() -> int:
    """Fill if need be, load, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=user_cache_path("liaison-bench-search"), help="kept for reuse")
    parser.add_argument("--cases", type=int, default=300_000)
    parser.add_argument("--seconds", type=int, default=60, help="of the stated load; a third for each crowd")
    wanted = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200)  # bench-against reads whole headings
    settings = home_of(wanted.home.absolute())
    with installation(settings, wanted.cases) as bench:
        console.print(f"{bench.held.cases:,} cases, {bench.held.links:,} links, {bench.disk / 1e6:,.0f} MB of index")
        bench.run(4, WARM_UP_S, 0, 2, search=8, links=1, page=1)
        stated = bench.run(USERS, wanted.seconds, THINK_S, search=3, links=1)
        others = [bench.run(USERS, wanted.seconds // 3, THINK_S, **{kind: 1}) for kind in ("onward", "facets", "page")]
        requests = {name: row for result in (stated, *others) for name, row in result.requests.items()}
        both = Result(requests, stated.cpu, stated.seconds)
        console.print(latencies(f"{USERS} users who think for {THINK_S:.0f} s on average", both))
        if bench.held.listed:
            forms = {form: bench.run(1, wanted.seconds // 3, 0, 1, **{form: 1}) for form in FORMS}
            console.print(rates(bench, forms, "UN's entries by"))
        crowds = {crowd: bench.run(crowd[1], wanted.seconds // 3, 0, crowd[0], search=1) for crowd in CROWDS}
        told = {f"{servers}, {users}": result for (servers, users), result in crowds.items()}
        console.print(rates(bench, told, "servers, users"))
    return 0


def home_of(folder: Path) -> Settings:
    """A home for each generation: what one has filled another does not read."""
    settings = Settings(home=folder, kafka_port=0, elasticsearch_port=0)
    name = generation_id(load_model(settings.model), settings.correlate_partitions)
    return settings.model_copy(update={"home": folder / name})


def latencies(title: str, result: Result) -> Table:
    """Percentiles of each kind of request."""
    table = Table(title=f"{title}: milliseconds until the whole answer is there")
    for column in ("request", "count", "failed", "p50", "p95", "p99", "longest"):
        table.add_column(column, justify="left" if column == "request" else "right")
    for name, row in sorted(result.requests.items(), key=lambda one: (one[1]["method"] == "kind", one[0])):
        times = [f"{percentile(row, share):.0f}" for share in (0.5, 0.95, 0.99, 1.0)]
        shown = f"  {name}" if row["method"] == "kind" else name
        table.add_row(shown, f"{row['num_requests']:,}", str(row["num_failures"]), *times)
    return table


def rates(bench: Bench, loads: dict[str, Result], first: str) -> Table:
    """What each load gets, and the CPU that a search takes of each process; `first` heads the column of loads."""
    table = Table(title="Searches without a pause between them; CPU of all processes in ms a search")
    names = [*bench.processes, "locust"]
    for column in (first, "searches/s", "failed", "p50", "p95", "p99", *names, "all", "cores busy", "bytes"):
        table.add_column(column, justify="right")
    for load, result in loads.items():
        row = result.requests["search"]
        count = row["num_requests"]
        spent = [result.cpu[name] / count * 1000 for name in names]
        table.add_row(
            load,
            f"{count / result.seconds:.0f}",
            str(row["num_failures"]),
            *(f"{percentile(row, share):.0f}" for share in (0.5, 0.95, 0.99)),
            *(f"{one:.2f}" for one in (*spent, sum(spent))),
            f"{sum(result.cpu.values()) / result.seconds:.2f}",
            f"{row['total_content_length'] / count:,.0f}",
        )
    return table


def percentile(row: dict[str, Any], share: float) -> float:
    """Milliseconds within which a share of the requests were answered, from locust's histogram."""
    times = sorted((float(took), count) for took, count in row["response_times"].items())
    left = share * sum(count for _, count in times)
    for took, count in times:
        left -= count
        if left <= 0:
            return took
    return times[-1][0]


if __name__ == "__main__":
    sys.exit(main())
