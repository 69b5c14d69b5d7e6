"""Scripts, and letters that look like those of another."""

from __future__ import annotations

from pipeline.records.scripts import has_mixed_alphabets, script_of, script_of_letter, unmask


def test_the_script_of_most_letters_counts() -> None:
    assert script_of("Иван I") == "Cyrillic"
    assert script_of("123 -") == ""
    assert script_of_letter("カ") == "Katakana"
    assert script_of_letter("1") == ""


def test_only_alphabets_that_look_alike_count_as_mixed() -> None:
    assert has_mixed_alphabets("Ivаn".casefold())
    assert not has_mixed_alphabets("ivan")
    assert not has_mixed_alphabets("山田taro")


def test_the_majority_gets_its_letters_back() -> None:
    assert unmask("ivаn") == "ivan"
    assert unmask("пeтpoв") == "петров"
    assert unmask("aа", "Cyrillic") == "аа"
