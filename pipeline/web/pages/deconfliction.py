"""Deconfliction: other agencies' open cases with an event where and when this one has one."""

from __future__ import annotations

from pipeline.access.redaction import Row
from pipeline.api.services.statistics import DeconflictionAnswer, deconfliction
from pipeline.locale import N_
from pipeline.web.addresses import of_case
from pipeline.web.components import states
from pipeline.web.components.hits import contact
from pipeline.web.components.markup import box, foreign, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def load(visit: Visit, parameters: Parameters) -> DeconflictionAnswer:
    """The cases that are near. Raises NotFoundError for the case itself."""
    return await deconfliction(visit.session(), parameters["key"])


def draw(view: OpenPage, found: DeconflictionAnswer) -> None:
    """The cases with whom to talk to."""
    words, key = view.words, view.parameters["key"]
    with box("div", "heading"):
        with box("p", "trail"):
            link(key, of_case(key), data_up="")
        text("h1", words("Same place and time"))
    with panel(words("Open cases of other agencies"), words("contact them before you act"), tight=True):
        if found.cases:
            table(words("Open cases of other agencies"), _columns(words), found.cases)
        else:
            hint = words("No open case you have access to has an event near one in this case.")
            states.empty(words("No overlap"), hint)


def _columns(words: Words) -> list[TableColumn[Row]]:
    return [
        TableColumn(words("Case"), lambda row: _case(row)),
        TableColumn(words("Country"), lambda row: text("span", words.country(row["country"]))),
        TableColumn(words("Agency"), lambda row: text("span", row["agency"])),
        TableColumn(words("Contact"), lambda row: contact(row["contact"] or {})),
    ]


def _case(row: Row) -> None:
    with link("", of_case(row["case"]), data_open=""):
        foreign(row["title"] or row["case"])
    text("div", row["case"], "quiet small code")


PAGE = Page("/deconfliction/of/{key:path}", N_("Same place and time"), "search", load, draw)
