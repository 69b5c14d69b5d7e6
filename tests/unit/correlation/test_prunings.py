"""What each pruning leaves of one case's pairs, held to what its home and meeting place do."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec
import pytest

from benchmarks.crowds.run import VALUES, hold_cases, record_lines
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.correlation.lone_partition import LonePartition
from pipeline.correlation.protocol import CaseVersion
from pipeline.correlation.prunings import NO_LINK, count_prunings
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen

HELD = 400


@pytest.fixture(scope="module")
def crowd() -> list[Fingerprint]:
    """Cases of several countries that share a switchboard."""
    lines = islice(record_lines(VALUES["one switchboard"]), HELD + 1)
    return list(make_fingerprints(LineReader().read_cases(lines), load_model()))


@pytest.fixture(scope="module")
def matcher() -> ModelMatcher:
    return ModelMatcher(load_model())


@pytest.fixture(scope="module")
def screen(matcher: ModelMatcher) -> SmallSketchScreen:
    return SmallSketchScreen(load_model(), matcher.threshold)


def test_the_counts_are_those_of_a_meeting_place_and_a_judge(
    crowd: list[Fingerprint],
    matcher: ModelMatcher,
    screen: SmallSketchScreen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.correlation.homes.FEW_SCREENED", 0)
    *held, one = crowd
    partition = LonePartition.on_disk(tmp_path, StoreIdentity("c", "t", 0, "g"), matcher, screen)
    hold_cases(partition, held)
    claims = list(partition.take([one]))
    partition.close()
    found = count_prunings(one, [CaseVersion(each) for each in held], matcher, screen)
    assert (found.abroad, found.asked) == (partition.place.counts.candidates, partition.place.counts.screened)
    assert found.judged == partition.home.counts.judged
    assert HELD >= found.sharing > found.abroad > found.asked >= found.judged > 0
    assert sum(found.bands.values()) == found.judged
    assert sum(count for band, count in found.bands.items() if band != NO_LINK) == len(claims)


def test_many_are_pruned_a_portion_at_a_time(
    crowd: list[Fingerprint], matcher: ModelMatcher, screen: SmallSketchScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    *held, one = [CaseVersion(each) for each in crowd]
    whole = count_prunings(one.fingerprint, held, matcher, screen)
    monkeypatch.setattr("pipeline.correlation.prunings.SCREENED_TOGETHER", 7)
    monkeypatch.setattr("pipeline.correlation.prunings.MET_TOGETHER", 3)
    found = count_prunings(one.fingerprint, held, matcher, screen)
    assert msgspec.structs.replace(found, screen_s=0, judge_s=0) == msgspec.structs.replace(
        whole, screen_s=0, judge_s=0
    )


def test_a_case_that_shares_no_key_has_no_pairs(
    crowd: list[Fingerprint], matcher: ModelMatcher, screen: SmallSketchScreen
) -> None:
    alone = msgspec.structs.replace(crowd[0], case="xx-a:1", keys=(1,))
    found = count_prunings(alone, [CaseVersion(each) for each in crowd], matcher, screen)
    assert (found.sharing, found.asked, found.judged, found.bands) == (0, 0, 0, {})
