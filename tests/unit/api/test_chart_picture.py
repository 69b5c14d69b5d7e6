from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from pipeline.api.chart_picture import (
    FileCaveat,
    FileChart,
    FileFrame,
    FileGroup,
    FileLine,
    FileLook,
    FileNode,
    wrap,
    write_svg,
)

LONG = "Handle with care and ask before any use. " * 60
FRAME = FileFrame(
    (("Exported by", "claire@fr-pj · fr-pj"), ("Your case reference", "2026/" + "4711" * 100), ("Purpose", "")),
    (FileLook("case", "Record"), FileLook("hit", "Hit only")),
    (FileLook("certain", "Certain"), FileLook("shared", "Shared number")),
    "Caveats",
    (FileCaveat("IT 1 · it-pol", (LONG, "Original (binding):", "اتصل أولا بالمكتب " * 40)),),
    "3 more",
)
CHART = FileChart(
    "Ring <Calais> \x01",
    (
        FileNode("case fr-pj:1", "case", "Record", "Vols", "fr-pj:1", 10, -20, "", ("FR 1", "Иван Петров"), "case"),
        FileNode("number phone +33", "thing", "Phone", "+33", "", 5000, 30, "", ("+33",), "phone"),
        FileNode("hit x", "hit", "Hit only", "An item that you can't open", "", 40, 400, "", (), "hit"),
    ),
    (FileLine("case fr-pj:1", "number phone +33", "Certain", "certain", "link", shared=True),),
    (FileGroup("Group 1", ("case fr-pj:1", "gone")), FileGroup("Empty", ())),
    {"case": "M5 3h7", "phone": "M6 2h8"},
    FRAME,
)


def drawn(chart: FileChart) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(write_svg(chart)).iter())


def said(chart: FileChart) -> str:
    return " ".join(each.text or "" for each in drawn(chart) if each.tag.endswith("}text"))


def test_a_picture_says_all_of_its_frame() -> None:
    words = re.sub(r"\s", "", said(CHART))
    frame = [CHART.title.replace("\x01", ""), *(text for fact in FRAME.facts for text in fact)]
    frame += [look.word for look in (*FRAME.nodes, *FRAME.lines)]
    frame += [FRAME.caveats_title, FRAME.more, *(text for one in FRAME.caveats for text in (one.record, *one.texts))]
    for text in frame:
        assert re.sub(r"\s", "", text) in words
    for text in ("FR1", "ИванПетров", "+33", "Group1"):
        assert text in words


def test_a_picture_names_nothing_outside_it() -> None:
    written = write_svg(CHART).decode()
    assert re.findall(r"https?://[^\"']+", written) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<script|<style|<image|<foreignObject", written)


def test_an_empty_chart_has_a_picture() -> None:
    root = ElementTree.fromstring(write_svg(FileChart("Chart", (), ())))
    assert root.get("width") == root.get("viewBox", "").split()[2]


@pytest.mark.parametrize("text", ["one two three " * 50, "x" * 999, "ﷺ漢字" * 200, "a\u0301" * 300, "  \n \n", ""])
def test_a_long_text_is_wrapped_and_loses_nothing(text: str) -> None:
    lines = wrap(text, 120, 12)
    assert all(len(line) <= 40 * (2 if "\u0301" in line else 1) for line in lines)
    assert "".join(lines).replace(" ", "") == re.sub(r"\s", "", text)
    assert not any(line.startswith("\u0301") for line in lines)


def test_what_runs_from_right_to_left_begins_at_the_right_and_all_its_lines_do() -> None:
    arabic = [each for each in drawn(CHART) if each.tag.endswith("}text") and "ا" in (each.text or "")]
    assert len(arabic) > 1
    assert {each.get("direction") for each in arabic} == {"rtl"}
    assert len({each.get("x") for each in arabic}) == 1
    english = [each for each in drawn(CHART) if (each.text or "").startswith("Original")]
    assert [(each.get("direction"), each.get("x")) for each in english] == [(None, "0.0")]


def test_what_is_marked_stands_out_with_the_line_between() -> None:
    a, b = (node._replace(marked=True) for node in CHART.nodes[:2])
    strokes = [each.get("stroke") for each in drawn(CHART._replace(nodes=(a, b, CHART.nodes[2])))]
    assert strokes.count("#d9a520") == 3
    one = [each.get("stroke") for each in drawn(CHART._replace(nodes=(a, *CHART.nodes[1:])))]
    assert one.count("#d9a520") == 1


def test_the_frame_of_a_wide_chart_is_as_much_larger() -> None:
    scales = [each.get("transform", "") for each in drawn(CHART) if "scale" in each.get("transform", "")]
    assert "scale(4." in scales[0]
