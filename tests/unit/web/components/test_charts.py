from __future__ import annotations

from xml.etree.ElementTree import fromstring

from pipeline.web.components.charts import HEIGHT, PAD, WIDTH, render_sparkline


def points(counts: list[int]) -> list[tuple[float, float]]:
    line = fromstring(render_sparkline(counts)).find("path[@class='line']")
    assert line is not None
    found = (point.split() for point in line.get("d", "").removeprefix("M").split("L"))
    return [(float(x), float(y)) for x, y in found]


def test_the_greatest_count_reaches_the_top_and_nothing_the_ground() -> None:
    assert points([0, 5, 10]) == [(0, HEIGHT - PAD), (WIDTH / 2, HEIGHT / 2), (WIDTH, PAD)]


def test_a_line_without_counts_lies_on_the_ground() -> None:
    assert points([0, 0]) == [(0, HEIGHT - PAD), (WIDTH, HEIGHT - PAD)]
    assert points([]) == [(0, HEIGHT)]
