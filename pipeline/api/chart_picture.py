"""A chart that is written as a file, and its picture: an SVG with the frame that paper has around a chart.

The browser makes its PNG of the same SVG, so that both say the same. It names no other file: letters are the viewer's
own, and how wide they are is estimated, rather too wide than too narrow. Lengths are pixels of the chart's canvas.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring


class FileNode(NamedTuple):
    """A node as a file has it: its id, kind, type in words, name, what stands under it, its place, its caveat.

    `lines` is what a picture has under it, and `look` names its icon or, without one, its outline. One that is `marked`
    stands out, and so does a line between two of them.
    """

    id: str
    kind: str
    type: str
    label: str
    under: str
    x: float
    y: float
    caveat: str = ""
    lines: Sequence[str] = ()
    look: str = ""
    marked: bool = False


class FileLine(NamedTuple):
    """A line between two nodes by id, in words; `band` as its code, `kind` as a chart has it."""

    a: str
    b: str
    word: str
    band: str = ""
    kind: str = ""
    shared: bool = False


class FileGroup(NamedTuple):
    """Nodes that stand in one box, by id, and its name."""

    label: str
    nodes: Sequence[str]


class FileLook(NamedTuple):
    """An icon, an outline or a line by name, and what it means."""

    name: str
    word: str


class FileCaveat(NamedTuple):
    """What the owner of a record asks: which record and whose, and the texts, the binding one last."""

    record: str
    texts: Sequence[str]


class FileFrame(NamedTuple):
    """What stands around a picture: who made it when and for what, what it is drawn with, and what owners ask.

    `more` says how many caveats besides it has no room for; "" of none.
    """

    facts: Sequence[tuple[str, str]] = ()
    nodes: Sequence[FileLook] = ()
    lines: Sequence[FileLook] = ()
    caveats_title: str = ""
    caveats: Sequence[FileCaveat] = ()
    more: str = ""


class FileChart(NamedTuple):
    """A chart to be written; `icons` are its strokes by name, on a field of 20 by 20."""

    title: str
    nodes: Sequence[FileNode]
    lines: Sequence[FileLine]
    groups: Sequence[FileGroup] = ()
    icons: Mapping[str, str] = {}
    frame: FileFrame = FileFrame()


_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML may have."""


def make_fit(text: str) -> str:
    """A text without what no XML may have."""
    return _UNFIT.sub("", text)


def write_svg(chart: FileChart) -> bytes:
    """The chart as a picture, each node where it stands."""
    left, top, right, bottom = _measure_chart(chart)
    inner = max(right - left, LEAST_WIDTH)
    unit = max(1.0, inner / FRAME_WIDTH)
    head, foot = _draw_head(chart, inner / unit), _draw_foot(chart, inner / unit)
    begin = MARGIN + head.height * unit
    end = begin + bottom - top
    width, height = inner + 2 * MARGIN, end + foot.height * unit + MARGIN
    root = Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "width": f"{width:.0f}", "height": f"{height:.0f}",
        "viewBox": f"0 0 {width:.0f} {height:.0f}", "font-family": "sans-serif", "fill": INK,
    })  # fmt: skip
    SubElement(root, "title").text = make_fit(chart.title)
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": SURFACE})
    head.place(root, MARGIN, MARGIN, unit)
    centred = MARGIN + (inner - (right - left)) / 2
    _draw_chart(SubElement(root, "g", {"transform": f"translate({centred - left:.0f} {begin - top:.0f})"}), chart)
    foot.place(root, MARGIN, end, unit)
    drawn: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn


# ── words ──

SIZE: Final = 12.0
LEADING: Final = 1.35
"""Height of a line, of its letters'."""

_NARROW, _WIDE = frozenset("iljrtfI.,:;'|!()[]{}/- "), frozenset("mwMW@%—…")
_BOLDER: Final = 1.12


@cache
def _measure_letter(letter: str) -> float:
    """How wide a letter is at most in a usual font without serifs, of its size."""
    kind = unicodedata.category(letter)
    if kind in ("Mn", "Me", "Cf"):
        return 0.0
    if letter in _WIDE or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in _NARROW:
        return 0.42
    return 0.8 if kind == "Lu" else 0.68


