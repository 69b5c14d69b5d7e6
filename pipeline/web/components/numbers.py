"""Probabilities as people read them: never a certainty that nobody has."""

from __future__ import annotations

from pipeline.matching.wording import percent
from pipeline.web.i18n import Words

CEILING = 0.99999


def probability(words: Words, value: float) -> str:
    """A probability; of one that rounds to certainty only that it is above 99.999%."""
    return f"> {percent(CEILING, words.language)}" if value > CEILING else percent(value, words.language)
