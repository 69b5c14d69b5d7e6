from __future__ import annotations

import pytest

from pipeline.records.vehicles import colour, make, model, vin_make, vin_verdict


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


def test_a_vin_tells_its_make() -> None:
    assert vin_make("1M8GDM9AXKP042788") == ""
    assert vin_make("WVWZZZ1JZXW000001") == "volkswagen"
    assert vin_make("short") is None


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
