"""What we may read, counted: by policing goal, offence and pair of countries; and the same as files."""

from __future__ import annotations

from pipeline.api.services.statistics import StatisticsAnswer, statistics
from pipeline.locale import N_
from pipeline.web.components.counted import counted
from pipeline.web.components.exporting import exporting
from pipeline.web.components.markup import box, text
from pipeline.web.components.narrowing import GOALS
from pipeline.web.components.panel import panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import ICCS_SECTIONS


async def load(visit: Visit, _: Parameters) -> StatisticsAnswer:
    """The counts over what this visitor reads in full."""
    return await statistics(visit.session())


def draw(view: OpenPage, found: StatisticsAnswer) -> None:
    """Totals, three tables, and the exports."""
    words = view.words
    text("h1", words("Statistics"))
    with box("dl", "tiles"):
        for word, number in ((words("Cases you have access to"), found.cases), (words("Links"), found.links)):
            with box("div"):
                text("dt", word)
                text("dd", words.number(number))
    with box("div", "halves"):
        with box("div", "stack"):
            goals = {f"{goal} · {words.of(GOALS, goal)}": count for goal, count in found.policing_goals.items()}
            counted(words, words("Policing goals"), words("Goal"), goals)
            offences = {_offence(words, code): count for code, count in found.offences.items()}
            counted(words, words("Offences"), words("Offence"), offences)
        with box("div", "stack"):
            pairs = {_pair(words, codes): count for codes, count in found.country_pairs.items()}
            counted(words, words("Links between countries"), words("Countries"), pairs)
            with panel(words("Export"), words("logged like every access")):
                exporting(words, view.visit.csrf)


def _offence(words: Words, code: str) -> str:
    """An offence's code; of the international classification also what its section is about."""
    scheme, _, number = code.partition(":")
    section = words.of(ICCS_SECTIONS, number[:2]) if scheme == "ICCS" and number[:2] in ICCS_SECTIONS else ""
    return f"{scheme} {number} · {section}" if section else f"{scheme} {number}"


def _pair(words: Words, codes: str) -> str:
    return " – ".join(sorted(words.country(code) for code in codes.split("-")))


PAGE = Page("/statistics", N_("Statistics"), "statistics", load, draw)
