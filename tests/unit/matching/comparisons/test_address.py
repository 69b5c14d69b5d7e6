from __future__ import annotations

import re
from itertools import combinations, permutations
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from pipeline.matching.comparisons.address import AddressLevel, address_key, address_level, compare
from pipeline.matching.comparisons.comparison import SHARED_CAP
from pipeline.matching.fingerprint import AddressPrint as At
from pipeline.matching.model import Model
from support.matching.prints import print_of

ADDRESSES = Path(__file__).parents[3] / "data" / "addresses.tsv"

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
    assert level_of(HOME, other) == expected
    assert level_of(other, HOME) == expected


def test_a_common_city_says_less_and_never_less_than_nothing(model: Model) -> None:
    comparisons = dict(model.file.comparisons)
    comparisons["address"] = msgspec.structs.replace(comparisons["address"], terms={"paris": -2000, "gap": 300})
    table = Model(msgspec.structs.replace(model.file, comparisons=comparisons)).tables["address"]
    city = AddressLevel.SAME_CITY
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


def test_a_model_learnt_before_keeps_its_cities_and_shared_addresses(model: Model) -> None:
    comparisons = dict(model.file.comparisons)
    terms = {"москва": -300, "moscow": -100, "gap": 300}
    comparisons["address"] = msgspec.structs.replace(comparisons["address"], terms=terms)
    file = msgspec.structs.replace(model.file, comparisons=comparisons, shared_addresses=("fr|75002|st de la paix|12",))
    table = Model(file).tables["address"]
    assert table.terms == {"moscow": -300, "gap": 300}
    entity = print_of(type="person", addresses=[{"full": "12 rue de la Paix, 75002 Paris", "country": "FR"}])
    found = compare(entity, entity, table)
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
    assert level_of(stated, written) == "same_door"
    assert level_of(written, stated) == "same_door"
    other = print_of(type="person", addresses=[{"full": full.replace("176", "178")}]).addresses[0]
    assert level_of(stated, other) != "same_door"


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
    assert level_of(moscow, At("9", "ul mira", "", "moskva", "RU")) == "same_city"
    assert level_of(moscow, At("9", "ul mira", "", "тверь", "RU")) == "different"


def test_a_street_line_may_run_on_into_the_city() -> None:
    stated = At("321", "st 128", "", "phnom penh", "kh")
    assert level_of(At("321", "st 128 phnom penh kh"), stated) == "same_door"
    assert level_of(At("321", "st 182 phnom penh kh"), stated) != "same_door"


def read(**parts: str) -> At:
    found: At = print_of(type="organisation", addresses=[parts]).addresses[0]
    return found


def level_of(p: At, q: At) -> str:
    level = address_level(p, q)
    return "unknown" if level is None else level.key


ROWS = [
    (
        {"street": "24, Ozerkovskaya nab.", "city": "Moscow", "postcode": "115184", "country": "RU"},
        {"street": "24 Ozerkovskaya nab.", "city": "Moscow 115184", "country": "Russia"},
        "24",
    ),
    (
        {"street": "24, Ozerkovskaya nab.", "city": "Moscow", "postcode": "115184", "country": "RU"},
        {"city": "24 Ozerkovskaya nab., Moscow 115184", "country": "Russia"},
        "24",
    ),
    (
        {"street": "Ul. Krzhizhanovskogo,29, Building 2", "city": "Moscow", "country": "RU"},
        {"full": "UL. KRZHIZHANOVSKOGO D. 29, K.2, Moscow", "country": "Russia"},
        "29",
    ),
    (
        {"street": "20b Platonova", "city": "Minsk", "country": "BY"},
        {"full": "d.20B, pom. 13, komnata 14, ul. Platonova, Minsk", "country": "Belarus"},
        "20",
    ),
    (
        {"street": "12 rue de la Paix", "city": "Lyon", "postcode": "69002", "country": "FR"},
        {"full": "12, rue de la Paix 69002 LYON FRANCE"},
        "12",
    ),
    (
        {"full": "ул. Кржижановского, д. 29, корп. 2, г. Москва", "country": "RU"},
        {"street": "29 Krzhizhanovskogo St., Bldg. 2", "city": "Moscow 117218", "country": "RU"},
        "29",
    ),
    (
        {"full": "تهران، خیابان مطهری، پلاک 48", "country": "IR"},
        {"street": "48 Motahari Avenue", "city": "Tehran", "country": "IR"},
        "48",
    ),
    (
        {"full": "北京市朝阳区建国路88号"},
        {"street": "No. 88 Jianguo Road", "city": "Beijing 100022", "country": "CN"},
        "88",
    ),
]


