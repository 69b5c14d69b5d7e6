"""The filters of a search: one panel of facets and fields, what an address says of them, and a search that was saved.

A facet is a menu of values with their counts, of which several can be chosen; what is chosen stands below as chips. An
alert, a past search or a notice shows its filters as tags beneath its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from nicegui.element import Element

from pipeline.access.case_filters import Filters, is_day
from pipeline.api.services.export_words import PARTS
from pipeline.index.filters import FACETS, MOST_VALUES, FacetCounts, FacetValue
from pipeline.locale import N_
from pipeline.matching.explain.words import TYPES
from pipeline.web.components.form import day_field
from pipeline.web.components.markup import bidi_text, box, icon, link, text
from pipeline.web.components.understood import question_address
from pipeline.web.components.values import format_offence
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


FACETS_PLACE: Final = "facets"
"""The id of the place of the facets, which are counted when the answer is there."""

CHOSEN_PLACE: Final = "chosen"
"""The id of the place of what is chosen, each value a chip that lets it go."""


class FilterPlaces(NamedTuple):
    """The places of a filter panel that follow what is asked."""

    facets: Element
    chosen: Element


def draw_filters(words: Words) -> FilterPlaces:
    """The one panel of a search's filters: facets with full names, dates and places beside them, what is chosen below.

    The fields belong to the form at the top of the page; hidden ones hold what is chosen among facets.
    """
    with box("section", "filter-panel", aria_label=words("Filters")):
        with box("div", "facets"):
            facets = box("div", "facets-place", id=FACETS_PLACE)
            with box("div", "chip"), box("details", "menu", data_filters=""):
                text("summary", words("Dates and places"))
                _draw_fields(words)
        chosen = box("div", "chosen", id=CHOSEN_PLACE)
    return FilterPlaces(facets, chosen)


def _draw_fields(words: Words) -> None:
    with box("div", "sheet filters"):
        for name in SEVERAL.values():
            box("input", type="hidden", name=name, form=FORM)
        _draw_field(words("Place of a person or organisation"), "place", maxlength="200", placeholder="Lyon")
        _draw_goal_field(words)
        for field, name in DAYS.items():
            day_field(words, words(DAY_WORDS[field]), name, "filter", form=FORM)
        with box("label", "choice"):
            box("input", type="checkbox", name="open", value="1", form=FORM)
            text("span", words("Open cases only"))
        text("button", words("Apply"), "button", type="submit", form=FORM)


def draw_chosen(words: Words, asked: Mapping[str, str]) -> None:
    """What narrows a search, each value as a chip that lets it go; `asked` is what the address says."""
    chips = [*_list_chosen(words, asked)]
    if not chips:
        return
    with box("ul", "chips"):
        for name, value, rest in chips:
            with box("li", "chip"):
                with box("span", "said-of-chip"):
                    text("b", name)
                    text("span", value, dir="auto")
                removed = words("Remove {words}", words=f"{name} {value}".strip())
                with link("", f"/search#{urlencode(rest)}", "remove", aria_label=removed, title=removed):
                    icon("close")
    if len(chips) > 1:
        rest = {"q": asked["q"]} if asked.get("q") else {}
        link(words("Clear"), f"/search#{urlencode(rest)}", "small")


def _list_chosen(words: Words, asked: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each value with its word, and what the address says without it; what makes no sense narrows nothing."""
    filters = parse_filters(asked)
    for facet, word in SEVERAL.items():
        stated = state_filters(filters).get(word, "")
        values = _split_values(stated)
        for value in values:
            kept = BETWEEN.join(one for one in values if one != value)
            rest = {name: said for name, said in asked.items() if name != word} | ({word: kept} if kept else {})
            yield words(FACET_WORDS[facet]), _format_facet_value(words, facet, value), rest
    for field, word in DAYS.items():
        if day := getattr(filters, field):
            yield words(DAY_WORDS[field]), words.format_date(day), _without(asked, word)
    for goal in filters.goals:
        yield words("Policing goal"), words(GOALS[str(goal)]), _without(asked, "goal")
    if filters.open_only:
        yield words("Open cases only"), "", _without(asked, "open")


def _without(asked: Mapping[str, str], left_out: str) -> dict[str, str]:
    return {name: said for name, said in asked.items() if name != left_out}


DAY_WORDS: Final = {
    "opened_from": N_("Opened from"), "opened_to": N_("Opened to"), "closed_from": N_("Closed from"),
    "closed_to": N_("Closed to"),
}  # fmt: skip


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
    several = {name: _split_values(asked.get(word, "")) for name, word in SEVERAL.items()}
    return Filters(
        agencies=several["agencies"],
        countries=tuple(map(str.upper, several["countries"])),
        types=several["types"],
        roles=several["roles"],
        offences=several["offences"],
        years=tuple(int(year) for year in several["years"] if _YEAR.fullmatch(year)),
        goals=tuple(int(goal) for goal in _split_values(asked.get("goal", "")) if goal in GOALS),
        **days,
        open_only="open" in asked,
    )


def state_filters(filters: Filters) -> dict[str, str]:
    """The filters as an address states them: parse_filters reads the same."""
    several = {word: BETWEEN.join(map(str, getattr(filters, name))) for name, word in SEVERAL.items()}
    days = {word: getattr(filters, name) or "" for name, word in DAYS.items()}
    others = {"goal": BETWEEN.join(map(str, filters.goals)), "open": "1" if filters.open_only else ""}
    return {name: value for name, value in (several | days | others).items() if value}


def _split_values(stated: str) -> tuple[str, ...]:
    """The values that the address states of a filter, each once; more than any search may have are left out."""
    values = (value.strip() for value in stated.split(BETWEEN))
    return tuple(dict.fromkeys(filter(None, values)))[:MOST_VALUES]


