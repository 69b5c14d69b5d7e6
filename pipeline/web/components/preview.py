"""The preview of a case in the side panel: its caveat, its links in number, and what people and things are known by.

It is a view of the record like any other: read for the viewer, recorded, and gone with the access to it. Of a hit-only
row the panel repeats what the row says, and asks the server nothing (static/rows.js).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.api.answers import CasePreview
from pipeline.api.services.links import preview_case
from pipeline.index.documents import AsSent
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.badges import draw_caveat, draw_handling_code
from pipeline.web.components.entity import WORDS, describe_entity, format_values, name_entity
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.tables import draw_facts
from pipeline.web.components.tabs import tab_address
from pipeline.web.components.values import draw_access_end, draw_name, draw_title
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage
from pipeline.web.page_events import read_event

ASKED: Final = "preview"
"""The event by which static/rows.js asks for the preview of a case."""

MOST_ENTITIES: Final = 8
"""People and things of one preview; all are on the case's page."""

MOST_VALUES: Final = 4
"""Values of one field."""

KNOWN_BY: Final = (
    "identifiers", "phones", "emails", "addresses", "plate", "vin", "number", "imei", "iban", "wallet", "imo", "serial",
    "full",
)  # fmt: skip
"""Fields of an entity that a preview shows, in this order."""


class _Asked(msgspec.Struct, frozen=True):
    """Which case's preview is asked for."""

    case: Annotated[str, Meta(max_length=512)]


class PreviewPanel:
    """The side panel of an open page; of several previews that were asked for it shows the last."""

    def __init__(self, view: OpenPage, place: Element) -> None:
        self._view, self._place = view, place

    def listen(self) -> None:
        """Answer the page's script."""
        self._view.listen(ASKED, self._open)

    def clear(self) -> None:
        """Take what is shown from the panel, and close it."""
        self._place.clear()
        self._view.call_script("closePreview")

    async def _open(self, event: GenericEventArguments) -> None:
        asked: _Asked = read_event(event, _Asked)
        is_last = self._view.begin(ASKED)
        words = self._view.words
        draw = await self._view.attempt(
            preview_case(self._view.visit.new_session(), asked.case),
            lambda found: _draw_preview(words, found),
            lambda trouble: states.draw_failure(words, trouble, lambda: self._open(event)),
        )
        if is_last():
            self._place.clear()
            with self._place:
                draw()
            self._view.call_script("previewShown", asked.case)


def _draw_preview(words: Words, found: CasePreview) -> None:
    row = found.case
    data: AsSent = row.data
    with box("div", "heading"):
        text("p", f"{words.country_name(row.country)} · {words.agency_name(row.agency)}", "trail")
        with box("h2"), link("", case_path(row.case)):
            draw_title(words, data.get("title") or data["case_id"])
        with box("p", "row small"):
            text("span", row.case, "code")
            if row.handling:
                draw_handling_code(words, row.handling.code)
    draw_caveat(words, row, data.get("language") or "")
    if row.access_until:
        draw_access_end(words, row.access_until)
    counted = words.plural("{count} link", "{count} links", found.links)
    draw_facts(
        [
            (words("Links"), lambda: link(counted, case_path(row.case) + tab_address("links"))),
            (words("Opened"), words.format_date(data["opened"]) if data.get("opened") else None),
        ]
    )
    entities = data.get("entities", ())
    for entity in entities[:MOST_ENTITIES]:
        _draw_entity(words, entity, row.country)
    if (rest := len(entities) - MOST_ENTITIES) > 0:
        text("p", words.plural("{count} more", "{count} more", rest), "small quiet")


def _draw_entity(words: Words, entity: AsSent, country: str) -> None:
    with box("section", "previewed"):
        draw_name(name_entity(words, entity), country, "h3")
        if about := describe_entity(words, entity):
            text("p", about, "quiet")
        facts = list(_list_facts(words, entity))
        if facts:
            draw_facts(facts)


def _list_facts(words: Words, entity: AsSent) -> Iterator[tuple[str, str]]:
    """What an entity is known by: identifiers, phones, addresses and numbers, each field on a line."""
    for field in KNOWN_BY:
        held = format_values(words, field, entity.get(field))
        if held:
            more = ["…"] if len(held) > MOST_VALUES else []
            yield words(WORDS[field]), " · ".join([*held[:MOST_VALUES], *more])
