"""Who and what the demo's agencies come across: sightings across borders, everyday cases, and traps.

Truth comes from here: two cases belong together when they show the same real person or thing. Traps are people who
look alike and are not the same: households, twins, namesakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

from pipeline.demo.case_files import EPOCH, CaseFile
from pipeline.demo.countries import Country, countries
from pipeline.demo.recording import Recorded, Register
from pipeline.demo.world import TruePerson, World

THING_KINDS = ("vehicle", "vehicle", "vehicle", "phone", "phone", "phone", "account", "document", "weapon")
ROLES = ("suspect", "suspect", "suspect", "victim", "witness", "associate")

EVERYDAY = 1_000
"""Cases of people and things that no other agency meets."""
TRAVELLERS = 300
"""People met by two to four agencies."""
SHARED_THINGS = 150
"""Vehicles, phones, accounts, documents and weapons met by two or three agencies in the hands of different people."""
INCIDENTS = 30
"""Events at a border that two countries record, each with the same vehicle or person."""
HOUSEHOLDS = 50
TWINS = 25
NAMESAKES = 80
AMENDED = 220
CORRECTED = 40
WITHDRAWN = 70

SCALES = ((2, 6), (3, 3), (4, 1))
"""How many agencies meet a traveller, with the share of each number."""


class Scenario:
    """Builds the case files: the same seed gives the same files."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)  # noqa: S311 - reproducible, not secret
        self._world = World(self._rng)
        self._registers = {code: Register(self._rng, country) for code, country in countries().items()}
        self.files: list[CaseFile] = []

    def build(self) -> list[CaseFile]:
        """All case files with all their versions."""
        for count, step in self._steps():
            for _ in range(count):
                step()
        self._change()
        return self.files

    def _steps(self) -> Iterator[tuple[int, Callable[[], None]]]:
        yield EVERYDAY, self._everyday
        yield TRAVELLERS, self._traveller
        yield SHARED_THINGS, self._shared_thing
        yield INCIDENTS, self._incident
        yield HOUSEHOLDS, self._household
        yield TWINS, self._twins
        yield NAMESAKES, self._namesakes

    def _everyday(self) -> None:
        country = self._country()
        self._open(country, [self._met(country, self._world.person()), *self._extras(country)])

    def _traveller(self) -> None:
        person = self._world.person()
        numbers, shares = zip(*SCALES, strict=True)
        for country in self._several(self._rng.choices(numbers, shares)[0]):
            self._open(country, [self._met(country, person), *self._extras(country)])

    def _shared_thing(self) -> None:
        thing = self._world.thing(self._rng.choice(THING_KINDS))
        for country in self._several(self._rng.choice((2, 2, 3))):
            self._open(country, [self._met(country, self._world.person()), self._registers[country.code].thing(thing)])

    def _incident(self) -> None:
        """Both sides record the same event, some minutes and metres apart, with the same vehicle in it."""
        number = len(self.files)
        vehicle = self._world.thing("vehicle")
        first, second = self._several(2)
        city = self._rng.choice(first.cities)
        start = EPOCH + timedelta(minutes=self._rng.randrange(60 * 24 * 300))
        for country in (first, second):
            event = {
                "type": "event",
                "start": (start + timedelta(minutes=self._rng.randrange(-10, 11))).isoformat(),
                "latitude": round(city.latitude + self._rng.uniform(-0.003, 0.003), 5),
                "longitude": round(city.longitude + self._rng.uniform(-0.003, 0.003), 5),
            }
            self._open(
                country, [self._registers[country.code].thing(vehicle), Recorded(event, (f"incident-{number}",))]
            )

    def _household(self) -> None:
        members = [self._world.person()]
        for _ in range(self._rng.choice((1, 2))):
            members.append(self._world.relative(members))
        self._apart(members, at_home=True)

    def _twins(self) -> None:
        person = self._world.person()
        self._apart([person, self._world.twin(person)], at_home=True)

    def _namesakes(self) -> None:
        """Common names only: namesakes are found among them, in life too."""
        person = self._world.person(common_name=True)
        self._apart([person, self._world.namesake(person)], at_home=False)

    def _apart(self, people: list[TruePerson], *, at_home: bool) -> None:
        """Each of these people in a case of another country."""
        for person, country in zip(people, self._several(len(people)), strict=True):
            self._open(country, [self._met(country, person, at_home=at_home)])

    def _change(self) -> None:
        """Amend, correct and withdraw some of the cases."""
        chosen = self._rng.sample(self.files, AMENDED + CORRECTED + WITHDRAWN)
        for file in chosen[:AMENDED]:
            self._amend(file)
        for file in chosen[AMENDED : AMENDED + CORRECTED]:
            file.replace(self._met(countries()[file.last.country], self._world.person()))
        for file in chosen[AMENDED + CORRECTED :]:
            file.withdraw()

    def _amend(self, file: CaseFile) -> None:
        """A second version with more in it, and in every other case a third that only words differently."""
        country = countries()[file.last.country]
        file.add(self._registers[country.code].thing(self._world.thing(self._rng.choice(THING_KINDS))))
        if self._rng.random() < 0.5:
            file.reword()

    def _met(self, country: Country, person: TruePerson, *, at_home: bool = False) -> Recorded:
        return self._registers[country.code].person(person, self._rng.choice(ROLES), at_home=at_home)

    def _extras(self, country: Country) -> list[Recorded]:
        """What else is in a case, which no other agency meets: half the cases hold one or two such things or people."""
        register = self._registers[country.code]
        extras = []
        if self._rng.random() < 0.4:
            extras.append(register.thing(self._world.thing(self._rng.choice(THING_KINDS))))
        if self._rng.random() < 0.2:
            extras.append(self._met(country, self._world.person()))
        return extras

    def _open(self, country: Country, recorded: list[Recorded]) -> None:
        self.files.append(CaseFile(self._rng, country, len(self.files) + 1, recorded))

    def _country(self) -> Country:
        return self._several(1)[0]

    def _several(self, count: int) -> list[Country]:
        """Different countries, the busier ones likelier."""
        left = list(countries().values())
        chosen = []
        for _ in range(count):
            country = self._rng.choices(left, [country.weight for country in left])[0]
            left.remove(country)
            chosen.append(country)
        return chosen
