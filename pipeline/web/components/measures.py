"""Signed numbers and bounded percentages as they read: +58.0 and > 99.9% keep their sign left on any page.

Plus, minus and "greater than" have no direction of their own: from right to left they would go behind their number.
"""

from __future__ import annotations

from typing import Final

import htpy

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
