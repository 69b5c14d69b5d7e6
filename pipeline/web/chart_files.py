"""What a chart sends and takes besides its page: itself to be kept or written as a file, and others' charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import JSONResponse, Response

from pipeline.access.audit import ActKind
from pipeline.access.folders import CHART_BYTES
from pipeline.access.text_limits import TITLE
from pipeline.api.answers import ChartEdge, ChartNode
from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace, parse_chart
from pipeline.api.chart_exchange import (
    MOST_FILE_BYTES,
    BroughtChart,
    FileForm,
    list_case_keys,
)
from pipeline.api.chart_picture import FileCaveat, FileChart, FileFrame, FileGroup, FileLine, FileLook, FileNode
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.chart_files import read_chart_file, write_chart_file
from pipeline.api.services.folders import save_chart
from pipeline.api.services.saved_charts import CLOSED, match_own_nodes, open_chart
from pipeline.api.session import Session
from pipeline.api.streaming import make_file_name, name_file
from pipeline.locale import N_, NN_
from pipeline.web.components.badges import BAND_LABELS, IN_FILE, ORIGINAL, tell_strictest
from pipeline.web.components.chart_icons import ICONS, list_looks
from pipeline.web.components.chart_nodes import (
    DrawnEdge,
    DrawnGraph,
    DrawnNode,
    describe_own_node,
    draw_graph,
    draw_kept,
    join_caveats,
)
from pipeline.web.files import ROOM, serve_signed_in
from pipeline.web.i18n import Words, load_words
from pipeline.web.site import Site
from pipeline.web.vocabulary import PURPOSES

FORMS: Final[Mapping[FileForm, tuple[str, str]]] = {
    "svg": ("image/svg+xml", "svg"),
    "png": ("image/svg+xml", "png"),
    "graphml": ("application/graphml+xml", "graphml"),
    "i2": ("application/xml", "anx"),
}
"""By form its media type, and how its file's name ends; a PNG's browser makes it of what is sent."""

EMPTY: Final = N_("the chart is empty")


def make_router(site: Site) -> APIRouter:
    """The routes of a chart's page."""
    routes = APIRouter(include_in_schema=False)
    chart_room: dict[str, Any] = {
        "max_body_size": CHART_BYTES + ROOM,
        "form_limits": {"max_part_size": CHART_BYTES + ROOM},
    }
    file_room: dict[str, Any] = {
        "max_body_size": MOST_FILE_BYTES + ROOM,
        "form_limits": {"max_part_size": MOST_FILE_BYTES + ROOM},
    }

    @routes.post("/chart/save", **chart_room)
    async def save(
        request: Request, folder: Annotated[str, Form()], title: Annotated[str, Form()],
        content: Annotated[str, Form()], item: Annotated[str, Form()] = "", seen: Annotated[int, Form()] = 0,
    ) -> Response:  # fmt: skip
        async def answer(session: Session) -> Response:
            kept = await save_chart(session, folder, title, content, item or None, seen)
            return JSONResponse({"item": kept.item, "version": kept.version})

        return await serve_signed_in(site, request, answer)

    @routes.post("/chart/file", **chart_room)
    async def write(
        request: Request, form: Annotated[FileForm, Form()], content: Annotated[str, Form()],
        title: Annotated[str, Form()] = "", band: Annotated[str, Form()] = "",
    ) -> Response:  # fmt: skip
        async def answer(session: Session) -> Response:
            return await _write_file(session, content, form, title, band)

        return await serve_signed_in(site, request, answer, "/chart")

    @routes.post("/chart/import", **file_room)
    async def bring(request: Request, file: Annotated[UploadFile, File()]) -> Response:
        async def answer(session: Session) -> Response:
            return await _tell_brought(session, await read_chart_file(session, await file.read()))

        return await serve_signed_in(site, request, answer)

    return routes


