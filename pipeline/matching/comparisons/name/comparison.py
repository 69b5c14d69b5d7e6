"""Names: the names package aligns tokens and counts their bits; the model bends those bits to what data showed."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table, apply_curve
from pipeline.matching.comparisons.name.bound import NAME_BOUND, most_at_any_level
from pipeline.matching.comparisons.name.groups import are_parts_of_one, group_bits
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, TokenPair, compare_all, levels
from pipeline.matching.score.alternatives import COMPANIONS

LEVELS = (
    Level("same", 0.55, 1.0e-4, 0.008),
    Level("longer", 0.20, 3.0e-4, 0.010),
    Level("near", 0.10, 1.0e-3, 0.020),
    Level("family_differs", 0.025, 1.0e-2, 0.020),
    Level("partial", 0.070, 3.0e-2, 0.070),
    Level("conflict", 0.005, 2.0e-2, 0.790),
    Level("different", 0.050, 0.939, 0.082),
)
"""Bits against strangers come from the tokens of a name; the levels serve the companion hypothesis."""
SAME, LONGER, NEAR, FAMILY_DIFFERS, PARTIAL, CONFLICT, DIFFERENT = range(7)
SOURCE = (
    "estimated: relatives share the family name and rarely the given name (father and son in 1 of 100, names a letter "
    "apart in 2), companies of a group share the group's name"
)

NEARLY = frozenset({levels.EDIT, levels.NEAR, levels.FAINT})


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare names: the best pair of all names and aliases counts.

    Token by token, in any order and across scripts (names package); bits are the sum over aligned tokens with their
    rarity. The level says whether all tokens agree, one name is longer, a given name is a letter off, only the family
    name contradicts, a single token is all there is on one side, another token contradicts while some agree (relatives,
    companies of one group, such as those of two countries), or nothing agrees.
    """
    if not a.names or not b.names:
        return None
    found = compare_all(a.names, b.names)
    if not found.pairs:
        return None
    level = name_level(found, a, b)
    result = table.result(level, apply_curve(found.bits, table.curve))
    if level > NEAR or a.type != "organisation":
        return result
    if are_parts_of_one(a, b, found.pairs):
        return table.result(CONFLICT, result.weight)
    further = group_bits(found, a, b)
    return ComparisonResult((result.weight, *(bits + further for bits in result.bits[COMPANIONS:])), level)


def name_level(found: NameComparison, a: EntityPrint, b: EntityPrint) -> int:
    """How the tokens of two names stand to each other."""
    agree: list[TokenPair] = []
    conflict: list[TokenPair] = []
    missing = False
    for pair in found.pairs:
        if pair.level == levels.MISSING:
            missing = True
        else:
            (conflict if pair.level == levels.DIFFERENT else agree).append(pair)
    if not agree:
        return DIFFERENT
    if conflict:
        return FAMILY_DIFFERS if _only_family_differs(conflict, a, b) else CONFLICT
    return _agreeing_level(agree, missing)


def _agreeing_level(agree: list[TokenPair], missing: bool) -> int:
    """The rarest token is taken for the family name: of the others, one a letter off may be a brother's."""
    if missing and len(agree) == 1:
        return PARTIAL
    family = max(agree, key=lambda pair: pair.bits)
    if any(pair.level in NEARLY for pair in agree if pair is not family):
        return NEAR
    return LONGER if missing else SAME


def _only_family_differs(conflict: list[TokenPair], a: EntityPrint, b: EntityPrint) -> bool:
    """Whether every contradiction is between two family names."""
    family_a = {token.text for name in a.names for token in name.tokens if token.kind == "family"}
    family_b = {token.text for name in b.names for token in name.tokens if token.kind == "family"}
    return all(pair.a in family_a and pair.b in family_b for pair in conflict)


def name_value(entity: EntityPrint, index: int) -> str:
    """The name's tokens."""
    return " ".join(token.text for token in entity.names[index].tokens)


NAME = Comparison(
    "name",
    "names",
    N_("Name"),
    N_("the name"),
    LEVELS,
    SOURCE,
    compare,
    name_value,
    also_reads=("addresses", "phones"),
    bound=NAME_BOUND,
    bounded=PERSON,
    most=most_at_any_level,
)
