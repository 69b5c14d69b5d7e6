"""The words of this field that pages use, each with a question mark that says what it means.

A press or a tap opens the sentence beside it, Esc or a press elsewhere closes it (static/rows.js). The sentences are
those of docs/glossary.md, which has them under "On the pages".
"""

from __future__ import annotations

from typing import Final, NamedTuple

import htpy

from pipeline.locale import N_
from pipeline.web.components.markup import static_html
from pipeline.web.i18n import Words


class Term(NamedTuple):
    """A term as it stands on pages, the question about it, and its meaning."""

    name: str
    question: str
    meaning: str


TERMS: Final = {
    "bits": Term(
        N_("Bits"),
        N_("What are bits?"),
        N_(
            "A bit doubles the odds that both records are of the same person or thing; a negative one halves them. All "
            "lines add up to the score."
        ),
    ),
    "rarity": Term(
        N_("1 in N"),
        N_("What is 1 in N?"),
        N_(
            "How much rarer such agreement is between two strangers, or between two relatives where relatives are "
            "named, than between two records of the same person or thing."
        ),
    ),
    "attempts": Term(
        N_("Number of comparisons"),
        N_("What is the number of comparisons?"),
        N_(
            "The more pairs of people and things of both cases are compared, the more agree by chance. The score is "
            "lowered by that."
        ),
    ),
    "band": Term(
        N_("Band"),
        N_("What is a band?"),
        N_(
            "How sure it is that both records are of the same person or thing: certain from 99%, probable from 90%, "
            "possible from 50%."
        ),
    ),
    "agreement": Term(
        N_("Agreement"),
        N_("What do the signs mean?"),
        N_(
            "= both values are the same, ≈ they are alike and speak for one person or thing, ≠ they speak against it, "
            "· for neither. Characters that differ are underlined."
        ),
    ),
    "review": Term(
        N_("Review"),
        N_("What is a review?"),
        N_(
            "What investigators decided on a link: the same, different, related or unsure. Its colour is that of the "
            "EU's Multiple-Identity Detector."
        ),
    ),
    "hit_only": Term(
        N_("Hit only"),
        N_("What is hit only?"),
        N_(
            "Another agency has a record that matches exactly. You learn whose it is and whom to ask; the owner "
            "decides whether you may read it."
        ),
    ),
    "handling": Term(
        N_("Handling"),
        N_("What is a handling code?"),
        N_(
            "What the owner allows: H0 full content, H1 full content with a caveat to heed, H2 hit only, H3 invisible "
            "to other agencies."
        ),
    ),
    "caveat": Term(
        N_("Caveat"),
        N_("What is a caveat?"),
        N_("What the owner asks of everyone who reads the record. Heed it before you act."),
    ),
}
"""By a name of our own."""


def render_help(words: Words, subject: str) -> htpy.Element:
    """A question mark that says what a term means."""
    term = TERMS[subject]
    said = words(term.question)
    return htpy.button(".term", type="button", data_term=words(term.meaning), aria_label=said, title=said)["?"]


def draw_help(words: Words, subject: str) -> None:
    """The same as an element of a page."""
    static_html(render_help(words, subject), "span")


LEGEND: Final = ("agreement", "bits", "rarity", "attempts")
"""The terms of a comparison."""


def render_legend(words: Words) -> htpy.Element:
    """Each term of a comparison with its question mark."""
    said = (htpy.span[words(TERMS[subject].name), " ", render_help(words, subject)] for subject in LEGEND)
    return htpy.div(".number-helps.small.quiet")[said]


def draw_term_place() -> None:
    """Where the sentence of a term shows."""
    static_html("", "div", "term-said", id="term", popover="auto", role="status")
