"""Charts as files: pictures, GraphML and i2 (ANX) out; i2 and FollowTheMoney in, as nodes of one's own.

    python -m pipeline.api.chart_exchange     what to do: a line of JSON on standard input, then the file or the chart

What comes in is what its bringer says: no policy vouches for it. XML is read as it streams, without entities, and so
much of it as a chart holds. Files are read and written in a process of its own, as tables are (`read_bounded`,
`write_bounded`): a large one takes seconds, in which a server would answer nobody.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any, Final, Literal, NamedTuple
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.api.chart_graph import make_id
from pipeline.api.chart_picture import FileChart, make_fit, write_svg
from pipeline.api.own_nodes import MOST_LABEL, OwnNode
from pipeline.api.problems import RequestTooLargeError, UnprocessableError
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.limited_process import ProcessLimits, limit_process, run_limited
from pipeline.locale import N_
from pipeline.records.identifiers import canonical

MOST_FILE_BYTES: Final = 20_000_000
"""Of a file that is brought in: an i2 chart of 5,000 entities and 10,000 links has some 5 MB."""

MOST_BROUGHT: Final = 2_000
"""Nodes that one file brings: of more nobody makes sense who has not drawn them."""

MOST_LINES: Final = 10_000

MOST_IDENTITY: Final = 700
"""Characters of a node's id: a case's key and an entity's id."""


class BroughtNode(NamedTuple):
    """A node that a file brings, its place there, and its identity: its id in the chart that wrote the file."""

    node: OwnNode
    x: float = 0
    y: float = 0
    id: str = ""


class BroughtChart(NamedTuple):
    """What a file brings: nodes, and lines between two of them by their places, with a word; `left_out` nodes."""

    nodes: tuple[BroughtNode, ...]
    lines: tuple[tuple[int, int, str], ...]
    left_out: int = 0


TOO_LARGE: Final = N_("the file is larger than {most} MB; bring it in parts")
UNREADABLE: Final = N_("the file is no i2 chart (ANX) and no FollowTheMoney entities")

GRAPHML: Final = "http://graphml.graphdrawing.org/xmlns"


def write_graphml(chart: FileChart) -> bytes:
    """The chart as GraphML, with names, types and positions as attributes."""
    root = Element("graphml", {"xmlns": GRAPHML})
    keys = {"node": ("kind", "type", "label", "under", "caveat", "x", "y"), "edge": ("word", "band")}
    for of, names in keys.items():
        for name in names:
            kind = "double" if name in ("x", "y") else "string"
            SubElement(root, "key", {"id": name, "for": of, "attr.name": name, "attr.type": kind})
    graph = SubElement(root, "graph", {"id": make_fit(chart.title), "edgedefault": "undirected"})
    for node in chart.nodes:
        drawn = SubElement(graph, "node", {"id": make_fit(node.id)})
        for name in keys["node"]:
            if (said := getattr(node, name)) not in ("", None):
                SubElement(drawn, "data", {"key": name}).text = make_fit(str(said))
    for line in chart.lines:
        drawn = SubElement(graph, "edge", {"source": make_fit(line.a), "target": make_fit(line.b)})
        for name in keys["edge"]:
            if said := getattr(line, name):
                SubElement(drawn, "data", {"key": name}).text = make_fit(said)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def write_i2(chart: FileChart) -> bytes:
    """The chart as an ANX file of i2 Analyst's Notebook; a node's identity is its id here.

    Lines from a node to itself are left out, as that format has none.
    """
    from anxwritter import ANXChart  # not above: importing it takes a quarter of a second

    anx = ANXChart()
    for node in chart.nodes:
        said = "\n".join(filter(None, (node.under, node.caveat)))
        anx.add_icon(
            id=make_fit(node.id), type=make_fit(node.type) or "Entity", label=make_fit(node.label), x=round(node.x),
            y=round(node.y), **({"description": make_fit(said)} if said else {}),
        )  # fmt: skip
    for line in chart.lines:
        if line.a == line.b:
            continue
        word = make_fit(line.word)
        anx.add_link(from_id=make_fit(line.a), to_id=make_fit(line.b), type=word or "Link", label=word)
    return str(anx.to_xml()).encode()


