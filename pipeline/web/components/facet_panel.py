"""The facets of a search: each a menu of values with their counts, of which several can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from pipeline.index.facets import FacetCounts, FacetValue
from pipeline.index.filters import FACETS
from pipeline.locale import N_
from pipeline.matching.explain.words import TYPES
from pipeline.web.components.filter_panel import BETWEEN, SEVERAL, split_values
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.offences import format_offence
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import PARTS

FACET_WORDS: Final = {
    "countries": N_("Country"),
    "agencies": N_("Agency"),
    "types": N_("Type"),
    "roles": N_("Role"),
    "offences": N_("Offence"),
    "years": N_("Year opened"),
}


def draw_facets(words: Words, asked: Mapping[str, str], counts: FacetCounts) -> None:
    """The menus, each value a link that chooses it or lets it go; `asked` is what the address says."""
    chosen = {facet: split_values(asked.get(SEVERAL[facet], "")) for facet in FACETS}
    with box("nav", "facets", aria_label=words("Narrow by")):
        for facet in FACETS:
            values = list(getattr(counts, facet))
            values += [FacetValue(one, 0) for one in chosen[facet] if one not in {held.value for held in values}]
            if len(values) > 1 or chosen[facet]:
                _draw_facet(words, asked, facet, values, chosen[facet])
        if any(chosen.values()):
            rest = {name: value for name, value in asked.items() if name not in SEVERAL.values()}
            link(words("Clear"), f"/search#{urlencode(rest)}", "small")
        if not asked.get("q"):
            text("span", words.plural("{count} record in all", "{count} records in all", counts.cases), "small quiet")


def _draw_facet(
    words: Words, asked: Mapping[str, str], facet: str, values: list[FacetValue], chosen: tuple[str, ...]
) -> None:
    with box("div", "chip"), box("details", "menu"):
        with box("summary"):
            text("span", words(FACET_WORDS[facet]))
            if chosen:
                text("b", ", ".join(format_facet_value(words, facet, value) for value in chosen))
        with box("ul", "sheet"):
            for one in values:
                _draw_value(words, asked, facet, one, chosen)


def _draw_value(words: Words, asked: Mapping[str, str], facet: str, one: FacetValue, chosen: tuple[str, ...]) -> None:
    is_chosen = one.value in chosen
    kept = [value for value in chosen if value != one.value] if is_chosen else [*chosen, one.value]
    with box("li"), link("", _address(asked, facet, kept), aria_current="true" if is_chosen else None):
        text("span", format_facet_value(words, facet, one.value), dir="auto")
        text("span", words.format_number(one.count), "count")


def _address(asked: Mapping[str, str], facet: str, values: list[str]) -> str:
    name = SEVERAL[facet]
    rest = {other: value for other, value in asked.items() if other != name}
    return f"/search#{urlencode(rest | ({name: BETWEEN.join(values)} if values else {}))}"


def format_facet_value(words: Words, facet: str, value: str) -> str:
    """A value as a person reads it: a country's, type's or role's name, an offence with its code."""
    match facet:
        case "countries":
            return words.country_name(value)
        case "types":
            return words.label(TYPES, value)
        case "roles":
            return words.label(PARTS, value)
        case "offences":
            return format_offence(words, value)
        case _:
            return value
