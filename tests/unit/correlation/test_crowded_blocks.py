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


def test_a_partition_counts_the_keys_that_it_owns(case: MakeCase) -> None:
    cases = [case(f"a{at}", "x", keys=(PHONE, NAME)) for at in range(5)]
    counted = {}
    for partition in range(4):
        sieve = KeySieve(partition, 4)
        sieve.add_cases(cases)
        survey = BlockSurvey(sieve, 4)
        survey.add_cases(cases)
        counted[partition] = {block.key for block in survey.find_blocks()}
    assert counted == {at: {key for key in (PHONE, NAME) if key % 4 == at} for at in range(4)}


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
    keys = [make_key(KeyKind.NAME, str(at)) for at in range(crowded_blocks.MOST_BLOCKS + 20)]
    cases = [case(f"a{at}", "x", keys=tuple(sorted(keys[: len(keys) - at]))) for at in range(12)]
    sieve = KeySieve()
    sieve.add_cases(cases)
    survey = BlockSurvey(sieve, 1, drawn=0)
    survey.add_cases(cases)
    largest = survey.find_blocks()
    assert len(largest) == crowded_blocks.MOST_BLOCKS
    assert all(block.cases == 12 and not block.drawn for block in largest)
    assert len(survey.find_blocks(most=None)) == len(keys) - 1, "one key has a single case"
