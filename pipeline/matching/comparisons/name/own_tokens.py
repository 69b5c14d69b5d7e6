"""Tokens of agreeing names that a family does not share: the given names."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.matching.names import NamePrint, TokenPair

FAMILIAL = frozenset({"family", "patronymic"})
"""Kinds of tokens that brothers and sisters share."""

ORDINARY = 600
"""Hundredths of a bit of a given name that one of 64 bears: the levels' h of a household stands for such a name."""

LEAST_GROWTH, MOST_GROWTH = -150, 600
"""Hundredths of a bit, against a household, that an agreement in given names loses at most if these are commoner than
ORDINARY, and gains at most if they are rarer or more of them agree. Two children of one family never bear the same
three names; the gain ends where h reaches LEAST_SHARE."""


def growth_of(bits: int) -> int:
    """Hundredths of a bit that own tokens of `bits` in all add to the weight against a household."""
    return min(max(bits - ORDINARY, LEAST_GROWTH), MOST_GROWTH)


def own_tokens(agree: Sequence[TokenPair], x: NamePrint, y: NamePrint) -> list[TokenPair]:
    """The agreeing pairs that are not the family's, by the kinds of their tokens.

    Where the kinds do not tell, the rarest pair is taken for the family name, and the others are returned.
    """
    familial = {token.text for name in (x, y) for token in name.tokens if token.kind in FAMILIAL}
    if familial:
        own = [pair for pair in agree if pair.a not in familial and pair.b not in familial]
        if own and len(own) < len(agree):
            return own
    family = max(agree, key=lambda pair: pair.bits)
    return [pair for pair in agree if pair is not family]
