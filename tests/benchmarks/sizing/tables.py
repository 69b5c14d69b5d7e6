"""The tables of deploy/README.md's chapter on sizing, from the figures below: what is measured is written here alone.

python tests/benchmarks/sizing/tables.py
"""

from __future__ import annotations

from typing import Final, NamedTuple

PEAK: Final = 4
"""k: peak over mean."""

KEYS: Final = 31
"""Blocking keys of a case (tests/benchmarks/stream)."""

CPU_MS: Final = {4: 1.1, 96: 3.0, 2048: 3.5}
"""c: milliseconds of CPU a case in all stages, by partitions of `blocks`.

At 4: 0.8 with a million cases held (make bench-stream) and 0.3 for Kafka's and Elasticsearch's clients and for
transactions, by which a backlog on real engines takes more than that benchmark. At 64 the former is 2.8 times as much
(--cases 30000 --partitions 64); above: assumed.
"""

STORE_KB: Final = 1.1
"""b_store: store bytes a case and partition that holds it."""

MEMORY_KB: Final = 0.3
"""b_memory: private memory a case and partition that holds it: sketches, block lists."""

ACCEPTED_KB, PRINT_KB = 3, 1.4
"""b_accepted, b_print: bytes in Kafka of an accepted record, and of a fingerprint in each partition."""

INDEX_KB: Final = 4
"""b_index: bytes a case in Elasticsearch, source included; assumed."""

KAFKA_REPLICAS, INDEX_REPLICAS = 3, 2

LEAST_CORES: Final = 0.1

MOST_IN_A_STORE: Final = 2**24
"""Cases that a store can number."""


class Site(NamedTuple):
    """Cases that come a day (N), cases held (R), partitions of `blocks` (P)."""

    name: str
    daily: int
    held: int
    partitions: int

    @property
    def holding(self) -> float:
        """p: how many partitions hold a case, whose keys fall on them at random."""
        return self.partitions * (1 - (1 - 1 / self.partitions) ** KEYS)


SITES: Final = (
    Site("an agency", 2_000, 1_000_000, 4),
    Site("a country", 50_000, 50_000_000, 96),
    Site("a union of countries", 1_000_000, 1_000_000_000, 2048),
)


def inputs() -> list[str]:
    """The table of the inputs."""
    cpu = ", ".join(f"{ms} ms at P = {partitions:,}" for partitions, ms in CPU_MS.items())
    return [
        "| input | | value |",
        "|---|---|---|",
        "| N, R | cases that come a day, cases held | |",
        f"| k | peak over mean; half of each core is kept free besides | {PEAK} |",
        f"| P, p | partitions of `blocks`; those that hold a case, by its {KEYS} keys | P (1 - (1 - 1/P)^{KEYS}) |",
        f"| c | CPU a case in all stages, Elasticsearch's aside; beyond P = 64 assumed | {cpu} |",
        f"| b_store | store bytes a case and partition that holds it | {STORE_KB} KB |",
        f"| b_memory | private memory a case and partition that holds it: sketches and block lists | {MEMORY_KB} KB |",
        f"| b_accepted, b_print | Kafka's bytes a record, a print in each partition | {ACCEPTED_KB}, {PRINT_KB} KB |",
        f"| b_index | bytes a case in Elasticsearch, source included (assumed) | {INDEX_KB} KB |",
        f"| r | replicas | {KAFKA_REPLICAS} in Kafka, {INDEX_REPLICAS} in Elasticsearch |",
    ]


def results() -> list[str]:
    """The table of what each site needs."""
    head = "| | N a day | R | P, p | c | cores | loading | memory | stores | Kafka | Elasticsearch |"
    return [head, "|---|---|---|---|---|---|---|---|---|---|---|", *map(row, SITES)]


def row(site: Site) -> str:
    """One site's line."""
    seconds, kept = CPU_MS[site.partitions] / 1000, site.held * site.holding
    cells = (
        site.name,
        f"{site.daily:,}",
        f"{site.held // 1_000_000:,} million",
        f"{site.partitions:,}, {site.holding:.0f}",
        f"{CPU_MS[site.partitions]} ms",
        cores(2 * PEAK * site.daily / 86_400 * seconds),
        duration(site.held * seconds),
        size(kept * MEMORY_KB),
        size(kept * STORE_KB),
        size(KAFKA_REPLICAS * (site.held * ACCEPTED_KB + kept * PRINT_KB)),
        size(INDEX_REPLICAS * site.held * INDEX_KB),
    )
    return f"| {' | '.join(cells)} |"


def cores(count: float) -> str:
    """Cores at the peak."""
    return f"{count:.2g}" if count >= LEAST_CORES else f"below {LEAST_CORES}"


def duration(seconds: float) -> str:
    """CPU time for people."""
    for unit, length in (("core-days", 86_400), ("core-hours", 3_600), ("core-minutes", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} core-seconds"


def size(kilobytes: float) -> str:
    """Memory or disk space for people."""
    return f"{float(f'{kilobytes / 1e9:.2g}'):g} TB" if kilobytes >= 1e9 else f"{kilobytes / 1e6:.0f} GB"


if __name__ == "__main__":
    print("\n".join([*inputs(), "", *results()]))
