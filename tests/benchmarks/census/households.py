"""Families of three generations and the households they live in, on the day of the first collection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from random import Random

from benchmarks.census.identity_numbers import make_number
from benchmarks.census.name_stocks import NameStock, fill_form
from benchmarks.census.parameters import SocietyParameters

FIRST_DAY = date(2016, 3, 27)
ADULT, INDEPENDENT = 18, 24


@dataclass(eq=False)
class Inhabitant:
    """One person; family names are kept in their masculine form."""

    key: int
    gender: str
    given: str
    middle: str
    family: str
    born: date
    birth_place: str
    number: tuple[str, str]
    mobile: str
    former_family: str = ""
    is_married: bool = False
    parents: tuple[Inhabitant, ...] = ()

    def age(self, day: date) -> int:
        return (day - self.born).days // 365


@dataclass(frozen=True)
class Dwelling:
    """Where a household lives."""

    house: str
    unit: str
    street: str
    city: str
    postcode: str


@dataclass(eq=False)
class Household:
    """Who lives under one roof, with one telephone."""

    members: list[Inhabitant]
    dwelling: Dwelling
    landline: str
    former_dwelling: Dwelling | None = None
    couple: tuple[Inhabitant, Inhabitant] | None = None
    """The woman first, or as they come."""


@dataclass
class Region:
    """Draws people and dwellings; everything random comes from `rng`."""

    stock: NameStock
    society: SocietyParameters
    rng: Random
    keys: count[int] = field(default_factory=lambda: count(1))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def make_person(
        self, gender: str, born: date, family: str, parents: tuple[Inhabitant, ...] = (), given: str = ""
    ) -> Inhabitant:
        rng, stock = self.rng, self.stock
        given = given or stock.draw_given(gender, born.year, rng)
        middle = stock.draw_given(gender, born.year - 25, rng) if self.chance(stock.has_middle) else ""
        return Inhabitant(
            key=next(self.keys), gender=gender, given=given, middle="" if middle == given else middle, family=family,
            born=born, birth_place=rng.choice(stock.cities), number=make_number(stock.country, gender, born, rng),
            mobile=fill_form(stock.mobile_form, rng), parents=parents,
        )  # fmt: skip

    def make_dwelling(self, like: Dwelling | None = None) -> Dwelling:
        """A dwelling, in the street of another where one is given."""
        rng, stock = self.rng, self.stock
        if like is not None:
            return replace(like, house=str(rng.randint(1, 120)), unit="")
        at = min(int(rng.expovariate(0.4)), len(stock.cities) - 1)
        city, street = stock.cities[at], rng.choice(stock.streets)
        form = stock.street_form[sum(map(ord, street + city)) % len(stock.street_form)]
        area = f"{at + 1}{sum(map(ord, street)) % 10}"
        code = Random(f"{city} {street}")
        dwelling = Dwelling(
            str(rng.randint(1, 120)),
            "",
            form.format(street),
            city,
            fill_form(stock.postcode_form.format(area=area), code),
        )
        if self.chance(self.society.flats):
            block = str(rng.choice(range(10, 120, 20)))
            return replace(dwelling, house=block, unit=str(rng.randint(1, 8)) if self.chance(0.5) else "")
        return dwelling

    def make_household(self, members: list[Inhabitant], dwelling: Dwelling | None = None) -> Household:
        landline = fill_form(self.stock.landline_form, self.rng) if self.chance(self.society.landline) else ""
        return Household(members, dwelling or self.make_dwelling(), landline)

    def day_within(self, first: date, days: int) -> date:
        return first + timedelta(days=self.rng.randrange(days))

    def marry(self, a: Inhabitant, b: Inhabitant) -> None:
        """Most wives take the husband's name, where that is the custom."""
        wife, husband = (a, b) if a.gender == "f" else (b, a)
        a.is_married = b.is_married = True
        if wife.family != husband.family and self.chance(self.stock.takes_name):
            wife.former_family, wife.family = wife.family, husband.family

    def make_partner(self, person: Inhabitant) -> Inhabitant:
        born = person.born + timedelta(days=int(self.rng.gauss(0, 3 * 365)))
        partner = self.make_person("m" if person.gender == "f" else "f", born, self.stock.draw_family(self.rng))
        if not self.chance(self.society.unmarried):
            self.marry(person, partner)
        return partner

    def name_child(self, gender: str, born: date, parents: tuple[Inhabitant, Inhabitant], taken: set[str]) -> str:
        """A name that no sibling bears: a grandparent's, a parent's, or one of its time."""
        mother, father = parents
        same = father if gender == "m" else mother
        grandparents = [old.given for parent in (father, mother) for old in parent.parents if old.gender == gender]
        if grandparents and self.chance(self.stock.after_grandparent):
            for given in grandparents:
                if given not in taken:
                    return given
        if same.given not in taken and self.chance(self.stock.after_parent):
            return same.given
        while (given := self.stock.draw_given(gender, born.year, self.rng)) in taken or given == same.given:
            pass
        return given

    def make_children(self, mother: Inhabitant, father: Inhabitant) -> list[Inhabitant]:
        """Births from 20 to 40 years of the mother until the first collection; twins share the day."""
        children: list[Inhabitant] = []
        wanted = self.rng.choices(range(len(self.society.children)), self.society.children)[0]
        day = mother.born + timedelta(days=self.rng.randint(20 * 365, 33 * 365))
        while len(children) < wanted and day < FIRST_DAY and (day - mother.born).days < 42 * 365:
            children += self.give_birth(mother, father, day, {child.given for child in children})
            day += timedelta(days=self.rng.randint(450, 1700))
        return children

    def give_birth(self, mother: Inhabitant, father: Inhabitant, day: date, taken: set[str]) -> list[Inhabitant]:
        """One child or twins."""
        found: list[Inhabitant] = []
        for _ in range(2 if self.chance(self.society.twins) else 1):
            gender = self.rng.choice("mf")
            given = self.name_child(gender, day, (mother, father), taken)
            if found and self.chance(self.society.alike_twins):
                given = self.alike(found[0], gender, day, taken) or given
            taken = taken | {given}
            found.append(self.make_person(gender, day, father.family, (mother, father), given))
        return found

    def alike(self, twin: Inhabitant, gender: str, day: date, taken: set[str]) -> str:
        drawn = (self.stock.draw_given(gender, day.year, self.rng) for _ in range(60))
        return next((given for given in drawn if given[0] == twin.given[0] and given not in taken), "")

    def settle(self, person: Inhabitant) -> list[Household]:
        """The household or, where the couple lives apart, households of a grown person."""
        if self.chance(self.society.lives_alone):
            return [self.make_household([person])]
        partner = self.make_partner(person)
        mother, father = (person, partner) if person.gender == "f" else (partner, person)
        children = self.make_children(mother, father)
        at_home = [child for child in children if child.age(FIRST_DAY) < INDEPENDENT]
        if children and self.chance(self.society.separated):
            return [self.make_household([mother, *at_home]), self.make_household([father])]
        household = self.make_household([mother, father, *at_home])
        household.couple = (mother, father)
        return [household]

    def make_family(self) -> list[Household]:
        """Grandparents, their children and the children's children, in their households."""
        born = self.day_within(date(1928, 1, 1), 32 * 365)
        old = self.make_person("f", born, self.stock.draw_family(self.rng))
        husband = self.make_partner(old)
        children = self.make_children(old, husband)
        grown = [
            child for child in children if child.age(FIRST_DAY) >= INDEPENDENT and self.chance(self.society.leaves_home)
        ]
        households = [household for child in grown for household in self.settle(child)]
        alive = [one for one in (old, husband) if not self.chance(max(0.0, (one.age(FIRST_DAY) - 62) / 45))]
        home = [*alive, *(child for child in children if child not in grown)]
        if not home:
            return households
        if households and len(home) == len(alive) and self.chance(self.society.under_one_roof):
            self.rng.choice(households).members.extend(home)
            return households
        near = households and self.chance(self.society.in_one_street)
        dwelling = self.make_dwelling(self.rng.choice(households).dwelling if near else None)
        household = self.make_household(home, dwelling)
        household.couple = (old, husband) if len(alive) == 2 else None
        return [*households, household]
