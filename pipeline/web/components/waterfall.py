"""The waterfall of a link: from the odds before any evidence, bar by bar, to the score; as a drawing and a table."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from pipeline.matching.explanation import Explanation
from pipeline.matching.waterfall import Bar, bars
from pipeline.matching.wording import bits
from pipeline.web.components.markup import box, drawing, text
from pipeline.web.components.table import Column, table
from pipeline.web.i18n import Words

ROW, LEFT, WIDTH, RIGHT, TOP = 22, 190, 440, 66, 6
"""Pixels of the drawing's own grid: row, labels, bars, numbers, upper margin."""

THICK = 13


def waterfall(words: Words, found: Explanation) -> None:
    """Draw the chart; the table beneath says the same in numbers."""
    steps = bars(found, words.language)
    with box("figure"):
        drawing(chart(words, steps))
    with box("details", "table"):
        text("summary", words("The same as a table"))
        table(words("Steps of the score"), _columns(words), steps)


def _columns(words: Words) -> list[Column[Bar]]:
    said = words.language
    return [
        Column(words("Step"), lambda bar: text("span", bar.label)),
        Column(words("Bits"), lambda bar: text("span", bits(bar.end - bar.start, said)), "number"),
        Column(words("Sum so far"), lambda bar: text("span", bits(bar.end, said)), "number"),
    ]


def chart(words: Words, steps: Sequence[Bar]) -> str:
    """The chart as an SVG in the page's own colours; its title is what a screen reader says."""
    height = TOP + ROW * len(steps) + 4
    scale = _Scale(steps)
    root = Element("svg", {"class": "waterfall", "viewBox": f"0 0 {LEFT + WIDTH + RIGHT} {height}", "role": "img"})
    SubElement(root, "title").text = words(
        "From {start} bits before any evidence to a score of {score} bits",
        start=bits(steps[0].end, words.language),
        score=bits(steps[-1].end, words.language),
    )
    zero = f"{scale.x(0):.1f}"
    SubElement(root, "line", {"class": "zero", "x1": zero, "x2": zero, "y1": "0", "y2": str(height)})
    for at, bar in enumerate(steps):
        _draw(root, bar, TOP + ROW * at, scale, words.language)
    return tostring(root, encoding="unicode")


class _Scale:
    """Hundredths of a bit to pixels across."""

    def __init__(self, steps: Sequence[Bar]) -> None:
        ends = [0, *(end for bar in steps for end in (bar.start, bar.end))]
        self._lowest = min(ends)
        self._each = WIDTH / max(1, max(ends) - self._lowest)

    def x(self, hundredths: int) -> float:
        return LEFT + (hundredths - self._lowest) * self._each


def _draw(root: Element, bar: Bar, y: int, scale: _Scale, language: str) -> None:
    change = bar.end - bar.start
    kind = "total" if bar.kind == "score" else "for" if change >= 0 else "against"
    middle = str(y + THICK - 2)
    _text(root, bar.label, {"x": str(LEFT - 8), "y": middle, "text-anchor": "end"})
    _bar(root, bar, y, scale, kind)
    right = str(LEFT + WIDTH + RIGHT)
    _text(root, bits(change, language), {"class": "amount", "x": right, "y": middle, "text-anchor": "end"})


def _bar(root: Element, bar: Bar, y: int, scale: _Scale, kind: str) -> None:
    """The bar, and the dotted line that leads from its end to the next one."""
    first, last = sorted((scale.x(bar.start), scale.x(bar.end)))
    place = {"x": f"{first:.1f}", "y": str(y), "width": f"{max(1.0, last - first):.1f}", "height": str(THICK)}
    SubElement(root, "rect", {"class": kind, **place})
    if kind != "total":
        end = f"{scale.x(bar.end):.1f}"
        SubElement(root, "line", {"class": "step", "x1": end, "x2": end, "y1": str(y + THICK), "y2": str(y + ROW)})


def _text(root: Element, content: str, attributes: dict[str, str]) -> None:
    SubElement(root, "text", attributes).text = content
