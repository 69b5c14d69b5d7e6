"""What each pruning leaves of one case's pairs, held to what correlators do."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.crowds.run import VALUES, record_lines
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.correlation.candidate_lookup import CROWD
from pipeline.correlation.correlator import Correlator
from pipeline.correlation.prunings import NO_LINK, PrunedCase, count_prunings
from pipeline.correlation.store import MemoryStore
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model

HELD = 400


def read_pruned(fingerprint: Fingerprint) -> PrunedCase:
    return msgspec.json.decode(msgspec.json.encode(fingerprint), type=PrunedCase)


@pytest.fixture(scope="module")
def crowd() -> list[Fingerprint]:
    """Cases of several countries that share a switchboard."""
    model = load_model()
    lines = [line for line, _ in zip(record_lines(VALUES["one switchboard"]), range(HELD + 1), strict=False)]
    return list(make_fingerprints(LineReader().read_cases(lines), model))


def test_the_counts_are_those_of_a_correlator_that_owns_all_keys(
    crowd: list[Fingerprint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.correlation.prunings.CROWD", 100)
    *held, one = crowd
    matcher = ModelMatcher(load_model())
    correlator = Correlator(MemoryStore(), 0, 1, matcher)
    correlator.load_versions(held)
    claims = correlator.receive(one)
    by_case = {fingerprint.case: fingerprint for fingerprint in held}
    found = count_prunings(one, [read_pruned(each) for each in crowd], by_case.__getitem__, matcher)
    assert (found.abroad, found.judged) == (correlator.counts.candidates, correlator.counts.judged)
    assert found.sharing >= found.abroad >= found.past_crowds >= found.judged > 0
    assert sum(found.bands.values()) == found.judged
    assert sum(count for band, count in found.bands.items() if band != NO_LINK) == len(claims)


def test_a_case_that_shares_no_key_has_no_pairs(crowd: list[Fingerprint]) -> None:
    alone = msgspec.structs.replace(crowd[0], case="xx-a:1", keys=(1,))
    held: dict[str, Fingerprint] = {}
    found = count_prunings(alone, [read_pruned(each) for each in crowd], held.__getitem__, ModelMatcher(load_model()))
    assert (found.sharing, found.judged, found.bands) == (0, 0, {})


def test_a_crowd_here_is_one_of_the_correlators() -> None:
    assert CROWD > HELD
