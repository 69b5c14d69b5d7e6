"""One case: entities, grading, provenance, handling, links and timeline."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from pipeline.access.redaction import Row
from pipeline.api.services.cases import read_case
from pipeline.api.services.links import list_links
from pipeline.api.services.reviews import list_manual_links
from pipeline.locale import N_
from pipeline.web.addresses import deconfliction_path, entity_path, graph_path, visibility_path
from pipeline.web.components.badges import badge, draw_handling_code
from pipeline.web.components.entity import draw_entity
from pipeline.web.components.links import draw_links_table
from pipeline.web.components.manual_links import draw_manual_links
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.offences import draw_offences
from pipeline.web.components.panel import draw_facts, panel
from pipeline.web.components.timeline import draw_timeline
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES, STATUSES

LINKS = 50

SIGNATURE_DOUBTS = {
    "unsigned": N_(
        "This version is not signed, though its agency signs its records. Check with it before you rely on this."
    ),
    "bad_signature": N_(
        "The signature is not its agency's, or not for this record. Check with it before you rely on this."
    ),
}
"""What is said of a case whose signature the server did not find good, by its verdict."""


class CasePageData(NamedTuple):
    """A case, its links and those made by hand, each as it may be shown; `more` where there are further links."""

    case: Row
    links: tuple[Row, ...]
    more: bool
    by_hand: tuple[Row, ...]


async def load(visit: Visit, parameters: Parameters) -> CasePageData:
    """Read the case and its links. Raises NotFoundError."""
    key = parameters["key"]
    found, linked, made = await asyncio.gather(
        read_case(visit.new_session(), key),
        list_links(visit.new_session(), key, LINKS),
        list_manual_links(visit.new_session(), key),
    )
    return CasePageData(found.case, linked.links, linked.next is not None, made.links)


def draw(view: OpenPage, loaded: CasePageData) -> None:
    """Show the case."""
    words, row = view.words, loaded.case
    _draw_heading(words, row)
    if row["caveat"]:
        with box("p", "notice", role="note"):
            text("strong", words("Owner's caveat: "))
            bidi_text(row["caveat"])
    with box("div", "columns"):
        with box("div"):
            shown = words("{count} strongest", count=LINKS) if loaded.more else words("strongest first")
            with panel(words("Links"), shown, tight=True):
                draw_links_table(view, row["case"], loaded.links)
            _draw_entities(words, row)
            with panel(words("Timeline")):
                draw_timeline(words, row)
        with box("div"):
            _draw_handling(words, row, own=_is_own(view.visit, row))
            _draw_grading(words, row)
            with panel(words("Links added by hand")):
                draw_manual_links(view, row["case"], loaded.by_hand)
            _draw_provenance(words, row)


def _draw_heading(words: Words, row: Row) -> None:
    data: Row = row["data"]
    status: str = row["status"]
    with box("div", "heading"):
        text("p", f"{words.country_name(row['country'])} · {row['agency']}", "trail")
        with box("div", "row apart"):
            bidi_text(data.get("title") or data["case_id"], "h1")
            with box("div", "row"):
                link(words("Network"), graph_path(row["case"], 2), "button slight")
                if any(entity["type"] == "event" for entity in data.get("entities", ())):
                    link(words("Same place and time"), deconfliction_path(row["case"]), "button slight")
        with box("p", "row small"):
            text("span", row["case"], "code")
            badge(words.label(STATUSES, status), "plain")
            text("span", words("version {number}", number=row["version"]), "quiet")
            draw_offences(words, data.get("offences", ()))
    if data.get("summary"):
        bidi_text(data["summary"], "p")


def _draw_entities(words: Words, row: Row) -> None:
    held = row["data"].get("entities", [])
    with panel(words.plural("{count} entity", "{count} entities", len(held)), tight=True):
        for entity in held:
            draw_entity(words, entity, entity_path(row["case"], entity["id"]), row["country"])


def _is_own(visit: Visit, row: Row) -> bool:
    return visit.requester is not None and visit.requester.agency == row["agency"]


def _draw_handling(words: Words, row: Row, *, own: bool) -> None:
    handling = row["handling"] or {}
    with panel(words("Handling")):
        draw_facts(
            [
                (words("Code"), lambda: draw_handling_code(words, handling.get("code", "H0"))),
                (words("Released to"), _format_countries(words, handling.get("releasable_to", ()))),
                (
                    words("Purposes"),
                    ", ".join(words.label(PURPOSES, purpose) for purpose in handling.get("purposes", ())),
                ),
                (words("Kept until"), words.format_date(row["retain_until"]) if row["retain_until"] else None),
            ]
        )
        if own:
            link(words("Who has access"), visibility_path(row["case"]), "button slight")


def _format_countries(words: Words, codes: list[str]) -> str:
    return words("Every country") if "*" in codes else ", ".join(words.country_name(code) for code in codes)


def _draw_grading(words: Words, row: Row) -> None:
    data, contact = row["data"], row["contact"] or {}
    grading = data.get("evaluation") or {}
    with panel(words("Source grading and contact")):
        graded = f"{grading['source']}{grading['information']} ({grading['scheme']})" if grading else ""
        draw_facts(
            [
                (words("Source, information"), graded),
                (words("Opened"), words.format_date(data["opened"]) if data.get("opened") else None),
                (words("Closed"), words.format_date(data["closed"]) if data.get("closed") else None),
                (words("Unit"), contact.get("unit")),
                (words("E-mail"), contact.get("email")),
                (words("Phone"), contact.get("phone")),
                (words("Policing goals"), ", ".join(map(str, data.get("policing_goals", ())))),
            ]
        )


def _draw_provenance(words: Words, row: Row) -> None:
    came = row["provenance"] or {}
    with panel(words("Provenance")):
        draw_facts(
            [
                (words("Received"), words.format_minute(came["ingested_at"]) if came.get("ingested_at") else None),
                (words("Position"), _format_position(came.get("position"))),
                (words("Schema"), came.get("schema_version")),
                (words("Content"), (came.get("content_hash") or "")[:16]),
                (words("Signature"), words("valid, by its agency") if row["signature_verdict"] == "good" else None),
                (words("Model"), came.get("generation")),
            ]
        )
        if doubt := SIGNATURE_DOUBTS.get(row["signature_verdict"]):
            text("p", words(doubt), "notice bad")
        for warning in row["warnings"] or ():
            with box("p", "notice"):
                text("span", f"{warning['message']} ({warning['pointer']})")


def _format_position(position: Any) -> str | None:
    if isinstance(position, dict):
        return f"{position['topic']} {position['partition']}:{position['offset']}"
    return str(position) if position else None


PAGE = Page("/cases/{key:path}", N_("Case"), "search", load, draw)
