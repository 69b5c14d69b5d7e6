"""Words of which organisations' names are made."""

from __future__ import annotations

import pytest

from pipeline.records.organisation_words import english_of, part_words


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("三菱重工業", ["三菱", "重工業"]),
        ("朝鮮貿易銀行", ["朝鮮", "貿易", "銀行"]),
        ("清華大学", ["清華", "大学"]),
        ("삼성전자", ["삼성", "전자"]),
        ("三菱", ["三菱"]),
        ("bank", ["bank"]),
        ("البنك", ["البنك"]),
    ],
)
def test_a_word_without_blanks_is_parted_at_known_words(word: str, parts: list[str]) -> None:
    assert part_words(word) == parts


@pytest.mark.parametrize(
    ("word", "english"),
    [
        ("銀行", "bank"),
        ("البنك", "bank"),
        ("bank", "bank"),
        ("دانشگاه", "university"),
        ("acme", ""),
        ("شبکه", "network"),
        ("جمعية", "association society"),
    ],
)
def test_known_words_have_an_english_one(word: str, english: str) -> None:
    assert sorted(english_of(word)) == english.split()
