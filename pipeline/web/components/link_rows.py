"""A link as one row: who the other side is, what agrees, whose record it is, how sure it is.

`render_row` is a link to review in the inbox; `render_linked_row` one of the links of a case.
"""

from __future__ import annotations

from datetime import datetime

import htpy

from pipeline.api.answers import CaseLinkRow, InboxRow, LinkSide
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.words import FIELDS, TYPES
from pipeline.web.addresses import link_path
from pipeline.web.components.badges import render_band, render_colour
from pipeline.web.components.values import render_bits, render_name, render_percent
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import REVIEWS

AGES = {"day": (None, 24), "week": (None, 7 * 24), "older": (7 * 24, None)}
"""By name at least and at most how many hours."""

MOST_REASONS = 4
"""Of what agrees, the strongest: colour and make add nothing to a chassis number."""

HOURS_A_DAY = 24
MOST_HOURS = 48
"""From here on an age is told in days."""


def name_thing(side: LinkSide) -> tuple[str, str]:
    """A side's person or thing as people name it, and its year of birth: "Anastasia Ouarzazi" and ", 1976"."""
    born = (side.born or "")[:4]
    return side.name or side.title or side.case, f", {born}" if born else ""


def render_row(words: Words, row: InboxRow, now: datetime, who: str) -> htpy.Element:
    """One row as `who` sees it; static/triage.js reviews by what its attributes say."""
    other = row.side(own=False)
    name, born = name_thing(other)
    alone = row.band == Band.POSSIBLE
    origin = filter(None, (other.agency, _format_age(words, row.received, now)))
    return htpy.li(
        data_row="",
        data_link=row.link_id,
        data_seen=row.own_review or "",
        data_alone="1" if alone else None,
        data_reason_for=" ".join(row.reason_for),
    )[
        htpy.input(type="checkbox", aria_label=words("Select {name}", name=name + born), disabled=alone),
        htpy.a(href=link_path(row.link_id, row.own), data_open="")[
            htpy.span(".who")[render_name(name, other.country), born],
            htpy.span(".why")[", ".join(row.agrees[:MOST_REASONS]) or words.label(TYPES, other.type or "")],
            htpy.span(".from")[", ".join(origin)],
        ],
        htpy.span(".marks")[render_band(words, row.band), _render_marks(words, row)],
        htpy.span(".assignee")[row.assignee or ""],
        htpy.span(".done"),
        _render_decision(words, row, who),
    ]


def _render_decision(words: Words, row: InboxRow, who: str) -> htpy.Node:
    """The decision that holds for our agency, whose it is and since when; one's own can be undone."""
    if row.own_review is None:
        return None
    when = words.format_minute(row.own_time or "")
    said = f"{words.label(REVIEWS, row.own_verdict or '')}, {row.own_reviewer}, {when}"
    own = row.own_reviewer == who
    return htpy.span(".decided", data_decision="")[
        said, own and htpy.button(".button.slight", type="button", data_undo=row.own_review)[words("Undo")]
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


def render_linked_row(words: Words, case: str, row: CaseLinkRow, own: htpy.Node = None) -> htpy.Element:
    """A link of `case` that its reader sees in full; `own` is the name of the own side where nothing else says it."""
    other = row.other
    if other is None:
        raise ValueError("a link with a hit-only side has no row")
    name, born = name_thing(other)
    title = other.title if other.name else None
    agrees = ", ".join(row.agrees[:MOST_REASONS]) or words.label(TYPES, other.type or "")
    return htpy.li(data_row="")[
        htpy.span(".whom")[
            htpy.a(href=link_path(row.link_id, case), data_open="")[
                own and [htpy.span(".own")[own], " – "], render_name(name, other.country), born
            ],
            htpy.span(".between")[" · "],
            htpy.span(".about")[agrees],
        ],
        htpy.span(".marks")[
            row.basis == Basis.SHARED and htpy.span(".tag.warn")[words("Shared number")],
            row.disputed and htpy.span(".tag.warn")[words("Disputed")],
            other.caveat
            and htpy.span(".tag.warn", title=other.caveat)[words("Caveat of {agency}", agency=other.agency)],
            render_band(words, row.band),
            render_colour(words, row.colour or ""),
        ],
        htpy.span(".from")[
            words.country_name(other.country), " · ", htpy.bdi(".code")[other.case],
            title and [" · ", htpy.bdi(dir="auto")[title]],
        ],
        htpy.span(".number")[render_percent(words, row.probability or 0.0), " · ", render_bits(words, row.score or 0)],
    ]  # fmt: skip
