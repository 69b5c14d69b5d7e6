"""Which level of the comparison of names two aligned names have, and which of their tokens a family does not share."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.matching.comparisons.comparison import ComparisonLevel
from pipeline.matching.names import NameComparison, NamePrint, TokenPair, levels
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.spellings import unlike_joined
from pipeline.matching.names.token_levels import are_slips_apart, is_latin


# Bits of names against strangers come from their words; the levels serve the companion hypotheses.
class NameLevel(ComparisonLevel):
    """How two names agree."""

    SAME = 0.55, 1.0e-4, 0.006, 0.55, 0.008
    LONGER = 0.20, 3.0e-4, 0.014, 0.20, 0.010
    NEAR = 0.10, 1.0e-3, 0.020, 0.10, 0.020
    FAMILY_DIFFERS = 0.025, 1.0e-2, 0.020, 0.025, 0.025
    PARTIAL = 0.070, 3.0e-2, 0.070, 0.070, 0.070
    OTHER_PARTS = 0.010, 1.0e-2, 0.010, 0.010, 0.010
    ALIKE = 0.015, 1.6e-2, 0.050, 0.020, 0.050
    GIVEN_DIFFERS = 0.00025, 1.25e-3, 0.050, 0.0005, 0.050
    CONFLICT = 0.00275, 1.375e-2, 0.550, 0.0055, 0.550
    DIFFERENT = 0.002, 0.939, 0.400, 0.004, 0.400


NEARLY = frozenset({levels.EDIT, levels.NEAR, levels.FAINT})
"""Levels of two words that are not the same spelling or sound; a given name of such a level makes the names NEAR."""

SLIGHT = 100
"""Hundredths of a bit of FAINT words below which they speak against each other, if less than a contradiction: the names
are then ALIKE, whatever else agrees (likelihood.weigh_ratio has 100 where log2(m / u) is 0)."""

GIVEN = frozenset({"given", "initial"})
"""Kinds of tokens that a household does not share."""

OTHER_KINDS = frozenset({("given", "family"), ("family", "given"), ("initial", "family"), ("family", "initial")})
"""Tokens of these kinds, one on each side, say nothing of each other: each name lacks what the other has."""

FAMILIAL = frozenset({"family", "patronymic"})
"""Kinds of tokens that brothers and sisters share."""

ORDINARY = 600
"""Hundredths of a bit of a given name that one of 64 bears: the levels' h of a household stands for such a name."""

LEAST_GROWTH, MOST_GROWTH = -150, 600
"""Hundredths of a bit, against a household, that an agreement in given names loses at most if these are commoner than
ORDINARY, and gains at most if they are rarer or more of them agree. Two children of one family never bear the same
three names; the gain ends where h reaches LEAST_SHARE."""


def weigh_level(found: NameComparison, x: NamePrint, y: NamePrint) -> tuple[NameLevel, int]:
    """The level of two aligned names, and the hundredths of a bit of those tokens that a family does not share."""
    agree: list[TokenPair] = []
    conflict: list[TokenPair] = []
    missing = slight = False
    for pair in found.pairs:
        if pair.level == levels.MISSING:
            missing = True
        elif pair.level == levels.FAINT and pair.bits < SLIGHT:
            slight = True
        else:
            (conflict if pair.level == levels.DIFFERENT else agree).append(pair)
    if conflict:
        level = _conflict_level(conflict, agree, x, y)
        if level != NameLevel.OTHER_PARTS:
            return level, 0
        missing = True
    if slight:
        return NameLevel.ALIKE, 0
    if len(agree) < 2:
        return (NameLevel.SAME if agree and not missing else NameLevel.PARTIAL if agree else NameLevel.OTHER_PARTS), 0
    own = own_tokens(agree, x, y)
    bits = sum([pair.bits for pair in own])
    if any(pair.level in NEARLY for pair in own):
        return NameLevel.NEAR, bits
    return (NameLevel.LONGER if missing else NameLevel.SAME), bits


def _conflict_level(conflict: list[TokenPair], agree: list[TokenPair], x: NamePrint, y: NamePrint) -> NameLevel:
    """The level of names with contradictions; OTHER_PARTS if each is of a given name with a family name."""
    of_family = alike = of_given = False
    for pair in conflict:
        one, other = _find_token(x, pair.a), _find_token(y, pair.b)
        kinds = (one.kind if one else "", other.kind if other else "")
        if kinds in OTHER_KINDS:
            continue
        if one is not None and other is not None and _are_alike(one, other):
            alike = True
        elif "family" in kinds and agree and (kinds[0] == kinds[1] or "" in kinds):
            of_family = True
        elif not agree:
            return NameLevel.DIFFERENT
        elif GIVEN.issuperset(kinds) and (of_given or _share_names(agree, x, y)):
            of_given = True
        else:
            return NameLevel.CONFLICT
    if of_given:
        return NameLevel.GIVEN_DIFFERS
    return NameLevel.ALIKE if alike else NameLevel.FAMILY_DIFFERS if of_family else NameLevel.OTHER_PARTS


def _share_names(agree: list[TokenPair], x: NamePrint, y: NamePrint) -> bool:
    """Whether a given name or an initial agrees, and the family name."""
    found: set[str] = set()
    for pair in agree:
        one, other = _find_token(x, pair.a), _find_token(y, pair.b)
        if one is not None and other is not None:
            kinds = {one.kind, other.kind}
            if kinds <= GIVEN:
                found.add("given")
            elif kinds == {"family"}:
                found.add("family")
    return len(found) == 2


def _find_token(name: NamePrint, text: str) -> TokenPrint | None:
    """The last token of a name with this text; None for numbers and legal forms, which are no tokens."""
    for token in reversed(name.tokens):
        if token.text == text:
            return token
    return None


def _are_alike(one: TokenPrint, other: TokenPrint) -> bool:
    """Whether two words in Latin letters may be one word with several slips (are_slips_apart)."""
    x, y = one.forms[0], other.forms[0]
    if one.outline and other.outline and unlike_joined(one.outline, other.outline, max(len(x), len(y)) // 2):
        return False
    return is_latin(one.script) and is_latin(other.script) and are_slips_apart(x, y)


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
