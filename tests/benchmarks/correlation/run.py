"""What correlating a case costs, with the real matcher and LMDB stores, as the stores grow.

    python tests/benchmarks/correlation/run.py [--cases 10000 100000] [--partitions 4] [--measured 2000]

Stores are filled by loading fingerprints without judging them; then new cases go to the partitions that own their keys,
with a commit every CHUNK cases. CPU is this process's, in microseconds a case over all its partitions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from population import Population

from pipeline.correlation.correlator import Correlator, targets
from pipeline.correlation.kinds import kind_of
from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store_file import Identity
from pipeline.matching.explanation import explain
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.scoring import judge

CHUNK = 200
FILL_CHUNK = 5000
WARM_UP = 500


class Stopwatch:
    """CPU seconds spent in the calls it wraps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started
                self.calls[name] = self.calls.get(name, 0) + 1

        return call

    def clear(self) -> None:
        self.seconds.clear()
        self.calls.clear()


class Installation:
    """The correlate partitions of one installation, in one process."""

    def __init__(self, folder: Path, partitions: int, watch: Stopwatch) -> None:
        identity = [Identity("bench", "blocks", partition, "bench") for partition in range(partitions)]
        self.stores = [LmdbStore(folder / str(one.partition), one) for one in identity]
        self._watch = watch
        self._watched = False
        model = load_model()
        self.correlators = [
            Correlator(store, at, partitions, model, watch.timed("judge", judge), watch.timed("explain", explain))
            for at, store in enumerate(self.stores)
        ]

    def fill(self, fingerprints: Iterable[Fingerprint]) -> None:
        for number, fingerprint in enumerate(fingerprints, start=1):
            for partition in targets(fingerprint, first=True, partitions=len(self.stores)):
                self.correlators[partition].load(fingerprint)
            if number % FILL_CHUNK == 0:
                self.commit()
        self.commit()

    def receive(self, fingerprints: Iterable[Fingerprint]) -> int:
        """The claims about `fingerprints`, counted."""
        claims = 0
        for number, fingerprint in enumerate(fingerprints, start=1):
            for partition in targets(fingerprint, first=True, partitions=len(self.stores)):
                claims += len(self.correlators[partition].receive(fingerprint))
            if number % CHUNK == 0:
                self.commit()
        self.commit()
        return claims

    def commit(self) -> None:
        for store in self.stores:
            self._watch.timed("commit", store.commit)(0)

    def total(self, name: str) -> int:
        return sum(getattr(correlator.counts, name) for correlator in self.correlators)


def main() -> None:
    arguments = _arguments()
    print(
        f"{'held':>9} {'us/case':>8} {'cand':>6} {'judged':>6} {'us/pair':>8} {'links':>6} "
        f"{'explain':>8} {'commit':>7} {'rest':>6} {'keys':>5} {'us/keys':>7} {'MB':>6} {'RSS':>6}"
    )
    with tempfile.TemporaryDirectory() as folder:
        watch, population = Stopwatch(), Population(1)
        installation = Installation(Path(folder), arguments.partitions, watch)
        stream, held = population.fingerprints(), 0
        for cases in sorted(arguments.cases):
            installation.fill(islice(stream, cases - held))
            held = cases + WARM_UP + arguments.measured
            installation.receive(islice(stream, WARM_UP))
            _measure(installation, list(islice(stream, arguments.measured)), cases, watch, Path(folder))
        _blocks(population)


def _measure(
    installation: Installation, fingerprints: list[Fingerprint], held: int, watch: Stopwatch, folder: Path
) -> None:
    watch.clear()
    before = {name: installation.total(name) for name in ("candidates", "judged")}
    started = time.process_time()
    claims = installation.receive(fingerprints)
    seconds = time.process_time() - started
    count = len(fingerprints)
    judged = (installation.total("judged") - before["judged"]) / count
    candidates = (installation.total("candidates") - before["candidates"]) / count
    per = {name: watch.seconds.get(name, 0.0) / count * 1e6 for name in ("judge", "explain", "commit")}
    rest = seconds / count * 1e6 - sum(per.values())
    size = sum(file.stat().st_blocks * 512 for file in folder.rglob("data.mdb")) / 1e6
    resident = psutil.Process().memory_info().rss / 1e6
    print(
        f"{held:>9} {seconds / count * 1e6:>8.0f} {candidates:>6.1f} {judged:>6.1f} "
        f"{per['judge'] / max(judged, 1e-9):>8.1f} "
        f"{claims / count:>6.2f} {per['explain']:>8.0f} {per['commit']:>7.0f} {rest:>6.0f} "
        f"{fmean(len(one.keys) for one in fingerprints):>5.1f} {'':>7} {size:>6.0f} {resident:>6.0f}"
    )


def _blocks(population: Population) -> None:
    """Keys a case by kind."""
    sample = list(islice(population.fingerprints(), 1000))
    counts: dict[str, int] = {}
    for one in (kind_of(key).name.lower() for fingerprint in sample for key in fingerprint.keys):
        counts[one] = counts.get(one, 0) + 1
    print("keys a case:", ", ".join(f"{name} {count / len(sample):.2f}" for name, count in sorted(counts.items())))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[10_000, 100_000], help="cases held when measuring")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--measured", type=int, default=2000, help="cases measured at each size")
    return parser.parse_args()


if __name__ == "__main__":
    main()
