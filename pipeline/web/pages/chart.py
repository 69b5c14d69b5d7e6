"""The link chart: records, people and things that one draws, follows, and asks for paths and hubs.

The browser holds the chart and draws it (static/chart.js, on Cytoscape); what is added to it, and what stands in the
pane beside it, comes from here by events. Nothing of it is kept at the server. It is one module, since the pane's parts
are what the events answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple

import htpy
import msgspec
from msgspec import Meta
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.access.folders import FolderRole, ItemKind
from pipeline.access.text_limits import TITLE
from pipeline.api.answers import (
    ChartCount,
    ChartExpansionAnswer,
    ChartHubsAnswer,
    ChartPathsAnswer,
    ChartPlace,
    FoldersAnswer,
    OpenedChartAnswer,
)
from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace, parse_chart
from pipeline.api.chart_exchange import MOST_FILE_BYTES, TOO_LARGE
from pipeline.api.chart_graph import make_id
from pipeline.api.services.cases import read_case
from pipeline.api.services.chart import (
    LONGEST,
    MOST_ENTITIES,
    MOST_FOLLOWED,
    ChartExpansion,
    ChartHubQuestion,
    ChartPathQuestion,
    expand,
    find_paths,
    name_thing,
    rank_chart_hubs,
)
from pipeline.api.services.folders import list_folders, read_chart, read_folder
from pipeline.api.services.links import read_evidence
from pipeline.api.services.saved_charts import find_news, open_chart
from pipeline.errors import LiaisonError
from pipeline.locale import N_, NN_
from pipeline.matching.bands import Band
from pipeline.web.addresses import case_path, entity_path, folder_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, ORIGINAL
from pipeline.web.components.chart_icons import ICONS, draw_icon, list_looks
from pipeline.web.components.chart_nodes import CLOSED, DrawnGraph, draw_graph, draw_kept, name_type
from pipeline.web.components.entity import name_entity, render_entity
from pipeline.web.components.evidence import draw_evidence
from pipeline.web.components.form import day_field, post_form, select_field
from pipeline.web.components.markup import box, inline_svg, link, static_html, text
from pipeline.web.components.values import draw_name
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import read_event
from pipeline.web.session import Visit
from pipeline.web.vocabulary import ASK

PANE: Final = "chart-pane"


# ── what the browser asks for ──

EXPAND, EVIDENCE, PATHS, HUBS = "chart_expand", "chart_evidence", "chart_paths", "chart_hubs"
NEWS, SAVE = "chart_news", "chart_save"

MOST_EXPANSION_CHARS: Final = 200_000
"""Of an expansion as it comes: with it come the keys of the cases that the chart has already."""

KeyText = Annotated[str, Meta(max_length=512)]
PlacePair = tuple[KeyText, Annotated[str, Meta(max_length=200)]]
NodeName = Annotated[str, Meta(max_length=700)]


class _Expanded(msgspec.Struct, frozen=True):
    """Which node is expanded, by the browser's name and its places, and what is asked for of it."""

    node: NodeName
    places: Annotated[tuple[PlacePair, ...], Meta(min_length=1, max_length=20)]
    known: Annotated[tuple[KeyText, ...], Meta(max_length=5000)] = ()
    number: NodeName = ""
    type: Annotated[str, Meta(max_length=40)] = ""
    country: Annotated[str, Meta(max_length=2)] = ""
    band: Band = Band.NONE
    entities: bool = False


class _EdgeAsked(msgspec.Struct, frozen=True):
    """The links of an edge, of which the first is shown; of an edge without any, the entity that a record names."""

    links: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=100)] = ()
    place: PlacePair | None = None


class _PathAsked(msgspec.Struct, frozen=True):
    """Two nodes by their places, the second maybe a hit by its reference."""

    a: Annotated[tuple[PlacePair, ...], Meta(min_length=1, max_length=20)]
    b: Annotated[tuple[PlacePair, ...], Meta(max_length=20)] = ()
    hit: Annotated[str, Meta(max_length=200)] = ""


