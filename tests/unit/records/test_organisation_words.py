"""Words of which organisations' names are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.records.organisation_words import (
    TranslationTable,
    english_of,
    part_words,
    read_translations,
    translations_of,
    use_translations,
)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("三菱重工業", ["三菱", "重工業"]),
        ("朝鮮貿易銀行", ["朝鮮", "貿易", "銀行"]),
        ("清華大学", ["清華", "大学"]),
        ("山东裕龙石化", ["山东", "裕龙", "石化"]),
        ("삼성전자", ["삼성", "전자"]),
        ("三菱", ["三菱"]),
        ("bank", ["bank"]),
        ("البنك", ["البنك"]),
        ("авиаремонтный", ["авиа", "ремонтный"]),
        ("машиностроительный", ["машино", "строительный"]),
        ("robbanóanyaggyár", ["robbanóanyag", "gyár"]),
        ("kutatóintézet", ["kutató", "intézet"]),
        ("электромеханический", ["электромеханический"]),
        ("shipbuilding", ["shipbuilding"]),
        ("rosatomflot", ["rosatomflot"]),
        ("promtechnologiya", ["promtechnologiya"]),
        ("завод" * 600, ["завод" * 600]),
        ("", [""]),
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
        ("للتجارة", "trading"),
        ("جمعية", "association society"),
    ],
)
def test_known_words_have_an_english_one(word: str, english: str) -> None:
    assert sorted(english_of(word)) == english.split()


@pytest.fixture
def learnt() -> Iterator[None]:
    use_translations({"pump": {"насосный": 3, "насос": 2}, "sewing": {"швейный": 2}})
    yield
    use_translations(None)


@pytest.mark.usefixtures("learnt")
def test_a_word_is_translated_by_its_spelling_its_stem_or_its_parts() -> None:
    for word in ("насосный", "насосная", "насосного", "насосы", "pump"):
        assert translations_of(word) == {"pump"}, word
    assert english_of("насосный") == frozenset()
    assert part_words("насосостроительный") == ["насос", "строительный"]
    assert translations_of("наса") == translations_of("acme") == frozenset()
    assert "plant" in translations_of("завод")
    assert "plant" in translations_of("завод".upper().casefold())


def test_without_a_learnt_table_the_one_by_hand_serves(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text("[words]\n", "utf-8")
    use_translations(path)
    try:
        assert "plant" in translations_of("завода")
        assert translations_of("зaвoдъ\u0301" * 300) == frozenset()
    finally:
        use_translations(None)
    path.write_text("", "utf-8")
    assert read_translations(path) == {}
    assert TranslationTable().find("завод") == frozenset()
    assert TranslationTable().part_compound("авиаремонтный") == ()


@pytest.mark.parametrize(
    ("word", "english"),
    [
        ("gosudarstvennoye", "state"),
        ("gosudarstvenoe", "state"),
        ("bezopasnosti", "security"),
        ("rossiyskiye", "russian"),
        ("zavod", "plant"),
    ],
)
def test_a_cyrillic_word_is_known_in_latin_letters(word: str, english: str) -> None:
    assert english in translations_of(word)


@pytest.mark.parametrize("word", ["petrov", "alrosa", "kali", "zavodskoi" * 9, "y"])
def test_other_latin_words_are_no_romanised_ones(word: str) -> None:
    assert not translations_of(word)
