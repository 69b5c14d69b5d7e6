"""Every relative link in the project's Markdown files leads to a file that exists, and to a heading that it has."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "deploy", "pipeline", "schemas", "tests")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))])


def links_of(document: Path) -> list[str]:
    """The relative links of a document, code blocks aside."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if not ELSEWHERE.match(link)]


def anchors_of(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them: repeated ones are numbered."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in HEADING.findall(text):
        anchor = re.sub(r"[^\w\- ]", "", LINK.sub("]", heading).strip().lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def is_broken(document: Path, link: str) -> bool:
    """Whether a link leads nowhere."""
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists() or not target.resolve().is_relative_to(ROOT):
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors_of(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_what_is_there(document: Path) -> None:
    assert [link for link in links_of(document) if is_broken(document, link)] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    assert is_broken(ROOT / "README.md", "docs/nowhere.md")
    assert is_broken(ROOT / "README.md", "CONTRIBUTING.md#no-such-heading")
    assert is_broken(ROOT / "README.md", str(tmp_path))
    assert not is_broken(ROOT / "README.md", "ARCHITECTURE.md#invariants")