async def _write_file(session: Session, content: str, form: FileForm, title: str, band: str) -> Response:
    """The chart as a file, read and decided on anew: what its browser says of it are references, places and its title.

    With `band` links of others are left out, as they are on the canvas.
    """
    kept = parse_chart(content)
    asked = kept.opening
    if asked is None:
        raise UnprocessableError(EMPTY)
    opened = await open_chart(session, asked, ActKind.EXPORT, form)
    media_type, ending = FORMS[form]
    words = load_words(session.language).knowing(session.runtime.agencies)
    called = " ".join(title.split())[: TITLE.most] or words("Chart")
    facts = _tell_facts(words, session)
    chart = await session.compute(lambda: _make_file(words, kept, draw_kept(words, kept, opened), called, facts, band))
    drawn = await write_chart_file(session, form, chart)
    name = make_file_name(called, session.now.date().isoformat())
    return Response(drawn, media_type=media_type, headers=name_file(f"{name}.{ending}"))


def _tell_facts(words: Words, session: Session) -> list[tuple[str, str]]:
    """Who made a file, when and for what, and how strictly it is to be handled."""
    who, stated, codes = session.requester, session.grounds, session.shown_codes
    return [
        (words("Exported by"), f"{who.subject} · {who.agency}"),
        (words("Purpose"), words.label(PURPOSES, stated.purpose)),
        (words("Your case reference"), stated.case_reference),
        (words("Time (UTC)"), words.format_minute(session.now)),
        (words("Handling"), tell_strictest(words, codes, IN_FILE) if codes else words("No records in this file")),
    ]


def _make_file(
    words: Words, kept: KeptChart, graph: DrawnGraph, title: str, facts: Sequence[tuple[str, str]], band: str = ""
) -> FileChart:
    """What of a chart is in sight, in words."""
    stands: dict[str, tuple[DrawnNode, KeptNode]] = {}
    for node, place in zip(graph.nodes, kept.nodes, strict=True):
        if not place.hidden:
            stands.setdefault(node.id, (node, place))
    nodes = [
        FileNode(
            node.id, node.kind, node.word, node.label, node.under, place.x, place.y, join_caveats(words, node.caveat),
            node.lines or (() if node.kind in UNNAMED else (node.label,)), node.icon or node.kind,
            place.marked,
        )
        for node, place in stands.values()
    ]  # fmt: skip
    lines = [
        FileLine(edge.a, edge.b, edge.word, edge.band, edge.kind, edge.shared)
        for edge in graph.edges
        if edge.a in stands and edge.b in stands and (not band or edge.kind != "link" or edge.band == band)
    ]
    groups = [
        FileGroup(group.label, [node.id for node, place in stands.values() if place.group == group.id])
        for group in kept.groups
    ]
    frame = _make_frame(words, [node for node, _ in stands.values()], facts)
    return FileChart(title, nodes, lines, groups, ICONS, frame)


UNNAMED: Final = frozenset({"hit", "closed"})
"""Kinds of nodes of which no more is said than what they are."""

MOST_CAVEATS: Final = 30
MOST_CAVEAT_CHARS: Final = 12_000
"""Of what a picture says of caveats: some ten pages of paper. The first always is whole."""


def _make_frame(words: Words, nodes: Sequence[DrawnNode], facts: Sequence[tuple[str, str]]) -> FileFrame:
    """What stands around a picture of these nodes."""
    looks = {node.icon or node.kind for node in nodes}
    bands = [FileLook(band, words(word)) for band, (_, word) in BAND_LABELS.items()]
    asked = [_tell_caveat(words, node) for node in nodes if node.caveat]
    chars = accumulate(sum(map(len, caveat.texts)) for caveat in asked)
    fit = sum(count <= MOST_CAVEAT_CHARS for count in chars)
    told = asked[: min(MOST_CAVEATS, max(1, fit))]
    more = len(asked) - len(told)
    return FileFrame(
        facts,
        [FileLook(name, word) for name, word in list_looks(words) if name in looks],
        [*bands, FileLook("shared", words("Shared number"))],
        words("Caveats"),
        told,
        words.plural(*MORE_CAVEATS, more) if more else "",
    )


