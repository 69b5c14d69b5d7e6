"""What a posting costs the meeting store on disk while cases are added: CPU, private memory, disk.

    python tests/benchmarks/stores/meeting_store.py FOLDER --cases 1000000

Each case has 31 keys at one partition: 4 of them are shared, so that it meets some 8 others, however many are held.
Chunks are looked up as a meeting place does it, engines and screens aside. A line of JSON tells each size:

- `lookup_us`, `put_us`, `read_us`, `commit_us`: CPU a posting, of the process, in the last tenth before that size
- `total_us`: their sum; `mean_us`: the same since the size before, with all merges
- `longest_commit_ms`: of those since the size before, by the wall clock
- `private_mb`: memory that is no page cache (Anonymous in smaps_rollup)
- `disk_bytes`: a case, of all files, holes aside; `runs`: files of runs
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.postings import KeyArray, Postings
from pipeline.correlation.store_file import StoreIdentity

KEYS, SHARED = 31, 4
KINDS = 24
SIZES = (10_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000)


def main() -> None:
    """Fill a store and tell the costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--chunk", type=int, default=500)
    parser.add_argument("--words", type=int, default=17, help="32-bit words of a sketch")
    parser.add_argument("--amended", type=float, default=0.0, help="share of postings of cases that are held already")
    options = parser.parse_args()
    store = DiskMeetingStore(options.folder, StoreIdentity("c", "t", 0, "g"), options.words)
    random = np.random.default_rng(1)
    held, met, since, longest = 0, 0, defaultdict[str, float](float), 0.0
    before = 0
    late = defaultdict[str, float](float)
    late_count = since_count = 0
    while held < options.cases:
        postings = _make_chunk(random, held, options.chunk, options.words, options.amended)
        start = time.process_time()
        known = store.look_up(postings.cases, postings.keys)
        new = int(np.count_nonzero(known.numbers == (1 << 32) - 1))
        found = time.process_time()
        store.put_postings(postings, known.numbers)
        put = time.process_time()
        _, others, countries = known.find_entries(np.flatnonzero(known.sizes))
        others = others[countries != 7]
        store.get_sketches(others)
        store.get_ids(others[::20])
        looked = time.process_time()
        clock = time.perf_counter()
        store.commit(held)
        longest = max(longest, time.perf_counter() - clock)
        ended = time.process_time()
        spent = {"lookup": found - start, "put": put - found, "read": looked - put, "commit": ended - looked}
        held += new
        met += len(others)
        _add(since, spent)
        since_count += options.chunk
        size = next((size for size in SIZES if size >= held), options.cases)
        size = min(size, options.cases)
        if held > 0.9 * size:
            _add(late, spent)
            late_count += options.chunk
        if held >= size or held >= options.cases:
            line = {"held": held} | {f"{name}_us": round(1e6 * late[name] / late_count, 1) for name in spent}
            line |= {
                "total_us": round(1e6 * sum(late.values()) / late_count, 1),
                "mean_us": round(1e6 * sum(since.values()) / since_count, 1),
                "longest_commit_ms": round(1e3 * longest, 1),
                "private_mb": round(_private_bytes() / 1e6, 1),
                "disk_bytes": round(_disk_bytes(options.folder) / held, 1),
                "met": round(met / (held - before), 1),
            }
            print(json.dumps(line | {"runs": len(list(options.folder.glob("run-*")))}), flush=True)
            before, met, since, longest, late = (
                held,
                0,
                defaultdict[str, float](float),
                0.0,
                defaultdict[str, float](float),
            )
            late_count = since_count = 0
    start_s = time.process_time(), time.perf_counter()
    store.close()
    store = DiskMeetingStore(options.folder, StoreIdentity("c", "t", 0, "g"), options.words)
    print(json.dumps({"reopen_s": round(time.perf_counter() - start_s[1], 2)}))
    store.close()


def _make_chunk(random: np.random.Generator, held: int, count: int, words: int, amended: float) -> Postings:
    """Postings of the next cases, and of some that are held."""
    cases = np.arange(held, held + count, dtype=np.uint64)
    again = random.random(count) < (amended if held else 0)
    cases[again] = random.integers(0, max(held, 1), np.count_nonzero(again))
    cases = np.unique(cases)
    count = len(cases)
    ids = np.stack([_mix(cases), _mix(cases + np.uint64(1 << 50))], axis=1)
    values = random.integers(0, 1 << 60, (count, KEYS), dtype=np.uint64)
    values[:, :SHARED] = random.integers(0, 2 * (held + count), (count, SHARED), dtype=np.uint64)
    keys: KeyArray = _mix(values) >> np.uint64(16) | np.arange(KEYS, dtype=np.uint64) % KINDS << np.uint64(48)
    return Postings(
        ids.view(np.uint8).reshape(-1, 16),
        np.full(count, held + 1, np.uint64),
        random.integers(1, 28, count).astype(np.uint16),
        random.integers(0, 1 << 32, (count, words), dtype=np.uint32),
        np.sort(keys, axis=1).ravel(),
        np.full(count, KEYS, np.int64),
    )


def _add(total: dict[str, float], spent: dict[str, float]) -> None:
    for name, seconds in spent.items():
        total[name] += seconds


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return mixed ^ mixed >> np.uint64(31)


def _private_bytes() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


def _disk_bytes(folder: Path) -> int:
    return sum(512 * path.stat().st_blocks for path in folder.iterdir())


if __name__ == "__main__":
    main()
