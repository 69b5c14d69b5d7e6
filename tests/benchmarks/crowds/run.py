"""Values that everybody has: what they cost `batch correlate`, and one case that meets a crowd: `make bench-crowds`.

    PYTHONPATH=tests python tests/benchmarks/crowds/run.py [--records N] [--held N] [--only batch|one]

Records are the made-up people of the stream's benchmark, one a case, one name each; each row gives all of them one
more value in common. Records a CPU second are those of the whole command: reading, fingerprints, links. Then one slice
of cases meets a partition that holds a crowd, all of one postcode. CPU time, since other work may run beside.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.stream.population import Population
from pipeline.correlation.batch import LineReader, find_links, make_fingerprints
from pipeline.correlation.homes import Arrival
from pipeline.correlation.lone_partition import LonePartition
from pipeline.correlation.protocol import CaseVersion, Posting
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.streams.runtime.source_queues import SLICE_RECORDS

SEED = 7
POSTCODE, DOORS, CITY, PHONE = "75001", "SW1A 1AA", "Paris", "+33140000000"
FILL = 10_000

Share = Callable[[dict[str, Any]], None]


def share_nothing(person: dict[str, Any]) -> None:
    """Leave a person as they are."""


def share_phone(person: dict[str, Any]) -> None:
    """Give a person the switchboard's number; in a twelfth of the records there is none."""
    person["phones"] = [PHONE for _ in person["phones"]]


def share_address(**values: str) -> Share:
    """Give a person's address some values."""

    def share(person: dict[str, Any]) -> None:
        for address in person.get("addresses", ()):
            address.update(values)

    return share


def share_all(person: dict[str, Any]) -> None:
    """Give a person all of these values."""
    share_phone(person)
    share_address(postcode=DOORS, city=CITY)(person)


VALUES: dict[str, Share] = {
    "nothing": share_nothing,
    "one city": share_address(city=CITY),
    "one postcode of five digits": share_address(postcode=POSTCODE),
    "one postcode of a few doors": share_address(postcode=DOORS),
    "one switchboard": share_phone,
    "the last, the city and those doors": share_all,
}


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--records", type=int, default=21_000)
    parser.add_argument("--held", type=int, default=100_000)
    parser.add_argument("--only", choices=("batch", "one"))
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if given.only != "one":
        console.print(batch_table(given.records))
    if given.only != "batch":
        console.print(one_table(given.held))
    return 0


def batch_table(count: int) -> Table:
    """Records a CPU second of `batch correlate` by what they share and the lowest probability of a link."""
    table = Table("in common", "0.5", "0.01", "links, 0.5", title=f"{count:,} records: records a CPU second")
    measure_batch(list(islice(record_lines(share_nothing), count)), 0.5)  # names are remembered from then on
    for name, share in VALUES.items():
        lines = list(islice(record_lines(share), count))
        rates, links = zip(*(measure_batch(lines, threshold) for threshold in (0.5, 0.01)), strict=True)
        table.add_row(name, *(f"{rate:,.0f}" for rate in rates), f"{links[0]:,}")
    return table


def measure_batch(lines: Sequence[bytes], threshold: float) -> tuple[float, int]:
    """Records a CPU second, and links."""
    model = load_model()
    started = time.process_time()
    cases = make_fingerprints(LineReader().read_cases(lines), model)
    links = find_links(cases, ModelMatcher(model, threshold=threshold))
    return len(lines) / (time.process_time() - started), len(links)


def record_lines(share: Share) -> Iterator[bytes]:
    """Records of one person each, which all share something."""
    for message in Population(SEED).messages():
        record = orjson.loads(message.value or b"")
        people = [entity for entity in record["data"]["entities"] if entity["id"] == "p1"]
        for person in people:
            share(person)
        record["data"]["entities"] = people
        yield orjson.dumps(record)


def one_table(count: int) -> Table:
    """What a slice of cases costs a store that holds a crowd of one postcode, and one that holds as many without."""
    table = Table("in common", "met a case", "CPU ms a case", "peak MB of a slice", title=f"{count:,} held in a store")
    for name in ("nothing", "one postcode of a few doors"):
        table.add_row(name, *measure_one(VALUES[name], count))
    return table


def measure_one(share: Share, count: int) -> tuple[str, str, str]:
    """Candidates, CPU and memory of a slice of cases; memory by a second slice, as tracing takes time."""
    model = load_model()
    waiting = make_fingerprints(LineReader().read_cases(record_lines(share)), model)
    with tempfile.TemporaryDirectory() as folder:
        matcher = ModelMatcher(model)
        screen = SmallSketchScreen(model, matcher.threshold)
        partition = LonePartition.on_disk(Path(folder), StoreIdentity("bench", "crowds", 0, "bench"), matcher, screen)
        for held in range(0, count, FILL):
            hold_cases(partition, list(islice(waiting, min(FILL, count - held))))
        some, others = list(islice(waiting, SLICE_RECORDS)), list(islice(waiting, SLICE_RECORDS))
        started = time.process_time()
        list(partition.take(some))
        taken, met = time.process_time() - started, partition.place.counts.candidates
        tracemalloc.start()
        list(partition.take(others))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        partition.close()
    return f"{met / len(some):,.0f}", f"{1000 * taken / len(some):.1f}", f"{peak / 1e6:.0f}"


def hold_cases(partition: LonePartition, cases: Sequence[Fingerprint]) -> None:
    """Put cases into the stores of a partition and commit, without a look at whom they meet."""
    found = partition.home.take_fingerprints([Arrival(CaseVersion(case), first=True) for case in cases])
    postings = [message for message in found if isinstance(message, Posting)]
    partition.place.load_postings([one.case for one in postings], [one.value for one in postings])
    partition.commit()


if __name__ == "__main__":
    sys.exit(main())