@pytest.mark.parametrize(("one", "other", "house"), ROWS, ids=[str(row[1]) for row in ROWS])
def test_one_house_as_two_lists_write_it(one: dict[str, str], other: dict[str, str], house: str) -> None:
    a, b = read(**one), read(**other)
    assert level_of(a, b) == level_of(b, a) == "same_door"
    mirror = {field: value.replace(house, house[::-1] + "1") for field, value in other.items()}
    assert level_of(a, read(**mirror)) != "same_door"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ul. Lenina 5, Tver", "pl. Lenina 5, Tver", "same_city"),
        ("ul. Lenina 5, korp. 2, Tver", "ul. Lenina 5, korp. 3, Tver", "same_city"),
        ("ul. Lenina 5, korp. 2, Tver", "ul. Lenina 5, Tver", "same_door"),
        ("ul. Lenina 5/2, Tver", "ul. Lenina 5, korp. 2, Tver", "same_door"),
        ("ul. Lenina 5, kv. 2, Tver", "ul. Lenina 5, kv. 3, Tver", "same_street"),
        ("12a High Street, Leeds", "12b High Street, Leeds", "same_city"),
        ("12a High Street, Leeds", "12 High Street, Leeds", "same_door"),
        ("5 Park Road, Leeds", "5 Park Lane, Leeds", "same_city"),
        ("PO Box 14, 6500 AA Nijmegen", "PO Box 15, 6500 AA Nijmegen", "same_unit_postcode"),
        ("PO Box 14, 6500 AA Nijmegen", "Postbus 14, 6500 AA Nijmegen", "same_door"),
        ("Barbaros Bulvarı 36, Beşiktaş, İstanbul", "Barbaros Blv. 36, Istanbul", "same_door"),
    ],
)
def test_parts_of_a_house(one: str, other: str, level: str) -> None:
    a, b = read(full=one), read(full=other)
    assert level_of(a, b) == level_of(b, a) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (At(city="moscow"), At("5", "lenina"), "unknown"),
        (At(city="moscow"), At(city="tver"), "different"),
        (At(city="moscow", country="ru"), At("5", "lenina", country="by"), "different"),
        (At(postcode="115184"), At(city="moscow"), "unknown"),
        (At(city="شیراز"), At(city="shiraz"), "unknown"),
        (At("5", "丸の内", "", "tokyo"), At("7", "丸の内", "", "tokyo"), "same_city"),
        (At("5", "丸の内"), At("5", "marunouchi"), "unknown"),
        (At("2-4-1", "丸の内", "", "tokyo"), At("2-4-1", "marunouchi", "", "tokyo"), "same_door"),
        (At("2-4-1", "丸の内", "", "tokyo"), At("2-4-7", "marunouchi", "", "tokyo"), "same_city"),
        (At("5", "丸の内", "100-0005"), At("5", "marunouchi", "100-0005"), "same_door"),
    ],
)
def test_what_cannot_be_read_is_unknown(one: At, other: At, level: str) -> None:
    assert level_of(one, other) == level_of(other, one) == level


def test_of_several_addresses_one_that_is_unknown_leaves_no_difference(model: Model) -> None:
    cities = print_of(type="organisation", addresses=[{"city": "Tver"}, {"city": "Kazan"}])
    moscow = print_of(type="organisation", addresses=[{"city": "Moscow"}])
    further = print_of(type="organisation", addresses=[{"city": "Moscow"}, {"street": "ul. Lenina 5"}])
    different = compare(cities, moscow, model.tables["address"])
    assert different is not None
    assert different.level == AddressLevel.DIFFERENT
    assert compare(cities, further, model.tables["address"]) is None


class Forms(NamedTuple):
    """An address in three forms, and in three forms of another that differs in one number."""

    country: str
    same: tuple[At, At, At]
    others: tuple[At, At, At]


def forms_of(half: str) -> list[Forms]:
    found = []
    for line in ADDRESSES.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{half}\t"):
            _, country, number, *texts = line.split("\t")
            others = [with_number(text, *number.split(">")) for text in texts]
            found.append(Forms(country, written(country, *texts), written(country, *others)))
    return found


def written(country: str, post: str, ofac: str, line: str) -> tuple[At, At, At]:
    street, city, state = ofac.split("|")
    return (
        read(full=post.replace("|", "\n"), country=country),
        read(street=street, city=city, country=state),
        read(full=line),
    )


def with_number(text: str, old: str, new: str) -> str:
    """With the first number of that value replaced; in any digits."""
    at = next(found for found in re.finditer(r"\d+", text) if int(found[0]) == int(old))
    return text[: at.start()] + new + text[at.end() :]


@pytest.mark.parametrize(("half", "known_share"), [("open", 0.98), ("kept", 0.96)])
def test_one_house_is_known_in_three_forms_and_no_other_is(half: str, known_share: float) -> None:
    forms = forms_of(half)
    levels = [address_level(p, q) for one in forms for p, q in combinations(one.same, 2)]
    assert len(levels) == 450
    assert levels.count(AddressLevel.SAME_DOOR) / len(levels) >= known_share
    pairs = [(p, q) for one in forms for at, q in enumerate(one.others) for p in (*one.same[:at], *one.same[at + 1 :])]
    assert len(pairs) == 900
    assert [(p, q) for p, q in pairs if address_level(p, q) == AddressLevel.SAME_DOOR] == []


def test_the_forms_differ_from_those_of_other_addresses_of_their_country() -> None:
    forms = forms_of("open")
    for one, other in permutations(forms, 2):
        if one.country == other.country:
            assert [(p, q) for p in one.same for q in other.same if address_level(p, q) == AddressLevel.SAME_DOOR] == []
