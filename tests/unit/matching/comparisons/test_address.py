from __future__ import annotations

import msgspec
import pytest

from pipeline.matching.comparisons.address import address_key, compare
from pipeline.matching.comparisons.address_levels import LEVELS, address_level
from pipeline.matching.comparisons.levels import SHARED_CAP
from pipeline.matching.fingerprint import AddressPrint as At
from pipeline.matching.model import Model
from support.matching.prints import print_of

HOME = At("12", "rue de la paix", "75002", "paris", "FR")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (HOME, "same_door"),
        (At("12", "rue de la paixx", "75002", "", ""), "same_door"),
        (At("12", "rue de la paix", "", "paris", "FR"), "same_door"),
        (At("", "rue de la paix", "75002", "paris", "FR"), "same_street"),
        (At("99", "rue de la paix", "75002", "paris", "FR"), "same_postcode"),
        (At("4", "avenue de l'opera", "75002", "paris", "FR"), "same_postcode"),
        (At("", "", "75003", "", ""), "near_postcode"),
        (At("4", "boulevard voltaire", "75011", "paris", "FR"), "same_city"),
        (At("12", "rue de la paix", "69001", "lyon", "FR"), "different"),
        (At("12", "rue de la paix", "75002", "paris", "BE"), "different"),
        (At("", "", "", "", "FR", "12 rue de la paix 75002 paris"), "same_door"),
    ],
)
def test_levels(other: At, expected: str) -> None:
    assert LEVELS[address_level(HOME, other)].name == expected
    assert LEVELS[address_level(other, HOME)].name == expected


def test_a_common_city_says_less_and_never_less_than_nothing(model: Model) -> None:
    comparisons = dict(model.file.comparisons)
    comparisons["address"] = msgspec.structs.replace(comparisons["address"], terms={"paris": -2000, "gap": 300})
    table = Model(msgspec.structs.replace(model.file, comparisons=comparisons)).tables["address"]
    city = next(k for k, level in enumerate(LEVELS) if level.name == "same_city")
    assert table.adjust_weight(city, "paris") == 0
    assert table.adjust_weight(city, "gap") == table.weights[city] + 300


def test_a_shared_address_counts_for_little(model: Model) -> None:
    entity = print_of(
        type="person", addresses=[{"house": "12", "street": "Hauptstr.", "postcode": "10115", "city": "Berlin"}]
    )
    shared = Model(msgspec.structs.replace(model.file, shared_addresses=(address_key(entity.addresses[0]),)))
    found = compare(entity, entity, shared.tables["address"])
    assert found is not None
    assert found.weight == SHARED_CAP


@pytest.mark.parametrize(
    "full",
    [
        "176 pr mira 129366 moscow",
        "moscow 129366 pr mira 176",
        "pr mira 176 moscow 129366",
        "129366 moscow, pr mira 176",
    ],
)
def test_equal_words_are_one_door_wherever_the_postcode_stands(full: str) -> None:
    parts = {"house": "176", "street": "pr mira", "postcode": "129366", "city": "moscow", "country": "RU"}
    stated, written = (print_of(type="person", addresses=[one]).addresses[0] for one in (parts, {"full": full}))
    assert LEVELS[address_level(stated, written)].name == "same_door"
    assert LEVELS[address_level(written, stated)].name == "same_door"
    other = print_of(type="person", addresses=[{"full": full.replace("176", "178")}]).addresses[0]
    assert LEVELS[address_level(stated, other)].name != "same_door"


def test_a_country_alone_is_no_address(model: Model) -> None:
    alone = print_of(type="person", addresses=[{"country": "FR"}])
    assert alone.addresses == ()
    assert (
        compare(
            alone, print_of(type="person", addresses=[{"city": "Berlin", "country": "DE"}]), model.tables["address"]
        )
        is None
    )


def test_cities_are_compared_across_scripts() -> None:
    moscow = At("5", "ul lenina", "", "москва", "RU")
    assert LEVELS[address_level(moscow, At("9", "ul mira", "", "moskva", "RU"))].name == "same_city"
    assert LEVELS[address_level(moscow, At("9", "ul mira", "", "тверь", "RU"))].name == "different"


def test_a_street_line_may_run_on_into_the_city() -> None:
    stated = At("321", "st 128", "", "phnom penh", "kh")
    assert LEVELS[address_level(At("321", "st 128 phnom penh kh"), stated)].name == "same_door"
    assert LEVELS[address_level(At("321", "st 182 phnom penh kh"), stated)].name != "same_door"
