"""Beside a received request: the own record that is asked for, and why it is linked to the asking agency's cases."""

from __future__ import annotations

from nicegui.element import Element

from pipeline.access.redaction import Row
from pipeline.api.services.request_evidence import RequestEvidenceAnswer, read_request_evidence
from pipeline.errors import LiaisonError
from pipeline.matching.basis import Basis
from pipeline.matching.explain.words import TYPES
from pipeline.web.addresses import case_path, link_path
from pipeline.web.components import states
from pipeline.web.components.badges import badge, draw_band, draw_basis
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.page import OpenPage


def draw_request_evidence(view: OpenPage, name: str, agency: str) -> None:
    """The record and its evidence, folded; read when somebody unfolds it."""

    async def unfold() -> None:
        if not shown.default_slot.children:
            await _show_evidence(view, name, agency, shown)

    with box("details", "more").on("toggle", unfold):
        text("summary", view.words("Our record and the evidence"), data_evidence="")
        shown = box("div", "stack")


async def _show_evidence(view: OpenPage, name: str, agency: str, shown: Element) -> None:
    try:
        found = await read_request_evidence(view.visit.new_session(), name)
    except LiaisonError as error:
        trouble = error

        async def again() -> None:
            shown.clear()
            await _show_evidence(view, name, agency, shown)

        with shown:
            states.draw_failure(view.words, trouble, again)
        return
    with shown:
        _draw_record(view, found.record)
        _draw_links(view, found, agency)


def _draw_record(view: OpenPage, record: Row) -> None:
    words = view.words
    with box("div", "stack close"):
        with link("", case_path(record["case"]), "strong", data_open=""):
            bidi_text(record["title"] or record["case"])
        for entity in record["entities"]:
            with box("span", "row small"):
                text("span", words.label(TYPES, entity["type"]), "quiet")
                bidi_text(entity["name"] or "–")


def _draw_links(view: OpenPage, found: RequestEvidenceAnswer, agency: str) -> None:
    """Links to the asking agency's cases; without one that the owner may know of, the request is all there is."""
    words = view.words
    if not found.links and not found.hits:
        text("p", words("No link to a case of {agency} that you may read.", agency=agency), "small quiet")
        return
    with box("ul", "stack close"):
        for row in found.links:
            with box("li", "stack close"):
                with box("span", "row"):
                    with link("", link_path(row["link_id"], found.record["case"]), data_open=""):
                        bidi_text(row["name"] or row["title"] or row["case"])
                    draw_basis(words, row["band"], shared=row["basis"] == Basis.SHARED)
                    text("span", row["case"], "code quiet small")
                bidi_text(row["summary"], "span", "small")
        for row in found.hits:
            with box("li", "row"):
                text("span", words("A record of {agency}", agency=row["agency"]))
                draw_band(words, row["band"])
                badge(words("Hit only"), "plain")
    if found.more:
        link(words("All links of our record"), case_path(found.record["case"]), "small")
