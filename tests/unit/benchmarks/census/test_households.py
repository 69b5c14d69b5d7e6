"""Who lives with whom: names pass on as the region's custom is, twins, namesakes, weddings, moves."""

from __future__ import annotations

from datetime import date
from functools import cache
from random import Random

import pytest
from stdnum.gr import vat
from stdnum.pl import pesel as polish

from benchmarks.census.households import Household, Inhabitant, Region
from benchmarks.census.identity_numbers import afm, pesel
from benchmarks.census.name_stocks import load_stock
from benchmarks.census.parameters import SOCIETY
from benchmarks.census.years import pass_years

REGIONS = ("english", "greek", "polish")


@cache
def homes(region: str) -> tuple[list[Household], list[Household]]:
    place = Region(load_stock(region), SOCIETY, Random(f"test {region}"))
    before = [household for _ in range(600) for household in place.make_family()]
    return before, pass_years(before, place)


def people(households: list[Household]) -> list[Inhabitant]:
    return [one for household in households for one in household.members]


@pytest.mark.parametrize("region", REGIONS)
def test_nobody_lives_twice(region: str) -> None:
    for households in homes(region):
        keys = [one.key for one in people(households)]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize("region", REGIONS)
def test_twins_are_as_often_as_the_table_says(region: str) -> None:
    mothers_and_days = [(one.parents[0].key, one.born) for one in people(homes(region)[0]) if one.parents]
    births = len(set(mothers_and_days))
    twins = len(mothers_and_days) - births
    assert 0.5 * SOCIETY.twins <= twins / births <= 2 * SOCIETY.twins


def share_named_after_a_grandparent(region: str) -> float:
    grandchildren = [one for one in people(homes(region)[0]) if any(parent.parents for parent in one.parents)]
    named = [
        one
        for one in grandchildren
        if one.given in {old.given for parent in one.parents for old in parent.parents if old.gender == one.gender}
    ]
    return len(named) / len(grandchildren)


def test_greek_children_bear_their_grandparents_names() -> None:
    assert share_named_after_a_grandparent("greek") > 0.4
    assert share_named_after_a_grandparent("english") < 0.1


@pytest.mark.parametrize("region", REGIONS)
def test_no_siblings_bear_one_name(region: str) -> None:
    for household in homes(region)[0]:
        children = [one for one in household.members if one.parents]
        named = {(one.parents[0].key, one.given) for one in children}
        assert len(named) == len(children)


@pytest.mark.parametrize("region", REGIONS)
def test_wives_take_the_name_where_that_is_the_custom(region: str) -> None:
    wives = [one for one in people(homes(region)[1]) if one.is_married and one.gender == "f"]
    changed = sum(bool(one.former_family) for one in wives) / len(wives)
    assert abs(changed - load_stock(region).takes_name) < 0.08


@pytest.mark.parametrize("region", REGIONS)
def test_some_move_marry_die_and_are_born(region: str) -> None:
    before, after = homes(region)
    earlier, later = {one.key: one for one in people(before)}, {one.key: one for one in people(after)}
    assert 0.2 < sum(one.former_dwelling is not None for one in after) / len(after) < 0.5
    assert 0 < len(earlier.keys() - later.keys()) < len(earlier) / 10
    assert 0 < len(later.keys() - earlier.keys()) < len(earlier) / 10
    renamed = [key for key in earlier.keys() & later.keys() if earlier[key].family != later[key].family]
    assert bool(renamed) == (load_stock(region).takes_name > 0)


@pytest.mark.parametrize("region", REGIONS)
def test_the_first_day_stays_as_it_was(region: str) -> None:
    before, after = homes(region)
    assert not {id(one) for one in people(before)} & {id(one) for one in people(after)}


def test_check_digits() -> None:
    rng = Random(1)
    assert all(polish.is_valid(pesel("f", date(2004, 2, 29), rng)) for _ in range(200))
    assert all(vat.is_valid(afm(rng)) for _ in range(200))
