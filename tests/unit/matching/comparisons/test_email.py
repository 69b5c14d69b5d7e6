from __future__ import annotations

import pytest

from pipeline.matching.comparisons.email import compare, email_level
from pipeline.matching.model import Model
from support.matching.prints import print_of


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
    assert email_level(p, q).key == expected
    assert email_level(q, p).key == expected


def test_an_empty_side_says_nothing(model: Model) -> None:
    nothing, entity = print_of(type="person"), print_of(type="person", emails=["a.b@example.org"])
    assert compare(nothing, entity, model.tables["email"]) is None
