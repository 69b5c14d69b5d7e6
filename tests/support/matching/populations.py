"""Three made-up populations on which models are learnt, and these models.

`strangers` knows no relatives; `households` has parents, children, twins and fathers' namesakes at one door; `noisy` is
the same, recorded with a given name, a date or a door that is somebody else's in every fifth record.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from pipeline.matching.model import Model, load_model
from pipeline.matching.training.pairs import Budget
from pipeline.matching.training.run import train
from support.matching.prints import print_of
from support.records.builder import RawEntity, person

POPULATIONS = ("strangers", "households", "noisy")

GIVEN = [
    "Marc",
    "Julien",
    "Pierre",
    "Luc",
    "Hugo",
    "Paul",
    "Jean",
    "Louis",
    "Henri",
    "Denis",
    "Remi",
    "Guy",
    "Anne",
    "Claire",
    "Julie",
    "Lucie",
    "Marie",
    "Alice",
    "Emma",
    "Sophie",
    "Camille",
    "Nadia",
    "Odile",
    "Iris",
]
SYLLABLES = ["bar", "don", "kil", "lum", "mer", "nat", "ros", "shi", "tov", "var", "zun", "pel"]
BUDGET = Budget(random_pairs=15_000, pairs_per_rule=2_500, seed=5)
HOUSEHOLDS = 90


MODELS = ("shipped", *POPULATIONS)


@cache
def model_of(name: str) -> Model:
    """The shipped model, or the one that training makes of one of POPULATIONS: a second or two."""
    return load_model() if name == "shipped" else _learn_model(name)


def _learn_model(population: str) -> Model:
    people = [print_of(**raw) for raw in record_population(Random(POPULATIONS.index(population)), population)]
    return Model(train({"person": people}, population, BUDGET, lambda _what, _total: lambda: None).file)


def record_population(random: Random, population: str) -> list[RawEntity]:
    """Records of a population: of each person two, one after the other."""
    members = [raw for _ in range(HOUSEHOLDS) for raw in _household(random, population)]
    return [copy for raw in members for copy in (raw, _again(random, raw, 0.2 if population == "noisy" else 0.04))]


def _household(random: Random, population: str) -> list[RawEntity]:
    """Two parents and two children, every fourth pair of them twins; or four people who have nothing in common."""
    if population == "strangers":
        return [_member(random, random.choice(GIVEN), _family(random), random.randint(1940, 1999), _home(random))
                for _ in range(4)]  # fmt: skip
    family, home, year = _family(random), _home(random), random.randint(1940, 1975)
    names = random.sample(GIVEN, 4)
    if random.random() < 0.1:
        names[2] = names[0]
    years = [year, year + random.randint(-6, 6), year + random.randint(22, 35)]
    members = [_member(random, name, family, born, home) for name, born in zip(names, years, strict=False)]
    child = _member(random, names[3], family, years[2] + random.randint(1, 8), home)
    if random.random() < 0.25:
        child["birth_date"] = members[2]["birth_date"]
    return [*members, child]


def _family(random: Random) -> str:
    return "".join(random.choice(SYLLABLES) for _ in range(3)).capitalize()


def _home(random: Random) -> dict[str, Any]:
    code = f"{random.randint(10000, 10300)}"
    address = {
        "house": f"{random.randint(1, 90)}",
        "street": f"Rue {_family(random)}",
        "postcode": code,
        "city": "Lyon",
    }
    return {"addresses": [address], "phones": [f"+336{random.randint(10**7, 10**8 - 1)}"]}


def _member(random: Random, given: str, family: str, year: int, home: dict[str, Any]) -> RawEntity:
    date = f"{year}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    return person(given=given, family=family, birth_date=date, **home)


def _again(random: Random, raw: RawEntity, share: float) -> RawEntity:
    """The person's other record: each field somebody else's in so many records."""
    name, home = dict(raw["names"][0]), {key: raw[key] for key in ("addresses", "phones")}
    if random.random() < share / 2:
        name["given"] = random.choice(GIVEN)
    if random.random() < share:
        name["family"] = name["family"][:-1]
    if random.random() < 2 * share:
        home = _home(random)
    other = {**raw, "names": [name], **home}
    if random.random() < share:
        other["birth_date"] = f"{int(raw['birth_date'][:4]) + random.randint(1, 3)}{raw['birth_date'][4:]}"
    return other
