from __future__ import annotations

from random import Random

import pytest

from pipeline.demo.naming import load_cultures
from pipeline.demo.world import TruePerson, World


@pytest.fixture
def world() -> World:
    return World(Random(1))


def spelled(person: TruePerson) -> tuple[str, str]:
    return person.given.native, person.family.native


def numbers(person: TruePerson) -> tuple[str, str, str]:
    return person.phone, person.passport, person.email


def test_the_same_seed_makes_the_same_people_and_things() -> None:
    one, two = World(Random(3)), World(Random(3))
    assert [one.make_person() for _ in range(50)] == [two.make_person() for _ in range(50)]
    assert one.make_thing("vehicle") == two.make_thing("vehicle")


def test_everybody_and_everything_has_an_id_of_its_own(world: World) -> None:
    kinds = ("vehicle", "phone", "account", "document", "weapon")
    made = [*(world.make_person().id for _ in range(50)), *(world.make_thing(kind).id for kind in kinds)]
    assert len(set(made)) == len(made)


def test_twins_share_birth_home_and_family_name_but_not_the_given_name(world: World) -> None:
    for _ in range(30):
        person = world.make_person()
        twin = world.make_twin(person)
        assert (twin.born, twin.home, twin.family) == (person.born, person.home, person.family)
        assert twin.given.native != person.given.native
        assert set(numbers(twin)).isdisjoint(numbers(person))
        assert twin.id != person.id


def test_a_household_shares_home_and_family_name_and_no_given_name_twice(world: World) -> None:
    for _ in range(30):
        household = [world.make_person()]
        household += [world.make_relative(household)]
        household += [world.make_relative(household)]
        families = load_cultures()[household[0].culture.name].family
        places = {families[member.gender].all.index(member.family) for member in household}
        assert len({member.home for member in household}) == len(places) == 1
        assert len({member.given.native for member in household}) == 3
        assert len({member.born for member in household}) > 1


def test_namesakes_share_the_name_only(world: World) -> None:
    for _ in range(30):
        person = world.make_person(common_name=True)
        other = world.make_namesake(person)
        assert spelled(other) == spelled(person)
        assert other.born != person.born
        assert set(numbers(other)).isdisjoint(numbers(person))