class _NewsAsked(msgspec.Struct, frozen=True):
    """The cases of a kept chart."""

    cases: Annotated[tuple[KeyText, ...], Meta(max_length=5000)] = ()


class _HubsAsked(msgspec.Struct, frozen=True):
    """The records of the chart, and how many these are in all."""

    cases: Annotated[tuple[KeyText, ...], Meta(min_length=1, max_length=MOST_FOLLOWED)]
    all: int


class DrawnPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a node of a kept chart stands, and how."""

    x: float
    y: float
    pinned: bool = False
    hidden: bool = False
    group: str = ""


class KeptIn(NamedTuple):
    """Where a chart is kept: folder, item, its title and the version that is shown; a new one has the folder alone."""

    folder: str = ""
    item: str = ""
    title: str = ""
    version: int = 0


class LoadedChart(NamedTuple):
    """What the page begins with: a case by key with what it is tied to, a chart that was kept, or nothing."""

    case: str = ""
    found: ChartExpansionAnswer | None = None
    kept_in: KeptIn = KeptIn()
    kept: KeptChart | None = None
    opened: OpenedChartAnswer | None = None


async def load(visit: Visit, parameters: Parameters) -> LoadedChart:
    """The network of the case that the address names, or the chart or records of a folder. Raises NotFoundError."""
    if case := parameters.get("case", ""):
        return LoadedChart(case, await expand(visit.new_session(), ChartExpansion((ChartPlace(case),))))
    if folder := parameters.get("folder", ""):
        if item := parameters.get("item", ""):
            found = await read_chart(visit.new_session(), folder, item)
            kept = parse_chart(found.content)
            kept_in = KeptIn(folder, item, found.title, found.version)
        else:
            with visit.new_session().hold_costly():
                kept, kept_in = await _chart_folder(visit, folder), KeptIn(folder)
        asked = kept.opening
        opened = await open_chart(visit.new_session(), asked) if asked else None
        return LoadedChart(kept_in=kept_in, kept=kept, opened=opened)
    visit.new_session().require_reader()
    return LoadedChart()


async def _chart_folder(visit: Visit, folder: str) -> KeptChart:
    """The records, people and things of a folder as a new chart; those that can't be opened are not in it."""
    nodes: dict[str, KeptNode] = {}
    cursor: str | None = ""
    while cursor is not None and len(nodes) < MOST_CHARTED:
        page = await read_folder(visit.new_session(), folder, cursor=cursor)
        for row in page.items:
            sides = [row.record] if row.record else [row.link.a, row.link.b] if row.link else []
            for side in filter(None, sides):
                nodes[f"record {side.case}"] = KeptNode(ref=f"record {side.case}")
            if row.kind == ItemKind.ENTITY and row.reference:
                nodes[row.reference] = KeptNode(places=(KeptPlace(row.reference),))
        cursor = page.next
    return KeptChart(tuple(nodes.values())[:MOST_CHARTED])


MOST_CHARTED: Final = 500
"""Records, people and things of a folder that are drawn when it is opened as a chart."""


