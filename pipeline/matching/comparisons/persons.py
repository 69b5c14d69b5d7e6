"""Gender, nationality and country of birth of a person."""

from __future__ import annotations

from itertools import product

import numpy as np

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    PERSON,
    BitsArray,
    Bound,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    RowParts,
    SmallBits,
    States,
    Table,
    bound_by_level,
    stronger_of,
    strongest_from,
)
from pipeline.matching.encoded import Rows, hash_text
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.countries import are_compatible


class BirthCountryLevel(ComparisonLevel):
    """Whether two people were born in one country."""

    SAME = 0.90, 0.50, 0.90, 0.85, 0.90
    DIFFERENT = 0.10, 0.50, 0.10, 0.15, 0.10


def compare_birth_countries(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Countries of birth: same or different; a former state (Soviet Union) and one that it became say nothing."""
    p, q = a.birth_country, b.birth_country
    if not p or not q:
        return None
    if p == q:
        return table.results[BirthCountryLevel.SAME]
    return None if are_compatible(p.upper(), q.upper()) else table.results[BirthCountryLevel.DIFFERENT]


BIRTH_COUNTRY = Comparison(
    "birth_country",
    "birth_country",
    N_("Country of birth"),
    N_("the country of birth"),
    BirthCountryLevel,
    (
        "estimated; u between that of strangers of one nationality (most were born there) and of two, so that what a "
        "nationality has said does not count twice"
    ),
    compare_birth_countries,
    lambda entity, _index: entity.birth_country.upper(),
)


class GenderLevel(ComparisonLevel):
    """Whether two people are of one gender."""

    SAME = 0.965, 0.50, 0.50, 0.965, 0.50
    DIFFERENT = 0.035, 0.50, 0.50, 0.035, 0.50


def compare_genders(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Gender: same or different. A contradiction takes little from a strong name: registers err.

    Where both have a name, agreement adds nothing: given names that agree already tell the gender, and those of
    brothers, which conflict, are of one.
    """
    if not a.gender or not b.gender:
        return None
    if a.gender != b.gender:
        return table.results[GenderLevel.DIFFERENT]
    return table.neutral[GenderLevel.SAME] if a.names and b.names else table.results[GenderLevel.SAME]


GENDER_BITS = SmallBits(2, hashed=True, shift=4)
"""Without the four lowest bits of their hashes male, female and other are apart."""


def encode_gender(entity: EntityPrint) -> tuple[int]:
    """A hash, 0 for none."""
    return (1 + hash_text(entity.gender, 255) if entity.gender else 0,)


def gender_state(a: Rows, b: Rows) -> States:
    """The level, or behind the levels that a side has none; and as many more where both have a name."""
    one, other = a.byte("gender"), b.byte("gender")
    known = np.where(one == other, GenderLevel.SAME, GenderLevel.DIFFERENT)
    level = np.where((one == 0) | (other == 0), len(GenderLevel), known)
    state: States = level + (len(GenderLevel) + 1) * ((a.byte("name_words") > 0) & (b.byte("name_words") > 0))
    return state


def _bounds_by_gender(table: Table) -> BitsArray:
    plain = strongest_from(table)
    return np.concatenate([plain, np.minimum(plain, 0)], 1)


GENDER = Comparison(
    "gender",
    "gender",
    N_("Gender"),
    N_("the gender"),
    GenderLevel,
    "m: historical_50k, where transliterated names and data entry err in about 3 records of 100; u, h: two genders",
    compare_genders,
    lambda entity, _index: entity.gender,
    also_reads=("names",),
    row_parts=RowParts({"gender": 0}, encode_gender, {"gender": GENDER_BITS}),
    bound=Bound(gender_state, _bounds_by_gender),
    bounded=PERSON,
)


class NationalityLevel(ComparisonLevel):
    """Whether two people have a nationality in common."""

    SAME = 0.90, 0.20, 0.85, 0.90, 0.85
    DIFFERENT = 0.10, 0.80, 0.15, 0.10, 0.15


def compare_nationalities(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Nationalities: one in common (rarer ones say more), or none."""
    if not a.nationalities or not b.nationalities:
        return None
    same, best = NationalityLevel.SAME, None
    for i, j in product(range(len(a.nationalities)), range(len(b.nationalities))):
        if a.nationalities[i] == b.nationalities[j]:
            best = stronger_of(table.result(same, table.adjust_weight(same, a.nationalities[i]), i, j), best)
    return best or table.results[NationalityLevel.DIFFERENT]


def encode_nationalities(entity: EntityPrint) -> tuple[int]:
    """A set of eight hashes, 0 for none."""
    return (sum({1 << hash_text(nation, 8) for nation in entity.nationalities}),)


def nationality_level(a: Rows, b: Rows) -> States:
    """The same where the sets of hashes have one in common."""
    one, other = a.byte("nations"), b.byte("nations")
    known = np.where(one & other != 0, NationalityLevel.SAME, NationalityLevel.DIFFERENT)
    return np.where((one == 0) | (other == 0), len(NationalityLevel), known)


NATIONALITY = Comparison(
    "nationality",
    "nationalities",
    N_("Nationality"),
    N_("the nationality"),
    NationalityLevel,
    (
        "m, u and h are judgement, not counts: records of one person name different ones in 1 of 10, as some have two; "
        "1 stranger in 5 shares one, and families mostly do (85 of 100); a model's term frequencies replace u(same) "
        "for the nationality in hand"
    ),
    compare_nationalities,
    lambda entity, _index: ", ".join(entity.nationalities).upper(),
    row_parts=RowParts({"nations": 0}, encode_nationalities, {"nations": SmallBits(8)}),
    bound=bound_by_level(nationality_level),
    bounded=PERSON,
)
