"""The verdict on two names, where there is nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.names import name_decision


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("John Smith", "John Smith", True),
        ("John Smith", "Smith, J.", True),
        ("Vladimir Putin", "Владимир Владимирович Путин", True),
        ("John Smith", "Peter Smith", False),
        ("Saif al-Din Hassan Taha al-Rawi", "Saif al-Din Hassan Taha al-Tikriti", False),
        ("unknown", "unknown", False),
    ],
)
def test_verdict(name_print: Any, one: str, other: str, verdict: bool) -> None:
    assert name_decision(name_print(one), name_print(other), "person")[1] is verdict


def test_the_score_of_a_name_with_itself_is_full(name_print: Any) -> None:
    assert name_decision(name_print("Wang Wei"), name_print("Wang Wei"), "person") == (100, True)
