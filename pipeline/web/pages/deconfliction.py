"""Deconfliction: other agencies' open cases with an event where and when this one has one."""

from __future__ import annotations

from pipeline.api.answers import DeconflictionAnswer, NearbyCase
from pipeline.api.services.statistics import find_nearby_cases
from pipeline.locale import N_
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.hits import draw_contact
from pipeline.web.components.markup import link, text
from pipeline.web.components.tables import TableColumn, draw_heading, draw_table, panel
from pipeline.web.components.values import draw_agency, draw_title
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def load(visit: Visit, parameters: Parameters) -> DeconflictionAnswer:
    """The cases that are near. Raises NotFoundError for the case itself."""
    return await find_nearby_cases(visit.new_session(), parameters["key"])


def draw(view: OpenPage, found: DeconflictionAnswer) -> None:
    """The cases with whom to talk to."""
    words, key = view.words, view.parameters["key"]
    draw_heading(words("Same place and time"), key, case_path(key))
    with panel(words("Open cases of other agencies"), words("contact them before you act"), tight=True):
        if found.cases:
            draw_table(words("Open cases of other agencies"), _case_columns(words), found.cases)
        else:
            hint = words("No open case you have access to has an event near one in this case.")
            states.draw_empty(words("No overlap"), hint)


def _case_columns(words: Words) -> list[TableColumn[NearbyCase]]:
    return [
        TableColumn(words("Case"), lambda row: _draw_case(words, row)),
        TableColumn(words("Country"), lambda row: text("span", words.country_name(row.country))),
        TableColumn(words("Agency"), lambda row: draw_agency(words, row.agency)),
        TableColumn(words("Contact"), lambda row: draw_contact(row.contact)),
    ]


def _draw_case(words: Words, row: NearbyCase) -> None:
    with link("", case_path(row.case), data_open=""):
        draw_title(words, row.title or row.case)
    text("div", row.case, "quiet small code")


PAGE = Page("/deconfliction/of/{key:path}", N_("Same place and time"), "search", load, draw)
