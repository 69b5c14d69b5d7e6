"""A case as its agency sent it: grading, contact, handling, where it came from, and the agency's own fields."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.access.redaction import Row
from pipeline.locale import N_
from pipeline.web.addresses import visibility_path
from pipeline.web.components.badges import draw_handling_code
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.panel import draw_facts, panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES

SIGNATURE_DOUBTS = {
    "unsigned": N_(
        "This version is not signed, though its agency signs its records. Check with it before you rely on this."
    ),
    "bad_signature": N_(
        "The signature is not its agency's, or not for this record. Check with it before you rely on this."
    ),
}
"""What is said of a case whose signature the server did not find good, by its verdict."""


def draw_record(view: OpenPage, row: Row) -> None:
    """All of it."""
    words = view.words
    with box("div", "halves"):
        with box("div", "stack"):
            draw_handling(words, row, own=is_own(view.visit, row))
            _draw_extensions(words, row)
        with box("div", "stack"):
            _draw_grading(words, row)
            _draw_provenance(words, row)


def draw_signature_doubt(words: Words, row: Row) -> None:
    """That a case's signature was not found good, where it was not."""
    if doubt := SIGNATURE_DOUBTS.get(row["signature_verdict"]):
        text("p", words(doubt), "notice bad")


def is_own(visit: Visit, row: Row) -> bool:
    """Whether a case is of the viewer's agency."""
    return visit.requester is not None and visit.requester.agency == row["agency"]


def draw_handling(words: Words, row: Row, *, own: bool) -> None:
    """Who may see the case; `own`: with the way to who has access."""
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
        for warning in row["warnings"] or ():
            with box("p", "notice"):
                text("span", f"{warning['message']} ({warning['pointer']})")


def _format_position(position: Any) -> str | None:
    if isinstance(position, dict):
        return f"{position['topic']} {position['partition']}:{position['offset']}"
    return str(position) if position else None


def _draw_extensions(words: Words, row: Row) -> None:
    held: dict[str, Any] = row["data"].get("extensions") or {}
    if held:
        with panel(words("Agency's own fields")):
            draw_facts([(name, _format_extension(value)) for name, value in sorted(held.items())])


def _format_extension(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
