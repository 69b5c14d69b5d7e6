"""Law of large cases: what bounds leave out changes nothing; evidence and score are those of comparing all pairs.

Persons are made up, of few names and dates, so that many are alike and some are one; and those of real lists, where
they are at hand.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.lists.sets import LOADERS, agency_of
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.matching.bounds.sketches import join_sketches, make_sketch
from pipeline.matching.explain.explaining import explain_entities
from pipeline.matching.fingerprint import Entities, EntityPrint
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import (
    ALL_PAIRS,
    BOUNDED,
    EACH_PAIR,
    Evidence,
    attempts_fee,
    counted_bits,
    least_score,
    score_at_least,
    score_cases,
    tie_cases,
    tie_fee,
    total_score,
    weigh_all,
    weigh_evidence,
)
from pipeline.matching.score.selection import pairs_across_types, pairs_of_one_type
from pipeline.matching.screening.screening import Screen
from support.absences import need_beside
from support.matching.entity_strategies import fingerprint
from support.matching.prints import print_of
from support.records.builder import RawEntity, person

SHARE = 8
"""One in so many of the examples elsewhere: a pair of large cases takes as long as many small ones."""

LINK = least_score(0.5)

GIVEN = ["Jean", "Mohamed", "Muhammad", "محمد", "Robert", "Bob", "Li", "Иван", "Ivan", "María", "J.", "Abdul"]
FAMILY = ["Okafor", "Okafur", "Petrov", "Петров", "García", "Garcia", "الورزازي", "Ouarzazi", "Smith", "van den Berg"]
BORN = ["1980-05-03", "1980-03-05", "1980", "1991-12-24", "1954-01-30", None]
PHONES = ["+33612345678", "+33612345679", "+4722334455"]

model = cache(load_model)


@cache
def population() -> tuple[EntityPrint, ...]:
    """Persons, some with several names, dates or numbers, and some things whose numbers persons have too."""
    random = Random(11)

    def some(values: list[Any], chance: float) -> Any:
        return random.choice(values) if random.random() < chance else None

    def make_person() -> RawEntity:
        names = {f"{random.choice(GIVEN)} {random.choice(FAMILY)}" for _ in range(random.choice((1, 1, 1, 2, 6)))}
        fields: dict[str, Any] = {
            "birth_date": some(BORN, 0.8),
            "gender": some(["male", "female"], 0.5),
            "phones": [phone] if (phone := some(PHONES, 0.1)) else [],
            "identifiers": [{"type": "passport", "value": number}] if (number := some(["12AB34567"], 0.05)) else [],
        }
        return {**person(""), "names": [{"full": name} for name in sorted(names)], **fields}

    things = [{"type": "phone", "number": number} for number in PHONES]
    things += [{"type": "vehicle", "plate": plate} for plate in ("AB-123-CD", "AB?23*", "AB-124-CD")]
    return fingerprint([*(make_person() for _ in range(120)), *things]).entities


cases = st.lists(st.integers(0, len(population()) - 1), min_size=1, max_size=15).map(
    lambda some: tuple(population()[at] for at in some)
)


def weigh_by_all(a: Entities, b: Entities, under: Model) -> Evidence:
    """The evidence of two cases from every pair of their entities."""
    cells = pairs_of_one_type(a, b)
    return tie_cases(a, b, under, cells, pairs_across_types(a, b), weigh_all(a, b, under, cells))


@cache
def _screen(under: Model) -> Screen:
    return Screen(under, 0.5)


def hold(a: Entities, b: Entities, under: Model) -> None:
    """Evidence, score, link and explanation are those of comparing all pairs, and the screen stays above."""
    expected = weigh_by_all(a, b, under)
    score = total_score(expected, under)
    assert weigh_evidence(a, b, under) == expected
    assert score_cases(a, b, under) == score
    for least in (LINK, LINK - 800, LINK + 2500):
        found = score_at_least(a, b, under, least)
        assert found == score or (found is None and score < least)
    told = explain_entities(a, b, under)
    assert told.score == score == told.prior + sum(part.counted for part in told.entities) + told.rebate - told.attempts
    bound = _screen(under).bound_scores(*(join_sketches([make_sketch(side)]) for side in (a, b)))[0]
    assert min(score, LINK) <= bound


@settings(max_examples=settings().max_examples // SHARE)
@given(cases, cases)
def test_ruling_pairs_out_changes_nothing(a: Entities, b: Entities) -> None:
    hold(a, b, model())


@pytest.mark.rare
@given(cases, cases)
def test_ruling_pairs_out_changes_nothing_wherever_one_looks(a: Entities, b: Entities) -> None:
    hold(a, b, model())


def test_fees_rise_without_a_jump() -> None:
    fees = [(attempts_fee(min(cells, ALL_PAIRS)), tie_fee(cells)) for cells in range(1, 40_001)]
    assert fees[ALL_PAIRS - 1] == (attempts_fee(ALL_PAIRS), EACH_PAIR)
    steps = [(one[0] - other[0], one[1] - other[1]) for other, one in zip(fees, islice(fees, 1, None), strict=False)]
    assert all(0 <= first <= 100 and 0 <= each <= 10 for first, each in steps)
    assert counted_bits(tie_fee(40_000) + 1, tie_fee(40_000)) == 1


def test_two_persons_who_share_no_whole_value_tie_among_many() -> None:
    one = print_of(**person("Katarzyna Wisniewska", birth_date="1980-05-03", phones=["+48601234567"]))
    other = print_of(**person("Katarzina Wisnievska", birth_date="1980-05-04", phones=["+48601234576"]))
    ours = [print_of(**person(f"{name}sto Brandvold", birth_date="1950-01-01")) for name in "abcdefghij"]
    theirs = [print_of(**person(f"Oskar {name}mundsen", birth_date="1999-09-09")) for name in "klprstvwz"]
    cases = (*ours, one), (*theirs, other)
    assert len(pairs_of_one_type(*cases)) > BOUNDED
    assert [(tie.a, tie.b) for tie in weigh_evidence(*cases, model()).ties] == [(len(ours), len(theirs))]


@pytest.mark.rare
def test_persons_of_real_lists_are_tied_as_by_all_pairs() -> None:
    need_beside("data/lists/cases.ndjson.gz")
    found, random = LOADERS["lists"](), Random(3)
    lines = (json.dumps(event).encode() for event in found.events)
    prints = {one.case: one.entities[0] for one in make_fingerprints(LineReader().read_cases(lines), model())}
    true = sorted(pair for pair in found.truth if all(prints[case].type == "person" for case in pair))
    sides = [
        sorted(case for case, one in prints.items() if one.type == "person" and agency_of(case) == agency)
        for agency in found.agencies[:2]
    ]
    for turn in range(40):
        left, right = ([prints[case] for case in random.sample(side, random.randint(6, 14))] for side in sides)
        if turn % 2:
            a, b = random.choice(true)
            left, right = [prints[a], *left], [prints[b], *right]
        hold(tuple(left), tuple(right), model())
