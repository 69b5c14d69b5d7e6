"""Any history leaves a meeting store on disk with what a dict has, whenever it is committed, opened or compacted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.store_file import StoreIdentity
from support.correlation.meeting_cases import WORDS, assert_holds, put, spread_key

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")

KEYS = [*map(spread_key, range(9)), 0, 1, 2**53 - 1]

NAMES = [f"a:{name}" for name in range(12)]

Cases = dict[str, tuple[int, list[int]]]

keys = st.lists(st.sampled_from(KEYS), unique=True, max_size=len(KEYS))

steps = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), keys, min_size=1, max_size=6),
    st.sampled_from(["commit", "commit", "compact", "reopen"]),
)


def opened(folder: str) -> DiskMeetingStore:
    return DiskMeetingStore(Path(folder), IDENTITY, WORDS, map_size=1 << 16, run_entries=6)


@settings(deadline=None)
@given(history=st.lists(steps, max_size=25))
def test_a_history_leaves_what_a_dict_has(history: list[dict[str, list[int]] | str]) -> None:
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
        patched.setattr("pipeline.correlation.sorted_runs.PIECE", 4)
        patched.setattr("pipeline.correlation.meeting_store_on_disk.PACE", 2)
        store = opened(folder)
        held: Cases = {}
        committed: Cases = {}
        for offset, step in enumerate(history):
            if isinstance(step, dict):
                cases = {name: (offset + 1, under) for name, under in step.items()}
                put(store, cases)
                held |= cases
            elif step == "commit":
                store.commit(offset)
                committed = dict(held)
            elif step == "compact":
                store.compact(0)
            else:
                store.close()
                store = opened(folder)
                held = dict(committed)
            assert_holds(store, held, KEYS)
        store.close()
