"""A link as one row: who the other side is, what agrees, whose record it is, how sure it is.

`render_row` is a link to review in the inbox; `draw_link_rows` are the links of a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import htpy

from pipeline.api.answers import CaseLinkRow, InboxRow, LinkSide
from pipeline.api.services.export_words import COLOURS
from pipeline.locale import N_
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.web.addresses import link_path
from pipeline.web.components.badges import render_band, render_caveat_badge, render_colour
from pipeline.web.components.rows import (
    Cell,
    SortableRow,
    SortColumn,
    draw_rows,
    link_mark,
    render_preview_button,
    row_marks,
)
from pipeline.web.components.values import format_title, render_bits, render_name, render_percent, render_title
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import REVIEWS

AGES = {"day": (None, 24), "week": (None, 7 * 24), "older": (7 * 24, None)}
"""By name at least and at most how many hours."""

MOST_REASONS = 4
"""Of what agrees, the strongest: colour and make add nothing to a chassis number."""

HOURS_A_DAY = 24
MOST_HOURS = 48
"""From here on an age is told in days."""


def name_thing(words: Words, side: LinkSide) -> tuple[str, str]:
    """A side's person or thing as people name it, and its year of birth: "Anastasia Ouarzazi" and ", 1976"."""
    born = (side.born or "")[:4]
    return side.name or format_title(words, side.title or side.case), f", {born}" if born else ""


def render_row(words: Words, row: InboxRow, now: datetime, who: str) -> htpy.Element:
    """One row as `who` sees it; static/triage.js reviews by what its attributes say."""
    own, other = row.side(own=True), row.side(own=False)
    name, born = name_thing(words, other)
    alone = row.band == Band.POSSIBLE
    age = _format_age(words, row.received, now)
    return htpy.li(
        **row_marks(link_mark(row.link_id), other.case),
        data_link=row.link_id,
        data_seen=row.own_review or "",
        data_alone="1" if alone else None,
        data_reason_for=" ".join(row.reason_for),
    )[
        htpy.input(type="checkbox", data_pick="", aria_label=words("Select {name}", name=name + born), disabled=alone),
        htpy.a(href=link_path(row.link_id, row.own), data_open="")[
            htpy.span(".who")[render_name(name, other.country), born],
            htpy.span(".why")[", ".join(row.agrees[:MOST_REASONS]) or words.label(TYPES, other.type or "")],
            htpy.span(".from")[htpy.bdi[words.agency_title(other.agency)], age and [", ", htpy.bdi[age]]],
        ],
        htpy.span(".marks")[
            render_band(words, row.band),
            _render_marks(words, row),
            (render_caveat_badge(words, side, brief=True) for side in (other, own)),
        ],
        render_preview_button(words, name + born),
        htpy.span(".assignee", data_login=row.assignee or "")[words.person_name(row.assignee or "")],
        htpy.span(".done"),
        _render_decision(words, row, who),
    ]


def _render_decision(words: Words, row: InboxRow, who: str) -> htpy.Node:
    """The decision that holds for our agency, whose it is and since when; one's own can be undone."""
    if row.own_review is None:
        return None
    reviewer = words.person_name(row.own_reviewer or "")
    said = f"{words.label(REVIEWS, row.own_verdict or '')}, {reviewer}, {words.format_minute(row.own_time or '')}"
    own = row.own_reviewer == who
    return htpy.span(".decided", data_decision="")[
        htpy.time(datetime=row.own_time)[said],
        own and htpy.button(".button.slight", type="button", data_undo=row.own_review)[words("Undo")],
    ]


