"""Pairs of entities of several names each, some of which share words, in each script of frozen_cases.ndjson."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import msgspec

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint
from support.matching.comparison_edits import PrintPair, name_edits, name_print, names_edits
from support.matching.prints import name_print as part_print
from support.matching.prints import print_of

FROZEN = Path(__file__).parents[2] / "unit/matching/frozen_cases.ndjson"
ODD = {
    "person": (
        "Abd al-Rahman bin Ahmad", "Abdulrahman Ahmad", "J K Rowling", "Joanne Kathleen Rowling", "JC Dupont",
        "Jean Christophe Dupont", "Ivan Petrovich Ivanov", "Ivan Ivanov", "Li Wei Ming", "Liwei Ming", "Hamza",
        "A B C D E", "Abcde", "Juan Carlos I", "Juan Carlos II", "Ali Hassan Ali", "van der Bilt",
        "Muhammad Vanderbilt", "Ali", "Salman bin Ahmad", "Ahmad bin Salman", "Иван Петрович Сидоров",
    ),
    "organisation": (
        "National Standards Calibration Laboratory", "NSCL", "Harakat ul Jihad Islami", "HUJI", "Unit 221 Trading",
        "Trading Unit 221", "Unit 39 Trading Ltd", "Nord Wind", "Nordwind", "Acme Trading Trading", "Acme", "221",
        "Acmé Tráding", "АО Акме Трейдинг", "Gamma Strauß Mueller", "Gamma Strauss Müller",
    ),
}  # fmt: skip
"""Names with words written together or abbreviated, with numbers, initials, fathers, repeated words and particles."""

FATHERED = (("Ivan", "Orlov"), ("Ivan", ""), ("", "Petrov"), ("Petr", "Petrov"))
"""Given and family names of sons of one Pyotr."""


@cache
def known_names(entity_type: str) -> tuple[NamePrint, ...]:
    """Names of entities of a type in the frozen cases, in their order, and odd ones."""
    lines = FROZEN.read_text(encoding="utf-8").splitlines()
    raw = [
        entity for line in lines for entity in msgspec.json.decode(line)["entities"] if entity["type"] == entity_type
    ]
    found = [name for entity in raw for name in print_of(**entity).names]
    parted = [part_print(given="Ivan", family="Petrov"), part_print(given="Petrov"), part_print(family="Rahman Ali")]
    parted += [part_print(given=name, patronymic="Petrovich", family=after) for name, after in FATHERED]
    odd = [name_print(text, entity_type) for text in ODD[entity_type]]
    return tuple(dict.fromkeys([*found, *odd, *(parted if entity_type == "person" else ())]))


def several_names_pair(random: Random, entity_type: str) -> PrintPair:
    """Two entities of one to eight names: known ones, of which both may have some, and edits of others."""
    known = random.choices(known_names(entity_type), k=6) + random.choices(known_names(entity_type)[-24:], k=3)
    sides: list[set[NamePrint]] = [set(random.sample(known, random.randrange(1, 5))) for _ in range(2)]
    for edits in random.sample([name_edits, names_edits], random.randrange(3)):
        for side, fields in zip(sides, edits(random, entity_type), strict=True):
            side.update(fields["names"])
    a, b = (tuple(sorted(name for name in side if name.tokens)) for side in sides)
    return EntityPrint("a", entity_type, names=a), EntityPrint("b", entity_type, names=b)
