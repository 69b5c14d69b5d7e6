"""What we may read, counted: by policing goal, offence and pair of countries, as bars; and the same as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from pipeline.api.answers import StatisticsAnswer
from pipeline.api.services.exports import ExportFormat, What
from pipeline.api.services.statistics import count_statistics
from pipeline.locale import N_
from pipeline.web.components.filters import GOALS
from pipeline.web.components.form import post_form
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.tables import TableColumn, draw_table, panel
from pipeline.web.components.values import CODES_PATH, format_offence
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import FILE_FORMATS


async def load(visit: Visit, _: Parameters) -> StatisticsAnswer:
    """The counts over what this visitor reads in full."""
    return await count_statistics(visit.new_session())


def draw(view: OpenPage, found: StatisticsAnswer) -> None:
    """Totals, three tables, and the exports."""
    words = view.words
    text("h1", words("Statistics"))
    with box("dl", "tiles"):
        for word, number in ((words("Cases you have access to"), found.cases), (words("Links"), found.links)):
            with box("div"):
                text("dt", word)
                text("dd", words.format_number(number))
    with box("div", "halves"):
        with box("div", "stack"):
            goals = {f"{goal} · {words.label(GOALS, goal)}": count for goal, count in found.policing_goals.items()}
            _draw_counts(words, words("Policing goals"), words("Goal"), goals)
            offences = {format_offence(words, code): count for code, count in found.offences.items()}
            _draw_counts(words, words("Offences"), words("Offence"), offences)
            link(words("All offence codes"), CODES_PATH, "small")
        with box("div", "stack"):
            pairs = {
                " – ".join(sorted(map(words.country_name, codes.split("-")))): count
                for codes, count in found.country_pairs.items()
            }
            _draw_counts(words, words("Links between countries"), words("Countries"), pairs)
            with panel(words("Export"), words("logged like every access")):
                _draw_export_forms(words, view.visit.csrf)


NamedCount = tuple[str, int]


def _draw_counts(words: Words, title: str, heading: str, counts: Mapping[str, int]) -> None:
    """A panel of named counts, the greatest first; each bar is as long as its share of the greatest."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    most = max(counts.values(), default=1)
    columns: list[TableColumn[NamedCount]] = [
        TableColumn(heading, lambda row: text("span", row[0])),
        TableColumn(words("Share"), lambda row: _draw_bar(row[1] / most), "bar"),
        TableColumn(words("Count"), lambda row: text("span", words.format_number(row[1])), "number"),
    ]
    with panel(title, tight=True):
        draw_table(title, columns, rows, empty=words("No data"))


def _draw_bar(share: float) -> None:
    with box("span", "meter", aria_hidden="true"):
        box("b", style=f"width: {share:.1%}")


PATH = "/export"

WHAT = {"links": N_("Links"), "cases": N_("Cases")}


def _draw_export_forms(words: Words, token: str) -> None:
    """A button for each file; `token` is the visit's `csrf`. What is hit-only comes without content, as everywhere."""
    for what in get_args(What):
        with post_form(PATH, token, "row apart", aria_label=words.label(WHAT, what)):
            box("input", type="hidden", name="what", value=what)
            text("span", words.label(WHAT, what), "strong small")
            with box("span", "row"):
                for form in get_args(ExportFormat):
                    text("button", words(FILE_FORMATS[form]), "button slight", type="submit", name="form", value=form)


PAGE = Page("/statistics", N_("Statistics"), "statistics", load, draw)
