"""Charts of counts over time in the page's colours: a line small enough for a cell, and columns with an axis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from pipeline.web.components.markup import box, inline_svg, text
from pipeline.web.i18n import Words

WIDTH, HEIGHT, PAD = 100, 24, 1
"""Of a line's own grid; it is stretched to its cell."""


def draw_sparkline(counts: Sequence[float], alternative_text: str) -> None:
    """Counts as a line over an area; `alternative_text` is what those hear who do not see it."""
    inline_svg(render_sparkline(counts), "spark")
    text("span", alternative_text, "hidden-words")


def render_sparkline(counts: Sequence[float]) -> str:
    """The line's SVG; its top is the greatest count."""
    most = max(counts, default=0) or 1
    step = WIDTH / max(1, len(counts) - 1)
    points = [
        f"{at * step:.1f} {HEIGHT - PAD - (HEIGHT - 2 * PAD) * count / most:.1f}" for at, count in enumerate(counts)
    ]
    way = "L".join(points) if points else f"0 {HEIGHT}"
    box_ = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "preserveAspectRatio": "none", "aria-hidden": "true"}
    root = Element("svg", box_)
    SubElement(root, "path", {"class": "area", "d": f"M0 {HEIGHT}L{way}L{WIDTH} {HEIGHT}Z"})
    SubElement(root, "path", {"class": "line", "d": f"M{way}"})
    return tostring(root, encoding="unicode")


def draw_rate_chart(words: Words, begins: Sequence[datetime], rates: Sequence[float], alternative_text: str) -> None:
    """Rates a second as columns, with the greatest one and the times of the first and the last."""
    most = max(rates, default=0)
    with box("figure", "columns-chart", role="img", aria_label=alternative_text):
        text("span", words.format_number(round(most, 1)), "most")
        with box("div", "bars"):
            for rate in rates:
                box("b", style=f"height: {100 * rate / most if most else 0:.1f}%")
        with box("div", "row apart ends"):
            for at in (begins[0], begins[-1]) if begins else ():
                text("time", words.format_minute(at), datetime=at.isoformat())
