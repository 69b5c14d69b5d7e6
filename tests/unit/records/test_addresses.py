from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import addresses
from pipeline.records.addresses import address, city_name
from pipeline.records.normalised import NormalisedAddress

Parts = tuple[str, ...]


def read(full: str = "", country: str = "", **parts: str) -> NormalisedAddress:
    stated = (parts.get(part, "") for part in ("house", "street", "unit", "postcode", "city", "region"))
    return address(*(full, *stated, country))


READ = [
    ("12 bis, rue de la Paix, 75002 PARIS Cedex 02", ("12bis", "st", "paix", "75002", "paris")),
    ("12 rue de la Paix\n75002 Paris", ("12", "st", "paix", "75002", "paris")),
    ("12, rue de la Paix 69002 LYON FRANCE", ("12", "st", "paix", "69002", "lyon")),
    ("Hauptstraße 5a, D-10115 Berlin", ("5a", "st", "haupt", "10115", "berlin")),
    ("221B Baker Street, London NW1 6XE", ("221b", "st", "baker", "nw16xe", "london")),
    ("221B Baker Street, London, NW1 6XE", ("221b", "st", "baker", "nw16xe", "london")),
    ("62 GROVE AVENUE BELFAST BT7 1NN", ("62", "av", "grove", "bt71nn", "belfast")),
    ("Calle Mayor 5, 28013 Madrid, España", ("5", "st", "mayor", "28013", "madrid")),
    ("Cno. de los Molinos 5, 18009 Granada", ("5", "rd", "molinos", "18009", "granada")),
    ("ul. Marszałkowska 1/3, 00-624 Warszawa", ("1/3", "st", "marszalkowska", "00-624", "warsaw")),
    ("ul. 3 Maja 91, 40-097 Katowice", ("91", "st", "3 maja", "40-097", "katowice")),
    ("60, 28. října, 702 00 Ostrava", ("60", "", "28 rijna", "70200", "ostrava")),
    ("Kungsgatan 4, 111 43 Stockholm", ("4", "", "kungsgatan", "11143", "stockholm")),
    ("Keizersgracht 123, 1015 CJ Amsterdam", ("123", "", "keizersgracht", "1015cj", "amsterdam")),
    ("Via Roma, 12, 20121 Milano", ("12", "st", "roma", "20121", "milan")),
    ("1062 Budapest, Andrássy út 56.", ("56", "st", "andrassy", "1062", "budapest")),
    ("ул. Ленина, д. 5, кв. 3, Москва", ("5", "st", "lenina", "", "moscow")),
    ("1304 Poppy Hills Drive, Blacklick, OH 43004", ("1304", "dr", "poppy hills", "43004", "blacklick")),
    ("#321, Street 128, Phnom Penh", ("321", "st", "128", "", "phnom penh")),
    ("Postfach 22 08, 53012 Bonn", ("2208", "", "box", "53012", "bonn")),
    ("شارع حمدان، مبنى 12، أبو ظبي", ("12", "st", "حمدان", "", "abu dhabi")),
    ("تهران، خیابان مطهری، پلاک ۴۸", ("48", "st", "مطهری", "", "tehran")),
    ("北京市朝阳区建国路88号", ("88", "rd", "建国", "", "beijing")),
    ("〒530-0001 大阪府大阪市北区梅田3丁目12番5号", ("3-12-5", "", "梅田", "530-0001", "osaka")),
    ("서울특별시 중구 세종대로 110", ("110", "", "sejongdaero", "", "seoul")),
    ("somewhere in the north", ("", "", "", "", "")),
    ("Moscow", ("", "", "", "", "moscow")),
    ("115184", ("", "", "", "115184", "")),
]


@pytest.mark.parametrize(("full", "parts"), READ, ids=[row[0] for row in READ])
def test_parts_are_read_from_one_text(full: str, parts: Parts) -> None:
    found = read(full)
    assert (found.house, found.way, found.street, found.postcode, found.city) == parts
    assert found.text or found.street


@pytest.mark.parametrize(
    ("full", "house", "building", "unit"),
    [
        ("ул. Кржижановского, д. 29, корп. 2, Москва", "29", "2", ""),
        ("UL. KRZHIZHANOVSKOGO D. 29, K.2, Moscow", "29", "2", ""),
        ("d.20B, pom. 13, komnata 14, ul. Platonova, Minsk", "20b", "", "13 14"),
        ("Aleea Parcului nr. 31, bl. 5, sc. A, et. 2, ap. 10, Iași", "31", "5", "10"),
        ("Mannerheimintie 12 B 34, 00100 Helsinki", "12b", "", "34"),
        ("Calle Mayor 15, 2.º B, 28013 Madrid", "15", "", ""),
        ("Suite 12, 2nd Floor, 101 Victoria Street, Bristol", "101", "", "12"),
        ("Building 48, Sheikh Zayed Road, Dubai", "48", "", ""),
        ("ul. Palikha, d. 10, Str. 7, Moscow", "10", "7", ""),
    ],
)
def test_building_and_flat_are_told_by_their_marks(full: str, house: str, building: str, unit: str) -> None:
    found = read(full)
    assert (found.house, found.building, found.unit) == (house, building, unit)


