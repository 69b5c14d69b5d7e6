from __future__ import annotations

import pytest

from pipeline.matching.comparisons.birth_country import BIRTH_COUNTRY
from pipeline.matching.model import Model
from support.matching.prints import print_of


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("FR", "France", "same"),
        ("Burma", "Myanmar", "same"),
        ("FR", "DE", "different"),
        ("USSR", "Ukraine", None),
        ("Serbia", "Yugoslavia", None),
        ("USSR", "Poland", "different"),
        ("FR", "Atlantis", None),
        ("FR", None, None),
    ],
)
def test_countries_of_birth(model: Model, one: str, other: str | None, level: str | None) -> None:
    a, b = print_of(type="person", birth_country=one), print_of(type="person", birth_country=other)
    table = model.tables[BIRTH_COUNTRY.name]
    found = BIRTH_COUNTRY.compare(a, b, table)
    assert found == BIRTH_COUNTRY.compare(b, a, table)
    assert (found and BIRTH_COUNTRY.levels[found.level].name) == level