def _format_age(words: Words, received: str | None, now: datetime) -> str:
    if received is None:
        return ""
    hours = max(0, int((now - datetime.fromisoformat(received)).total_seconds() // 3600))
    if not hours:
        return words("< 1 h")
    if hours < MOST_HOURS:
        return words("{count} h", count=words.format_number(hours))
    return words("{count} d", count=words.format_number(hours // HOURS_A_DAY))


def _render_marks(words: Words, row: InboxRow) -> list[htpy.Element]:
    """What is unusual about a link."""
    said = []
    if row.basis == Basis.SHARED:
        said.append(words("Shared number"))
    if row.disputed:
        said.append(words("Disputed"))
    if row.judged_different and (row.new_evidence or row.gone_evidence):
        fields = ", ".join(dict.fromkeys(words.label(FIELDS, field) for field, _ in row.new_evidence))
        said.append(words("Reviewed as different; new: {fields}", fields=fields))
    return [htpy.span(".tag.warn")[word] for word in said]


LINK_COLUMNS: Final[Sequence[SortColumn]] = (
    SortColumn(N_("Ours")),
    SortColumn(N_("Linked to")),
    SortColumn(N_("In common"), "wide"),
    SortColumn(N_("Record")),
    SortColumn(N_("Agency"), "agency-of"),
    SortColumn(N_("Band"), term="band"),
    SortColumn(N_("Review"), term="review"),
    SortColumn(N_("Bits"), "number", term="bits"),
)
"""The columns of the links of a case."""


BRIEF: Final = (0, 1, 2, 3, 5)
"""Columns of a list of few, which has three quarters of a page: without review, bits and the agency's full name."""


def draw_link_rows(
    words: Words, case: str, rows: Iterable[tuple[CaseLinkRow, htpy.Node, str]], *, brief: bool = False
) -> None:
    """The links of `case` that their reader sees in full, each with its own side, as it shows and by name."""
    shown = BRIEF if brief else range(len(LINK_COLUMNS))
    columns = [LINK_COLUMNS[at]._replace(title=words(LINK_COLUMNS[at].title)) for at in shown]
    made = (_make_linked_row(words, case, *row) for row in rows)
    chosen = (row._replace(cells=[row.cells[at] for at in shown]) for row in made)
    draw_rows(words, words("Links"), columns, chosen, "linked")


def _render_agency(words: Words, side: LinkSide) -> list[htpy.Node]:
    """An agency's full name, and below it its code, if it has both, and country."""
    title, country = words.agency_title(side.agency), words.country_name(side.country)
    return [title, htpy.span(".under")[f"{side.agency} · {country}" if title != side.agency else country]]


def _make_linked_row(words: Words, case: str, row: CaseLinkRow, own: htpy.Node, own_name: str) -> SortableRow:
    other = row.other
    if other is None:
        raise ValueError("a link with a hit-only side has no row")
    name, born = name_thing(words, other)
    title = other.title if other.name else None
    agrees = ", ".join(row.agrees[:MOST_REASONS]) or words.label(TYPES, other.type or "")
    country = words.country_name(other.country)
    cells = (
        Cell(own, own_name),
        Cell(
            [
                htpy.a(href=link_path(row.link_id, case), data_open="")[render_name(name, other.country), born],
                row.basis == Basis.SHARED and [" ", htpy.span(".tag.warn")[words("Shared number")]],
                row.disputed and [" ", htpy.span(".tag.warn")[words("Disputed")]],
                other.caveat and [" ", render_caveat_badge(words, other)],
            ],
            name,
        ),
        Cell(agrees, agrees),
        Cell([htpy.bdi(".code")[other.case], title and htpy.span(".under")[render_title(words, title)]], other.case),
        Cell(_render_agency(words, other), f"{words.agency_title(other.agency)} {country}"),
        Cell(
            [render_band(words, row.band), htpy.span(".under")[render_percent(words, row.probability or 0.0)]],
            row.probability or 0.0,
        ),
        Cell(render_colour(words, row.colour or ""), words.label(COLOURS, row.colour or "")),
        Cell(render_bits(words, row.score or 0), row.score or 0),
    )
    return SortableRow(cells, name + born, link_mark(row.link_id), other.case)