def test_stated_parts_win() -> None:
    found = read("5 rue du Port, 13002 Marseille", "FR", house="7", street="Rue du Pont", postcode="13 003")
    assert (found.house, found.street, found.postcode, found.city) == ("7", "pont", "13003", "marseille")
    assert found.country == "FR"


def test_a_part_is_read_in_whatever_field_it_stands() -> None:
    plain = read(house="24", street="Ozerkovskaya nab.", city="Moscow", postcode="115184", country="RU")
    for other in (
        read(street="24, Ozerkovskaya nab.", city="Moscow 115184", country="RU"),
        read(city="Moscow 115184, 24 Ozerkovskaya nab.", country="RU"),
        read("24, Ozerkovskaya nab.", city="115184 Moscow", country="RU"),
        read("115184, г. Москва, Озерковская наб., д. 24", "RU"),
    ):
        assert other == plain


def test_a_country_that_nobody_states_is_read() -> None:
    assert read("12 rue X, 69002 Lyon, France").country == "FR"
    assert read("12 rue X, 69002 Lyon, France", "BE").country == "BE"
    assert read("Granada").country == ""


def test_a_city_has_one_name() -> None:
    assert city_name("Москва") == city_name("MOSKVA") == city_name("Moscow") == "moscow"
    assert city_name("Saint-Étienne Cedex 2") == "saint etienne"
    assert city_name("тверь") == "тверь"


PLAIN_WORDS = st.lists(
    st.sampled_from(
        ("rue", "Kala", "grove", "hauptstrasse", "de", "la", "st", "hill", "str", "avenue", "Paris", "cedex", "to",
         "via", "moskva", "germany", "block", "flat", "gorod", "district", "ii", "x")
    ),
    min_size=1,
    max_size=5,
).map(" ".join)  # fmt: skip


@given(
    house=st.sampled_from(("", "7", "007")),
    street=PLAIN_WORDS,
    city=PLAIN_WORDS,
    country=st.sampled_from(("", "FR", "RU", "TR", "UA", "CN")),
)
def test_plain_words_are_read_as_any_others(house: str, street: str, city: str, country: str) -> None:
    told = address("", house, f"{street},", "", "75002", f"{city},", "", country)
    assert address("", house, street, "", "75002", city, "", country) == told


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_read(full: str, street: str, postcode: str, city: str) -> None:
    assert read(full, "FR", street=street, postcode=postcode, city=city).country == "FR"


ODD = {
    "a city of 200 words": {"city": " ".join(f"word{k}" for k in range(200))},
    "a postcode": {"city": "115184"},
    "scripts in one word": {"full": "12 ул. Mосkва-東京-دبي, Москvа"},
    "3,000 characters of words": {"full": "улица " * 500},
    "3,000 characters of marks": {"full": "д. кв. " * 430},
    "3,000 digits": {"full": "1" * 3000},
    "3,000 numbers and commas": {"full": "12, " * 750},
    "3,000 strokes": {"full": "1/" * 1500},
    "3,000 letters of Chinese": {"full": "市" * 3000},
    "3,000 dots": {"full": "a." * 1500},
    "3,000 brackets": {"street": "(" * 3000},
}


@pytest.mark.parametrize("parts", ODD.values(), ids=ODD.keys())
def test_the_steps_of_a_reading_are_bounded(parts: dict[str, str]) -> None:
    read("12 rue de la Paix, 75002 Paris")  # the tables
    with counting() as steps:
        found = read(**parts)
    assert isinstance(found, NormalisedAddress)
    assert steps() < MOST_STEPS


MOST_STEPS = 15_000
"""Lines of Python: an address of four parts takes some 300."""


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """Lines of Python run within the reader."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace if frame.f_code.co_filename == addresses.__file__ else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: count
    finally:
        sys.settrace(before)


def test_a_city_stands_before_its_region_whatever_the_region_is_called_after() -> None:
    found = addresses.address("5 Korzha Street, Soligorsk, Minsk Region", "", "", "", "", "", "", "BY")
    assert (found.house, found.street, found.city) == ("5", "korzha", "soligorsk")
    found = addresses.address(
        "40 Zeleznodorozhnaya Str., 96178 Town of Azov, Jankoysky District", "", "", "", "", "", "", ""
    )
    assert (found.street, found.postcode, found.city) == ("zeleznodorozhnaya", "96178", "azov")


@pytest.mark.parametrize(("code", "country", "read"), [
    ("298600", "UA", "98600"), ("298600", "RU", "98600"), ("298600", "", "98600"), ("98600", "UA", "98600"),
    ("298600", "CN", "298600"), ("220015", "BY", "220015"),
])  # fmt: skip
def test_a_crimean_postcode_is_one_with_and_without_the_digit_before_it(code: str, country: str, read: str) -> None:
    assert addresses.address("", "", "31 Kirov St", "", code, "Yalta", "", country).postcode == read
    assert addresses.address("", "31", "Kirov St", "", code, "Yalta", "", country).postcode == read
