from __future__ import annotations

import pytest

from pipeline.matching.names.romanisation.name_languages import name_language


@pytest.mark.parametrize(
    ("name", "country", "language"),
    [
        ("Иван", "", "ru"), ("Иван", "BG", "bg"), ("Зоя Гнатів", "", "uk"), ("Ђорђе", "FR", "sr"),
        ("Ўладзімір", "", "be"), ("محمد", "FR", "ar"), ("محمد", "IR", "fa"), ("پرویز", "", "fa"),
        ("渡辺", "JP", "ja"), ("王", "", "zh"),
        ("Jérôme", "FR", ""), ("", "", ""), ("123", "RU", ""),
    ],
)  # fmt: skip
def test_the_country_tells_the_language_then_the_letters(name: str, country: str, language: str) -> None:
    assert name_language(name, country) == language
