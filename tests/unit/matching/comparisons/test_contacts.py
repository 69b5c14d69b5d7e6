from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.matching.comparisons.contacts import EMAIL, PHONE, SHARED_CAP, email, email_level, phone, phone_level
from pipeline.matching.fingerprint import PhonePrint
from pipeline.matching.model import Model


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (PhonePrint("+33612345678", "612345678"), PhonePrint("+33612345678", "612345678"), "same"),
        (PhonePrint("+33612345678", "612345678"), PhonePrint("+32612345678", "612345678"), "same_national"),
        (PhonePrint("+12023213212", "2023213212"), PhonePrint("+13213212", "3213212"), "same_tail"),
        (PhonePrint("+33612345678", "612345678"), PhonePrint("+33612345679", "612345679"), "one_digit"),
        (PhonePrint("+33612345678", "612345678"), PhonePrint("+33612345687", "612345687"), "one_digit"),
        (PhonePrint("+33612345678", "612345678"), PhonePrint("+33699999999", "699999999"), "different"),
    ],
)
def test_phone_levels(p: PhonePrint, q: PhonePrint, expected: str) -> None:
    assert PHONE[phone_level(p, q)].name == expected
    assert PHONE[phone_level(q, p)].name == expected


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ("anna.kowalska@example.org", "anna.kowalska@example.org", "same"),
        ("anna.kowalska@example.org", "anna.kowalski@example.org", "one_edit"),
        ("anna.kowalska@example.org", "anna.kowalska@mail.example", "same_local_part"),
        ("contact@example.org", "contact@firm.example", "different"),
        ("info@example.org", "info@example.org", "same_role"),
        ("anna.kowalska@example.org", "anna.kovalski@example.org", "near"),
        ("anna.kowalska@example.org", "piotr.nowak@example.org", "different"),
    ],
)
def test_email_levels(p: str, q: str, expected: str) -> None:
    assert EMAIL[email_level(p, q)].name == expected
    assert EMAIL[email_level(q, p)].name == expected


def test_the_best_of_several_numbers_counts(print_of: Any, model: Any) -> None:
    a = print_of(type="person", phones=["+33699999999", "+33612345678"])
    b = print_of(type="person", phones=["+33612345678", "+33611111112"])
    found = phone(a, b, model.tables["phone"])
    assert found is not None
    assert found[1] == 0
    assert a.phones[found[2]] == b.phones[found[3]]


def test_a_shared_number_counts_for_little(print_of: Any, model: Model) -> None:
    one = print_of(type="person", phones=["+33612345678"])
    shared = Model(msgspec.structs.replace(model.file, shared_phones=("+33612345678",)))
    found = phone(one, one, shared.tables["phone"])
    assert found is not None
    assert found[0] == SHARED_CAP


def test_an_empty_side_says_nothing(print_of: Any, model: Any) -> None:
    nothing, one = print_of(type="person"), print_of(type="person", emails=["a.b@example.org"], phones=["+33612345678"])
    assert email(nothing, one, model.tables["email"]) is None
    assert phone(one, nothing, model.tables["phone"]) is None
