"""What we may read, counted: by policing goal, offence and pair of countries; and the same as files."""

from __future__ import annotations

from pipeline.api.services.statistics import StatisticsAnswer, count_statistics
from pipeline.locale import N_
from pipeline.web.components.count_bars import draw_counts
from pipeline.web.components.exporting import draw_export_forms
from pipeline.web.components.filter_panel import GOALS
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.offences import CODES_PATH, format_offence
from pipeline.web.components.panel import panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


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
            draw_counts(words, words("Policing goals"), words("Goal"), goals)
            offences = {format_offence(words, code): count for code, count in found.offences.items()}
            draw_counts(words, words("Offences"), words("Offence"), offences)
            link(words("All offence codes"), CODES_PATH, "small")
        with box("div", "stack"):
            pairs = {_format_pair(words, codes): count for codes, count in found.country_pairs.items()}
            draw_counts(words, words("Links between countries"), words("Countries"), pairs)
            with panel(words("Export"), words("logged like every access")):
                draw_export_forms(words, view.visit.csrf)


def _format_pair(words: Words, codes: str) -> str:
    return " – ".join(sorted(words.country_name(code) for code in codes.split("-")))


PAGE = Page("/statistics", N_("Statistics"), "statistics", load, draw)
