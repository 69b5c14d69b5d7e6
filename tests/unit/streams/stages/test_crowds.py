"""Cases that meet a crowd through a value that everybody has: bounded at once, met in whole, told by the key's kind."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.crowds.run import VALUES, hold_cases, record_lines
from pipeline.correlation import homes, meeting_places
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.correlation.claims import link_id
from pipeline.correlation.lone_partition import LonePartition
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.streams.catalogues import metrics
from pipeline.streams.stages import correlate

HELD, COMING, PORTION = 1_250, 20, 256
MOST_BYTES = 8 << 20
"""What a slice of COMING cases may take while it meets HELD others, PORTION at a time."""

CROWDS = {
    "one switchboard": {"phone_tail"},
    "one postcode of a few doors": {"postcode"},
    "the last, the city and those doors": {"phone_tail", "postcode"},
    "one city": set(),
}
"""By what all records share: the kinds of key that bring them together; a city alone makes no key."""


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped one."""
    return load_model()


@pytest.fixture
def partition(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LonePartition]:
    """One with the stores and screens of the stage, that looks at few others at once."""
    monkeypatch.setattr(meeting_places, "MOST_TOGETHER", PORTION)
    monkeypatch.setattr(homes, "SCREENED_TOGETHER", PORTION)
    monkeypatch.setattr(correlate, "_largest_met", {})
    matcher = ModelMatcher(model)
    screen = SmallSketchScreen(model, matcher.threshold)
    made = LonePartition.on_disk(
        tmp_path, StoreIdentity("crowds", "crowds", 0, "crowds"), matcher, screen, observer=correlate._observe_blocks
    )
    yield made
    made.close()


def make_crowd(shared: str, model: Model) -> list[Fingerprint]:
    lines = islice(record_lines(VALUES[shared]), HELD + COMING)
    return list(make_fingerprints(LineReader().read_cases(lines), model))


def links_of_each(crowd: list[Fingerprint], matcher: ModelMatcher) -> set[str]:
    """By judging each who comes with each who shares a key, without a screen."""
    pairs = ((a, b) for at, a in enumerate(crowd[HELD:], start=HELD) for b in crowd[:at] if a.country != b.country)
    return {
        link_id(min(a.case, b.case), max(a.case, b.case))
        for a, b in pairs
        if not set(a.keys).isdisjoint(b.keys) and matcher.find_link(a, b) is not None
    }


@pytest.mark.parametrize(
    "shared", [pytest.param(shared, marks=[pytest.mark.rare] * (len(kinds) > 1)) for shared, kinds in CROWDS.items()]
)
def test_a_crowd_takes_bounded_memory_loses_no_link_and_is_told_by_its_kind(
    shared: str, partition: LonePartition, model: Model
) -> None:
    crowd = make_crowd(shared, model)
    hold_cases(partition, crowd[:HELD])
    tracemalloc.start()
    claims = [judged.claim for judged in partition.take(crowd[HELD:])]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_BYTES
    assert {claim.link for claim in claims} == links_of_each(crowd, ModelMatcher(model))
    assert set(correlate._largest_met) == CROWDS[shared]
    for kind in CROWDS[shared]:
        told = metrics.REGISTRY.get_sample_value("liaison_largest_block_cases", {"kind": kind})
        assert told is not None
        assert metrics.HOT_BLOCK <= told <= HELD
