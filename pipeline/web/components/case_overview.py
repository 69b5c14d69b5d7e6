"""What one wants to know of a case first: what it is about, who and what is in it, and its strongest links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import htpy

from pipeline.access.redaction import Row
from pipeline.api.services.case_links import CaseLinksAnswer, list_case_links
from pipeline.web.components.case_entities import PEOPLE, THINGS, people_of, things_of
from pipeline.web.components.case_links import LINKS, draw_hits, draw_no_links
from pipeline.web.components.case_record import draw_handling, is_own
from pipeline.web.components.entity import Raw, describe_entity, name_entity
from pipeline.web.components.linked_row import render_linked_row
from pipeline.web.components.markup import bidi_text, box, link, static_html
from pipeline.web.components.names import render_name
from pipeline.web.components.panel import draw_facts, panel
from pipeline.web.components.tabs import Drawer, tab_address
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Parameters
from pipeline.web.session import Visit

STRONGEST = 5
"""Links that are named here; all are in their tab."""

NAMED = 8
"""People, and as many things."""


async def load_overview(visit: Visit, _: Parameters, row: Row) -> Drawer:
    """The first tab."""
    found = await list_case_links(visit.new_session(), row["case"], size=STRONGEST, by_entity=False)
    return partial(_draw_overview, row=row, found=found)


def _draw_overview(view: OpenPage, row: Row, found: CaseLinksAnswer) -> None:
    words = view.words
    with box("div", "columns"):
        with box("div"):
            if row["data"].get("summary"):
                bidi_text(row["data"]["summary"], "p")
            _draw_strongest(view, row, found)
            _draw_named(words, PEOPLE, people_of(row), row["country"])
            _draw_named(words, THINGS, things_of(row), row["country"])
        with box("div"):
            draw_handling(words, row, own=is_own(view.visit, row))
            _draw_dates(words, row)


def _draw_strongest(view: OpenPage, row: Row, found: CaseLinksAnswer) -> None:
    words = view.words
    own = {entity["id"]: entity for entity in row["data"].get("entities", ())}
    with panel(words("Links"), words("strongest first"), tight=True):
        if not found.links:
            draw_no_links(words)
        full = [link for link in found.links if not link["hit"]]
        static_html((_render_link(words, row, link, own) for link in full), "ul", "linked")
        draw_hits(view, row["case"], [link for link in found.links if link["hit"]])
        if found.pages > 1:
            with box("p", "onward"):
                link(words("All {count} links", count=words.format_number(found.whole)), tab_address(LINKS))


def _render_link(words: Words, case: Row, row: Row, own: Mapping[str, Raw]) -> htpy.Element:
    entity = own.get(row["entity"])
    named = render_name(name_entity(words, entity), case["country"]) if entity else None
    return render_linked_row(words, case["case"], row, named)


def _draw_named(words: Words, tab: str, held: Sequence[Raw], country: str) -> None:
    if not held:
        return
    title = words("People") if tab == PEOPLE else words("Things")
    with panel(title, words.plural("{count} entity", "{count} entities", len(held)), tight=True):
        static_html((_render_named(words, tab, entity, country) for entity in held[:NAMED]), "ul", "named")
        if len(held) > NAMED:
            with box("p", "onward"):
                link(words("Show all"), tab_address(tab))


def _render_named(words: Words, tab: str, raw: Raw, country: str) -> htpy.Element:
    return htpy.li[
        htpy.a(href=tab_address(tab, entity=raw["id"]))[render_name(name_entity(words, raw), country)],
        htpy.span(".quiet")[describe_entity(words, raw)],
    ]


def _draw_dates(words: Words, row: Row) -> None:
    data, contact = row["data"], row["contact"] or {}
    facts = [
        (words("Opened"), words.format_date(data["opened"]) if data.get("opened") else None),
        (words("Closed"), words.format_date(data["closed"]) if data.get("closed") else None),
        (words("Unit"), contact.get("unit")),
        (words("E-mail"), contact.get("email")),
        (words("Phone"), contact.get("phone")),
    ]
    if any(value for _, value in facts):
        with panel(words("Dates and contact")):
            draw_facts(facts)
