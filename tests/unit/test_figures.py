"""Figures of speed, memory and accuracy in README and docs are those of a file in docs/benchmarks/.

A mark, <!-- figures: name -->, stands in the paragraph that quotes a file, or alone before a table or a block: each
number there is in the file. A paragraph that speaks of a measurement has a mark. Each file names its command, the
commit that was measured or that wrote the figures down, and the host. docs/adr/ tells what was measured at its time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "benchmarks"
FILES: Final = sorted(FOLDER.glob("*.json"))
DOCUMENTS: Final = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "SECURITY.md")),
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if not {"adr", "reference"}.intersection(path.parts)),
]

MARK: Final = re.compile(r"<!-- figures: ([\w, -]+) -->")
NUMBER: Final = re.compile(r"(?<![\w./:#-])(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?![\w/])")
NOT_TEXT: Final = re.compile(r"<!--.*?-->|\]\([^)]*\)|`[^`]*`|\[adr/\d+")
SHARE: Final = re.compile(r"(\d+) of every 100\b")

MEASURED: Final = re.compile(
    r"F1|recall of|\d\s?µs|\d of every 100\b|(?<![\w.])\.\d{3}\b|\b(?:cases|entries|searches|pairs) a second\b"
    r"|in the median|th percentile|seconds on one core|\d times as (?:many|much|long)|ms of CPU"
)
"""What only a measurement says."""

WORKED: Final = {
    "| as above | +15.15 | .99997 |": "scores of the worked example, which tests/unit/docs compute",
    "With n values on a side": "a formula",
    "That makes a result about three times as long": "a size of an answer",
    "| faust-streaming |": "what was measured of a library when it was chosen",
}
"""Paragraphs that look like a measurement and are none, by what they hold."""


class Block(NamedTuple):
    """A paragraph, a table, an item of a list or a fenced block, with the files that it quotes."""

    document: str
    text: str
    files: tuple[str, ...]


def blocks_of(document: Path) -> Iterator[Block]:
    name, waiting = str(document.relative_to(ROOT)), tuple[str, ...]()
    for text in _split(document.read_text(encoding="utf-8")):
        files = tuple(one.strip() for found in MARK.findall(text) for one in found.split(","))
        if not MARK.sub("", text).strip():
            waiting = files or waiting
            continue
        yield Block(name, text, tuple(dict.fromkeys((*waiting, *files))))
        waiting = ()


def _split(text: str) -> Iterator[str]:
    for at, part in enumerate(re.split(r"^```\w*\n(.*?)^```\n", text, flags=re.MULTILINE | re.DOTALL)):
        if at % 2:
            yield f"```\n{part}"
        else:
            for block in re.split(r"\n\s*\n", part):
                yield from re.split(r"\n(?=- )", block.strip())


@cache
def read_figures(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def numbers_in(text: str) -> set[Decimal]:
    return {Decimal(found.replace(",", "")) for found in NUMBER.findall(text)}


def _told(value: object) -> Iterator[str]:
    """What a file says, keys and values."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield from _told(below)
    elif isinstance(value, list):
        for below in value:
            yield from _told(below)
    else:
        yield str(value)


def find_faults(block: Block) -> list[str]:
    """Numbers of a block that none of its files has; of a fenced block lines."""
    told = [
        said for name in block.files for part in ("figures", "conditions") for said in _told(read_figures(name)[part])
    ]
    if block.text.startswith("```"):
        lines = block.text.splitlines()[1:]
        return [line for line in lines if line not in told]
    known = {number for said in told for number in numbers_in(said)}
    known |= {(number * 100).to_integral_value() for number in known if 0 < number < 1 and SHARE.search(block.text)}
    return sorted(map(str, numbers_in(NOT_TEXT.sub(" ", block.text)) - known))


BLOCKS: Final = [block for document in DOCUMENTS for block in blocks_of(document)]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.files], ids=lambda block: block.text[:40])
def test_each_number_of_a_marked_paragraph_is_in_its_file(block: Block) -> None:
    assert not find_faults(block), f"{block.document}: {block.text[:80]}"


def test_a_paragraph_that_tells_a_measurement_quotes_a_file() -> None:
    unmarked = [
        f"{block.document}: {MEASURED.search(block.text)}: {block.text[:200]}"
        for block in BLOCKS
        if not block.files and MEASURED.search(block.text) and not any(worked in block.text for worked in WORKED)
    ]
    assert not unmarked, "\n".join(unmarked)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_what_was_measured_how_and_where(file: Path) -> None:
    held = read_figures(file.stem)
    assert set(held) == {"command", "commit", "measured", "host", "conditions", "figures"}
    assert re.fullmatch(r"[0-9a-f]{7,40}", held["commit"]), "a commit, without changes beside it"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", held["measured"])
    assert re.search(r"core", held["host"])
    assert held["figures"]


def test_every_file_is_quoted() -> None:
    assert {name for block in BLOCKS for name in block.files} == {file.stem for file in FILES}


def test_a_number_that_its_file_lacks_is_found() -> None:
    held = Block("x.md", "It finds 93 of every 100, in 22.3 s and .951 of 12,345.", ("demo",))
    assert find_faults(held) == ["12345"]
    assert MEASURED.search("a search takes 26 ms in the median")
    assert not MEASURED.search("records are kept for 7 days")
