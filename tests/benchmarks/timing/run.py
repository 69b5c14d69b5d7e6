"""Whether time tells a hidden record from none: reads by key, refused, over the real Elasticsearch.

    make bench-timing [BENCH_ARGS="--pairs 1000"]

Each pair is one read of a record that the reader may not see and one of a key that stands for nothing, in random order,
by the API as a whole but for its audit, which writes the same for both. A two-sample test (Mann and Whitney, 1947)
tells how likely so large a difference is by chance. Ends with 1 where that is less than one in a thousand.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist, median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.index.documents import case_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings, switch_aliases
from pipeline.index.writer import BulkWriter
from pipeline.localstack import stack
from pipeline.matching.model import load_model
from pipeline.settings import Settings, settings
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import record

KINDS = {"hit only (H2)": "H2", "silent (H3)": "H3"}
KEYS = 200
"""Records of each kind, and as many keys of none: nothing is read so often that a cache knows it better."""

WARM_UP = 300
RECORD_CHARS = 3_900
"""Of each hidden record's summary: to fetch and decode it would show."""

CHANCE = 0.001


class Outcome(NamedTuple):
    """Of one kind of hidden record: medians in microseconds, and how likely their difference is by chance."""

    kind: str
    hidden_us: float
    none_us: float
    chance: float


def chance_of(a: Sequence[float], b: Sequence[float]) -> float:
    """The two-sided p-value of Mann and Whitney's U by its normal approximation; ties do not occur among times."""
    ranks = np.argsort(np.argsort([*a, *b])) + 1
    u = float(ranks[: len(a)].sum()) - len(a) * (len(a) + 1) / 2
    mean, deviation = len(a) * len(b) / 2, (len(a) * len(b) * (len(a) + len(b) + 1) / 12) ** 0.5
    return 2 * (1 - NormalDist().cdf(abs(u - mean) / deviation))


async def took(api: Api, key: str) -> float:
    """Seconds that a refused read takes."""
    begun = time.perf_counter()
    answer = await api.get(f"/v1/cases/{key}", ANNA)
    spent = time.perf_counter() - begun
    if answer.status_code != 404:
        raise SystemExit(f"a read that should be refused answers {answer.status_code}")
    return spent


async def compared(api: Api, kind: str, code: str, pairs: int, order: random.Random) -> Outcome:
    """Interleaved reads of one kind of hidden record and of none."""
    hidden: list[float] = []
    none: list[float] = []
    for at in range(-WARM_UP, pairs):
        both = [(hidden, f"nl-np:{code}-{at % KEYS}"), (none, f"nl-np:no-{at % KEYS}")]
        order.shuffle(both)
        for times, key in both:
            spent = await took(api, key)
            if at >= 0:
                times.append(1e6 * spent)
    return Outcome(kind, median(hidden), median(none), chance_of(hidden, none))


async def measured(own: Settings, pairs: int) -> list[Outcome]:
    """All kinds, one after the other, on an index that holds both."""
    stages, names = PureStages(load_model(own.model)), Indices(f"timing-{uuid.uuid4().hex[:8]}-", "bench")
    async with connect(own) as client:
        await apply_mappings(client, names)
        await switch_aliases(client, names)
        hidden: list[dict[str, Any]] = [
            record("nl-np", f"{code}-{at}", code=code, summary="x" * RECORD_CHARS)
            for code in KINDS.values()
            for at in range(KEYS)
        ]
        outcome = await BulkWriter(client, names).write([case_document(stages.accepted(one)) for one in hidden])
        if outcome.refused:
            raise SystemExit(f"Elasticsearch refuses a document: {outcome.refused[0].error}")
        await client.indices.refresh(index=names.write_alias("cases"))
        engine: Any = client
        api = Api(stages, own.home, engine, Indices(names.namespace, ""), request_rate=10**9)
        order = random.Random(7)
        return [await compared(api, kind, code, pairs, order) for kind, code in KINDS.items()]


def main() -> int:
    """Measure, print the table, and say whether time tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    wanted = parser.parse_args()
    with TemporaryDirectory(prefix="liaison-timing-") as home:
        own = settings().model_copy(update={"home": Path(home), "kafka_port": 0, "elasticsearch_port": 0})
        try:
            url = settings().elasticsearch_url or stack.start_engines(own).elasticsearch
            found = asyncio.run(measured(own.model_copy(update={"elasticsearch_url": url}), wanted.pairs))
        finally:
            stack.stop_engines(own)
    table = Table(title=f"{wanted.pairs:,} interleaved pairs of refused reads: median microseconds")
    for column in ("record", "hidden", "none", "difference", "by chance (p)"):
        table.add_column(column, justify="left" if column == "record" else "right")
    for outcome in found:
        difference = f"{outcome.hidden_us - outcome.none_us:+.1f}"
        table.add_row(
            outcome.kind, f"{outcome.hidden_us:.0f}", f"{outcome.none_us:.0f}", difference, f"{outcome.chance:.3f}"
        )
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 1 if any(outcome.chance < CHANCE for outcome in found) else 0


if __name__ == "__main__":
    sys.exit(main())
