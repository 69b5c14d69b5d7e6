"""The tables of deploy/README.md's chapter on sizing, by `liaison ops plan`'s functions and constants.

python tests/benchmarks/sizing/tables.py
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.ops.plan import (
    BUSY,
    INDEX_COPIES,
    MERGING,
    Constants,
    format_cpu,
    format_size,
    plan_installation,
    read_constants,
)

PEAK: Final = 4
"""k: peak over mean."""

KAFKA_COPIES: Final = 3

DAY_S: Final = 86_400


class Site(NamedTuple):
    """Cases that come a day (N), cases held (R)."""

    name: str
    daily: int
    held: int


SITES: Final = (
    Site("an agency", 2_000, 1_000_000),
    Site("a country", 50_000, 50_000_000),
    Site("a union of countries", 1_000_000, 1_000_000_000),
)


def inputs(constants: Constants) -> list[str]:
    """The table of the inputs."""
    c = constants
    sparse = f"{c.sparse_cases / 1e6:.3g} million"
    meets = f"{c.candidates:.3g} max(1, R / {sparse})"
    met = f"{c.candidate_us:.3g} (n - {c.candidates:.3g})"
    cpu = f"{c.intake_us:,.0f} + {c.correlate_us:,.0f} + {c.posting_us:.3g} p + {met} + {c.project_us:,.0f} µs"
    stores = f"{c.home_bytes:,.0f} + {c.row_bytes:,.0f} p + {MERGING:g} x {c.entry_bytes:.3g} K bytes"
    memory = f"{c.worker_mb:,.0f} MB, {c.partition_mb:.3g} MB"
    kafka = f"{c.record_bytes:,.0f} + {c.posting_bytes:,.0f} p + {c.key_bytes:g} K bytes; {c.message_bytes:,.0f} bytes"
    return [
        "| input | | value |",
        "|---|---|---|",
        "| N, R | cases that come a day, cases held | |",
        f"| k | peak over mean; {BUSY:.0%} of each core is used at the peak | {PEAK} |",
        f"| P, p | partitions of correlate; those that own one of a case's K = {c.keys:g} keys | P (1 - (1 - 1/P)^K) |",
        f"| n | cases that a case meets; from {sparse} on its keys may get no rarer | {meets} |",
        f"| c | CPU of a case in intake, correlate and project, clients included | {cpu} |",
        f"| s | local stores, a case; merges take {MERGING:g} times their entries | {stores} |",
        f"| m | private memory of a worker, and of each partition of correlate | {memory} |",
        f"| f | Kafka, a case, one copy; besides its message, for a week | {kafka} |",
        f"| e | Elasticsearch, a case, one copy | {c.index_bytes:,.0f} bytes |",
        f"| r | copies | {KAFKA_COPIES} in Kafka, {INDEX_COPIES} in Elasticsearch |",
    ]


def results(constants: Constants) -> list[str]:
    """The table of what each site needs."""
    head = "| | N a day | R | P, p | n | c | cores | workers | loading | memory | stores | Kafka | Elasticsearch |"
    return [head, "|---|---|---|---|---|---|---|---|---|---|---|---|---|", *(row(site, constants) for site in SITES)]


def row(site: Site, constants: Constants) -> str:
    """One site's line."""
    plan = plan_installation(site.held, PEAK * site.daily / DAY_S, KAFKA_COPIES, constants)
    cells = (
        site.name,
        f"{site.daily:,}",
        f"{site.held // 1_000_000:,} million",
        f"{plan.partitions:,}, {plan.postings:.0f}",
        f"{plan.candidates:,.0f}",
        f"{1000 * plan.cpu_s:.1f} ms",
        f"{plan.cores:.2g}" if plan.cores >= 0.1 else "below 0.1",
        " + ".join(map(str, plan.workers.values())),
        format_cpu(plan.loading_s),
        format_size(plan.memory_bytes),
        format_size(plan.stores_bytes),
        format_size(plan.kafka_bytes),
        format_size(plan.index_bytes),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    measured = read_constants()
    print("\n".join([*inputs(measured), "", *results(measured)]))
