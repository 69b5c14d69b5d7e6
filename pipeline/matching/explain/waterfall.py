"""The waterfall chart of an explanation: from the prior, bar by bar, to the score."""

from __future__ import annotations

from html import escape

import msgspec

from pipeline.matching.explain.breakdown import LINES, break_down
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import bits, label

ROW, LEFT, WIDTH, RIGHT, TOP = 26, 210, 420, 70, 16
"""Pixels: height of a row, width of the labels, of the bars and of the numbers, upper margin."""

UP, DOWN, TOTAL = "#2f7d5b", "#b3492f", "#3b5b8c"
"""For, against, sums: distinct in lightness too, so that they can be told apart without colour."""


class Bar(msgspec.Struct, frozen=True):
    """From `start` to `end`, in hundredths of a bit; `kind` is that of an EvidenceLine, or "score"."""

    kind: str
    label: str
    start: int
    end: int


def bars(found: Explanation, language: str = "en") -> list[Bar]:
    """The chart's data; the last bar runs from 0 to the score."""
    lines, result, at = break_down(found, language), list[Bar](), 0
    for line in lines.lines(language):
        result.append(Bar(line.kind, line.label, at, at + line.bits))
        at += line.bits
    return [*result, Bar("score", label(LINES, "score", language), 0, lines.score)]


def svg(found: Explanation, language: str = "en") -> str:
    """The chart as an SVG document; it needs nothing else."""
    rows = bars(found, language)
    lowest = min(0, *(min(bar.start, bar.end) for bar in rows))
    highest = max(0, *(max(bar.start, bar.end) for bar in rows))
    scale = WIDTH / max(1, highest - lowest)
    height = TOP + ROW * len(rows) + 8
    zero = LEFT - lowest * scale
    body = "".join(_row(number, bar, lowest, scale, language) for number, bar in enumerate(rows))
    title = escape(f"{label(LINES, 'score', language)} {bits(found.score, language)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" role="img"'
        f' font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{TOP - 8}" y2="{height - 6}" stroke="#888" stroke-dasharray="3 3"/>'
        f"{body}</svg>"
    )


def _row(number: int, bar: Bar, lowest: int, scale: float, language: str) -> str:
    y, change = TOP + number * ROW, bar.end - bar.start
    x = LEFT + (min(bar.start, bar.end) - lowest) * scale
    length = max(1.0, abs(change) * scale)
    colour = TOTAL if bar.kind == "score" else (UP if change >= 0 else DOWN)
    return (
        f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end" fill="currentColor">{escape(bar.label)}</text>'
        f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{ROW - 9}" fill="{colour}"/>'
        f'<text x="{LEFT + WIDTH + 8}" y="{y + 12}" fill="currentColor">{bits(change, language)}</text>'
    )
