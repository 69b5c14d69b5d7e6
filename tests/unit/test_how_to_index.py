"""The index of docs/how-to/ names every page and says how many files each changes; one explains what it prints."""

from __future__ import annotations

import re

import pytest

from support.docs.how_to_pages import ROOT, HowToPage

FOLDER = ROOT / "docs" / "how-to"
INDEX = (FOLDER / "README.md").read_text(encoding="utf-8")
COUNTED = re.findall(r"^\| \[([\w-]+)\.md\]\(.*\| (\d+) \|$", INDEX, re.MULTILINE)


def test_the_index_names_every_page() -> None:
    assert {f"{name}.md" for name in re.findall(r"\]\(([\w-]+)\.md\)", INDEX)} == {
        page.name for page in FOLDER.glob("*.md") if page.name != "README.md"
    }


@pytest.mark.parametrize(("name", "count"), COUNTED)
def test_the_index_says_how_many_files_a_page_changes(name: str, count: str) -> None:
    page = HowToPage(name)
    headings = re.findall(r"^##+ \d+\. .*$", page.path.read_text(encoding="utf-8"), re.MULTILINE)
    named = {file for heading in headings for file in re.findall(r"`([\w/.-]+\.\w+)`", heading)}
    assert named >= set(page.files), "each patch stands under a heading that names its file"
    assert len(named) == int(count)


def test_most_pages_are_counted() -> None:
    assert len(COUNTED) >= 5


def test_the_page_on_slow_cases_explains_every_line_of_a_trace() -> None:
    page = HowToPage("debug-a-slow-case")
    lines = {line.split("\t")[0] for line in page.block("text", "case\t").splitlines()}
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", page.path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows[1:] for name in row.split("; ")} == lines - {"case"}
