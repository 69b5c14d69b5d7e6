"""What is made of the tables in pipeline/records/data is what rigour's own functions answer, which they replace."""

from __future__ import annotations

import gzip
import lzma
import random
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
import vendored_tables
from rigour import _core

from pipeline.records import legal_forms, name_words, scripts
from pipeline.records.organisation_names import _number_words
from pipeline.records.symbols import _table, symbols_of
from pipeline.records.vendored import read_table
from support.absences import BESIDE, need_beside

RAW = "data/lists/raw"
SHARE = 20_000
"""Texts of the lists that every run looks at: two seconds of CPU."""

CASEFOLD, NO_CLEANUP = vendored_tables.CASEFOLD, vendored_tables.NO_CLEANUP
CHARACTERS = read_table("characters", dict[str, list[tuple[int, int]]])
CODES = range(vendored_tables.LAST_CODE)


@cache
def list_texts() -> list[str]:
    """Every text of the lists, case-folded, in an order that is always the same."""
    need_beside(RAW)
    found: set[str] = set()
    for path in sorted((BESIDE / RAW).glob("*.gz")):
        held = gzip.decompress(path.read_bytes()).decode("utf-8", errors="replace")
        found |= {text.strip().casefold() for text in re.findall(r'[^"<>,;|\t\n]{3,200}', held)} - {""}
    texts = sorted(found)
    random.Random(1).shuffle(texts)
    return texts


def unlike_forms(texts: Iterable[str]) -> Iterator[str]:
    """The texts in which other legal forms are found, or other ones put."""
    abbreviations, kinds = legal_forms._abbreviations(), legal_forms._kinds()
    for text in texts:
        if (
            abbreviations.find(text) != _core.extract_org_types(text, CASEFOLD, NO_CLEANUP, False)
            or kinds.find(text) != _core.extract_org_types(text, CASEFOLD, NO_CLEANUP, True)
            or kinds.replace(text) != _core.replace_org_types_compare(text, CASEFOLD, NO_CLEANUP, True)
        ):
            yield text


def unlike_symbols(texts: Iterable[str]) -> Iterator[str]:
    """The texts that stand for something else."""
    for text in texts:
        names = _core.analyze_names(_core.NameTypeTag.ORG, [text], None, rewrite=False, phonetics=False)
        symbols = [(symbol.category.value, symbol.id) for name in names for symbol in name.symbols]
        if symbols_of(text) != {f"{category}:{named}" for category, named in symbols if category != "NUM"}:
            yield text


def around(ranges: Iterable[tuple[int, int]]) -> list[str]:
    """The first and last characters of ranges, and those before and behind."""
    edges = {code + step for bounds in ranges for code in bounds for step in (-1, 0, 1)}
    return [chr(code) for code in sorted(edges) if code in CODES and code not in vendored_tables.SURROGATES]


def every_form() -> list[str]:
    """All spellings of legal forms of the table, alone and within what looks like a name."""
    tables = read_table("legal_forms", dict[str, dict[str, str]])
    spelled = sorted({form for table in tables.values() for form in table})
    around = ("{}", "acme {} co", "({})", "x{}", "{}x", "{} {}", "acme-{}, ltd.", "É{}ю", "𐐨 {}", "{}\u0301", "ACME {}")
    return [form.format(one, one) for one in spelled for form in around]


def test_legal_forms() -> None:
    assert list(unlike_forms(every_form())) == []


def test_what_parts_words() -> None:
    beside = [f"gmbh{letter}llc x{letter}ag" for letter in around(CHARACTERS["word"])]
    assert list(unlike_forms(beside)) == []
    within = [f"ba{letter}nk" for name in ("left_out", "parting") for letter in around(CHARACTERS[name])]
    assert list(unlike_symbols([*within, *(text.replace("ba", "bank") for text in within)])) == []


def test_what_words_of_organisations_stand_for() -> None:
    assert list(unlike_symbols(_table())) == []


def test_names_of_the_lists() -> None:
    texts = list_texts()[:SHARE]
    assert len(texts) == SHARE
    assert list(unlike_forms(texts)) == []
    assert list(unlike_symbols({word for text in texts for word in text.split()})) == []
    assert list(unlike_symbols(texts[::20])) == []


@pytest.mark.rare
def test_all_names_of_the_lists() -> None:
    texts = list_texts()
    assert list(unlike_forms(texts)) == []
    assert list(unlike_symbols({word for text in texts for word in text.split()})) == []


def test_scripts_of_all_characters() -> None:
    table = read_table("scripts", scripts._Scripts)
    ends = [*table.starts[1:], vendored_tables.LAST_CODE]
    found = [
        code
        for first, end, name in zip(table.starts, ends, table.names, strict=True)
        for code in range(first, end)
        if vendored_tables.script(code) != name
    ]
    assert found == []
    assert [scripts.script_of_letter(letter) for letter in "aжα中 1"] == ["Latin", "Cyrillic", "Greek", "Han", "", ""]


def test_words_of_people_and_numbers() -> None:
    words = read_table("person_words", dict[str, list[str]])
    assert words == {"nothing": _core.nullwords_list(), "titles": _core.person_name_prefixes_list()}
    assert "dr" in name_words.TITLES
    spelled = {word.casefold(): str(number) for number, all_of in ordinals() for word in all_of}
    assert _number_words() == {word: number for word, number in spelled.items() if word.isalnum() and len(word) > 2}


def ordinals() -> list[tuple[int, list[str]]]:
    """Numbers up to a hundred with their spellings."""
    return [(number, words) for number, words in _core.ordinals_dict().items() if number <= 100]


@pytest.mark.rare
def test_the_tables_are_what_the_libraries_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendored_tables, "FOLDER", tmp_path)
    vendored_tables.main()
    shipped = Path(legal_forms.__file__).parent / "data"
    made, held = (
        {path.name: lzma.decompress(path.read_bytes()) for path in folder.iterdir()} for folder in (tmp_path, shipped)
    )
    assert made == held
