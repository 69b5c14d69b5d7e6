"""Tests of sorted runs in memory and in files, against a search of all entries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.correlation.sorted_runs import (
    EntryLookUp,
    FileRun,
    LooseEntries,
    NumberArray,
    RunMerge,
    SortedRun,
    TurnedArray,
    turn_keys,
)

Entries = tuple[TurnedArray, NumberArray]


def make_entries(count: int, seed: int, crowd: int = 0) -> Entries:
    """Entries whose numbers are below 100,000, and a crowd under one key."""
    random = np.random.default_rng(seed)
    turned = random.integers(0, 1 << 63, count, np.uint64) * np.uint64(2)
    turned[:crowd] = np.uint64(1 << 40)
    return turned, random.integers(0, 100_000, count, np.uint32)


def keep_all(numbers: NumberArray) -> NDArray[np.bool_]:
    return np.ones(len(numbers), np.bool_)


def merge(path: Path, runs: list[SortedRun], *, at_once: int = 1 << 40) -> list[FileRun]:
    merging = RunMerge(path / f"run-{len(list(path.iterdir()))}", 0, runs)
    while not merging.finished:
        merging.merge_some(at_once, keep_all)
    return merging.open_runs()


def find_all(run: SortedRun, wanted: TurnedArray) -> set[tuple[int, int]]:
    asked, numbers = search(wanted, run).read_entries(np.arange(len(wanted)))
    return set(zip(wanted[asked].tolist(), numbers.tolist(), strict=True))


def search(wanted: TurnedArray, *runs: SortedRun) -> EntryLookUp:
    found = EntryLookUp(wanted)
    found.search_runs(runs)
    return found


def assert_has(run: SortedRun, entries: Entries) -> None:
    """The run finds these entries, and no others."""
    turned, numbers = entries
    assert len(run) == len(turned)
    assert (np.diff(run.turned.astype(object)) >= 0).all()
    missing = make_entries(1000, 99)[0] | np.uint64(1)
    wanted = np.unique(np.concatenate([turned, missing]))
    assert find_all(run, wanted) == set(zip(turned.tolist(), numbers.tolist(), strict=True))
    counts = search(wanted, run).count_entries()
    exact = np.searchsorted(np.sort(turned), wanted, side="right") - np.searchsorted(np.sort(turned), wanted)
    assert counts.tolist() == exact.tolist()


@pytest.mark.parametrize(("count", "crowd"), [(1, 0), (2, 2), (7, 0), (50, 30), (3000, 0), (3000, 1000)])
def test_a_run_finds_its_entries_and_no_others(tmp_path: Path, count: int, crowd: int) -> None:
    entries = make_entries(count, 1, crowd)
    run = SortedRun.sort_entries(*entries)
    assert_has(run, entries)
    (in_file,) = merge(tmp_path, [run])
    assert_has(in_file, entries)
    assert_has(FileRun(in_file.path, in_file.record), entries)


@pytest.mark.parametrize("at_once", [1, 50, 1 << 40])
@pytest.mark.parametrize("piece", [1, 16, 1 << 16])
def test_a_merge_has_the_entries_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, at_once: int
) -> None:
    monkeypatch.setattr("pipeline.correlation.sorted_runs.PIECE", piece)
    parts = [make_entries(count, count, crowd) for count, crowd in ((1, 0), (300, 200), (40, 0), (90, 9))]
    runs = [SortedRun.sort_entries(*part) for part in parts]
    files = [*merge(tmp_path, runs[:1]), *merge(tmp_path, runs[1:2]), *runs[2:]]
    (merged,) = merge(tmp_path, files, at_once=at_once)
    assert_has(merged, (np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])))


def test_a_merge_leaves_out_what_is_not_kept(tmp_path: Path) -> None:
    turned, numbers = make_entries(5000, 3)
    run = SortedRun.sort_entries(turned, numbers)
    merging = RunMerge(tmp_path / "run", 7, [run])
    merging.merge_some(1 << 40, lambda some: some % 3 == 0)
    (left,) = merging.open_runs()
    kept = numbers % 3 == 0
    assert_has(left, (turned[kept], numbers[kept]))
    merging = RunMerge(tmp_path / "none", 8, [run])
    merging.merge_some(1 << 40, lambda some: some < 0)
    assert merging.open_runs() == []
    assert not (tmp_path / "none").exists()


def test_a_merge_that_cannot_begin_leaves_nothing_open(tmp_path: Path) -> None:
    files = [merge(tmp_path, [SortedRun.sort_entries(*make_entries(50, seed))])[0] for seed in range(2)]
    files[1].path.unlink()
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(FileNotFoundError):
        RunMerge(tmp_path / "merged", 9, files)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert not (tmp_path / "merged").exists()


def test_a_file_that_was_cut_is_noticed(tmp_path: Path) -> None:
    (run,) = merge(tmp_path, [SortedRun.sort_entries(*make_entries(50, 1))])
    run.path.write_bytes(run.path.read_bytes()[:-1])
    with pytest.raises(EOFError):
        FileRun(run.path, run.record)


def test_keys_that_are_close_are_sorted_out() -> None:
    turned = np.arange(2000, 0, -1, dtype=np.uint64)
    entries = turned, np.arange(2000, dtype=np.uint32)
    run = SortedRun.sort_entries(*entries)
    assert find_all(run, turned) == set(zip(turned.tolist(), entries[1].tolist(), strict=True))


def test_turned_keys_begin_with_the_hash() -> None:
    assert turn_keys(np.array([5 << 48 | 0xABCDEF012345], np.uint64)).tolist() == [0xABCDEF012345 << 16 | 5]


@pytest.mark.parametrize("crowd", [0, 900])
def test_of_keys_in_several_runs_and_elsewhere_those_asked_for_are_read(crowd: int) -> None:
    parts = [make_entries(1000, seed, crowd) for seed in range(3)]
    shared = parts[0][0][:50]
    parts[1][0][-50:] = shared
    wanted = np.concatenate([shared, make_entries(50, 99)[0], parts[2][0][::100]])
    found = search(wanted, *(SortedRun.sort_entries(*part) for part in parts))
    found.add_entries(np.array([60, 60, 3]), np.array([7, 8, 9], np.uint32))
    held = [(int(key), int(number)) for part in parts for key, number in zip(*part, strict=True)]
    held += [(int(wanted[60]), 7), (int(wanted[60]), 8), (int(wanted[3]), 9)]
    if crowd:  # all of `shared` is one key, and the entry that was added at one of its places is not another's
        held.remove((int(wanted[3]), 9))
    some = np.array([60, 99, 7, 105])
    asked, numbers = found.read_entries(some)
    for at, place in enumerate(some.tolist()):
        expected = [number for key, number in held if key == wanted[place]]
        assert sorted(numbers[asked == at].tolist()) == sorted(expected)
        assert found.count_entries()[place] == len(expected)


def test_loose_entries_are_found_as_those_of_a_run() -> None:
    keys, numbers = np.array([7, 3, 7, 9, 7], np.uint64), np.arange(5, dtype=np.uint32)
    loose, asked = LooseEntries(), np.array([9, 7, 1], np.uint64)
    assert [len(part) for part in loose.find_keys(asked)] == [0, 0]
    loose.add_entries(keys[:1], numbers[:1])
    loose.add_entries(keys[1:], numbers[1:])
    at, found = loose.find_keys(asked)
    assert sorted(zip(at.tolist(), found.tolist(), strict=True)) == [(0, 3), (1, 0), (1, 2), (1, 4)]
    assert [len(part) for part in loose.find_keys(asked[2:])] == [0, 0]
    assert len(loose) == 5
    turned, kept = loose.take_entries()
    assert sorted(zip(turned.tolist(), kept.tolist(), strict=True)) == [(3, 1), (7, 0), (7, 2), (7, 4), (9, 3)]
    assert len(loose) == 0 == len(loose.take_entries()[0])
