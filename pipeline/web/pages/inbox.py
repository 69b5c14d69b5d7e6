"""The inbox: links of our own cases that nobody of us has judged, by band, strongest first."""

from __future__ import annotations

from pipeline.access.redaction import Row
from pipeline.api.services.inbox import inbox
from pipeline.matching.wording import bits
from pipeline.web.addresses import of_link
from pipeline.web.components import states
from pipeline.web.components.assignment import assignment
from pipeline.web.components.markup import foreign, link, text
from pipeline.web.components.numbers import probability
from pipeline.web.components.panel import panel
from pipeline.web.components.table import Column, table
from pipeline.web.components.words_with_frames import BANDS, band
from pipeline.web.i18n import N_
from pipeline.web.page import Page, Parameters, View
from pipeline.web.session import Visit

LIMIT = 100


async def load(visit: Visit, _: Parameters) -> tuple[Row, ...]:
    """What is to be judged."""
    return (await inbox(visit.session(), limit=LIMIT)).links


def draw(view: View, rows: tuple[Row, ...]) -> None:
    """A table for each band."""
    words = view.words
    text("h1", words("Inbox"))
    if not rows:
        states.empty(words("Nothing awaits a judgement"), words("New links of your agency's cases come here."))
    for name, (_, word) in BANDS.items():
        if of_band := [row for row in rows if row["band"] == name]:
            count = words.plural("{count} link", "{count} links", len(of_band))
            with panel(words(word), count, tight=True):
                table(words(word), _columns(view), of_band)


def _columns(view: View) -> list[Column[Row]]:
    words = view.words
    return [
        Column(words("Our record"), lambda row: _record(row, "a")),
        Column(words("Other side"), lambda row: _record(row, "b")),
        Column(words("Band"), lambda row: band(words, row["band"])),
        Column(words("Assigned to"), lambda row: assignment(view, row)),
        Column(words("Probability"), lambda row: text("span", probability(words, row["probability"])), "number"),
        Column(words("Bits"), lambda row: text("span", bits(row["score"], words.language)), "number"),
    ]


def _record(row: Row, side: str) -> None:
    if side == "a":
        with link("", of_link(row["link_id"], row["case_a"]), data_open=""):
            foreign(row["title_a"] or row["case_a"])
    else:
        foreign(row["title_b"] or row["case_b"])
    text("div", row[f"case_{side}"], "quiet small code")


PAGE = Page("/inbox", N_("Inbox"), "inbox", load, draw)