def _measure(text: str, size: float, *, bold: bool = False) -> float:
    return sum(map(_measure_letter, text)) * size * (_BOLDER if bold else 1)


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """The lines of a text, none wider than `width`: broken at blanks, and within what has none and is too long."""
    lines: list[str] = []
    for paragraph in make_fit(text).splitlines():
        line = ""
        for word in paragraph.split():
            joined = f"{line} {word}" if line else word
            if _measure(joined, size, bold=bold) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            *full, line = _break_word(word, width / (size * (_BOLDER if bold else 1)))
            lines += full
        if line:
            lines.append(line)
    return lines


def _break_word(word: str, most: float) -> Iterator[str]:
    """Pieces of a word of at most so many letters' sizes; a mark stays with what it is on."""
    piece, wide = "", 0.0
    for letter in word:
        step = _measure_letter(letter)
        if piece and step and wide + step > most:
            yield piece
            piece, wide = "", 0.0
        piece, wide = piece + letter, wide + step
    yield piece


def _is_leftward(text: str) -> bool:
    """Whether a text begins at the right, by its first letter that says so."""
    strong = (kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL"))
    return next(strong, "L") != "L"


def _write(place: Element, said: str, x: float, y: float, look: dict[str, str], *, leftward: bool) -> None:
    """Some words that begin at x, with their right end where they run leftward; `look` may put their middle there."""
    run = {"direction": "rtl"} if leftward else {}
    SubElement(place, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}"} | run | look).text = said


# ── the frame ──

MARGIN: Final = 32.0
LEAST_WIDTH: Final = 900.0
"""Of what stands within the margins, be the chart ever so small."""

FRAME_WIDTH: Final = 1200.0
"""Where a chart is wider, the frame's letters are larger by as much: seen whole, both are read."""

GAP: Final = 14.0
INK, QUIET, RULE, SURFACE = "#15202a", "#45525e", "#b9c3cb", "#ffffff"


class _Sheet:
    """What is written from top to bottom in some width."""

    def __init__(self, width: float) -> None:
        self.width, self.height = width, 0.0
        self._drawn = Element("g")

    def say(self, text: str, size: float = SIZE, *, left: float = 0, bold: bool = False) -> None:
        """A text, wrapped, from `left` on."""
        look = {"font-size": f"{size:g}"} | ({"font-weight": "600"} if bold else {})
        leftward = _is_leftward(text)  # of the whole text, whatever begins one of its lines
        for line in wrap(text, self.width - left, size, bold=bold):
            self.height += size * LEADING
            begin = self.width if leftward else left
            _write(self._drawn, line, begin, self.height - size * 0.3, look, leftward=leftward)

    def tell(self, facts: Sequence[tuple[str, str]]) -> None:
        """Names, and beside them what is said of each."""
        left = min(max((_measure(name, SIZE, bold=True) for name, _ in facts), default=0) + GAP, self.width / 2)
        for name, said in facts:
            begin = self.height
            self.say(said or "–", left=left)
            end, self.height = self.height, begin
            whole, self.width = self.width, left - GAP
            self.say(name, bold=True)
            self.width, self.height = whole, max(end, self.height)

    def rule(self) -> None:
        """A line across."""
        self.height += GAP / 2
        ends = {"x2": f"{self.width:.0f}", "y1": f"{self.height:.1f}", "y2": f"{self.height:.1f}", "stroke": RULE}
        SubElement(self._drawn, "line", ends)
        self.height += GAP / 2

    def list_looks(self, chart: FileChart) -> None:
        """What icons, outlines and lines mean, beside each other."""
        x, row = 0.0, 32.0
        frame = chart.frame
        self.height += row if frame.nodes or frame.lines else 0
        for look in (*frame.nodes, *frame.lines):
            width = 40 + _measure(look.word, SIZE) + GAP
            if x and x + width > self.width:
                x, self.height = 0.0, self.height + row
            middle = self.height - row / 2
            place = SubElement(self._drawn, "g", {"transform": f"translate({x + 16:.1f} {middle:.1f})"})
            if look in frame.lines:
                SubElement(place, "line", {"x1": "-14", "x2": "14"} | _style_look(look.name))
            else:
                scaled = SubElement(place, "g", {"transform": "scale(0.7)"})
                _draw_sign(scaled, look.name, look.name, chart.icons, is_number=look.name == "number")
            word = {"font-size": f"{SIZE:g}"}
            _write(self._drawn, make_fit(look.word), x + 40, middle + SIZE * 0.35, word, leftward=False)
            x += width

    def skip(self) -> None:
        """Some room."""
        self.height += GAP

    def place(self, root: Element, x: float, y: float, scale: float) -> None:
        """Put it where it belongs, so much larger."""
        self._drawn.set("transform", f"translate({x:.1f} {y:.1f}) scale({scale:.3f})")
        root.append(self._drawn)


def _draw_head(chart: FileChart, width: float) -> _Sheet:
    head = _Sheet(width)
    head.say(chart.title, 20, bold=True)
    head.skip()
    head.tell(chart.frame.facts)
    head.rule()
    return head


def _draw_foot(chart: FileChart, width: float) -> _Sheet:
    foot = _Sheet(width)
    foot.rule()
    foot.list_looks(chart)
    if chart.frame.caveats:
        foot.rule()
        foot.say(chart.frame.caveats_title, 14, bold=True)
    for record, texts in chart.frame.caveats:
        foot.skip()
        foot.say(record, bold=True)
        for text in texts:
            foot.say(text)
    if chart.frame.more:
        foot.skip()
        foot.say(chart.frame.more, bold=True)
    return foot


# ── nodes and lines, as static/chart.js draws them on a light canvas ──

ACCENT, OWN, SUM, FIELD = "#0a6270", "#d9a520", "#3c4a56", "#7d8a95"
MOST_LETTERS: Final = 28
"""Of a line under a node, as on the canvas."""

CLOSED_WIDTH: Final = 110.0
"""Of the words under what has no lines of its own."""

MOST_LINES_UNDER: Final = 4
HALF: Final = 20.0
"""Half of the largest node."""


def _list_words(node: FileNode) -> list[str]:
    """What stands under a node."""
    if not node.lines:
        return wrap(node.label, CLOSED_WIDTH, SIZE)[:MOST_LINES_UNDER]
    lines = (" ".join(make_fit(line).split()) for line in node.lines)
    return [line if len(line) <= MOST_LETTERS else f"{line[: MOST_LETTERS - 1]}…" for line in lines]


def _measure_chart(chart: FileChart) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all that is drawn; of nothing, a small field."""
    if not chart.nodes:
        return 0.0, 0.0, LEAST_WIDTH, 2 * MARGIN
    boxes = [_measure_node(node) for node in chart.nodes]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    room = MARGIN if chart.groups else GAP
    return min(lefts) - room, min(tops) - room, max(rights) + room, max(bottoms) + room


def _measure_node(node: FileNode) -> tuple[float, float, float, float]:
    words = _list_words(node)
    half = max([HALF, *(_measure(line, SIZE) / 2 for line in words)])
    return node.x - half, node.y - HALF, node.x + half, node.y + HALF + 4 + len(words) * SIZE * LEADING


def _draw_chart(place: Element, chart: FileChart) -> None:
    at = {node.id: node for node in chart.nodes}
    for group in chart.groups:
        _draw_group(place, group, [at[name] for name in group.nodes if name in at])
    drawn: dict[tuple[str, str], int] = {}
    words = []
    for line in chart.lines:
        a, b = at[line.a], at[line.b]
        ends = {"x1": f"{a.x:.0f}", "y1": f"{a.y:.0f}", "x2": f"{b.x:.0f}", "y2": f"{b.y:.0f}"}
        style = _style_line(line.kind, line.band, shared=line.shared)
        tied = SubElement(place, "line", ends | style | (MARKED_LINE if a.marked and b.marked else {}))
        SubElement(tied, "title").text = make_fit(line.word)
        if line.kind == "relation":
            pair = (min(line.a, line.b), max(line.a, line.b))
            drawn[pair] = drawn.get(pair, -1) + 1
            words.append((line.word, (a.x + b.x) / 2, (a.y + b.y) / 2 + drawn[pair] * SIZE * LEADING))
    for node in chart.nodes:
        _draw_node(place, node, chart.icons)
    for word, x, y in words:
        _write_over(place, make_fit(word), x, y, QUIET)


MARKED: Final = {"fill": "#fdf3dc", "stroke": OWN, "stroke-width": "4"}
MARKED_LINE: Final = {"stroke": OWN, "stroke-width": "4"}


def _draw_node(place: Element, node: FileNode, icons: Mapping[str, str]) -> None:
    drawn = SubElement(place, "g", {"transform": f"translate({node.x:.0f} {node.y:.0f})"})
    told = (node.type, *node.lines, node.under, node.caveat)
    SubElement(drawn, "title").text = make_fit(" · ".join(dict.fromkeys(filter(None, told))))
    _draw_sign(drawn, node.kind, node.look, icons, is_number=node.id.startswith("number "))
    if node.marked:
        drawn[1].attrib |= MARKED
    for at, line in enumerate(_list_words(node), 1):
        _write_over(drawn, line, 0, HALF + at * SIZE * LEADING, INK)


def _write_over(place: Element, said: str, x: float, y: float, colour: str) -> None:
    """Words in the middle over x, that stay legible over lines."""
    look = {
        "text-anchor": "middle", "font-size": f"{SIZE:g}", "fill": colour, "stroke": SURFACE, "stroke-width": "3",
        "stroke-linejoin": "round", "paint-order": "stroke",
    }  # fmt: skip
    _write(place, said, x, y, look, leftward=_is_leftward(said))


SHAPES: Final = {
    "diamond": "M0-20L20 0L0 20L-20 0z",
    "hexagon": "M-9-16H9L18 0L9 16H-9L-18 0z",
    "octagon": "M-7-16H7L16-7V7L7 16H-7L-16 7V-7z",
    "tag": "M-15-12H7L15 0L7 12H-15z",
}


def _draw_sign(place: Element, kind: str, look: str, icons: Mapping[str, str], *, is_number: bool) -> None:
    """A node's outline, and the icon in it."""
    line, filled, width, icon = SUM, SURFACE, 2.0, 20.0
    if look == "case":
        line, filled, shape = ACCENT, "#e2f0f2", ""
    elif kind == "own":
        line, width, shape = OWN, 3.0, "tag"
    elif look not in icons:
        line, shape = FIELD, ""
    elif is_number:
        shape, icon = "hexagon", 18.0
    else:
        shape = {"person": "circle", "organisation": "octagon"}.get(look, "diamond")
    drawn = {"fill": filled, "stroke": line, "stroke-width": f"{width:g}"}
    if look not in icons and kind != "own":
        drawn["stroke-dasharray"] = "4 3"
    if shape == "circle":
        SubElement(place, "circle", {"r": "16"} | drawn)
    elif shape:
        SubElement(place, "path", {"d": SHAPES[shape]} | drawn)
    else:
        SubElement(place, "rect", {"x": "-17", "y": "-14", "width": "34", "height": "28", "rx": "5"} | drawn)
    if strokes := icons.get(look):
        put = f"translate({-icon / 2:g} {-icon / 2:g}) scale({icon / 20:g})"
        SubElement(place, "path", {
            "d": strokes, "transform": put, "fill": "none", "stroke": INK, "stroke-width": "1.6",
            "stroke-linejoin": "round", "stroke-linecap": "round",
        })  # fmt: skip


def _style_line(kind: str, band: str, *, shared: bool) -> dict[str, str]:
    """How a line looks by its kind, its band and whether what ties is a shared number."""
    colour, width, dashes = RULE, 1.25, ""
    match kind, band:
        case "own", _:
            colour, dashes = OWN, "4 3"
        case "relation", _:
            colour = SUM
        case _, "certain":
            colour, width = ACCENT, 2.5
        case _, "probable":
            colour, width = ACCENT, 1.5
        case _, "possible":
            colour, dashes = FIELD, "4 3"
    if shared:
        dashes = "1.5 2.5"
    elif kind == "hit":
        dashes = "4 3"
    return {"stroke": colour, "stroke-width": f"{width:g}"} | ({"stroke-dasharray": dashes} if dashes else {})


def _style_look(name: str) -> dict[str, str]:
    """The same of a legend's line: a band, or a shared number of any."""
    is_shared = name == "shared"
    return _style_line("link", "probable" if is_shared else name, shared=is_shared)


def _draw_group(place: Element, group: FileGroup, nodes: Sequence[FileNode]) -> None:
    if not nodes:
        return
    lefts, tops, rights, bottoms = zip(*map(_measure_node, nodes), strict=True)
    left, top, right, bottom = min(lefts) - 8, min(tops) - 8, max(rights) + 8, max(bottoms) + 8
    SubElement(place, "rect", {
        "x": f"{left:.0f}", "y": f"{top:.0f}", "width": f"{right - left:.0f}", "height": f"{bottom - top:.0f}",
        "rx": "5", "fill": "#eceff1", "fill-opacity": "0.5", "stroke": RULE,
    })  # fmt: skip
    _write_over(place, make_fit(group.label), (left + right) / 2, top - 5, INK)
