"""Which keys many cases bear: counted by the last version of each case, in any order, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from pipeline.correlation import crowded_blocks
from pipeline.correlation.crowded_blocks import BlockSurvey, CrowdedBlock, KeySieve, survey_blocks
from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.matching.fingerprint import Fingerprint

MakeCase = Callable[..., Fingerprint]
POSTCODE, PHONE, NAME = (make_key(kind, "1") for kind in (KeyKind.POSTCODE, KeyKind.PHONE_TAIL, KeyKind.NAME))


def found(blocks: list[CrowdedBlock]) -> list[tuple[int, int, int]]:
    return [(block.key, block.cases, block.pairs) for block in blocks]


def test_blocks_of_more_cases_are_found_with_their_pairs(case: MakeCase) -> None:
    cases = [case(f"a{at}", "x", keys=(PHONE, POSTCODE)) for at in range(3)] + [case("b1", "x", keys=(NAME, POSTCODE))]
    assert found(survey_blocks(cases, 3)) == [(POSTCODE, 4, 3)]
    assert found(survey_blocks(cases, 2)) == [(POSTCODE, 4, 3), (PHONE, 3, 0)]
    assert found(survey_blocks(cases, 2, within=True)) == [(POSTCODE, 4, 6), (PHONE, 3, 3)]
    assert survey_blocks(cases, 4) == []
    assert survey_blocks([], 0) == []


def test_the_last_version_of_a_case_counts(case: MakeCase) -> None:
    cases = [
        case("a1", "x", keys=(POSTCODE,)),
        case("b1", "x", keys=(POSTCODE,)),
        case("c1", "x", keys=(POSTCODE,)),
        case("a1", "x", 2, keys=(PHONE,)),
        case("b1", "x", 2, keys=(POSTCODE,)),
    ]
    (block,) = survey_blocks(cases, 1)
    assert (block.key, block.cases) == (POSTCODE, 2)
    assert {(one.case, one.version) for one in block.drawn} == {("b:b1", 2), ("c:c1", 1)}


def test_cases_that_are_settled_count_beside_those_that_come_after(case: MakeCase) -> None:
    cases = [case(f"{'ab'[at % 2]}{at}", "x", keys=(POSTCODE,)) for at in range(40)]
    sieve = KeySieve()
    sieve.add_cases(cases)
    whole, in_parts = BlockSurvey(sieve, 10), BlockSurvey(sieve, 10)
    whole.add_cases(cases)
    for start in range(0, len(cases), 7):
        in_parts.add_cases(cases[start : start + 7])
        in_parts.settle_cases()
    assert in_parts.find_blocks() == whole.find_blocks()
    assert found(whole.find_blocks()) == [(POSTCODE, 40, 400)], "as often as it is asked"


@pytest.mark.parametrize("seed", range(10))
def test_what_is_drawn_does_not_depend_on_the_order(seed: int, case: MakeCase) -> None:
    cases = [case(f"{'ab'[at % 2]}{at}", "x", keys=(POSTCODE,)) for at in range(40)]
    sieve = KeySieve()
    sieve.add_cases(cases)
    drawn = []
    for _ in range(2):
        survey = BlockSurvey(sieve, 10, drawn=5)
        survey.add_cases(cases)
        drawn.append([one.case for one in survey.find_blocks()[0].drawn])
        Random(seed).shuffle(cases)
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 5


def test_of_many_blocks_the_largest_are_looked_at(case: MakeCase) -> None:
    """The sieve tells them from the others, of which nothing is held: memory does not grow with how many there are."""
    most = 10
    keys = [make_key(KeyKind.NAME, str(at)) for at in range(5 * most)]
    cases = [case(f"a{at}", "x", keys=tuple(sorted(keys[: len(keys) - at]))) for at in range(len(keys))]
    sieve = KeySieve()
    sieve.add_cases(cases)
    some, every = BlockSurvey(sieve, 1, most=most), BlockSurvey(sieve, 1, drawn=0, most=None)
    for survey in (some, every):
        survey.add_cases(cases)
    largest = some.find_blocks()
    assert [block.key for block in largest] == keys[:most]
    assert [(block.cases, len(block.drawn)) for block in largest] == [(50 - at, 50 - at) for at in range(most)]
    assert sieve.find_limit(1, crowded_blocks.SPARE * most) == 30
    assert sieve.find_limit(40, crowded_blocks.SPARE * most) == 40, "few enough"
    assert [(block.key, block.drawn) for block in every.find_blocks()] == [(key, ()) for key in keys[:-1]]
