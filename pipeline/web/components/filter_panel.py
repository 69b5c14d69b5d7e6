"""What narrows a search: fields of the form at the top of the page, and what the address says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pipeline.access.case_filters import Filters, is_day
from pipeline.index.facets import MOST_VALUES
from pipeline.locale import N_
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words

FORM = "asking"
"""The id of the form that asks; the fields here are part of it, wherever they stand."""

SEVERAL: Final = {
    "countries": "country",
    "agencies": "agency",
    "types": "type",
    "roles": "role",
    "offences": "offence",
    "years": "year",
}
"""What the address calls a filter of which several values may hold."""

BETWEEN: Final = ","
"""Between those in the address."""

DAYS: Final = {"opened_from": "from", "opened_to": "to", "closed_from": "closed-from", "closed_to": "closed-to"}
"""What the address calls a filter by day."""

HIDDEN: Final = ("type", "role", "year")
"""Of the address's names those that are chosen among facets alone."""

GOALS = {
    "1": N_("Terrorism"),
    "2": N_("Border security and trafficking"),
    "3": N_("Harm to vulnerable communities"),
    "4": N_("Cyberspace"),
    "5": N_("Illicit markets"),
    "6": N_("Environment"),
    "7": N_("Integrity and corruption"),
}
"""INTERPOL's Global Policing Goals in short."""

_YEAR = re.compile("[1-9][0-9]{3}")


def draw_filters(words: Words) -> None:
    """The fields, folded until wanted or used."""
    with box("details", "more", data_filters=""):
        text("summary", words("Filters"))
        with box("div", "filters"):
            countries = "[A-Za-z]{2}( *, *[A-Za-z]{2})*"
            _draw_field(words("Country"), "country", maxlength="200", placeholder="BE, FR", pattern=countries)
            _draw_field(words("Agency"), "agency", maxlength="2000", placeholder="be-fp")
            _draw_field(words("Offence"), "offence", maxlength="2000", placeholder="ICCS:0502")
            for name in HIDDEN:
                box("input", type="hidden", name=name, form=FORM)
            _draw_goal_field(words)
            _draw_field(words("Opened from"), "from", type="date")
            _draw_field(words("Opened to"), "to", type="date")
            _draw_field(words("Closed from"), "closed-from", type="date")
            _draw_field(words("Closed to"), "closed-to", type="date")
            with box("label", "choice"):
                box("input", type="checkbox", name="open", value="1", form=FORM)
                text("span", words("Open cases only"))
            text("button", words("Apply"), "button", type="submit", form=FORM)


def _draw_field(word: str, name: str, **attributes: str) -> None:
    with box("p", "field"):
        text("label", word, for_=f"by-{name}")
        box("input", id=f"by-{name}", name=name, form=FORM, autocomplete="off", **attributes)


def _draw_goal_field(words: Words) -> None:
    with box("p", "field"):
        text("label", words("Policing goal"), for_="by-goal")
        with box("select", id="by-goal", name="goal", form=FORM):
            text("option", words("Any"), value="")
            for goal, word in GOALS.items():
                text("option", f"{goal} · {words(word)}", value=goal)


def parse_filters(asked: Mapping[str, str]) -> Filters:
    """What an address narrows to; what makes no sense in it narrows nothing."""
    days = {name: day if is_day(day) else None for name, word in DAYS.items() for day in (asked.get(word, ""),)}
    several = {name: split_values(asked.get(word, "")) for name, word in SEVERAL.items()}
    return Filters(
        agencies=several["agencies"],
        countries=tuple(map(str.upper, several["countries"])),
        types=several["types"],
        roles=several["roles"],
        offences=several["offences"],
        years=tuple(int(year) for year in several["years"] if _YEAR.fullmatch(year)),
        goals=tuple(int(goal) for goal in split_values(asked.get("goal", "")) if goal in GOALS),
        **days,
        open_only="open" in asked,
    )


def state_filters(filters: Filters) -> dict[str, str]:
    """The filters as an address states them: parse_filters reads the same."""
    several = {word: BETWEEN.join(map(str, getattr(filters, name))) for name, word in SEVERAL.items()}
    days = {word: getattr(filters, name) or "" for name, word in DAYS.items()}
    others = {"goal": BETWEEN.join(map(str, filters.goals)), "open": "1" if filters.open_only else ""}
    return {name: value for name, value in (several | days | others).items() if value}


def split_values(stated: str) -> tuple[str, ...]:
    """The values that the address states of a filter, each once; more than any search may have are left out."""
    values = (value.strip() for value in stated.split(BETWEEN))
    return tuple(dict.fromkeys(filter(None, values)))[:MOST_VALUES]
