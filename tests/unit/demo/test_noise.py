from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest
from rapidfuzz.distance import OSA

from pipeline.demo.noise import misread_date, misread_digit, mistype, recorded_birth_date


@pytest.mark.parametrize("name", ["Müller", "Иванов", "Παπαδόπουλος", "العلوي", "O'Brien"])
def test_a_slip_is_one_edit_and_keeps_the_first_letter(name: str) -> None:
    rng = Random(1)
    slips = {mistype(rng, name) for _ in range(200)}
    assert all(OSA.distance(name, slip) <= 1 for slip in slips)
    assert all(slip[0] == name[0] for slip in slips)
    assert len(slips) > 5


def test_names_too_short_to_slip_in_stay() -> None:
    assert mistype(Random(1), "王") == "王"
    assert mistype(Random(1), "Li") == "Li"


def test_one_digit_is_wrong_and_never_the_prefix() -> None:
    rng = Random(1)
    for _ in range(100):
        wrong = misread_digit(rng, "+33612345678")
        assert sum(a != b for a, b in zip(wrong, "+33612345678", strict=True)) == 1
        assert wrong[:2] == "+3"
    assert misread_digit(rng, "ABC") == "ABC"


def test_a_misread_date_is_no_date_any_more() -> None:
    text = misread_date(Random(1), "1980-05-17")
    with pytest.raises(ValueError, match="Invalid isoformat"):
        date.fromisoformat(text)


def test_recorded_birth_dates_are_mostly_right_and_always_dates_or_text() -> None:
    rng, born = Random(1), date(1980, 5, 7)
    seen: Counter[str] = Counter()
    for _ in range(3_000):
        (field, text), *rest = recorded_birth_date(rng, born).items()
        assert rest == []
        if field == "birth_date" and len(text) == 10:
            date.fromisoformat(text)
        seen["text" if field == "birth_date_text" else text] += 1
    assert 0.82 < seen["1980-05-07"] / 3_000 < 0.92
    assert {"1980-07-05", "1980-05", "1980", "text"} <= set(seen)