def _tell_caveat(words: Words, node: DrawnNode) -> FileCaveat:
    """What the owner of a record asks, the text that binds last, and whose record it is."""
    *translations, binding = (text for _, text in node.caveat)
    owner, _, _ = node.places[0][0].partition(":")
    texts = (*translations, words(ORIGINAL), binding) if translations else (binding,)
    return FileCaveat(f"{node.lines[0]} · {words.agency_name(owner)}", texts)


MORE_CAVEATS: Final = NN_(
    "{count} more record has a caveat, which had no room here; read it in the record.",
    "{count} more records have caveats, which had no room here; read them in the records.",
)


class _Found(NamedTuple):
    """What of a file stands for records and things that are there, by its place in the file, and what ties these."""

    nodes: Mapping[int, ChartNode]
    edges: Sequence[ChartEdge]


async def _find_ours(session: Session, brought: BroughtChart) -> _Found:
    """The nodes of a file that a chart wrote, as its bringer may see them now.

    What can't be opened, whatever the reason, is not among them.
    """
    kept = {at: node for at, one in enumerate(brought.nodes) if (node := _read_identity(one.id)) is not None}
    asked = KeptChart(tuple(kept.values())).opening
    if asked is None:
        return _Found({}, ())
    opened = await open_chart(session, asked)
    found = zip(kept, opened.nodes, strict=True)
    return _Found({at: node for at, node in found if node.kind != CLOSED}, opened.edges)


def _read_identity(name: str) -> KeptNode | None:
    """What a node's id in a file names: a record, a thing or a number; None for what no chart wrote."""
    kind, *parts = name.split(" ")
    match kind, [unquote(part) for part in parts]:
        case "case", [key]:
            return KeptNode(ref=f"record {key}")
        case "entity", [key, entity]:
            return KeptNode(places=(KeptPlace(f"entity {key} {entity}"),))
        case "number", [_, _]:
            return KeptNode(places=(KeptPlace(number=name),))
        case _:
            return None


async def _tell_brought(session: Session, brought: BroughtChart) -> Response:
    """What a file brings: what a chart wrote as the nodes that it was, all else as nodes of one's own.

    Beside these stand the records that match them and may be read.
    """
    words = load_words(session.language)
    found = await _find_ours(session, brought)
    own = {at: one.node for at, one in enumerate(brought.nodes) if at not in found.nodes}
    numbers = list(dict.fromkeys(node.number for node in own.values() if node.number))
    matched = await match_own_nodes(session, numbers, list_case_keys(own.values()))
    names = {at: found.nodes[at].id if at in found.nodes else f"own {at}" for at in range(len(brought.nodes))}
    cases = {place.case: node.id for node in matched.cases for place in node.places}
    nodes = [describe_own_node(words, names[at], node) for at, node in own.items()]
    graph = draw_graph(words, (*dict.fromkeys(found.nodes.values()), *matched.cases), found.edges)
    lines = [DrawnEdge(names[a], names[b], "own", word) for a, b, word in brought.lines if a in own or b in own]
    for at, node in own.items():
        bearers = matched.bearers.get(node.number, ())
        named = [node.case] if node.case in cases else []
        lines += [DrawnEdge(names[at], cases[case], "own", words("Same number")) for case in bearers]
        lines += [DrawnEdge(names[at], cases[case], "own", words("Same record")) for case in named]
    told = {
        "graph": msgspec.to_builtins(DrawnGraph((*nodes, *graph.nodes), (*graph.edges, *lines))),
        "places": [(names[at], one.x, one.y) for at, one in enumerate(brought.nodes)],
        "said": words(
            "{count} nodes brought in, {matched} of your records match, {left} left out",
            count=len(brought.nodes), left=brought.left_out,
            matched=len(cases.keys() | {node.places[0].case for node in found.nodes.values() if node.kind == "case"}),
        ),
    }  # fmt: skip
    return JSONResponse(told)
