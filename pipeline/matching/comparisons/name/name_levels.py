"""The levels of the comparison of names, and which one two aligned names have."""

from __future__ import annotations

from pipeline.matching.comparisons.levels import Level
from pipeline.matching.comparisons.name.own_tokens import own_tokens
from pipeline.matching.names import NameComparison, NamePrint, TokenPair, levels
from pipeline.matching.names.outlines import unlike_joined
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.resemblance import are_slips_apart
from pipeline.matching.names.token_levels import is_latin

LEVELS = (
    Level("same", 0.55, 1.0e-4, 0.006, 0.55, 0.008),
    Level("longer", 0.20, 3.0e-4, 0.014, 0.20, 0.010),
    Level("near", 0.10, 1.0e-3, 0.020, 0.10, 0.020),
    Level("family_differs", 0.025, 1.0e-2, 0.020, 0.025, 0.025),
    Level("partial", 0.070, 3.0e-2, 0.070, 0.070, 0.070),
    Level("other_parts", 0.010, 1.0e-2, 0.010, 0.010, 0.010),
    Level("alike", 0.015, 1.6e-2, 0.050, 0.020, 0.050),
    Level("given_differs", 0.00025, 1.25e-3, 0.050, 0.0005, 0.050),
    Level("conflict", 0.00275, 1.375e-2, 0.550, 0.0055, 0.550),
    Level("different", 0.002, 0.939, 0.400, 0.004, 0.400),
)
"""Bits against strangers come from the tokens of a name; the levels serve the companion hypotheses."""
SAME, LONGER, NEAR, FAMILY_DIFFERS, PARTIAL, OTHER_PARTS, ALIKE, GIVEN_DIFFERS, CONFLICT, DIFFERENT = range(10)
SOURCE = (
    "estimated: a household shares the family name and rarely a given name (in 2 of 100 pairs given names are a letter "
    "apart, in 5 a middle one agrees beside another first one); who is named after another bears the name as that one "
    "does; companies of a group share the group's name"
)

NEARLY = frozenset({levels.EDIT, levels.NEAR, levels.FAINT})
"""Levels of two words that are not the same spelling or sound; a given name of such a level makes the names NEAR."""

SLIGHT = 100
"""Hundredths of a bit of FAINT words below which they speak against each other, if less than a contradiction: the names
are then ALIKE, whatever else agrees (likelihood.weigh_ratio has 100 where log2(m / u) is 0)."""

GIVEN = frozenset({"given", "initial"})
"""Kinds of tokens that a household does not share."""

OTHER_KINDS = frozenset({("given", "family"), ("family", "given"), ("initial", "family"), ("family", "initial")})
"""Tokens of these kinds, one on each side, say nothing of each other: each name lacks what the other has."""


def weigh_level(found: NameComparison, x: NamePrint, y: NamePrint) -> tuple[int, int]:
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
        if level != OTHER_PARTS:
            return level, 0
        missing = True
    if slight:
        return ALIKE, 0
    if len(agree) < 2:
        return (SAME if agree and not missing else PARTIAL if agree else OTHER_PARTS), 0
    own = own_tokens(agree, x, y)
    bits = sum([pair.bits for pair in own])
    if any(pair.level in NEARLY for pair in own):
        return NEAR, bits
    return (LONGER if missing else SAME), bits


def _conflict_level(conflict: list[TokenPair], agree: list[TokenPair], x: NamePrint, y: NamePrint) -> int:
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
            return DIFFERENT
        elif GIVEN.issuperset(kinds) and (of_given or _share_names(agree, x, y)):
            of_given = True
        else:
            return CONFLICT
    if of_given:
        return GIVEN_DIFFERS
    return ALIKE if alike else FAMILY_DIFFERS if of_family else OTHER_PARTS


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
