from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from pipeline.demo.countries import load_countries
from pipeline.locale import LANGUAGES, SOURCE
from pipeline.records.offence_codes import MAX_WORDS, find_offence, offence_codes, read_title, search_offences


def test_each_code_belongs_to_a_section_and_has_a_name_in_each_language() -> None:
    codes = offence_codes()
    assert [code for code in codes if len(code) == 2] == [f"{number:02}" for number in range(1, 12)]
    for code, offence in codes.items():
        assert code.isdigit()
        assert len(code) in (2, 4, 5, 6)
        assert all(code[:length] in codes for length in (2, 4, 5) if length < len(code))
        assert set(offence.names) == set(LANGUAGES)
        assert all(offence.names.values())


@pytest.mark.parametrize(
    ("scheme", "code", "known"),
    [("ICCS", "0502", "0502"), ("iccs", " 050211 ", "050211"), ("ICCS", "050299", "05029"), ("ICCS", "0599", "05")],
)
def test_a_code_is_called_by_the_narrowest_name_that_is_known(scheme: str, code: str, known: str) -> None:
    found = find_offence(scheme, code)
    assert found is not None
    assert found.code == known


@pytest.mark.parametrize(("scheme", "code"), [("NATINF", "0502"), ("ICCS", "99"), ("ICCS", ""), ("", "")])
def test_other_schemes_and_unknown_sections_have_no_name(scheme: str, code: str) -> None:
    assert find_offence(scheme, code) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("theft", ["0502"]),
        ("Cambriolage", ["0501"]),
        ("vol à main armée", ["0401"]),
        ("atraco", ["0401"]),
        ("trata personas", ["0204"]),
        ("Robo con fuerza", ["0501"]),
        ("murder", ["0101", "0102"]),
        ("human traffick", ["0204"]),
        ("0502", ["0502"]),
        ("money launder", ["07041"]),
        ("stupéfiants trafic", ["06012"]),
        ("no such thing", []),
        ("", []),
        ("theft " * (MAX_WORDS + 1), []),
    ],
)
def test_offences_are_found_by_words_of_any_language(text: str, codes: list[str]) -> None:
    assert [offence.code for offence in search_offences(text)] == codes


def test_whole_words_come_before_words_that_only_begin_so() -> None:
    found = [offence.code for offence in search_offences("vol")]
    assert found.index("0502") < found.index("0101"), "vol before volontaire"


# ── titles ──


@pytest.mark.parametrize(
    ("title", "language", "said"),
    [
        ("Bandendiebstahl", "en", "Theft by a gang"),
        ("KRADZIEŻ  pojazdow", "fr", "Vol de véhicule"),
        ("Контрабанда на цигари", "es", "Contrabando de cigarrillos"),
        ("الاتجار في المخدرات", "en", "Drug trafficking"),
        ("Vol avec effraction", "es", "Robo con fuerza"),
        ("Πλαστογραφία εγγράφων", "en", "Forgery of documents"),
        ("Robo con violencia o intimidación", "fr", "Vol avec violences"),
        ("Dégradation de biens", "en", "Property damage"),
    ],
)
def test_a_title_that_names_an_offence_is_read_in_the_reader_s_language(title: str, language: str, said: str) -> None:
    found = read_title(title, language)
    assert found is not None
    assert found.name == said


@pytest.mark.parametrize(
    ("title", "language"),
    [("Burglary", "en"), ("Fraude", "fr"), ("Fraude", "es"), ("Euthanasia", "en"), ("Affair of Ivan Petrov", "fr"),
     ("Bandendiebstahl in Köln", "en"), ("", "en"), ("fr-pj:1", "en"), ("…", "fr")],
)  # fmt: skip
def test_any_other_title_and_one_in_that_language_stands_alone(title: str, language: str) -> None:
    assert read_title(title, language) is None


def test_no_words_are_the_title_of_two_offences() -> None:
    table = tomllib.loads(files("pipeline.records").joinpath("offences", "titles.toml").read_text("utf-8"))["title"]
    seen: dict[tuple[str, ...], str] = {}
    for one in table:
        assert one["code"] in offence_codes()
        assert one[SOURCE]
        for language, names in one.items():
            for name in names if language != "code" else ():
                words = tuple(name.casefold().split())
                assert seen.setdefault(words, one[SOURCE][0]) == one[SOURCE][0], name


def test_every_title_of_the_demo_is_read_in_every_language() -> None:
    for country in load_countries().values():
        for title in country.titles:
            for language in LANGUAGES:
                assert (read_title(title, language) is None) is (country.language == language), (title, language)
