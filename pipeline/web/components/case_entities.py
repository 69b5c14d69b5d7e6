"""The people of a case, or its things, as rows that unfold, in pages by number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pipeline.access.redaction import Row
from pipeline.web.addresses import entity_path
from pipeline.web.components import states
from pipeline.web.components.entity import Raw, render_entity
from pipeline.web.components.markup import static_html
from pipeline.web.components.numbered_pages import draw_page_links, parse_page, select_page
from pipeline.web.components.panel import panel
from pipeline.web.components.relations import RelatedEntities
from pipeline.web.components.tabs import Drawer
from pipeline.web.page import OpenPage, Parameters
from pipeline.web.session import Visit

LISTED = 40
"""Rows of one page: with them folded it fits three screens."""

UNFOLDED = 4
"""A page with no more rows than this shows them unfolded."""

PEOPLE, THINGS = "people", "things"


def people_of(row: Row) -> list[Raw]:
    """The people of a case, in its own order."""
    return [entity for entity in row["data"].get("entities", ()) if entity["type"] == "person"]


def things_of(row: Row) -> list[Raw]:
    """Everything of a case that is no person, the same types together."""
    things = [entity for entity in row["data"].get("entities", ()) if entity["type"] != "person"]
    return sorted(things, key=lambda entity: str(entity["type"]))


async def load_people(_: Visit, parameters: Parameters, row: Row) -> Drawer:
    """The tab of the people."""
    return partial(_draw_entities, tab=PEOPLE, row=row, held=people_of(row), place=parameters)


async def load_things(_: Visit, parameters: Parameters, row: Row) -> Drawer:
    """The tab of everything else."""
    return partial(_draw_entities, tab=THINGS, row=row, held=things_of(row), place=parameters)


def _draw_entities(view: OpenPage, tab: str, row: Row, held: Sequence[Raw], place: Parameters) -> None:
    words, sought = view.words, place.get("entity", "")
    if not held:
        nobody = words("No people in this record") if tab == PEOPLE else words("No things in this record")
        states.draw_empty(nobody)
        return
    at = next((at for at, entity in enumerate(held) if entity["id"] == sought), None)
    page = select_page(parse_page(place.get("page", "")) if at is None else at // LISTED + 1, len(held), LISTED)
    related = RelatedEntities(words, row["data"], row["country"])
    title = words("People") if tab == PEOPLE else words("Things")
    with panel(title, words.plural("{count} entity", "{count} entities", len(held)), tight=True):
        static_html(
            render_entity(
                words,
                entity,
                row["country"],
                entity_path(row["case"], entity["id"]),
                related.render(entity["id"]),
                unfolded=len(held) <= UNFOLDED or entity["id"] == sought,
            )
            for entity in held[page.first : page.last]
        )
    draw_page_links(words, tab, page)
    if at is not None:
        view.call_script("reveal", f"entity-{sought}")
