"""Numbers add up as they are printed: on every surface the lines of a score make the total that its heading says."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from functools import cache
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.access.redaction import LinkRow
from pipeline.api.services.export_words import LINK_CELLS, link_cells
from pipeline.cli.records import explanation as command_line
from pipeline.locale import LANGUAGES
from pipeline.matching.explain.breakdown import apportion, bars, break_down, count_as_companions, svg, text
from pipeline.matching.explain.explaining import explain
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import bits
from pipeline.matching.model import load_model
from pipeline.web.components.evidence import render_comparison
from pipeline.web.i18n import load_words
from support.matching.entity_strategies import entities, fingerprint

model = cache(load_model)
SIGNED = re.compile(r"[+\-\N{MINUS SIGN}]\d+[.,]\d\b")


def read_bits(said: str) -> Decimal:
    return Decimal(said.replace("\N{MINUS SIGN}", "-").replace(",", "."))


@st.composite
def explained(draw: st.DrawFn) -> Explanation:
    """Two cases of a few people and things, mostly with some of them in common."""
    left = draw(entities)
    right = draw(st.one_of(st.just(left), entities))
    return explain(fingerprint(left), fingerprint(right, "DE"), model())


@settings(max_examples=30)
@given(explained(), st.sampled_from([*LANGUAGES]))
def test_lines_add_up_on_pages_and_in_charts(found: Explanation, language: str) -> None:
    total = read_bits(bits(found.score, language))
    steps = bars(found, language)
    assert sum(read_bits(bits(bar.end - bar.start, language)) for bar in steps[:-1]) == total
    assert read_bits(bits(steps[-1].end, language)) == total
    drawn = [said for said in re.findall(r">([^<]*)</text>", svg(found, language)) if SIGNED.fullmatch(said)]
    assert sum(map(read_bits, drawn[:-1])) == read_bits(drawn[-1]) == total
    table = ElementTree.fromstring(str(render_comparison(load_words(language), found, "fr-pj", "be-fp")))
    counted = Decimal(0)
    for body in table.iter("tbody"):
        heading, *lines = (read_bits(_number_of(row)) for row in body.iter("tr"))
        if any("total" in row.get("class", "") for row in body):
            assert counted + heading + sum(lines[:-1]) == lines[-1] == total
        else:
            assert sum(lines) == heading
            counted += heading


def _number_of(row: ElementTree.Element) -> str:
    cells = [cell for cell in row.iter("td") if "number" in cell.get("class", "").split()]
    return "".join(cells[0].itertext())


@settings(max_examples=30)
@given(explained(), st.sampled_from([*LANGUAGES]))
def test_lines_add_up_in_words_and_at_the_command_line(found: Explanation, language: str) -> None:
    total = read_bits(bits(found.score, language))
    shown = break_down(found, language)
    said = text(found, language).splitlines()
    assert str(bits(found.score, language)) in said[0]
    sums: list[Decimal] = []
    inside: list[list[Decimal]] = []
    for line in said[1:]:
        number = SIGNED.search(line)
        if number and line.startswith("   "):
            inside[-1].append(read_bits(number[0]))
        elif number and line.endswith("bits."):
            sums.append(read_bits(number[0]))
            inside.append([])
    start, *rest = sums
    pairs, fees = rest[: len(shown.pairs)], rest[len(shown.pairs) :]
    assert [sum(lines) for lines in inside[1 : 1 + len(pairs)]] == pairs
    assert start + sum(max(pair, Decimal(0)) for pair in pairs) + sum(fees) == total
    file = StringIO()
    Console(file=file, width=200).print(command_line(found))
    printed = [
        line.split()[-1] for line in file.getvalue().splitlines() if SIGNED.fullmatch((line.split() or [""])[-1])
    ]
    assert sum(map(read_bits, printed[:-1])) == read_bits(printed[-1]) == total


@settings(max_examples=30)
@given(explained())
def test_cells_of_an_export_add_up_exactly(found: Explanation) -> None:
    row = LinkRow("l", "fr-pj:1", "be-fp:1", 1, 1, found.probability, found.score, found.band, found.basis, found)
    cells = link_cells(row, "en")
    summed = LINK_CELLS[LINK_CELLS.index("starting_odds") : LINK_CELLS.index("score")]
    assert sum(cells.get(name) or Decimal(0) for name in summed) == cells["score"]  # type: ignore[misc]
    assert cells["score"] == Decimal(found.score) / 100


@settings(max_examples=30)
@given(explained())
def test_what_two_would_be_as_relatives_adds_up(found: Explanation) -> None:
    for part in found.entities:
        if said := count_as_companions(part, "en"):
            lines, _, rest = said.partition(" = ")
            assert sum(map(read_bits, SIGNED.findall(lines))) == read_bits(SIGNED.findall(rest)[0])


@given(st.lists(st.integers(-9_000, 9_000), min_size=1, max_size=9))
def test_no_line_is_moved_by_more_than_a_tenth(values: list[int]) -> None:
    total = round(sum(values) / 10) * 10
    shown = apportion(values, total)
    assert sum(shown) == total
    assert all(abs(one - value) <= 10 for one, value in zip(shown, values, strict=True))


@pytest.mark.parametrize("score", [-1235, -5, 0, 5, 673, 1235])
def test_a_total_is_what_headings_say(score: int) -> None:
    assert apportion([score], round(float(f"{score / 100:.1f}") * 10) * 10)[0] % 10 == 0
