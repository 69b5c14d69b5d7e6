"""Signed numbers and bounded percentages as they read: +58.0 and > 99.9% keep their sign left on any page.

Plus, minus and "greater than" have no direction of their own: from right to left they would go behind their number.
"""

from __future__ import annotations

from typing import Final

import htpy

from pipeline.locale import N_
from pipeline.matching.explain.wording import bits, percent
from pipeline.web.i18n import Words

LEFT_TO_RIGHT: Final = "\N{LEFT-TO-RIGHT ISOLATE}"
ISOLATE_END: Final = "\N{POP DIRECTIONAL ISOLATE}"


def render_bits(words: Words, hundredths: int) -> htpy.Element:
    """Signed bits, such as +12.3."""
    return htpy.bdi(dir="ltr")[bits(hundredths, words.language)]


def render_percent(words: Words, probability: float) -> htpy.Element:
    """A probability in per cent, such as > 99.999%."""
    return htpy.bdi(dir="ltr")[percent(probability, words.language)]


def tell_bits(words: Words, hundredths: int) -> str:
    """Signed bits for an attribute, which takes no markup."""
    return LEFT_TO_RIGHT + bits(hundredths, words.language) + ISOLATE_END


HELPS: Final = {
    "bits": (
        N_("Bits"),
        N_("What are bits?"),
        N_(
            "A bit doubles the odds that both records are of the same person or thing; a negative one halves them. All "
            "lines add up to the score."
        ),
    ),
    "rarity": (
        N_("1 in N"),
        N_("What is 1 in N?"),
        N_(
            "How much rarer such agreement is between two strangers, or between two relatives where relatives are "
            "named, than between two records of the same person or thing."
        ),
    ),
    "attempts": (
        N_("Number of comparisons"),
        N_("What is the number of comparisons?"),
        N_(
            "The more pairs of people and things of both cases are compared, the more agree by chance. The score is "
            "lowered by that."
        ),
    ),
}
"""Numbers of which a question mark says of what they are: what stands before it, its question, the answer."""


def render_help(words: Words, subject: str) -> htpy.Element:
    """A question mark that says of what a number is."""
    _, question, answer = HELPS[subject]
    return htpy.details(".help")[
        htpy.summary(aria_label=words(question), title=words(question))["?"], htpy.span[words(answer)]
    ]


def render_legend(words: Words) -> htpy.Element:
    """Each number of a comparison with its question mark."""
    said = (htpy.span[words(name), " ", render_help(words, subject)] for subject, (name, _, _) in HELPS.items())
    return htpy.div(".number-helps.small.quiet")[said]
