"""What the years between the two collections change: moves, weddings, divorces, deaths, births."""

from __future__ import annotations

from copy import copy
from datetime import date, timedelta

from benchmarks.census.households import ADULT, FIRST_DAY, Household, Inhabitant, Region
from benchmarks.census.name_stocks import fill_form

SECOND_DAY = date(2021, 3, 21)
LAST_YOUNG = 30
OLD = 75
LAST_FERTILE = 40


def pass_years(households: list[Household], region: Region) -> list[Household]:
    """The households of the second day; people are copied, and keep their keys."""
    later = [_copy_household(household) for household in households]
    leavers = [(household, one) for household in later for one in _leavers(household, region)]
    for household, one in leavers:
        household.members.remove(one)
    later += _new_households(leavers, region)
    later += [apart for household in later for apart in _divorce(household, region)]
    for household in later:
        _grow_old(household, region)
        _move(household, region)
    return [household for household in later if household.members]


def _copy_household(household: Household) -> Household:
    later = copy(household)
    copies = {one: copy(one) for one in household.members}
    later.members = list(copies.values())
    if household.couple is not None:
        later.couple = (copies[household.couple[0]], copies[household.couple[1]])
    return later


def _leavers(household: Household, region: Region) -> list[Inhabitant]:
    young = [one for one in household.members if one.parents and ADULT <= one.age(FIRST_DAY) <= LAST_YOUNG]
    couple = household.couple or ()
    return [one for one in young if one not in couple and region.chance(region.society.moved_out)]


def _new_households(leavers: list[tuple[Household, Inhabitant]], region: Region) -> list[Household]:
    """Those who moved out, in pairs where they found each other, half of these with a wedding."""
    women = [one for _, one in leavers if one.gender == "f"]
    men = [one for _, one in leavers if one.gender == "m"]
    homes = {one: household.dwelling for household, one in leavers}
    found = []
    while women or men:
        together = [*([women.pop()] if women else []), *([men.pop()] if men else [])]
        if len(together) == 2 and region.chance(0.5):
            household = region.make_household(together)
            household.couple = (together[0], together[1])
            if region.chance(region.society.wed):
                region.marry(*together)
            found.append(household)
        else:
            found += [region.make_household([one]) for one in together]
    for household in found:
        household.former_dwelling = homes[household.members[0]]
    return found


def _divorce(household: Household, region: Region) -> list[Household]:
    """Couples who wed in these years, and wives who left under the name of their birth."""
    if household.couple is None:
        return []
    wife, husband = household.couple
    if not wife.is_married and region.chance(region.society.wed / 2):
        region.marry(wife, husband)
        return []
    if not wife.is_married or not region.chance(region.society.divorced):
        return []
    if wife.former_family:
        wife.family, wife.former_family = wife.former_family, wife.family
    household.members.remove(wife)
    household.couple = None
    apart = region.make_household([wife])
    apart.former_dwelling = household.dwelling
    return [apart]


def _grow_old(household: Household, region: Region) -> None:
    """Deaths, births, new mobile numbers."""
    society = region.society
    household.members = [
        one for one in household.members if one.age(FIRST_DAY) < OLD or not region.chance(society.died)
    ]
    for one in household.members:
        if region.chance(society.new_mobile):
            one.mobile = fill_form(region.stock.mobile_form, region.rng)
    if household.couple is None or not set(household.couple) <= set(household.members):
        return
    mother, father = household.couple
    if ADULT < mother.age(SECOND_DAY) < LAST_FERTILE and region.chance(society.born):
        day = FIRST_DAY + timedelta(days=region.rng.randrange((SECOND_DAY - FIRST_DAY).days))
        taken = {one.given for one in household.members}
        household.members += region.give_birth(mother, father, day, taken)


def _move(household: Household, region: Region) -> None:
    if household.former_dwelling is None and region.chance(region.society.moved):
        household.former_dwelling = household.dwelling
        household.dwelling = region.make_dwelling()
        if household.landline:
            household.landline = fill_form(region.stock.landline_form, region.rng)
