from __future__ import annotations

import pytest

from pipeline.matching.comparisons.birth_place import BIRTH_PLACE, place_level, read_place, specific_parts


@pytest.mark.parametrize(
    ("p", "q", "level"),
    [
        ("kirkuk", "kirkuk, iraq", "same"),
        ("panjwai district, kandahar province", "panjwai, kandahar, afghanistan", "same"),
        ("city of london", "london", "same"),
        ("москва", "moskva, russia", "same"),
        ("kabul, afghanistan", "kabul, افغانستان", "same"),
        ("kazan", "kasan", "near"),
        ("kandahar", "panjwai district, kandahar province", "word_in_common"),
        ("zherai, kandahar", "panjwai, kandahar", "word_in_common"),
        ("paris, texas", "paris, ontario", "word_in_common"),
        ("paris, united states", "paris, france", "word_in_common"),
        ("iraq", "iraq", "word_in_common"),
        ("kirkuk, iraq", "basra, iraq", "different"),
        ("panjwai district", "spin boldak district", "different"),
        ("iraq", "kabul, afghanistan", "different"),
        ("iraq", "kirkuk, iraq", None),
        ("iraq", "kirkuk", "different"),
        ("tunis", "tunis, tunisia", "same"),
        ("baku, ussr", "baku, azerbaijan", "same"),
        ("village", "village", "same"),
        (",", "kazan", "different"),
    ],
)
def test_levels(p: str, q: str, level: str | None) -> None:
    found = place_level(p, q)
    assert found == place_level(q, p)
    assert (None if found is None else BIRTH_PLACE.levels.at(found).key) == level


def test_parts_of_a_place() -> None:
    found = read_place("mirmandaw village, nahr-e saraj district, helmand province, afghanistan")
    assert found.country == "AF"
    assert found.parts == ("mirmandaw", "nahresaraj", "helmand")
    assert (found.first.written, found.behind.written) == ("mirmandaw", "nahre saraj helmand")
    assert specific_parts("kandahar province, afghanistan") == ("kandahar",)
