"""How many true pairs of public data share a blocking key, and what that costs; skips where the data are missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.accuracy import data_sets, ours
from pipeline.matching.model import load_model
from support.absences import need_beside

LEAST = {"senzing": 0.99, "fake_1000": 0.864, "historical_50k": 0.88}
"""What the keys reach, rounded down. The rest of the true pairs have too little in common: of the historical figures
"king of gypsies" and "Javier Petulengro, 1859, Rochdale"."""

MOST_FALSE = 5.0
"""False candidates a case; blocks grow with the data, so this bounds these small files only."""

EVERY = 20
"""Share of the historical figures' clusters that is read."""


@pytest.fixture(scope="module")
def bench() -> Any:
    need_beside("data/truth-sets", "data/splink")
    return data_sets, ours


@pytest.mark.parametrize("name", LEAST)
def test_true_pairs_meet(bench: Any, name: str) -> None:
    data_sets, ours = bench
    data = data_sets.LOADERS[name]()
    if name == "historical_50k":
        kept = [at for at, cluster in enumerate(data.clusters) if sum(cluster.encode()) % EVERY == 0]
        parts = {part: [getattr(data, part)[at] for at in kept] for part in ("entities", "clusters", "table")}
        data = replace(data, **parts)
    entities = ours.prints(data)
    size = len(entities)
    met = {(int(code) // size, int(code) % size) for code in ours.candidate_codes(data, entities, load_model())}
    true = data.truth()
    assert len(met & true) / len(true) >= LEAST[name]
    assert 2 * len(met - true) / size <= MOST_FALSE
