from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from pipeline.index.near_numbers import MOST_VARIANTS, are_near, as_record_has_it, list_near_numbers
from pipeline.matching.fingerprint import IdentifierPrint

numbers = st.text("0123456789AB", min_size=6, max_size=12)


@given(numbers)
def test_all_that_is_listed_is_near(number: str) -> None:
    near = list_near_numbers([number]).get(number, ())
    assert len(near) == len(set(near))
    assert all(are_near(number, one) for one in near)


@given(st.text("0123456789", min_size=7, max_size=12), st.data())
def test_one_slip_of_the_hand_is_listed(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(number) - 2))
    digit = data.draw(st.sampled_from("0123456789"))
    slips = {
        number[:at] + digit + number[at + 1 :],
        number[:at] + number[at + 1] + number[at] + number[at + 2 :],
        number[:at] + number[at + 1 :],
        number[:at] + digit + number[at:],
    }
    assert all(OSA.distance(number, slip) <= 1 for slip in slips)
    assert slips - {number} <= {*list_near_numbers([number])[number]}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("52N043308", "52NO43308"), ("52NO43308", "52N043308"), ("WBA3A5C5CF256651", "WBA3A5C50CF256651"),
     ("WA3A5C50CF256651", "WBA3A5C50CF256651"), ("AB1234S6", "AB123456")],
)  # fmt: skip
def test_letters_that_look_like_digits_and_letters_left_out_are_listed(typed: str, meant: str) -> None:
    assert meant in list_near_numbers([typed])[typed]


@pytest.mark.parametrize("number", ["12345", "ABCDEFG", "１２３４５６７", "1" * 35])
def test_short_long_and_wordlike_numbers_have_none(number: str) -> None:
    assert list_near_numbers([number]) == {}


def test_a_question_costs_no_more_than_so_many_lookups() -> None:
    found = list_near_numbers([f"{number:09}" for number in range(40)])
    assert 5 < len(found) < 40
    assert sum(map(len, found.values())) <= MOST_VARIANTS


def test_a_typed_number_is_checked_as_one_of_the_records_type() -> None:
    held = IdentifierPrint("iban", "FR7630006000011234567890189", "FR", 1)
    assert as_record_has_it(held.value, held) == held
    assert as_record_has_it("FR7630006000011234567890198", held).valid == 0
    assert as_record_has_it("12AB34567", IdentifierPrint("passport", "12AB34568", "FR")).valid == -1
