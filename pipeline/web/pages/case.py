"""One case in tabs: overview, people, things, links, timeline, and the record as it was sent."""

from __future__ import annotations

from functools import partial

from pipeline.access.redaction import Row
from pipeline.api.services.cases import read_case
from pipeline.locale import N_
from pipeline.web.addresses import deconfliction_path, graph_path
from pipeline.web.components.badges import badge, draw_caveat
from pipeline.web.components.case_entities import PEOPLE, THINGS, load_people, load_things, people_of, things_of
from pipeline.web.components.case_links import LINKS, load_links
from pipeline.web.components.case_overview import load_overview
from pipeline.web.components.case_record import draw_record, draw_signature_doubt
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.offences import draw_offences
from pipeline.web.components.panel import panel
from pipeline.web.components.tabs import Drawer, Tab, TabbedContent, TabSet, draw_tabs
from pipeline.web.components.timeline import TIMELINE, draw_timeline
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import STATUSES


async def load_case(visit: Visit, parameters: Parameters) -> Row:
    """The case. Raises NotFoundError."""
    return (await read_case(visit.new_session(), parameters["key"])).case


async def load_timeline(_: Visit, parameters: Parameters, row: Row) -> Drawer:
    """The tab of what happened when."""
    return lambda view: _draw_timeline(view.words, row, parameters.get("page", ""))


async def load_record(_: Visit, __: Parameters, row: Row) -> Drawer:
    """The tab of the record as it was sent."""
    return partial(draw_record, row=row)


TABS = TabSet(
    load_case,
    (
        Tab("overview", N_("Overview"), load_overview),
        Tab(PEOPLE, N_("People"), load_people, lambda row: len(people_of(row))),
        Tab(THINGS, N_("Things"), load_things, lambda row: len(things_of(row))),
        Tab(LINKS, N_("Links"), load_links),
        Tab(TIMELINE, N_("Timeline"), load_timeline),
        Tab("records", N_("Record"), load_record),
    ),
)


def draw(view: OpenPage, loaded: TabbedContent[Row]) -> None:
    """The case's heading and its tabs."""
    words, row = view.words, loaded.head
    _draw_heading(words, row)
    if row["caveat"]:
        draw_caveat(words, row["agency"], row["caveat"])
    if row["access_until"]:
        text("p", words("Access until {time}", time=words.format_minute(row["access_until"])), "notice plain")
    draw_signature_doubt(words, row)
    draw_tabs(view, TABS, loaded, words("Case"))


def _draw_heading(words: Words, row: Row) -> None:
    data: Row = row["data"]
    with box("div", "heading"):
        text("p", f"{words.country_name(row['country'])} · {row['agency']}", "trail")
        with box("div", "row apart"):
            bidi_text(data.get("title") or data["case_id"], "h1")
            with box("div", "row"):
                link(words("Network"), graph_path(row["case"], 2), "button slight")
                if any(entity["type"] == "event" for entity in data.get("entities", ())):
                    link(words("Same place and time"), deconfliction_path(row["case"]), "button slight")
        with box("p", "row small"):
            text("span", row["case"], "code")
            badge(words.label(STATUSES, row["status"]), "plain")
            text("span", words("version {number}", number=row["version"]), "quiet")
            draw_offences(words, data.get("offences", ()))


def _draw_timeline(words: Words, row: Row, page: str) -> None:
    with panel(words("Timeline")):
        draw_timeline(words, row, page)


PAGE = Page("/cases/{key:path}", N_("Case"), "search", TABS.load, draw, "tabs.js")
