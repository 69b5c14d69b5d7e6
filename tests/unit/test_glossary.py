"""Each word of docs/glossary.md is one that the code uses, in the module that the glossary names for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?P<words>[^|]+) \| (?P<meaning>[^|]+) \| \[[^]]+\]\((?P<place>[^)]+)\) \|$", re.MULTILINE)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
PLURAL = re.compile(r"(?<=..)ies$|(?<=ch|sh|ss)es$|(?<=\w\w\w)s$")


class Entry(NamedTuple):
    """One row: the terms that share a meaning, what they mean, and the module or folder where the thing lives."""

    terms: tuple[str, ...]
    meaning: str
    place: Path


def read_entries(text: str, folder: Path) -> list[Entry]:
    return [
        Entry(terms_of(row["words"]), row["meaning"], (folder / row["place"]).resolve()) for row in ROW.finditer(text)
    ]


def terms_of(cell: str) -> tuple[str, ...]:
    """`search (query)` names two terms, `owner (of a key)` one: words from `of` on only tell it apart."""
    term, _, aside = cell.replace("`", "").partition(" (")
    others = [] if aside.startswith("of ") else aside.removesuffix(")").split(", ")
    return tuple(word for word in (*term.split(", "), *others) if word)


def words_of(text: str) -> str:
    """A text's words in lower case and the singular, identifiers taken apart, with a space around each."""
    return f" {' '.join(PLURAL.sub(_singular, word.lower()) for word in WORD.findall(text))} "


def _singular(ending: re.Match[str]) -> str:
    return "y" if ending[0] == "ies" else ""


def uses(place: Path, term: str) -> bool:
    """Whether a module, or one of a folder, has a term in a name, a docstring or a comment."""
    modules = place.rglob("*.py") if place.is_dir() else [place]
    return any(words_of(term) in words_of(module.read_text(encoding="utf-8")) for module in modules)


ENTRIES = read_entries(GLOSSARY.read_text(encoding="utf-8"), GLOSSARY.parent)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.terms[0])
def test_a_word_is_used_where_the_glossary_says(entry: Entry) -> None:
    assert [term for term in entry.terms if not uses(entry.place, term)] == []


def test_every_row_is_read_and_no_term_has_two_meanings() -> None:
    rows = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.startswith("| word |")]
    assert len(ENTRIES) == len(rows) - len(heads) > 50
    terms = [term for entry in ENTRIES for term in entry.terms]
    told_apart = {"owner", "release"}  # of a key, of a pair, of a record
    assert {term for term in terms if terms.count(term) > 1} <= told_apart


def test_a_word_that_nothing_uses_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('class CaseKeys:\n    """As of a time."""\n', encoding="utf-8")
    table = (
        "| case key (case id, of no use) | A key. | [module](module.py) |\n| as_of | A time. | [module](module.py) |"
    )
    entries = read_entries(table, tmp_path)
    assert [entry.terms for entry in entries] == [("case key", "case id", "of no use"), ("as_of",)]
    assert [uses(entries[0].place, term) for term in entries[0].terms] == [True, False, False]
    assert uses(entries[1].place, "as_of")
    assert not uses(tmp_path, "block")
