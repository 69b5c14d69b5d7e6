"""The links of a case: the own person or thing left, whom it is linked to right; narrowed, and in pages by number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final

import htpy

from pipeline.access.redaction import Row
from pipeline.api.services.case_links import MOST, CaseLinkFilter, CaseLinksAnswer, list_case_links
from pipeline.api.services.reviews import list_manual_links
from pipeline.locale import N_
from pipeline.matching.bands import Band
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, COLOURS
from pipeline.web.components.entity import Raw, describe_entity, name_entity
from pipeline.web.components.hits import draw_hit
from pipeline.web.components.linked_row import render_linked_row
from pipeline.web.components.manual_links import draw_manual_links
from pipeline.web.components.markup import box, link, static_html, text
from pipeline.web.components.names import render_name
from pipeline.web.components.numbered_pages import NumberedPage, draw_page_links, parse_page, select_page
from pipeline.web.components.panel import panel
from pipeline.web.components.tabs import Drawer, tab_address
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Parameters
from pipeline.web.session import Visit

LINKS: Final = "links"
"""The tab."""

LISTED: Final = 25
"""Links of one page: they fit three screens; of a phone where each own entity has several of them."""

WHOLE: Final = "whole"
"""The parameter of an address that asks for up to MOST links on one page, which is how all are printed."""

FILTERS: Final = ("entity", "band", "colour", "country")
"""The parameters of an address."""

FEW: Final = 10
"""So many links need no filters."""

NO_LINKS = N_("No links you have access to")


async def load_links(visit: Visit, parameters: Parameters, row: Row) -> Drawer:
    """The tab of the links, with those made by hand."""
    wanted = parse_link_filter(parameters)
    found, made = await asyncio.gather(
        list_case_links(
            visit.new_session(), row["case"], wanted, parse_page(parameters.get("page", "")), _page_size(parameters)
        ),
        list_manual_links(visit.new_session(), row["case"]),
    )
    return partial(_draw_links, row=row, found=found, made=made.links, place=parameters)


def parse_link_filter(parameters: Parameters) -> CaseLinkFilter:
    """What an address narrows to; what makes no sense in it narrows nothing."""
    band, colour = parameters.get("band", ""), parameters.get("colour", "")
    return CaseLinkFilter(
        band=Band(band) if band in BAND_LABELS else Band.NONE,
        entity=parameters.get("entity", ""),
        country=parameters.get("country", "").upper(),
        colour=colour if colour in COLOURS else "",
    )


def _draw_links(view: OpenPage, row: Row, found: CaseLinksAnswer, made: Sequence[Row], place: Parameters) -> None:
    words = view.words
    own = {entity["id"]: entity for entity in row["data"].get("entities", ())}
    narrowed = {name: place[name] for name in FILTERS if place.get(name)}
    if found.whole > FEW or narrowed:
        _draw_filters(words, found, own, narrowed)
    if found.links:
        size = _page_size(place)
        page = select_page(found.page, found.kept, size)
        with panel(words("Links"), _format_extent(words, found, page), tight=True):
            _draw_groups(view, row, found, own)
        draw_page_links(words, LINKS, page, **narrowed, **({WHOLE: "1"} if size == MOST else {}))
        if page.pages > 1 and size == LISTED:
            with box("p", "row pages"):
                most = words.format_number(min(found.kept, MOST))
                whole = words("{count} links on one page, to print", count=most)
                link(whole, tab_address(LINKS, **narrowed, **{WHOLE: "1"}), "small")
    elif narrowed:
        states.draw_empty(words("No links match these filters"))
    else:
        draw_no_links(words)
    with panel(words("Links added by hand")):
        draw_manual_links(view, row["case"], made)


def draw_no_links(words: Words) -> None:
    """That a case has none that its reader may see."""
    hint = words("Links appear here as soon as a record from another country matches.")
    states.draw_empty(words(NO_LINKS), hint)


def _page_size(place: Parameters) -> int:
    return MOST if place.get(WHOLE) else LISTED


def _format_extent(words: Words, found: CaseLinksAnswer, page: NumberedPage) -> str:
    """How many of the links are here: on paper nothing else tells that there are others."""
    if page.pages > 1:
        first, last, kept = (words.format_number(number) for number in (page.first + 1, page.last, found.kept))
        return words("links {first} to {last} of {kept}", first=first, last=last, kept=kept)
    if found.kept < found.whole:
        kept, whole = words.format_number(found.kept), words.format_number(found.whole)
        return words("{kept} of {whole} links", kept=kept, whole=whole)
    return words.plural("{count} link", "{count} links", found.whole)


def _draw_groups(view: OpenPage, case: Row, found: CaseLinksAnswer, own: Mapping[str, Raw]) -> None:
    words = view.words
    full = [row for row in found.links if not row["hit"]]
    static_html(_render_groups(words, case, full, own, found.entities), "div", "linked")
    draw_hits(view, case["case"], [row for row in found.links if row["hit"]])


def draw_hits(view: OpenPage, case: str, rows: Sequence[Row]) -> None:
    """Links of which the other side is only a hit."""
    if rows:
        text("h3", view.words("Restricted matches (hit only)"), "onward")
        with box("ol", "results"):
            for row in rows:
                draw_hit(view, row["hit"] | {"band": row["band"]}, case)


def _render_groups(
    words: Words, case: Row, rows: Iterable[Row], own: Mapping[str, Raw], counts: Mapping[str, int]
) -> Iterator[htpy.Element]:
    for entity, held in groupby(rows, key=lambda row: row["entity"]):
        yield htpy.section[
            _render_own(words, own.get(entity), case["country"], counts.get(entity, 0)),
            htpy.ul[(render_linked_row(words, case["case"], row) for row in held)],
        ]


def _render_own(words: Words, raw: Raw | None, country: str, count: int) -> htpy.Element:
    """The own entity that links are about: its name leads to it, the number of its links to all of them."""
    if raw is None:
        return htpy.div
    tab = "people" if raw["type"] == "person" else "things"
    return htpy.div[
        htpy.h3[htpy.a(href=tab_address(tab, entity=raw["id"]))[render_name(name_entity(words, raw), country)]],
        htpy.p(".quiet")[describe_entity(words, raw)],
        htpy.a(href=tab_address(LINKS, entity=raw["id"]))[words.plural("{count} link", "{count} links", count)],
    ]


def _draw_filters(words: Words, found: CaseLinksAnswer, own: Mapping[str, Raw], narrowed: Mapping[str, str]) -> None:
    named = ((name, f"{name_entity(words, own[name])} ({words.format_number(count)})")
             for name, count in found.entities.items() if name in own)  # fmt: skip
    bands = ((band.value, words(word)) for band, (_, word) in BAND_LABELS.items())
    colours = ((colour, words(word)) for colour, word in COLOURS.items())
    countries = ((code, words.country_name(code)) for code in found.countries)
    with box("form", "filters", data_within=LINKS, aria_label=words("Filters")):
        for word, name, options in (
            (words("Person or thing"), "entity", sorted(named, key=lambda option: option[1].casefold())),
            (words("Band"), "band", bands),
            (words("Review"), "colour", colours),
            (words("Country"), "country", sorted(countries, key=lambda option: option[1])),
        ):
            _draw_choice(words, word, name, options, narrowed.get(name, ""))
        text("button", words("Apply"), "button", type="submit")
        if narrowed:
            link(words("Remove filters"), tab_address(LINKS), "button slight")


def _draw_choice(words: Words, word: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> None:
    with box("p", "field"):
        text("label", word, for_=f"within-{name}")
        choices = (("", words("Any")), *options)
        shown = (htpy.option(value=value, selected=value == chosen)[said] for value, said in choices)
        static_html(shown, "select", id=f"within-{name}", name=name)
