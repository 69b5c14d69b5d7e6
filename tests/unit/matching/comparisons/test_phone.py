from __future__ import annotations

import msgspec
import pytest

from pipeline.matching.comparisons.comparison import SHARED_CAP
from pipeline.matching.comparisons.phone import PhoneLevel, compare, phone_level
from pipeline.matching.fingerprint import PhonePrint
from pipeline.matching.model import Model
from support.matching.prints import print_of


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
    assert phone_level(p, q).key == expected
    assert phone_level(q, p).key == expected


def test_the_best_of_several_numbers_counts(model: Model) -> None:
    a = print_of(type="person", phones=["+33699999999", "+33612345678"])
    b = print_of(type="person", phones=["+33612345678", "+33611111112"])
    found = compare(a, b, model.tables["phone"])
    assert found is not None
    assert found.level == PhoneLevel.SAME
    assert a.phones[found.a] == b.phones[found.b]


def test_a_shared_number_counts_for_little(model: Model) -> None:
    entity = print_of(type="person", phones=["+33612345678"])
    shared = Model(msgspec.structs.replace(model.file, shared_phones=("+33612345678",)))
    found = compare(entity, entity, shared.tables["phone"])
    assert found is not None
    assert found.weight == SHARED_CAP


def test_an_empty_side_says_nothing(model: Model) -> None:
    nothing, entity = print_of(type="person"), print_of(type="person", phones=["+33612345678"])
    assert compare(entity, nothing, model.tables["phone"]) is None
