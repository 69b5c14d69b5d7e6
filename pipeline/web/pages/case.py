"""One case: entities, grading, provenance, handling, links and timeline."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from pipeline.access.redaction import Row
from pipeline.api.services.cases import case
from pipeline.api.services.links import links
from pipeline.api.services.reviews import manual_links
from pipeline.locale import N_
from pipeline.web.addresses import of_deconfliction, of_entity, of_graph, of_visibility
from pipeline.web.components.by_hand import by_hand
from pipeline.web.components.entity import entity
from pipeline.web.components.links import links_table
from pipeline.web.components.markup import box, foreign, link, text
from pipeline.web.components.panel import facts, panel
from pipeline.web.components.timeline import timeline
from pipeline.web.components.words_with_frames import handling_code, tag
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
        case(visit.session(), key), links(visit.session(), key, LINKS), manual_links(visit.session(), key)
    )
    return CasePageData(found.case, linked.links, linked.next is not None, made.links)


def draw(view: OpenPage, loaded: CasePageData) -> None:
    """Show the case."""
    words, row = view.words, loaded.case
    _heading(words, row)
    if row["caveat"]:
        with box("p", "notice", role="note"):
            text("strong", words("Owner's caveat: "))
            foreign(row["caveat"])
    with box("div", "columns"):
        with box("div"):
            shown = words("{count} strongest", count=LINKS) if loaded.more else words("strongest first")
            with panel(words("Links"), shown, tight=True):
                links_table(view, row["case"], loaded.links)
            _entities(words, row)
            with panel(words("Timeline")):
                timeline(words, row)
        with box("div"):
            _handling(words, row, own=_is_own(view.visit, row))
            _record(words, row)
            with panel(words("Links added by hand")):
                by_hand(view, row["case"], loaded.by_hand)
            _provenance(words, row)


def _heading(words: Words, row: Row) -> None:
    data: Row = row["data"]
    status: str = row["status"]
    with box("div", "heading"):
        text("p", f"{words.country(row['country'])} · {row['agency']}", "trail")
        with box("div", "row apart"):
            foreign(data.get("title") or data["case_id"], "h1")
            with box("div", "row"):
                link(words("Network"), of_graph(row["case"], 2), "button slight")
                if any(one["type"] == "event" for one in data.get("entities", ())):
                    link(words("Same place and time"), of_deconfliction(row["case"]), "button slight")
        with box("p", "row small"):
            text("span", row["case"], "code")
            tag(words.of(STATUSES, status), "plain")
            text("span", words("version {number}", number=row["version"]), "quiet")
            for offence in data.get("offences", ()):
                tag(f"{offence['scheme']} {offence['code']}")
    if data.get("summary"):
        foreign(data["summary"], "p")


def _entities(words: Words, row: Row) -> None:
    held = row["data"].get("entities", [])
    with panel(words.plural("{count} entity", "{count} entities", len(held)), tight=True):
        for one in held:
            entity(words, one, of_entity(row["case"], one["id"]))


def _is_own(visit: Visit, row: Row) -> bool:
    return visit.requester is not None and visit.requester.agency == row["agency"]


def _handling(words: Words, row: Row, *, own: bool) -> None:
    handling = row["handling"] or {}
    with panel(words("Handling")):
        facts(
            [
                (words("Code"), lambda: handling_code(words, handling.get("code", "H0"))),
                (words("Released to"), _countries(words, handling.get("releasable_to", ()))),
                (words("Purposes"), ", ".join(words.of(PURPOSES, one) for one in handling.get("purposes", ()))),
                (words("Kept until"), words.day(row["retain_until"]) if row["retain_until"] else None),
            ]
        )
        if own:
            link(words("Who has access"), of_visibility(row["case"]), "button slight")


def _countries(words: Words, codes: list[str]) -> str:
    return words("Every country") if "*" in codes else ", ".join(words.country(code) for code in codes)


def _record(words: Words, row: Row) -> None:
    data, contact = row["data"], row["contact"] or {}
    grading = data.get("evaluation") or {}
    with panel(words("Source grading and contact")):
        graded = f"{grading['source']}{grading['information']} ({grading['scheme']})" if grading else ""
        facts(
            [
                (words("Source, information"), graded),
                (words("Opened"), words.day(data["opened"]) if data.get("opened") else None),
                (words("Closed"), words.day(data["closed"]) if data.get("closed") else None),
                (words("Unit"), contact.get("unit")),
                (words("E-mail"), contact.get("email")),
                (words("Phone"), contact.get("phone")),
                (words("Policing goals"), ", ".join(map(str, data.get("policing_goals", ())))),
            ]
        )


def _provenance(words: Words, row: Row) -> None:
    came = row["provenance"] or {}
    with panel(words("Provenance")):
        facts(
            [
                (words("Received"), words.moment(came["ingested_at"]) if came.get("ingested_at") else None),
                (words("Position"), _position(came.get("position"))),
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


def _position(position: Any) -> str | None:
    if isinstance(position, dict):
        return f"{position['topic']} {position['partition']}:{position['offset']}"
    return str(position) if position else None


PAGE = Page("/cases/{key:path}", N_("Case"), "search", load, draw)
