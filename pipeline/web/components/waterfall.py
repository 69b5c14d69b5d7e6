"""The waterfall of a link: from the odds before any evidence, bar by bar, to the score; as a drawing and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import htpy

from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.waterfall import Bar, bars
from pipeline.matching.explain.wording import bits
from pipeline.web.components.markup import static_html
from pipeline.web.components.measures import render_bits
from pipeline.web.components.table import render_table
from pipeline.web.i18n import Words


class DrawnBar(NamedTuple):
    """A bar in per cent of the chart's width; `end` is where the next one begins, `kind` is for, against or total."""

    left: float
    width: float
    end: float
    kind: str


def draw_waterfall(words: Words, found: Explanation) -> None:
    """Draw the chart; the table beneath says the same in numbers."""
    steps = bars(found, words.language)
    zero, drawn = place_bars(steps)
    chart = [_render_step(words, bar, place, zero) for bar, place in zip(steps, drawn, strict=True)]
    static_html(chart, "figure", "waterfall", role="img", aria_label=_describe_steps(words, steps))
    columns = {words("Step"): "", words("Bits"): "number", words("Running total"): "number"}
    said = [(bar.label, render_bits(words, bar.end - bar.start), render_bits(words, bar.end)) for bar in steps]
    numbers = render_table(words("Score breakdown"), columns, said)
    static_html([htpy.summary[words("View as table")], numbers], "details", "table")


def _describe_steps(words: Words, steps: Sequence[Bar]) -> str:
    """What those hear who do not see the chart."""
    return words(
        "From starting odds of {start} bits to a score of {score} bits",
        start=bits(steps[0].end, words.language),
        score=bits(steps[-1].end, words.language),
    )


def place_bars(steps: Sequence[Bar]) -> tuple[float, list[DrawnBar]]:
    """Where zero is, and each bar's place."""
    ends = [0, *(end for bar in steps for end in (bar.start, bar.end))]
    lowest = min(ends)
    each = 100 / max(1, max(ends) - lowest)
    return -lowest * each, [_place_bar(bar, lowest, each) for bar in steps]


def _place_bar(bar: Bar, lowest: int, each: float) -> DrawnBar:
    first, last = sorted((bar.start, bar.end))
    kind = "total" if bar.kind == "score" else "for" if bar.end >= bar.start else "against"
    return DrawnBar((first - lowest) * each, (last - first) * each, (bar.end - lowest) * each, kind)


def _render_step(words: Words, bar: Bar, place: DrawnBar, zero: float) -> htpy.Element:
    return htpy.div(".step")[
        htpy.span(".label")[bar.label],
        htpy.span(".track")[
            htpy.i(".zero", style=f"left: {zero:.2f}%"),
            htpy.b(class_=place.kind, style=f"left: {place.left:.2f}%; width: {place.width:.2f}%"),
            place.kind != "total" and htpy.i(".next", style=f"left: {place.end:.2f}%"),
        ],
        htpy.span(".amount")[render_bits(words, bar.end - bar.start)],
    ]
