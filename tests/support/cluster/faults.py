"""What is broken and mended while traffic flows, and what each fault cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

from support.cluster.engines import EngineCluster, Member, await_all
from support.cluster.traffic import Search, Traffic, longest_gap_s


@dataclass(frozen=True)
class FaultReport:
    """What a fault cost. Seconds; `whole_s` counts from when the last of what had been away served again."""

    name: str
    searches: int
    failed: int
    p95_s: float
    slowest_s: float
    longest_gap_s: float
    longest_delay_s: float
    start_s: float
    whole_s: float
    failures: tuple[str, ...]

    @property
    def failed_share(self) -> float:
        """Of the searches from the fault until all was whole."""
        return self.failed / self.searches


def run_fault(
    cluster: EngineCluster,
    traffic: Traffic,
    name: str,
    breaking: Callable[[], None],
    mending: Callable[[], Sequence[Member]],
    held_s: float,
    flows_meanwhile: bool,
    wait_for: Callable[..., object],
) -> FaultReport:
    """Break, hold it for `held_s` and until a new record is found where it `flows_meanwhile`, mend, and wait.

    `mending` returns the members that start again.
    """
    began = time.monotonic()
    breaking()
    wait_for(lambda: time.monotonic() > began + held_s, deadline_s=held_s + 5)
    if flows_meanwhile:
        wait_for(lambda: traffic.has_caught_up(began), deadline_s=90)
    mended = time.monotonic()
    await_all(mending())
    served = time.monotonic()
    wait_for(lambda: is_recovered(cluster, traffic, served), deadline_s=180)
    return report(traffic, name, began, mended, served)


def is_recovered(cluster: EngineCluster, traffic: Traffic, since: float) -> bool:
    """Whether nothing is missing in the clusters, and records pushed since then, and all before, are found."""
    return traffic.has_caught_up(since) and cluster.is_whole()


def report(traffic: Traffic, name: str, began: float, mended: float, served: float) -> FaultReport:
    """What the searches from `began` until now have met."""
    now = time.monotonic()
    met = [search for search in traffic.searches if search.begun >= began]
    failed = [search for search in met if not search.good]
    return FaultReport(
        name=name,
        searches=len(met),
        failed=len(failed),
        p95_s=sorted(search.seconds for search in met)[len(met) * 95 // 100],
        slowest_s=max(search.seconds for search in met),
        longest_gap_s=longest_gap_s(met, began, now),
        longest_delay_s=traffic.delay_s(began),
        start_s=served - mended,
        whole_s=now - served,
        failures=tuple(_described(failed, began)),
    )


def _described(failed: Iterable[Search], began: float) -> Iterable[str]:
    return (f"{search.begun - began:.1f} s: {search.outcome} after {search.seconds:.1f} s" for search in failed)


def table_of(reports: Iterable[FaultReport]) -> Table:
    """A row for each fault."""
    table = Table(title="What each fault cost")
    times = ("p95", "slowest", "longest without", "new record after", "start", "whole")
    for heading in ("fault", "searches", "failed", *times):
        table.add_column(heading, justify="left" if heading == "fault" else "right")
    for one in reports:
        seconds = (one.p95_s, one.slowest_s, one.longest_gap_s, one.longest_delay_s, one.start_s, one.whole_s)
        table.add_row(one.name, str(one.searches), f"{one.failed_share:.1%}", *(f"{value:.1f} s" for value in seconds))
    return table
