"""Collections whose shares vary: of true pairs, households and fields, in one file or in two.

A model that learns from its own records must promise what it holds whatever these shares are. The people and the slips
are those of the census-like sets, without the five years between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Any

from benchmarks.census.households import FIRST_DAY, Household, Inhabitant, Region
from benchmarks.census.name_stocks import load_stock
from benchmarks.census.parameters import HEAVY, LIGHT, SOCIETY
from benchmarks.census.recording import Recorder, make_entity

NOISES = {"light": LIGHT, "heavy": HEAVY}
SHARES = (5, 30, 100)
"""True pairs for a hundred records."""

HOME = ("house", "unit", "street", "postcode", "city", "phone", "birth_place", "number", "number_type")
"""What a collection of names, birth dates and genders lacks."""


@dataclass(frozen=True)
class CollectionShape:
    """What a collection is like; `share` is one of SHARES, `files` one or two (of two countries, as agencies are)."""

    records: int
    share: int
    noise: str = "light"
    has_households: bool = True
    has_addresses: bool = True
    files: int = 1
    seed: int = 1

    def __str__(self) -> str:
        kin, fields = "households" if self.has_households else "alone", "all" if self.has_addresses else "names, dates"
        return f"{self.records:,} records, {self.share} of 100, {self.noise}, {kin}, {fields}, {self.files} file(s)"


@dataclass(frozen=True)
class Collection:
    """Entities as agencies send them, the country of each, and the pairs (i < j) of one person that are judged."""

    entities: list[dict[str, Any]]
    countries: list[str]
    truth: set[tuple[int, int]]


def make_collection(shape: CollectionShape) -> Collection:
    """The collection of a shape: the same for the same shape on every machine."""
    stock, rng = load_stock("english"), Random(str(shape))
    recorder = Recorder(stock, NOISES[shape.noise], FIRST_DAY, Random(f"{shape} recorder"))
    recorded: list[tuple[dict[str, Any], str, int]] = []
    for number, (person, household) in enumerate(_people(shape, Region(stock, SOCIETY, rng), rng)):
        for file, copies in enumerate(_draw_copies(shape, rng)):
            for _ in range(copies):
                row = recorder.record(person, household)
                row |= dict.fromkeys(() if shape.has_addresses else HOME, "")
                recorded.append((make_entity(row, stock.country), ("FR", "BE")[file], number))
        if len(recorded) >= shape.records:
            break
    rng.shuffle(recorded)
    places: defaultdict[int, list[int]] = defaultdict(list)
    for at, (_, _, number) in enumerate(recorded):
        places[number].append(at)
    truth = {
        (i, j)
        for some in places.values()
        for i, j in combinations(some, 2)
        if shape.files == 1 or recorded[i][1] != recorded[j][1]
    }
    return Collection([one for one, _, _ in recorded], [country for _, country, _ in recorded], truth)


def _people(shape: CollectionShape, region: Region, rng: Random) -> Iterator[tuple[Inhabitant, Household]]:
    """People without end; where there are no households in the collection, one of each."""
    while True:
        for household in region.make_family():
            members = household.members if shape.has_households else rng.sample(household.members, 1)
            yield from ((person, household) for person in members)


def _draw_copies(shape: CollectionShape, rng: Random) -> tuple[int, ...]:
    """How often each file records a person: s pairs for 100 records take s / (100 - s) people who are recorded twice.

    A pair for each record takes three records of everybody in one file, or two in each of two.
    """
    if shape.share == 100:
        return (3,) if shape.files == 1 else (2, 2)
    is_twice = rng.random() < shape.share / (100 - shape.share)
    if shape.files == 1:
        return (1 + is_twice,)
    return (1, 1) if is_twice else rng.choice(((1, 0), (0, 1)))
