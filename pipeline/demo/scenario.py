"""Who and what the demo's agencies come across: sightings across borders, everyday cases, and traps.

Truth comes from here: two cases belong together when they show the same real person or thing. Traps are people who
look alike and are not the same: households, twins, namesakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

from pipeline.demo.case_files import EPOCH, CaseFile
from pipeline.demo.countries import Country, load_countries
from pipeline.demo.recording import RecordedEntity, Register
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
"""Two or three people of one family and door, each in a case of another country."""
TWINS = 25
"""Pairs, each twin in a case of another country."""
NAMESAKES = 80
"""Pairs of two people with one common name, met in two countries."""
AMENDED = 220
"""Cases with a second version that adds something; every other one has a third that only words differently."""
CORRECTED = 40
"""Cases whose first person turns out to be somebody else."""
WITHDRAWN = 70
"""Cases taken back in the end. All numbers here are choices."""

SCALES = ((2, 6), (3, 3), (4, 1))
"""How many agencies meet a traveller, with the share of each number."""


class Scenario:
    """Builds the case files: the same seed gives the same files."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)  # noqa: S311 - reproducible, not secret
        self._world = World(self._rng)
        self._registers = {code: Register(self._rng, country) for code, country in load_countries().items()}
        self.files: list[CaseFile] = []

    def build_cases(self) -> list[CaseFile]:
        """All case files with all their versions."""
        for count, step in self._steps():
            for _ in range(count):
                step()
        self._change_cases()
        return self.files

    def _steps(self) -> Iterator[tuple[int, Callable[[], None]]]:
        yield EVERYDAY, self._add_everyday
        yield TRAVELLERS, self._add_traveller
        yield SHARED_THINGS, self._add_shared_thing
        yield INCIDENTS, self._add_incident
        yield HOUSEHOLDS, self._add_household
        yield TWINS, self._add_twins
        yield NAMESAKES, self._add_namesakes

    def _add_everyday(self) -> None:
        country = self._draw_countries(1)[0]
        self._open_case(country, [self._record_person(country, self._world.make_person()), *self._draw_extras(country)])

    def _add_traveller(self) -> None:
        person = self._world.make_person()
        numbers, shares = zip(*SCALES, strict=True)
        for country in self._draw_countries(self._rng.choices(numbers, shares)[0]):
            self._open_case(country, [self._record_person(country, person), *self._draw_extras(country)])

    def _add_shared_thing(self) -> None:
        thing = self._world.make_thing(self._rng.choice(THING_KINDS))
        for country in self._draw_countries(self._rng.choice((2, 2, 3))):
            self._open_case(
                country,
                [
                    self._record_person(country, self._world.make_person()),
                    self._registers[country.code].record_thing(thing),
                ],
            )

    def _add_incident(self) -> None:
        """Both sides record the same event, some minutes and metres apart, with the same vehicle in it."""
        number = len(self.files)
        vehicle = self._world.make_thing("vehicle")
        first, second = self._draw_countries(2)
        city = self._rng.choice(first.cities)
        start = EPOCH + timedelta(minutes=self._rng.randrange(60 * 24 * 300))
        for country in (first, second):
            event = {
                "type": "event",
                "start": (start + timedelta(minutes=self._rng.randrange(-10, 11))).isoformat(),
                "latitude": round(city.latitude + self._rng.uniform(-0.003, 0.003), 5),
                "longitude": round(city.longitude + self._rng.uniform(-0.003, 0.003), 5),
            }
            self._open_case(
                country,
                [self._registers[country.code].record_thing(vehicle), RecordedEntity(event, (f"incident-{number}",))],
            )

    def _add_household(self) -> None:
        members = [self._world.make_person()]
        for _ in range(self._rng.choice((1, 2))):
            members.append(self._world.make_relative(members))
        self._open_apart(members, at_home=True)

    def _add_twins(self) -> None:
        person = self._world.make_person()
        self._open_apart([person, self._world.make_twin(person)], at_home=True)

    def _add_namesakes(self) -> None:
        """Common names only: namesakes are found among them, in life too."""
        person = self._world.make_person(common_name=True)
        self._open_apart([person, self._world.make_namesake(person)], at_home=False)

    def _open_apart(self, people: list[TruePerson], *, at_home: bool) -> None:
        """Each of these people in a case of another country."""
        for person, country in zip(people, self._draw_countries(len(people)), strict=True):
            self._open_case(country, [self._record_person(country, person, at_home=at_home)])

    def _change_cases(self) -> None:
        """Amend, correct and withdraw some of the cases."""
        chosen = self._rng.sample(self.files, AMENDED + CORRECTED + WITHDRAWN)
        for file in chosen[:AMENDED]:
            self._amend_case(file)
        for file in chosen[AMENDED : AMENDED + CORRECTED]:
            file.correct_person(self._record_person(load_countries()[file.last.country], self._world.make_person()))
        for file in chosen[AMENDED + CORRECTED :]:
            file.withdraw()

    def _amend_case(self, file: CaseFile) -> None:
        """A second version with more in it, and in every other case a third that only words differently."""
        country = load_countries()[file.last.country]
        file.add_entity(
            self._registers[country.code].record_thing(self._world.make_thing(self._rng.choice(THING_KINDS)))
        )
        if self._rng.random() < 0.5:
            file.reword()

    def _record_person(self, country: Country, person: TruePerson, *, at_home: bool = False) -> RecordedEntity:
        return self._registers[country.code].record_person(person, self._rng.choice(ROLES), at_home=at_home)

    def _draw_extras(self, country: Country) -> list[RecordedEntity]:
        """What else is in a case, which no other agency meets: half the cases hold one or two such things or people."""
        register = self._registers[country.code]
        extras = []
        if self._rng.random() < 0.4:
            extras.append(register.record_thing(self._world.make_thing(self._rng.choice(THING_KINDS))))
        if self._rng.random() < 0.2:
            extras.append(self._record_person(country, self._world.make_person()))
        return extras

    def _open_case(self, country: Country, recorded: list[RecordedEntity]) -> None:
        self.files.append(CaseFile(self._rng, country, len(self.files) + 1, recorded))

    def _draw_countries(self, count: int) -> list[Country]:
        """Different countries, the busier ones likelier."""
        left = list(load_countries().values())
        chosen = []
        for _ in range(count):
            country = self._rng.choices(left, [country.weight for country in left])[0]
            left.remove(country)
            chosen.append(country)
        return chosen