def draw(view: OpenPage, loaded: LoadedChart) -> None:
    """The chart with its tools, the pane beside it, and the same as tables."""
    words = view.words
    with box("div", "heading"):
        if loaded.case:
            with box("p", "trail"):
                link(loaded.case, case_path(loaded.case), data_up="")
        text("h1", words("Chart"))
    told = msgspec.json.encode(_tell_words(words)).decode()
    icons = msgspec.json.encode(ICONS).decode()
    title = loaded.kept_in.title or " ".join((words("Chart"), loaded.case)).strip()
    with box("div", "chart", id="chart", data_words=told, data_csrf=view.visit.csrf, data_icons=icons,
             data_title=title):  # fmt: skip
        _draw_tools(words)
        with box("div", "folds-row"):
            _draw_seek(words)
            _draw_filters(words)
            _draw_files(view)
        with box("div", "desk"):
            box(
                "div", "canvas", tabindex="0", role="application", data_canvas="",
                aria_label=words("Chart. The tables below say the same."), aria_describedby="chart-keys",
            )  # fmt: skip
            pane = box("section", "pane", id=PANE, tabindex="0", aria_label=words("Details"))
        box("p", "row small selection", data_chart_picked="")
        _draw_foot(words)
        box("ul", "caveats small", data_chart_caveats="")
        _draw_tables(words)
    desk = ChartDesk(view, pane, loaded.kept_in)
    desk.listen()
    if loaded.found:
        desk.show_expansion(loaded.case, f"case {loaded.case}", loaded.found)
        view.call_script("chartStart", draw_graph(words, loaded.found.nodes, loaded.found.edges), loaded.case,
                         loaded.found.shown >= loaded.found.all)  # fmt: skip
    elif loaded.kept and loaded.opened:
        desk.show_kept(loaded.opened)
        graph = draw_kept(words, loaded.kept, loaded.opened)
        places = [DrawnPlace(node.x, node.y, node.pinned, node.hidden, node.group) for node in loaded.kept.nodes]
        view.call_script("chartOpen", graph, places, loaded.kept.groups, loaded.kept_in._asdict())
    else:
        desk.show_start()
        view.call_script("chartStart", DrawnGraph((), ()), "", False)


def _tell_words(words: Words) -> dict[str, str]:
    """What static/chart.js says."""
    return {
        "shown": words("{shown} of {all} nodes shown"),
        "picked": words("{count} selected"),
        "group": words("Group {number}"),
        "two": words("Select two nodes first: click one, then the other with Shift."),
        "one": words("Select a node first."),
        "more": words("Show more"),
        "open": words("Open the record"),
        "caveat": words("Caveat"),
        "original": words(ORIGINAL),
        "none": words("Nothing in the chart has this text"),
        "closed": words(CLOSED),
        "any": words("Any"),
        "isNew": words("New"),
        "pinned": words("Pinned"),
        "hidden": words("Hidden"),
        "added": words("{count} added"),
        "all": words("All that it is tied to is in the chart"),
        "saved": words("Chart saved"),
        "lost": words("The server does not answer; try again"),
        "large": words("This browser can't make so large a picture; download it as SVG"),
        "full": words("The chart is full: it holds at most {most} nodes. Hide or remove some first."),
    }


TOOLS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    N_("Explore"): (("expand", "e", N_("Expand")), ("path", "p", N_("Path")), ("hubs", "h", N_("Hubs"))),
    N_("Selection"): (
        ("pin", "n", N_("Pin")),
        ("group", "m", N_("Group")),
        ("hide", "d", N_("Hide")),
        ("unhide", "", N_("Show hidden")),
        ("remove", "", N_("Remove")),
    ),
    N_("View"): (("arrange", "", N_("Arrange")), ("fit", "z", N_("Fit"))),
    N_("Keep"): (("keep", "", N_("Add to folder")), ("save", "", N_("Save"))),
}
"""Buttons by group, with their keys; static/chart.js disables those that would do nothing."""


def _draw_tools(words: Words) -> None:
    with box("div", "tools row", role="toolbar", aria_label=words("Chart tools")):
        for group, tools in TOOLS.items():
            with box("div", "group", role="group", aria_label=words(group)):
                for name, key, word in tools:
                    with box("button", "button slight", type="button", disabled=True, data_chart=name,
                             data_press=key or None):  # fmt: skip
                        text("span", words(word))
                        if key:
                            text("kbd", key, aria_hidden="true")


def _draw_seek(words: Words) -> None:
    with box("p", "field seek"):
        text("label", words("Search in the chart"), "hidden-words", for_="chart-seek")
        box("input", id="chart-seek", type="search", placeholder=words("Search in the chart"), autocomplete="off")


