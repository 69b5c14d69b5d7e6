"""What the audit log costs: an entry in its writer and in `attest`, and a proof for one of 10 million entries.

    make bench-audit-log [BENCH_ARGS="--leaves N --proofs N"]

CPU time for entries, since other work may run beside; wall time for proofs, each of a leaf drawn at random, with the
store in a temporary folder and its upper tiles as cold as they come.
"""

from __future__ import annotations

import argparse
import hmac
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from pipeline.access.audit import Act, ActKind, Chain, ShownCase, ShownForm, bind_acts
from pipeline.transparency.growth import GrowingLog, grow_log
from pipeline.transparency.leaves import new_seed
from pipeline.transparency.merkle import is_included
from pipeline.transparency.notes import SignatureType, SigningKey
from pipeline.transparency.tag_keys import TagKeys
from pipeline.transparency.tree_store import TreeState, TreeStore

ACTS: Final = 2000
CHUNK: Final = 1 << 16

KEYS: Final = TagKeys(["k"], lambda key_id, agency: hmac.digest(b"secret", agency.encode(), "sha256"))
KEY: Final = SigningKey.generate("liaison.example/audit", SignatureType.NOTE)


def acts(shown: int) -> Iterator[tuple[Act, datetime]]:
    """Searches that show so many records of six agencies."""
    records = tuple(ShownCase(f"agency{at % 6}:2026-{at:06}", ShownForm.FULL) for at in range(shown))
    act = Act(
        ActKind.SEARCH, "pieter@be-fp", "be-fp", "BE", ("investigator",), "investigation", "BX/12", "0" * 32,
        query="A" * 300, shown=records,
    )  # fmt: skip
    for _ in range(ACTS):
        yield act, datetime(2026, 11, 24, tzinfo=UTC)


def microseconds(run: Callable[[], object]) -> float:
    """CPU time of an act."""
    started = time.process_time()
    run()
    return (time.process_time() - started) / ACTS * 1e6


def write(shown: int, new_seed_: Callable[[], str]) -> list[bytes]:
    """What a writer does of an entry beside sending it."""
    return [msgspec.json.encode(entry) for entry in bind_acts(Chain("host|1|0"), acts(shown), new_seed_)[1]]


def entry_costs(shown: int) -> str:
    """A line of the first table."""
    entries = bind_acts(Chain("host|1|0"), acts(shown), new_seed)[1]
    log = GrowingLog()
    before, after = microseconds(lambda: write(shown, str)), microseconds(lambda: write(shown, new_seed))
    grown = microseconds(lambda: list(grow_log(log, entries, KEYS, KEY, lambda: datetime.now(UTC))))
    return f"| {shown} | {before:.0f} | {after:.0f} | {grown:.0f} |"


def fill(store: TreeStore, leaves: int) -> float:
    """Append leaves; returns seconds of CPU."""
    started = time.process_time()
    for first in range(0, leaves, CHUNK):
        hashes = [sha256(at.to_bytes(8, "big")).digest() for at in range(first, min(first + CHUNK, leaves))]
        store.append(first, hashes, TreeState())
    return time.process_time() - started


def proof_times(folder: Path, leaves: int, proofs: int) -> list[float]:
    """Milliseconds of each proof; each is verified."""
    store, draw, found = TreeStore(folder), random.Random(1), []
    root = store.root(leaves)
    for _ in range(proofs):
        index = draw.randrange(leaves)
        started = time.perf_counter()
        path = store.prove_inclusion(index, leaves)
        found.append((time.perf_counter() - started) * 1000)
        assert is_included(store.node_at(0, index), index, leaves, path, root)
    store.close()
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=10_000_000)
    parser.add_argument("--proofs", type=int, default=2000)
    arguments = parser.parse_args()
    print("| records shown | writer before, µs | writer now, µs | attest, µs |\n|---|---|---|---|")
    for shown in (0, 1, 20, 100):
        print(entry_costs(shown))
    with TemporaryDirectory() as folder:
        store = TreeStore(Path(folder))
        spent = fill(store, arguments.leaves)
        store.close()
        size = sum(file.stat().st_blocks * 512 for file in Path(folder).iterdir())
        times = proof_times(Path(folder), arguments.leaves, arguments.proofs)
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    print(f"\n{arguments.leaves:,} leaves: {spent:.0f} s of CPU to append, {size / 1e6:.0f} MB on disk")
    print(f"inclusion proofs, ms: median {p50:.2f}, p99 {p99:.2f}, most {max(times):.2f}")


if __name__ == "__main__":
    main()
