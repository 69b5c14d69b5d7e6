"""What the bands promise against what is found, at each set's share of true pairs and at a tenth of it.

    PYTHONPATH=tests python tests/benchmarks/accuracy/reliability.py --draw docs/reliability.svg

The sets are real lists and census-like collections, none of which the shipped model was fitted to. At a
tenth, as in a register ten times as large with as many counterparts, each score is less by log2(10) and each wrong link
counts ten times: what holds at one share alone is a lucky prior, not evidence that is weighed right.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.census.census import CENSUSES
from benchmarks.lists.liaison import run_liaison
from benchmarks.lists.measures import JudgedLink
from benchmarks.lists.sets import LOADERS, REFERENCE, LinkSet, MeasuredGroup, judge
from pipeline.matching.bands import LINK_BANDS, band_of
from pipeline.matching.score.scoring import probability_of

SETS = ("lists", "lists-several-values", "lists-by-script", *(f"census-{name}" for name in CENSUSES))
TENTH_BITS = math.log2(10)

EDGES = (0.0, 0.05, 0.2, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0)
"""Of the drawing's points, by the probability said."""

FEWEST_LINKS = 20
"""Links of a point of the drawing below which its share says little."""

WeighedLink = tuple[float, bool, float]
"""Probability said, whether it is true, and its weight."""


@dataclass(frozen=True)
class LinkCount:
    """Some links, weighed: how many, the sum of the probabilities said, and how many are right."""

    links: float
    said: float
    right: float

    def __str__(self) -> str:
        if not self.links:
            return "none"
        return f"said {self.said / self.links:.3f} found {self.right / self.links:.3f} ({self.links:.0f})"


@dataclass(frozen=True)
class Reliability:
    """The links of one group of a set, log2 of its share of true pairs, and the same at a tenth of it."""

    name: str
    base_rate_bits: float
    links: list[WeighedLink]
    at_a_tenth: list[WeighedLink]


def measure() -> Iterator[tuple[str, str]]:
    """(what, figures) for each line of the report."""
    for found in measure_sets():
        for times, links in ((1, found.links), (10, found.at_a_tenth)):
            share = f"1 true pair in {times * 2**-found.base_rate_bits:,.0f}"
            bands = ((band, [link for link in links if band_of(link[0]) is band]) for band in LINK_BANDS)
            yield f"bands, {found.name}, {share}", "; ".join(f"{band} {count_links(within)}" for band, within in bands)


def measure_sets() -> Iterator[Reliability]:
    """Each group of each set with the shipped model; a set whose data are missing is left out."""
    for name in SETS:
        try:
            found = LOADERS[name]()
        except FileNotFoundError:
            continue
        with tempfile.TemporaryDirectory() as folder:
            scores, _ = run_liaison(found, Path(folder), is_trained=False)
        for group, (links, _) in judge(found, scores, None).items():
            if group.by == REFERENCE:
                yield weigh_links(found, group, links)


def weigh_links(found: LinkSet, group: MeasuredGroup, links: Sequence[JudgedLink]) -> Reliability:
    """The links of a group of a set, with their weights."""
    cases = [case for case, entity in found.entities.items() if entity["type"] == group.type]
    sizes = [sum(case.startswith(f"{agency}:") for case in cases) for agency in group.agencies]
    base_rate_bits = math.log2(len(group.of(found.truth)) / math.prod(sizes))
    said = [(probability_of(round(100 * link.score)), link.is_true, 1.0) for link in links]
    fewer = [
        (probability_of(round(100 * (link.score - TENTH_BITS))), link.is_true, 0.1 if link.is_true else 1.0)
        for link in links
    ]
    return Reliability(f"{found.name} {group.type}", base_rate_bits, said, fewer)


def count_links(links: Sequence[WeighedLink]) -> LinkCount:
    """Their sums."""
    return LinkCount(
        sum(weight for _, _, weight in links),
        sum(said * weight for said, _, weight in links),
        sum(weight for _, is_true, weight in links if is_true),
    )


SIZE, MARGIN = 360, 48
"""Pixels: the side of the square from 0 to 1, and the room beside it for words."""


def draw(sets: Sequence[Reliability]) -> str:
    """An SVG document: the share of links that are right over the probability said, of the links of all sets."""
    one = [link for found in sets for link in found.links]
    tenth = [link for found in sets for link in found.at_a_tenth]
    side = SIZE + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" font-family="sans-serif"'
        ' font-size="12"><title>Share of links that are right, by the probability said</title>'
        f'<rect width="{side}" height="{side}" fill="#fff"/>{_axes()}'
        f"{_points(one, '#3b5b8c')}{_points(tenth, '#b3492f')}"
        f'<text x="{MARGIN + 12}" y="{MARGIN + 16}" fill="#3b5b8c">as the sets are</text>'
        f'<text x="{MARGIN + 12}" y="{MARGIN + 32}" fill="#b3492f">a tenth of the true pairs</text></svg>\n'
    )


def _axes() -> str:
    low, high = MARGIN, MARGIN + SIZE
    marks = "".join(
        f'<text x="{_across(at):.0f}" y="{high + 18}" text-anchor="middle">{at}</text>'
        f'<text x="{low - 8}" y="{_up(at) + 4:.0f}" text-anchor="end">{at}</text>'
        for at in (0.0, 0.5, 0.9, 1.0)
    )
    return (
        f'<rect x="{low}" y="{low}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#888"/>'
        f'<line x1="{low}" y1="{high}" x2="{high}" y2="{low}" stroke="#888" stroke-dasharray="3 3"/>{marks}'
        f'<text x="{low + SIZE // 2}" y="{high + 38}" text-anchor="middle">probability said</text>'
        f'<text x="14" y="{low + SIZE // 2}" text-anchor="middle" transform="rotate(-90 14 {low + SIZE // 2})">'
        "share found right</text>"
    )


def _points(links: Sequence[WeighedLink], colour: str) -> str:
    drawn = []
    for low, high in pairwise(EDGES):
        within = count_links([link for link in links if low <= link[0] < high or link[0] == high == 1])
        if within.links >= FEWEST_LINKS:
            drawn.append((_across(within.said / within.links), _up(within.right / within.links)))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in drawn)
    return f'<polyline points="{line}" fill="none" stroke="{colour}"/>{dots}'


def _across(share: float) -> float:
    return MARGIN + SIZE * share


def _up(share: float) -> float:
    return MARGIN + SIZE * (1 - share)


def main() -> int:
    """Print the table, or draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", type=Path, help="the SVG file to write")
    options = parser.parse_args()
    if options.draw:
        options.draw.write_text(draw(list(measure_sets())), encoding="utf-8")
        return 0
    for what, figures in measure():
        print(f"{what}: {figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
