from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import phones
from pipeline.records.normalised import NormalisedPhone
from pipeline.records.phones import phone

MOBILE = NormalisedPhone("+33612345678", "612345678")


@pytest.mark.parametrize(
    "text", ["+33 6 12 34 56 78", "06 12 34 56 78", "0033612345678", "(0)6.12.34.56.78", "33 6 12 34 56 78"]
)
def test_spellings_of_one_number_as_dialled_in_the_cases_country(text: str) -> None:
    assert phone(text, "FR") == MOBILE


@pytest.mark.parametrize("text", ["+33 6 !2 34 56 78", "06 |2 34 56 78"])
def test_a_stroke_beside_a_digit_is_a_one(text: str) -> None:
    assert phone(text, "FR") == MOBILE


def test_a_number_outside_the_plan_is_kept_as_invalid() -> None:
    assert phone("+33 6 12 34", "FR") == NormalisedPhone("+3361234", "61234", valid=False)


@pytest.mark.parametrize(
    ("text", "country"), [("", "FR"), ("call me", "FR"), ("+999 123", "FR"), ("0612345678", ""), ("0612345678", "ZZ")]
)
def test_what_cannot_be_read(text: str, country: str) -> None:
    assert phone(text, country) is None


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    assert phone(text, "DE") is None or phone(text, "DE")


def test_the_short_way_for_ordinary_numbers_says_what_phonenumbers_says() -> None:
    draw = random.Random(5)
    short = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number(region)
        if example is None:
            continue
        for _ in range(20):
            digits = list(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
            for _ in range(draw.randrange(3)):
                digits[draw.randrange(1, len(digits))] = draw.choice("0123456789")
            text = "".join(digits)
            found = phones._ordinary(text)
            short += found is not None
            assert found in (None, phones._any(text, "FR")), text
    assert short > 1000
