"""Whom a notice is about: by name and case where its reader may read that, else that there is a record and whose."""

from __future__ import annotations

from typing import Final

from pipeline.access.redaction import Row
from pipeline.locale import N_
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import draw_caveat_badge
from pipeline.web.components.filter_panel import state_filters
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.names import draw_name
from pipeline.web.components.narrowed import read_filters
from pipeline.web.components.understood import question_address
from pipeline.web.i18n import Words

GLASS: Final = frozenset({"break_glass", "break_glass_request"})
"""Notices of break-glass. So are answers in a thread of its own, not named as the agency names the case."""

MOST_REASONS: Final = 3
"""Of what agrees, the strongest."""


def draw_notice_subject(words: Words, row: Row) -> None:
    """The record, with the way to it, to what was asked of its owner, or to where it can be asked for."""
    with box("div", "who-why"):
        if row["case"]:
            _draw_record(words, row, row.get("about") or {})
        elif row["reference"] and row["agency"] and not _is_thread(row):
            _draw_hidden(words, row)
        if row["disclosure"]:
            glass = row["kind"] in GLASS or not _is_thread(row)
            word, path = (N_("Emergency access"), "/break-glass") if glass else (N_("Access requests"), "/disclosures")
            link(words(word), path, data_open="" if not row["case"] else None)


def _is_thread(row: Row) -> bool:
    """Whether its reference stands for an own request, and for no record."""
    return bool(row["disclosure"]) and row["reference"] in (None, row["disclosure"])


def _draw_record(words: Words, row: Row, about: Row) -> None:
    with link("", case_path(row["case"]), "name", data_open=""):
        if about.get("name"):
            draw_name(about["name"], about["country"], classes="who")
        else:
            bidi_text(about.get("title") or row["case"])
    with box("p", "about"):
        if about.get("born"):
            text("span", words("born {date}", date=words.format_date(about["born"])))
        bidi_text(row["case"], "bdi", "code")
        if about.get("caveat"):
            draw_caveat_badge(words, row["case"].partition(":")[0], about["caveat"])
    if agreeing := ", ".join((about.get("agrees") or ())[:MOST_REASONS]):
        text("p", agreeing, "small quiet")


def _draw_hidden(words: Words, row: Row) -> None:
    """A hit-only record: that it is there, and the search in which its owner can be asked for it."""
    text("span", words("A record of {agency} you have no access to", agency=row["agency"]))
    if row["question"]:
        address = question_address(state_filters(read_filters(row["filters"])), row["question"])
        link(words("Request access"), address, "small", data_open="")
