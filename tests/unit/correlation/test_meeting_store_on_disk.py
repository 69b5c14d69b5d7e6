"""Tests of what the meeting store on disk has beyond the contract: crashes, full disks, erasure, merges."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest

from pipeline.correlation.meeting_store import NO_CASE
from pipeline.correlation.meeting_store_on_disk import PACE, DiskMeetingStore
from pipeline.correlation.sorted_runs import turn_keys
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity, StoreInUseError, StoreUnwritableError
from support.correlation.meeting_cases import (
    WORDS,
    assert_holds,
    find_numbers,
    make_postings,
    put,
    sketch_words,
    spread_key,
)

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")

KEYS = [spread_key(key) for key in range(40)]

STRIDE = 17
"""Of all steps every 17th fails once; with 1 each of them does, in a minute or two."""

Cases = dict[str, tuple[int, list[int]]]

FULL_DISK = """
import resource, sys
from pathlib import Path
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.store_file import StoreIdentity, StoreUnwritableError
from support.correlation.meeting_cases import WORDS, assert_holds, put, spread_key

keys = [spread_key(key) for key in range(40)]
store = DiskMeetingStore(Path(sys.argv[1]), StoreIdentity("c", "t", 0, "g"), WORDS, run_entries=5_000)
held = {}
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
for chunk in range(20):
    added = {f"a:{chunk}-{i}": (1, keys[i % 7 : i % 7 + 31]) for i in range(100)}
    put(store, added)
    held |= added
    largest = max(path.stat().st_size for path in Path(sys.argv[1]).iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + (chunk * 997) % 9_000, limit[1]))
    try:
        store.commit(chunk)
    except StoreUnwritableError:
        print("refused")
        assert store.offset == chunk - 1
        assert_holds(store, held, keys)
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        store.commit(chunk)
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
assert_holds(store, held, keys)
store.close()
store = DiskMeetingStore(Path(sys.argv[1]), StoreIdentity("c", "t", 0, "g"), WORDS)
assert store.offset == 19
assert_holds(store, held, keys)
"""


class KilledError(BaseException):
    """In place of the end of the process."""


def opened(folder: Path, boot: str | None = None) -> DiskMeetingStore:
    """With so little room that runs are written and merged within a test, those in several pieces."""
    return DiskMeetingStore(folder, IDENTITY, WORDS, boot=boot, map_size=1 << 16, run_entries=20)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.correlation.sorted_runs.PIECE", 32)
    monkeypatch.setattr("pipeline.correlation.meeting_store_on_disk.PACE", 3)


def make_history() -> Iterator[Cases]:
    """Chunks of new, amended and withdrawn cases."""
    random = np.random.default_rng(5)
    for chunk in range(8):
        cases: Cases = {}
        for _ in range(9):
            keys = random.choice(len(KEYS), random.choice([0, 2, 5]), replace=False)
            cases[f"a:{random.integers(60)}"] = (chunk + 1, [KEYS[key] for key in keys])
        yield cases


def store_history(store: DiskMeetingStore, states: list[Cases]) -> None:
    """Commit the history from after `states[-1]`; `states[offset + 1]` is what a commit with that offset has."""
    for chunk, cases in enumerate(make_history()):
        if chunk >= len(states) - 1:
            states.append(states[-1] | cases)
            put(store, cases)
            until_written(lambda: store.commit(chunk))  # noqa: B023 it is called at once
            if chunk % 4 == 3:
                until_written(lambda: store.compact(0))


def until_written(step: Callable[[], None]) -> None:
    """Do a step again after an error, as the stages do."""
    while True:
        with suppress(StoreUnwritableError):
            return step()


def break_step(monkeypatch: pytest.MonkeyPatch, at: int, make_error: Callable[[], BaseException]) -> Callable[[], bool]:
    """Let the step on files with this number fail, once; returns what tells whether it came to that."""
    steps = count()
    failed: list[str] = []

    def wrap(owner: Any, name: str, after: bool = False) -> None:
        call = getattr(owner, name)

        def wrapped(*args: Any, **keywords: Any) -> Any:
            result = call(*args, **keywords) if after else None
            if next(steps) == at:
                failed.append(name)
                raise make_error()
            return result if after else call(*args, **keywords)

        monkeypatch.setattr(owner, name, wrapped)

    for name in ("pwrite", "preadv", "ftruncate", "open"):
        wrap(os, name)
    if make_error is KilledError:
        wrap(Path, "unlink")
        wrap(os, "pwrite", after=True)
        for name in ("commit", "rewrite_file"):
            wrap(sys.modules["pipeline.correlation.store_file"].StoreFile, name)
            wrap(sys.modules["pipeline.correlation.store_file"].StoreFile, name, after=True)
    return lambda: bool(failed)


def test_a_store_that_is_killed_at_any_step_has_one_of_both_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in count(step=STRIDE):
        store = opened(tmp_path / f"{at}")
        states: list[Cases] = [{}]
        with monkeypatch.context() as patched:
            killed = break_step(patched, at, KilledError)
            with suppress(KilledError):
                store_history(store, states)
        if not killed():
            break
        left = tmp_path / "left"
        shutil.copytree(tmp_path / f"{at}", left, ignore=shutil.ignore_patterns("lock.mdb", "*.lock"))
        again = opened(left)
        assert again.offset in (len(states) - 2, len(states) - 3)
        assert_holds(again, states[again.offset + 1], KEYS)
        states = states[: again.offset + 2]
        store_history(again, states)
        assert_holds(again, states[-1], KEYS)
        again.close()
        shutil.rmtree(left)
        store.close()
        shutil.rmtree(tmp_path / f"{at}")
    assert at > 100
    store.close()


def test_a_step_that_the_disk_refuses_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in count(step=STRIDE):
        store = opened(tmp_path / f"{at}")
        states: list[Cases] = [{}]
        with monkeypatch.context() as patched:
            refused = break_step(patched, at, lambda: OSError(errno.ENOSPC, "no space"))
            store_history(store, states)
        assert_holds(store, states[-1], KEYS)
        store.close()
        store = opened(tmp_path / f"{at}")
        assert_holds(store, states[-1], KEYS)
        store.close()
        shutil.rmtree(tmp_path / f"{at}")
        if not refused():
            break
    assert at > 100


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused") > 3


def test_a_store_has_one_owner(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with pytest.raises(StoreInUseError):
        opened(tmp_path)
    store.close()
    store.close()
    opened(tmp_path).close()


def test_a_closed_store_is_opened_as_it_was_after_a_crash_of_the_machine_too(tmp_path: Path) -> None:
    store = opened(tmp_path, boot="one")
    states: list[Cases] = [{}]
    store_history(store, states)
    store.close()
    store = opened(tmp_path, boot="two")
    assert store.offset == len(states) - 2
    assert_holds(store, states[-1], KEYS)
    left = tmp_path.parent / "left"
    shutil.copytree(tmp_path, left, ignore=shutil.ignore_patterns("lock.mdb", "*.lock"))
    torn = opened(left, boot="three")
    assert torn.offset == NO_OFFSET
    assert_holds(torn, {}, KEYS)
    assert not list(left.glob("run-*"))
    torn.close()
    store.close()


@pytest.mark.parametrize("name", ["rows", "countries", "run-*"])
@pytest.mark.parametrize("cut", [False, True], ids=["taken away", "cut"])
def test_a_store_whose_files_are_gone_is_rebuilt(tmp_path: Path, name: str, cut: bool) -> None:
    store = opened(tmp_path)
    states: list[Cases] = [{}]
    store_history(store, states)
    store.close()
    for path in tmp_path.glob(name):
        if cut:
            os.truncate(path, 10)
        else:
            path.unlink()
    store = opened(tmp_path)
    assert store.offset == NO_OFFSET
    assert_holds(store, {}, KEYS)
    put(store, states[-1])
    store.commit(1)
    assert_holds(store, states[-1], KEYS)
    store.close()
    del store
    gc.collect()
    opened_still = {os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()}
    assert not [file for file in opened_still if file.startswith(str(tmp_path))]


def test_sketches_of_another_size_are_rebuilt(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.commit(1)
    store.close()
    store = DiskMeetingStore(tmp_path, IDENTITY, WORDS + 1)
    assert store.offset == NO_OFFSET
    store.close()


def find_traces(folder: Path, keys: list[int], sketches: list[bytes]) -> set[str]:
    """The files in which a key, also turned, or a sketch is found."""
    array = np.array(keys, np.uint64)
    wanted = [value.tobytes() for value in (*array, *turn_keys(array))] + sketches
    return {path.name for path in folder.iterdir() if any(value in path.read_bytes() for value in wanted)}


@pytest.mark.parametrize("chunks", [1, 3, 9])
def test_erased_content_is_in_no_file(tmp_path: Path, chunks: int) -> None:
    store = opened(tmp_path)
    own = [spread_key(key) for key in range(100, 112)]
    sketches = [np.array(sketch_words("gone:1", version), "<u4").tobytes() for version in (1, 2)]
    put(store, {"gone:1": (1, own[:6]), "kept:1": (1, KEYS[:3])})
    store.commit(1)
    put(store, {"gone:1": (2, own[6:])})
    for chunk in range(chunks):
        put(store, {f"a:{chunk}-{i}": (1, KEYS[i : i + 3]) for i in range(6)})
        store.commit(2 + chunk)
    assert find_traces(tmp_path, own, sketches)
    put(store, {"gone:1": (3, [])})
    store.commit(20)
    store.compact(3600)
    assert find_traces(tmp_path, own, sketches), "not yet"
    store.compact(0)
    assert find_traces(tmp_path, own, sketches) == set()
    assert find_traces(tmp_path, KEYS[:3], [])
    before = sorted((path.name, path.stat().st_mtime_ns) for path in tmp_path.iterdir())
    store.compact(0)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in tmp_path.iterdir()) == before, "nothing to do"
    store.close()


def test_numbers_of_dead_cases_are_used_again_after_compaction(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for version in range(1, 30):
        put(store, {f"a:{i}": (version, [KEYS[(version + i) % 40]]) for i in range(10)})
        store.commit(version)
        store.compact(0)
    numbers = find_numbers(store, make_postings({f"a:{i}": (1, [KEYS[0]]) for i in range(10)}).cases)
    assert numbers.max() < 30
    assert NO_CASE not in numbers
    assert_holds(store, {f"a:{i}": (29, [KEYS[(29 + i) % 40]]) for i in range(10)}, KEYS)
    store.close()


def test_runs_stay_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.correlation.meeting_store_on_disk.PACE", PACE)
    store = opened(tmp_path)
    for chunk in range(300):
        put(store, {f"a:{chunk}-{i}": (1, KEYS[i : i + 3]) for i in range(10)})
        store.commit(chunk)
    assert len(list(tmp_path.glob("run-*"))) < 12
    store.close()


def test_the_log_is_deleted_when_it_is_written_as_a_run(tmp_path: Path) -> None:
    store = DiskMeetingStore(tmp_path, IDENTITY, WORDS, run_entries=100)
    for chunk in range(30):
        put(store, {f"a:{chunk}-{i}": (1, KEYS[i : i + 3]) for i in range(10)})
        store.commit(chunk)
    store.close()
    with (
        lmdb.open(str(tmp_path), max_dbs=1) as environment,
        environment.begin(db=environment.open_db(b"log")) as reader,
    ):
        assert sum(len(value) for _, value in reader.cursor()) < 12 * 140