FACET_WORDS: Final = {
    "countries": N_("Country"),
    "agencies": N_("Agency"),
    "types": N_("Type"),
    "roles": N_("Role"),
    "offences": N_("Offence"),
    "years": N_("Year opened"),
}


class FacetOrder:
    """Where the values of each facet stand while one question is narrowed: none that was there goes or moves.

    A value that nothing has any more stays in its place with a count of none.
    """

    def __init__(self) -> None:
        self._question = ""
        self._known: dict[str, list[str]] = {}

    def place(self, asked: Mapping[str, str], counts: FacetCounts) -> dict[str, list[FacetValue]]:
        """The values of each facet in their places; `asked` is what the address says, `counts` what is found now."""
        question = asked.get("q", "")
        if question != self._question or parse_filters(asked).empty:
            self._question, self._known = question, {}
        return {facet: self._place_facet(facet, asked, getattr(counts, facet)) for facet in FACETS}

    def _place_facet(self, facet: str, asked: Mapping[str, str], found: Sequence[FacetValue]) -> list[FacetValue]:
        counted = {one.value: one.count for one in found}
        chosen = _split_values(asked.get(SEVERAL[facet], ""))
        known = list(dict.fromkeys([*self._known.get(facet, ()), *counted, *chosen]))
        self._known[facet] = known
        return [FacetValue(value, counted.get(value, 0)) for value in known]


def draw_facets(words: Words, asked: Mapping[str, str], order: FacetOrder, counts: FacetCounts | None) -> None:
    """The menus, each value a link that chooses it or lets it go; `asked` is what the address says.

    All have their places: one that can't narrow is grey, as all are before they are counted (None).
    """
    values = order.place(asked, counts) if counts else {}
    with box("nav", "facets", aria_label=words("Narrow by")):
        for facet in FACETS:
            chosen = _split_values(asked.get(SEVERAL[facet], ""))
            if chosen or sum(1 for one in values.get(facet, ()) if one.count) > 1:
                _draw_facet(words, asked, facet, values.get(facet, []), chosen)
            else:
                name = words(FACET_WORDS[facet])
                text("button", name, "chip off", type="button", disabled=True, aria_disabled="true")
        if counts and not asked.get("q"):
            text("span", words.plural("{count} record in all", "{count} records in all", counts.cases), "small quiet")


def _draw_facet(
    words: Words, asked: Mapping[str, str], facet: str, values: list[FacetValue], chosen: tuple[str, ...]
) -> None:
    with box("div", "chip"), box("details", "menu"):
        with box("summary"):
            text("span", words(FACET_WORDS[facet]))
            if chosen:
                text("b", words.format_number(len(chosen)))
        with box("ul", "sheet"):
            for one in values:
                _draw_value(words, asked, facet, one, chosen)


def _draw_value(words: Words, asked: Mapping[str, str], facet: str, one: FacetValue, chosen: tuple[str, ...]) -> None:
    """A link; of a value that nothing has, and that is not chosen, its place."""
    is_chosen = one.value in chosen
    kept = [value for value in chosen if value != one.value] if is_chosen else [*chosen, one.value]
    rest = {name: value for name, value in asked.items() if name != SEVERAL[facet]}
    address = f"/search#{urlencode(rest | ({SEVERAL[facet]: BETWEEN.join(kept)} if kept else {}))}"
    leads = is_chosen or one.count
    way = {"href": address, "aria_current": "true" if is_chosen else None} if leads else {"aria_disabled": "true"}
    with box("li"), box("a", role=None if leads else "link", **way):
        text("span", _format_facet_value(words, facet, one.value), dir="auto")
        text("span", words.format_number(one.count), "count")


def _format_facet_value(words: Words, facet: str, value: str) -> str:
    """A value as a person reads it: a country's, type's or role's name, an offence with its code."""
    match facet:
        case "countries":
            return words.country_name(value)
        case "agencies":
            return words.agency_name(value)
        case "types":
            return words.label(TYPES, value)
        case "roles":
            return words.label(PARTS, value)
        case "offences":
            return format_offence(words, value)
        case _:
            return value


MOST_SHOWN: Final = 200
"""Characters of a question that a list shows: four lines of it."""


def draw_search_link(words: Words, question: str, filters: Filters, label: str = "", **attributes: Any) -> None:
    """The question, or before it what it is called, leads to the search with its filters; `attributes` are the link's.

    A search without words lists what its filters leave. A long question is shown by its beginning.
    """
    asked = question or words("Records by filter")
    if len(asked) > MOST_SHOWN:
        asked = f"{asked[:MOST_SHOWN]}…"
    with link("", question_address(state_filters(filters), question), **attributes):
        bidi_text(label or asked)
    if label:
        bidi_text(asked, "p", "small quiet")
    draw_filter_tags(words, filters)


def draw_filter_tags(words: Words, filters: Filters) -> None:
    """Each filter as a tag: "Country Belgium, France"."""
    if filters.empty:
        return
    with box("span", "row tags"):
        for name, values in _describe_filters(words, filters):
            with box("span", "tag wraps"):
                text("span", name, "quiet")
                text("span", values, dir="auto")


def _describe_filters(words: Words, filters: Filters) -> Iterator[tuple[str, str]]:
    for facet in FACETS:
        if values := getattr(filters, facet):
            said = ", ".join(_format_facet_value(words, facet, str(value)) for value in values)
            yield words(FACET_WORDS[facet]), said
    if filters.goals:
        yield words("Policing goal"), ", ".join(words(GOALS[str(goal)]) for goal in filters.goals)
    for field, word in DAY_WORDS.items():
        if day := getattr(filters, field):
            yield words(word), words.format_date(day)
    if filters.open_only:
        yield words("Open cases only"), ""
