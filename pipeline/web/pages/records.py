"""Who was shown our records: when, for which purpose, in which form."""

from __future__ import annotations

from pipeline.access.redaction import Row
from pipeline.api.services.notices import AccessesAnswer, accesses
from pipeline.web.addresses import of_case
from pipeline.web.components import states
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.pager import AFTER, pager
from pipeline.web.components.panel import panel
from pipeline.web.components.table import Column, table
from pipeline.web.components.words_with_frames import tag
from pipeline.web.i18n import N_, Words
from pipeline.web.page import Page, Parameters, View
from pipeline.web.session import Visit
from pipeline.web.vocabulary import ACTS, FORMS, PURPOSES

LIMIT = 50
"""Accesses of one page."""


async def load(visit: Visit, parameters: Parameters) -> AccessesAnswer:
    """A page of accesses, latest first."""
    return await accesses(visit.session(), LIMIT, parameters.get(AFTER))


def draw(view: View, loaded: AccessesAnswer) -> None:
    """Show the accesses as a table."""
    words = view.words
    text("h1", words("Our records"))
    with panel(words("Who was shown them"), words("latest first"), tight=True):
        if loaded.accesses:
            table(words("Who was shown our records"), _columns(words), loaded.accesses)
        else:
            states.empty(words("Nobody was shown any yet"))
    pager(view, loaded.next)


def _columns(words: Words) -> list[Column[Row]]:
    return [
        Column(words("Time"), lambda row: text("time", words.moment(row["time"]), "nowrap", datetime=row["time"])),
        Column(words("Agency"), lambda row: text("span", row["agency"])),
        Column(words("Person"), lambda row: text("span", row["subject"] or "–")),
        Column(words("Act"), lambda row: text("span", words.of(ACTS, row["kind"]))),
        Column(words("Purpose"), lambda row: text("span", words.of(PURPOSES, row["purpose"]))),
        Column(words("Records"), lambda row: _shown(words, row)),
    ]


def _shown(words: Words, row: Row) -> None:
    with box("div", "stack"):
        for one in row["shown"]:
            with box("div", "row"):
                link(one["case"], of_case(one["case"]), "code", data_open="")
                tag(words.of(FORMS, one["form"]), "plain")


PAGE = Page("/records", N_("Our records"), "records", load, draw)
