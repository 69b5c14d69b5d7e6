"""What of two names of people that agree is not a whole family's: their given names."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.matching.names import NamePrint, TokenPair

FAMILIAL = frozenset({"family", "patronymic"})
"""Kinds of tokens that brothers and sisters share."""

ORDINARY = 600
"""Hundredths of a bit of a given name that one of 64 bears, for which the levels' h of a household is."""

LEAST_GROWTH, MOST_GROWTH = -150, 600
"""Hundredths of a bit that commoner names take from an agreement against a household, and that rarer ones, or more of
them, add: two children of one family never bear the same three names, but no h is below LEAST_SHARE."""


def growth_of(bits: int) -> int:
    """What own tokens of so many hundredths of a bit change against a household."""
    return min(max(bits - ORDINARY, LEAST_GROWTH), MOST_GROWTH)


def own_tokens(agree: Sequence[TokenPair], x: NamePrint, y: NamePrint) -> list[TokenPair]:
    """The pairs that are not the family's, by the kinds of their tokens; where none tells, all but the rarest one."""
    familial = {token.text for name in (x, y) for token in name.tokens if token.kind in FAMILIAL}
    if familial:
        own = [pair for pair in agree if pair.a not in familial and pair.b not in familial]
        if own and len(own) < len(agree):
            return own
    family = max(agree, key=lambda pair: pair.bits)
    return [pair for pair in agree if pair is not family]
