"""Each test that a document names as its proof is there: a promise whose test was renamed would stand on nothing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("SECURITY.md", "docs/disclosure.md", "docs/hit-only.md", "docs/audit.md")
DOCUMENTS = sorted([*(ROOT / page for page in PAGES), *(ROOT / "docs" / "security").glob("*.md")])

CITED = re.compile(r"(?<![\w/])((?:tests/)?(?:\w+/)*test_\w+\.py)?(?:::(\w+))?(?:::(\w+))?")
"""A file, by its path or where only one has it by its name, and in it a class, a test, or both; `::name` alone is of
the file that was named last."""


def find_missing(text: str) -> list[str]:
    """What a text names and is not there, as it names it."""
    missing, last = [], ""
    for found in CITED.finditer(text):
        file, *names = found.groups()
        if not file and not names[0]:
            continue
        last = _place_of(file) if file else last
        if not last or any(name and name not in _defined_in(last) for name in names):
            missing.append(found[0])
    return missing


@cache
def _place_of(file: str) -> str:
    """The only file of that path or name; "" where there is none, or several."""
    places = [ROOT / file] if file.startswith("tests/") else [*(ROOT / "tests").rglob(file)]
    return str(places[0]) if len(places) == 1 and places[0].is_file() else ""


@cache
def _defined_in(place: str) -> frozenset[str]:
    return frozenset(re.findall(r"^\s*(?:async def|def|class) (\w+)", Path(place).read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_cited_is_there(document: Path) -> None:
    assert find_missing(document.read_text(encoding="utf-8")) == []


def test_what_is_missing_is_found() -> None:
    here = "tests/unit/test_cited_tests.py"
    assert find_missing(f"tested by: {here}::test_what_is_missing_is_found, ::test_what_is_cited_is_there") == []
    assert find_missing(f"{here}::test_nothing, ::test_no_more, tests/unit/test_none.py, test_none.py::test_a") == [
        f"{here}::test_nothing", "::test_no_more", "tests/unit/test_none.py", "test_none.py::test_a",
    ]  # fmt: skip