def _draw_filters(words: Words) -> None:
    with box("details", "more"):
        text("summary", words("Filters"))
        with box("form", "filters", data_chart_filters="", aria_label=words("Filters")):
            for name, word in (("band", words("Band")), ("type", words("Type")), ("country", words("Country"))):
                with box("p", "field"):
                    text("label", word, for_=f"chart-{name}")
                    with box("select", id=f"chart-{name}", name=name):
                        text("option", words("Any"), value="")
                        for band, (_, said) in BAND_LABELS.items() if name == "band" else ():
                            text("option", words(said), value=band.value)
            for name, word in (("from", words("Opened from")), ("to", words("Opened to"))):
                day_field(words, word, name, "chart")


def _draw_files(view: OpenPage) -> None:
    """The chart as a picture or file, and others' charts as nodes of one's own."""
    words = view.words
    with box("details", "more"):
        text("summary", words("Files"))
        with box("div", "filters"):
            text("button", words("Save as PNG"), "button slight", type="button", disabled=True, data_chart="png")
            with post_form("/chart/file", view.visit.csrf, "filters", data_chart_file=""):
                for name in ("content", "title", "band"):
                    box("input", type="hidden", name=name)
                select_field(words("Format"), "form", "chart", FILE_FORMS)
                text("button", words("Download"), "button", type="submit", disabled=True, data_chart="file")
            with box("form", "filters", data_chart_import=""):
                with box("p", "field"):
                    text("label", words("i2 chart (ANX) or FollowTheMoney entities"), for_="chart-import")
                    box("input", id="chart-import", name="file", type="file", required=True,
                        accept=".anx,.xml,.json,.ndjson,.ftm", data_most_bytes=MOST_FILE_BYTES,
                        data_too_long=words(TOO_LARGE, most=MOST_FILE_BYTES // 1_000_000))  # fmt: skip
                text("button", words("Bring in"), "button", type="submit")
        said = words(
            "What you bring in is yours: no policy vouches for it. It is matched to records that you may read."
        )
        text("p", said, "small quiet")


FILE_FORMS: Final = {"svg": "SVG", "graphml": "GraphML", "i2": "i2 (ANX)"}


def _draw_foot(words: Words) -> None:
    """What is drawn of how much, and what icons and lines mean; static/chart.js hides those of which there is none."""
    with box("p", "row small legend"):
        text("span", "", "strong", data_chart_count="", role="status")
        for name, word in list_looks(words):
            with box("span", "row", data_look=name, hidden=True):
                if name in ICONS:
                    inline_svg(draw_icon(name), "icon")
                else:
                    box("i", name, aria_hidden="true")
                text("span", word)
        for name, (_, word) in BAND_LABELS.items():
            with box("span", "row"):
                box("i", name, aria_hidden="true")
                text("span", words(word))
        with box("span", "row"):
            box("i", "shared", aria_hidden="true")
            text("span", words("Shared number"))
    keys = words("Arrow keys move, Enter expands, + and - zoom, Shift and click selects a second node.")
    text("p", keys, "small quiet", id="chart-keys")


def _draw_tables(words: Words) -> None:
    """Where static/chart.js writes the nodes and edges in sight, for those who read rather than look."""
    with box("details", "table", data_chart_tables=""):
        text("summary", words("View as table"))
        for name, title, heads in (
            ("nodes", words("Nodes"), (N_("Number"), N_("Name"), N_("Type"), N_("Country"), N_("Lines"), N_("State"))),
            ("edges", words("Lines"), (N_("From"), N_("To"), N_("What ties them"))),
        ):
            with box("div", "scroll"):
                static_html(
                    [
                        htpy.caption[title],
                        htpy.thead[htpy.tr[(htpy.th(scope="col")[words(head)] for head in heads)]],
                        htpy.tbody(data_chart_rows=name),
                    ],
                    "table",
                )


class ChartDesk:
    """An open chart: the pane beside it, and what its browser asks for."""

    def __init__(self, view: OpenPage, pane: Element, kept_in: KeptIn) -> None:
        self.view, self.words, self.pane, self.kept_in = view, view.words, pane, kept_in

    def listen(self) -> None:
        """Answer the page's script."""
        self.view.listen(EXPAND, self._expand, MOST_EXPANSION_CHARS)
        self.view.listen(NEWS, self._mark_news, MOST_EXPANSION_CHARS)
        self.view.listen(EVIDENCE, self._show_evidence)
        self.view.listen(PATHS, self._find_paths)
        self.view.listen(HUBS, self._rank_hubs)
        self.view.listen(SAVE, self._offer_save)

    def _show(self, draw: Callable[[], object]) -> None:
        self.pane.clear()
        with self.pane:
            draw()

    async def _attempt(self, asked: Awaitable[Any], show: Callable[[Any], None]) -> None:
        """Show an answer, or why there is none; of several that are under way the last is shown."""
        is_last = self.view.begin(PANE)
        try:
            found = await asked
        except LiaisonError as error:
            trouble = error
            if is_last():
                self._show(lambda: states.draw_failure(self.words, trouble))
        else:
            show(found) if is_last() else None

    async def _expand(self, event: GenericEventArguments) -> None:
        """Add what a node is tied to."""
        told: _Expanded = read_event(event, _Expanded)
        asked = ChartExpansion(
            tuple(ChartPlace(*place) for place in told.places), told.number, told.type, told.country, told.band,
            told.known, entities=told.entities,
        )  # fmt: skip

        def show(found: ChartExpansionAnswer) -> None:
            self.show_expansion(told.places[0][0], told.node, found)
            graph = draw_graph(self.words, found.nodes, found.edges)
            self.view.call_script("chartAdd", graph, told.node, found.shown >= found.all)

        await self._attempt(expand(self.view.visit.new_session(), asked), show)

    def show_expansion(self, case: str, node: str, found: ChartExpansionAnswer) -> None:
        """How much of what a node is tied to is drawn, and what more there is, by type, country and band."""
        self._show(lambda: _draw_expansion(self.words, case, node, found))

    def show_start(self) -> None:
        """What one does with an empty chart."""
        self._show(lambda: _draw_start(self.words))

    async def _show_evidence(self, event: GenericEventArguments) -> None:
        """The evidence of an edge: of its first link, or the entity that a record names."""
        told: _EdgeAsked = read_event(event, _EdgeAsked)
        session = self.view.visit.new_session()
        if told.links:
            await self._attempt(
                read_evidence(session, told.links[0]),
                lambda found: self._show(lambda: self._draw_link(found, told.links)),
            )
        elif told.place is not None:
            case, name = told.place
            await self._attempt(
                read_case(session, case), lambda found: self._show(lambda: self._draw_entity(found.case, name))
            )

    def _draw_link(self, found: Any, links: tuple[str, ...]) -> None:
        words = self.words
        text("h2", words("Evidence"))
        if len(links) > 1:
            with box("p", "row small"):
                text("span", words("{count} links tie these", count=len(links)))
                for at, name in enumerate(links[1:], 2):
                    rest = (name, *(one for one in links if one != name))
                    told = msgspec.json.encode(rest).decode()
                    text("button", str(at), "button slight", type="button", data_chart_links=told,
                         aria_label=words("Evidence of link {number}", number=at))  # fmt: skip
        draw_evidence(self.view, found)

    def _draw_entity(self, row: Any, name: str) -> None:
        entities = [raw for raw in row.data.get("entities", ()) if raw["id"] == name]
        if not entities:
            states.draw_empty(self.words("The record does not name this any more"))
            return
        text("h2", self.words("Named in {case}", case=row.case))
        across = entity_path(row.case, name)
        draw_name(name_entity(self.words, entities[0]), row.country, "h3")
        static_html(render_entity(self.words, entities[0], row.country, across))
        link(self.words("Open the record"), case_path(row.case), "small")

    async def _find_paths(self, event: GenericEventArguments) -> None:
        """Add the shortest paths between two nodes, and say them in words."""
        told: _PathAsked = read_event(event, _PathAsked)
        a, b = (tuple(ChartPlace(*place) for place in places) for places in (told.a, told.b))

        def show(found: ChartPathsAnswer) -> None:
            self._show(lambda: _draw_paths(self.words, found))
            paths = [path.nodes for path in found.paths]
            self.view.call_script("chartPaths", draw_graph(self.words, found.nodes, found.edges), paths)

        await self._attempt(find_paths(self.view.visit.new_session(), ChartPathQuestion(a, b, told.hit)), show)

    async def _rank_hubs(self, event: GenericEventArguments) -> None:
        """List what ties the most records."""
        told: _HubsAsked = read_event(event, _HubsAsked)

        def show(found: ChartHubsAnswer) -> None:
            self._show(lambda: _draw_hubs(self.words, found, len(told.cases), told.all))
            self.view.call_script("chartHubs", draw_graph(self.words, found.nodes, found.edges))

        await self._attempt(rank_chart_hubs(self.view.visit.new_session(), ChartHubQuestion(told.cases)), show)

    def show_kept(self, opened: OpenedChartAnswer) -> None:
        """What a kept chart is called, and how much of it its viewer can't open."""
        closed = sum(node.kind == "closed" for node in opened.nodes)

        def draw_title() -> None:
            text("h2", self.kept_in.title or self.words("Records of the folder"))
            link(self.words("Open the folder"), folder_path(self.kept_in.folder), "small")
            said = self.words.plural("{count} node", "{count} nodes", len(opened.nodes))
            text("p", said, "strong", role="status", data_chart_news="")
            if closed:
                many = self.words.plural(
                    "{count} item that you can't open", "{count} items that you can't open", closed
                )
                text("p", many)

        self._show(draw_title)

    async def _mark_news(self, event: GenericEventArguments) -> None:
        """Mark what is new to the viewer in a kept chart since they saw it last."""
        told: _NewsAsked = read_event(event, _NewsAsked)
        if not self.kept_in.item:
            return
        session = self.view.visit.new_session()
        found = await find_news(session, self.kept_in.folder, self.kept_in.item, told.cases)
        count = len(found.cases) + len(found.links)
        said = self.words("New since your last visit: {count}", count=count) if count else ""
        marked = [make_id("case", case) for case in sorted({*found.cases, *found.links})]
        self.view.call_script("chartNews", marked, said)

    async def _offer_save(self) -> None:
        """The form that keeps the chart in a folder."""
        await self._attempt(list_folders(self.view.visit.new_session()), lambda found: self._show(
            lambda: _draw_save(self.words, found, self.kept_in)))  # fmt: skip


def _draw_start(words: Words) -> None:
    hint = words("Search for a record and choose Chart on its page, or open a chart in a folder.")
    states.draw_empty(words("An empty chart"), hint)
    with box("form", "field row", role="search", data_ask="", action="/search"):
        text("label", words("Search"), for_="chart-question")
        box("input", id="chart-question", name="q", type="search", autocomplete="off", spellcheck="false",
            maxlength="1000", placeholder=words("Name in any script, number, phone, plate or date"),
            )  # fmt: skip
        text("button", words(ASK), "button main slight", type="submit")


def _draw_save(words: Words, found: FoldersAnswer, kept_in: KeptIn) -> None:
    text("h2", words("Save the chart"))
    writable = [row for row in found.folders if row.active and row.role in (FolderRole.OWNER, FolderRole.MEMBER)]
    if not writable:
        text("p", words("You have no folder to save it in. Make one under Folders first."))
        return
    with box("form", "stack", data_chart_save=""):
        with box("p", "field"):
            text("label", words("Folder"), for_="chart-folder")
            with box("select", id="chart-folder", name="folder"):
                for row in writable:
                    text("option", row.title, value=row.id, selected=True if row.id == kept_in.folder else None)
        with box("p", "field"):
            text("label", words("Name"), for_="chart-title")
            box("input", id="chart-title", name="title", required=True, maxlength=str(TITLE.most), autocomplete="off",
                value=kept_in.title)  # fmt: skip
        text("button", words("Save"), "button main slight", type="submit")
    text("p", words("References and positions are saved. Each viewer sees what they may read."), "small quiet")


def _draw_expansion(words: Words, case: str, node: str, found: ChartExpansionAnswer) -> None:
    text("h2", words("Linked records"))
    if not found.all:
        text("p", words("No links you have access to"))
    else:
        text("p", words("Showing {shown} of {all}", shown=found.shown, all=found.all), "strong", role="status")
        if found.shown < found.all:
            _draw_more(words("Add more"), node)
        countries = [(count, words.country_name(count.value)) for count in found.countries]
        types = [(count, name_type(words, count.value)) for count in found.types]
        bands = [(count, words.label({band: word for band, (_, word) in BAND_LABELS.items()}, Band(count.value)))
                 for count in found.bands]  # fmt: skip
        for name, title, counts in (
            ("type", words("By what ties them"), types),
            ("country", words("By country"), countries),
            ("band", words("By band"), bands),
        ):
            _draw_counts(title, node, name, counts)
    if min(found.entities, MOST_ENTITIES) > found.entities_shown:
        word = words.plural(*ADDED, found.entities, case=case)
        with box("p", data_chart_named=case, data_chart_all=min(found.entities, MOST_ENTITIES)):
            _draw_more(word, node, entities=True)


ADDED: Final = NN_("Add {count} person or thing of {case}", "Add the {count} people and things of {case}")


def _draw_counts(title: str, node: str, name: str, counts: list[tuple[ChartCount, str]]) -> None:
    if counts:
        text("h3", title)
        with box("ul", "chips"):
            for count, word in counts:
                with box("li"):
                    said = f"{word} {count.count}"
                    if count.shown < count.count:
                        _draw_more(said, node, **{name: count.value})
                    else:
                        text("span", said, "tag plain")


def _draw_more(word: str, node: str, **asked: object) -> None:
    """A button that adds more of a node, narrowed so."""
    told = msgspec.json.encode(asked).decode()
    text("button", word, "button slight", type="button", data_chart_more=told, data_chart_node=node)


def _draw_paths(words: Words, found: ChartPathsAnswer) -> None:
    text("h2", words("Shortest paths"))
    if not found.paths:
        said = words("No path over at most {links} links that you have access to", links=LONGEST)
        text("p", said, "strong", role="status")
    else:
        said = words.plural("Over {count} link", "Over {count} links", found.links)
        text("p", said, "strong", role="status")
        with box("ol", "stack"):
            for at, path in enumerate(found.paths):
                with box("li"):
                    text("button", path.words, "plain-button", type="button", data_chart_path=str(at), dir="auto")
    if not found.complete:
        limit = words("The search ended at its limit of {count} records; there may be others.", count=MOST_FOLLOWED)
        text("p", limit, "notice")


def _draw_hubs(words: Words, found: ChartHubsAnswer, asked: int, all_cases: int) -> None:
    text("h2", words("Hubs"))
    if not found.hubs:
        text("p", words("Nothing ties two or more of these records"), "strong", role="status")
    else:
        shown, all_hubs = len(found.hubs), found.all
        text("p", words("Showing {shown} of {all}", shown=shown, all=all_hubs), "strong", role="status")
        nodes = {node.id: node for node in found.nodes}
        with box("ol", "hubs"):
            for hub in found.hubs:
                node = nodes[hub.node]
                kind, name = name_thing(words.language, node.type, ""), node.name
                said = words.plural("{count} record", "{count} records", hub.cases)
                countries = ", ".join(map(words.country_name, hub.countries))
                with box("li"):
                    with box("button", "plain-button", type="button", data_chart_hub=hub.node):
                        text("span", f"{kind} ")
                        text("bdi", name, dir="auto")
                    text("div", f"{said} · {countries}", "small quiet")
    looked = words.plural("{count} record was looked at", "{count} records were looked at", found.looked_at)
    text("p", looked, "small quiet")
    if asked < all_cases:
        said = words("From {count} of the {all} records in the chart", count=asked, all=all_cases)
        text("p", said, "notice")
    if found.looked_at < found.linked or not found.complete:
        text("p", words("A limit was reached: there may be others."), "notice")


PAGE = Page("/chart", N_("Chart"), "chart", load, draw, "cytoscape.min.js chart.js days.js")
