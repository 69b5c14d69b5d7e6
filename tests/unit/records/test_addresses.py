from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records.addresses import address

READ = [
    ("12 bis, rue de la Paix, 75002 PARIS Cedex 02", ("12bis", "st de la paix", "75002", "paris")),
    ("12 rue de la Paix\n75002 Paris", ("12", "st de la paix", "75002", "paris")),
    ("Hauptstraße 5a, D-10115 Berlin", ("5a", "hauptstrasse", "10115", "berlin")),
    ("221B Baker Street, London NW1 6XE", ("221b", "baker st", "nw16xe", "london")),
    ("221B Baker Street, London, NW1 6XE", ("221b", "baker st", "nw16xe", "london")),
    ("Calle Mayor 5, 28013 Madrid, España", ("5", "c mayor", "28013", "madrid")),
    ("ul. Marszałkowska 1/3, 00-624 Warszawa", ("1/3", "ul marszalkowska", "00-624", "warszawa")),
    ("Kungsgatan 4, 111 43 Stockholm", ("4", "kungsgatan", "11143", "stockholm")),
    ("Keizersgracht 123, 1015 CJ Amsterdam", ("123", "keizersgracht", "1015cj", "amsterdam")),
    ("Via Roma, 12, 20121 Milano", ("12", "st roma", "20121", "milano")),
    ("ул. Ленина, д. 5, кв. 3, Москва", ("5", "ul lenina", "", "")),
    ("1304 Poppy Hills Dr, Blacklick, OHIO", ("1304", "poppy hl dr", "", "")),
    ("1304 Poppy Hills Drive, Blacklick, OH 43004", ("1304", "poppy hl dr", "43004", "oh")),
    ("#321, Street 128, Phnom Penh", ("321", "st 128", "", "")),
    ("somewhere in the north", ("", "", "", "")),
]


@pytest.mark.parametrize(("full", "parts"), READ, ids=[row[0] for row in READ])
def test_parts_are_read_from_one_text(full: str, parts: tuple[str, ...]) -> None:
    found = address(full, "", "", "", "", "")
    assert (found.house, found.street, found.postcode, found.city) == parts
    assert found.text


def test_stated_parts_win() -> None:
    found = address("5 rue du Port, 13002 Marseille", "7", "Rue du Pont", "13 003", "Marseille 3e", "FR")
    assert (found.house, found.street, found.postcode, found.city) == ("7", "st du pont", "13003", "marseille")
    assert found.country == "FR"


def test_a_house_number_within_the_stated_street() -> None:
    found = address("", "", "Hauptstraße 5", "", "", "")
    assert (found.house, found.street) == ("5", "hauptstrasse")


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_read(full: str, street: str, postcode: str) -> None:
    assert address(full, "", street, postcode, "", "FR").country == "FR"
