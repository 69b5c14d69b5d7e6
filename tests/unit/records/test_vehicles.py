from __future__ import annotations

import pytest

from pipeline.records.vehicles import VinParts, colour, decode_vin, make, model, vin_verdict


@pytest.mark.parametrize(
    ("vin", "verdict"),
    [
        ("1M8GDM9AXKP042788", True),
        ("1M8GDM9A1KP042788", False),
        ("WVWZZZ1JZXW000001", None),
        ("VF1AAAAA955000001", None),
        ("1M8GDM9AXKP04278", False),
        ("1M8GDM9AXKPO42788", False),
    ],
    ids=["right", "wrong", "Europe has none", "Europe has digits that are none", "short", "letter O"],
)
def test_check_digit_counts_where_it_is_the_rule(vin: str, verdict: bool | None) -> None:
    assert vin_verdict(vin) is verdict


def test_decoded_parts() -> None:
    assert decode_vin("1M8GDM9AXKP042788") == VinParts("1M8", "", (1989, 2019), "P", "042788")
    assert decode_vin("WVWZZZ1JZXW000001") == VinParts("WVW", "volkswagen", (), "W", "000001")
    assert decode_vin("short") is None


@pytest.mark.parametrize(
    ("text", "expected"), [("VW", "volkswagen"), ("Mercedes-Benz", "mercedes"), ("Škoda", "skoda"), ("Lada", "lada")]
)
def test_makes_in_one_spelling(text: str, expected: str) -> None:
    assert make(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("noir", "black"),
        ("Schwarz", "black"),
        ("gris métallisé", "grey"),
        ("тёмно-синий", "blue"),
        ("mauve pâle", "mauve pâle"),
    ],
)
def test_colours_in_one_language(text: str, expected: str) -> None:
    assert colour(text) == expected


def test_model_is_lower_case() -> None:
    assert model(" Golf  GTI ") == "golf gti"
