from __future__ import annotations

import pytest

from pipeline.records.symbols import symbols_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bank", {"DOMAIN:BANK"}),
        ("int'l", {"SYMBOL:INTL"}),
        ("mittelfränkisch", set()),
        ("", set()),
        ("+&", set()),
    ],
)
def test_words_stand_for_what_rigour_says(text: str, found: set[str]) -> None:
    assert symbols_of(text) == found


def test_phrases_and_their_words_count() -> None:
    both = symbols_of("north korea+bank")
    assert {"LOC:kp", "DOMAIN:BANK"} <= both


def test_a_long_text_of_many_words_is_no_burden() -> None:
    assert symbols_of("bank+" * 50_000) == symbols_of("bank")