def require_file_size(size: int) -> None:
    """Raises RequestTooLargeError for a file of more bytes than are read."""
    if size > MOST_FILE_BYTES:
        raise RequestTooLargeError(LiaisonError(TOO_LARGE, most=MOST_FILE_BYTES // 1_000_000))


def read_chart_file(raw: bytes) -> BroughtChart:
    """What an ANX file or FollowTheMoney entities, a line each, bring.

    Raises RequestTooLargeError for a larger one, before anything of it is read, and UnprocessableError.
    """
    require_file_size(len(raw))
    begin = raw[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    found = _read_money(raw) if begin.startswith(b"{") else _read_i2(raw)
    if not found.nodes:
        raise UnprocessableError(UNREADABLE, "file")
    return found


def _read_i2(raw: bytes) -> BroughtChart:
    nodes: list[BroughtNode] = []
    at: dict[str, int] = {}
    lines: list[tuple[str, str, str]] = []
    left_out = 0
    try:
        for _, item in iterparse(io.BytesIO(raw), events=("end",), forbid_dtd=True):
            if item.tag.rpartition("}")[2] != "ChartItem":
                continue
            label = item.get("Label", "")
            if (entity := item.find(".//Entity")) is not None:
                if len(nodes) < MOST_BROUGHT:
                    at[entity.get("EntityId", "")] = len(nodes)
                    nodes.append(_read_i2_entity(item, entity, label))
                else:
                    left_out += 1
            elif (link := item.find(".//Link")) is not None and len(lines) < MOST_LINES:
                style = link.find("LinkStyle")
                word = label or (style.get("Type", "") if style is not None else "")
                lines.append((link.get("End1Id", ""), link.get("End2Id", ""), word[:MOST_LABEL]))
            item.clear()
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise UnprocessableError(UNREADABLE, "file") from error
    drawn = tuple((at[a], at[b], word) for a, b, word in lines if a in at and b in at)
    return BroughtChart(tuple(nodes), drawn, left_out)


def _read_i2_entity(item: Element, entity: Element, label: str) -> BroughtNode:
    end, style = item.find("End"), entity.find(".//IconStyle")
    kind = style.get("Type", "") if style is not None else ""
    name = label or entity.get("Identity", "")
    x, y = (_read_number(end.get(axis) if end is not None else None) for axis in ("X", "Y"))
    identity = entity.get("Identity", "")
    case = unquote(identity.removeprefix("case ")) if identity.startswith("case ") else ""
    return BroughtNode(make_own_node(name, kind, case), x, y, identity[:MOST_IDENTITY])


def _read_number(said: str | None) -> float:
    try:
        return max(-1e6, min(1e6, float(said or 0)))
    except ValueError:
        return 0.0


EDGES: Final[Mapping[str, tuple[str, str]]] = {
    "UnknownLink": ("subject", "object"), "ProjectParticipant": ("project", "participant"),
    "Ownership": ("owner", "asset"), "Directorship": ("director", "organization"), "Family": ("person", "relative"),
    "Associate": ("person", "associate"), "Membership": ("member", "organization"),
    "Employment": ("employee", "employer"), "Representation": ("agent", "client"),
    "Payment": ("payer", "beneficiary"), "Occupancy": ("holder", "post"),
}  # fmt: skip
"""Schemas of FollowTheMoney that are lines, and the properties that name their ends."""

NUMBERS: Final = ("phone", "iban", "accountNumber", "registrationNumber", "publicKey", "imoNumber", "vin", "email")


def _read_money(raw: bytes) -> BroughtChart:
    nodes: list[BroughtNode] = []
    at: dict[str, int] = {}
    lines: list[tuple[str, str, str]] = []
    left_out = 0
    for line in raw.splitlines():
        if not line.strip():
            continue
        try:
            entity = msgspec.json.decode(line)
            name, schema, held = str(entity["id"]), str(entity["schema"]), dict(entity.get("properties") or {})
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise UnprocessableError(UNREADABLE, "file") from error
        if (ends := EDGES.get(schema)) is not None:
            a, b = (_first(held, end) for end in ends)
            if len(lines) < MOST_LINES:
                lines.append((a, b, (_first(held, "role") or schema)[:MOST_LABEL]))
        elif name in at:
            continue
        elif len(nodes) < MOST_BROUGHT:
            at[name] = len(nodes)
            nodes.append(_read_money_entity(schema, held))
        else:
            left_out += 1
    drawn = tuple((at[a], at[b], word) for a, b, word in lines if a in at and b in at)
    return BroughtChart(tuple(nodes), drawn, left_out)


def _read_money_entity(schema: str, held: dict[str, Any]) -> BroughtNode:
    number = next((said for name in NUMBERS if (said := _first(held, name))), "")
    case = _first(held, "projectId") if schema == "Project" else ""
    label = _first(held, "name") or number or _first(held, "full") or schema
    return BroughtNode(make_own_node(label, schema, case, number))


def _first(held: Mapping[str, Any], name: str) -> str:
    values = held.get(name)
    first = values[0] if isinstance(values, list) and values else values
    return first if isinstance(first, str) else ""


_PHONE = re.compile(r"\+\d{7,15}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def make_own_node(label: str, kind: str, case: str = "", number: str = "") -> OwnNode:
    """A node of one's own, and the number that it states in full, if any: `number`, else its label."""
    return OwnNode(label.strip()[:MOST_LABEL], kind[:MOST_LABEL], read_number(number or label), case[:512])


def read_number(said: str) -> str:
    """The id of the node of a number that is written in full: a phone with its country code, an IBAN, an e-mail."""
    plain = re.sub(r"[\s().\-/]", "", said)
    if _PHONE.fullmatch(plain):
        return make_id("number", "phone", plain)
    if _IBAN.fullmatch(plain.upper()):
        return make_id("number", "iban", canonical(plain))
    if _EMAIL.fullmatch(said.strip()):
        return make_id("number", "email", said.strip().casefold())
    return ""


def list_case_keys(nodes: Iterable[OwnNode]) -> list[str]:
    """The records that some nodes name, each once."""
    return list(dict.fromkeys(node.case for node in nodes if ":" in node.case))


# ── in a process of its own ──

FileForm = Literal["svg", "png", "graphml", "i2"]
"""Of a PNG the server writes the SVG that the browser makes it of."""

WRITERS: Final[Mapping[FileForm, Callable[[FileChart], bytes]]] = {
    "svg": write_svg, "png": write_svg, "graphml": write_graphml, "i2": write_i2,
}  # fmt: skip

LIMITS: Final = ProcessLimits(memory_bytes=1 << 30, cpu_s=20, niceness=10)
"""Ten times what 5,000 nodes take on a busy core. Whoever asks the server for less goes before it."""

MAX_WAIT_S: Final = 60
"""A busy machine may take longer than the processor's time."""

UNWRITABLE: Final = N_("the chart is too large to be written; hide or remove nodes first")


def read_bounded(raw: bytes) -> BroughtChart:
    """The same as `read_chart_file`, in a process of its own; blocks until it is read, or given up."""
    require_file_size(len(raw))
    answer = run_limited(__name__, b'"read"\n' + raw, MAX_WAIT_S)
    found = msgspec.json.decode(answer, type=BroughtChart | None) if answer else None
    if found is None:
        raise UnprocessableError(UNREADABLE, "file")
    return found


def write_bounded(form: FileForm, chart: FileChart) -> bytes:
    """A chart as a file, in a process of its own; blocks until it is written, or given up.

    Raises UnprocessableError.
    """
    asked = msgspec.json.encode(form) + b"\n" + msgspec.json.encode(chart)
    answer = run_limited(__name__, asked, MAX_WAIT_S)
    if answer is None:
        raise UnprocessableError(UNWRITABLE)
    return answer


def _serve(source: IO[bytes]) -> bytes:
    asked = msgspec.json.decode(source.readline(), type=Literal["read"] | FileForm)
    given = source.read()
    if asked != "read":
        return WRITERS[asked](msgspec.json.decode(given, type=FileChart))
    try:
        return msgspec.json.encode(read_chart_file(given))
    except UnprocessableError:
        return b"null"


if __name__ == "__main__":
    limit_process(LIMITS)
    sys.stdout.buffer.write(_serve(sys.stdin.buffer))
