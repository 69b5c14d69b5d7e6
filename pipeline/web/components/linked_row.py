"""One link of a case as a row: who the other side is, what agrees, whose record it is, how sure it is."""

from __future__ import annotations

import htpy

from pipeline.access.redaction import Row
from pipeline.matching.basis import Basis
from pipeline.matching.explain.words import TYPES
from pipeline.web.addresses import link_path
from pipeline.web.components.badges import render_band, render_colour
from pipeline.web.components.measures import render_bits, render_percent
from pipeline.web.components.names import render_name
from pipeline.web.components.triage_row import MOST_REASONS, name_thing
from pipeline.web.i18n import Words


def render_linked_row(words: Words, case: str, row: Row, own: htpy.Node = None) -> htpy.Element:
    """A link of `case` that its reader sees in full; `own` is the name of the own side where nothing else says it."""
    other = row["other"]
    name, born = name_thing(other)
    title = other["title"] if other["name"] else None
    agrees = ", ".join(row["agrees"][:MOST_REASONS]) or words.label(TYPES, other["type"])
    return htpy.li(data_row="")[
        htpy.span(".whom")[
            htpy.a(href=link_path(row["link_id"], case), data_open="")[
                own and [htpy.span(".own")[own], " – "], render_name(name, other["country"]), born
            ],
            htpy.span(".between")[" · "],
            htpy.span(".about")[agrees],
        ],
        htpy.span(".marks")[
            row["basis"] == Basis.SHARED and htpy.span(".tag.warn")[words("Shared number")],
            row["disputed"] and htpy.span(".tag.warn")[words("Disputed")],
            other["caveat"]
            and htpy.span(".tag.warn", title=other["caveat"])[words("Caveat of {agency}", agency=other["agency"])],
            render_band(words, row["band"]),
            render_colour(words, row["colour"]),
        ],
        htpy.span(".from")[
            words.country_name(other["country"]), " · ", htpy.bdi(".code")[other["case"]],
            title and [" · ", htpy.bdi(dir="auto")[title]],
        ],
        htpy.span(".number")[render_percent(words, row["probability"]), " · ", render_bits(words, row["score"])],
    ]  # fmt: skip
