"""Names: the names package aligns tokens and counts their bits; the model bends those bits to what data showed."""

from __future__ import annotations

from pipeline.matching.comparisons.levels import Comparison, Found, Level, Table, bend
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, compare_all, levels

NAMED = frozenset({"person", "organisation", "vessel", "account", "document", "address", "vehicle"})

LEVELS = (
    Level("same", 0.66, 1.0e-4, 0.03),
    Level("partial", 0.24, 2.0e-3, 0.08),
    Level("conflict", 0.012, 2.0e-2, 0.79),
    Level("different", 0.088, 0.978, 0.10),
)
"""A name's own bits come from its tokens; the levels serve the companion hypothesis: relatives share the family name
and rarely the given name (father and son in 3 of 100), companies of a group share the group's name."""
SAME, PARTIAL, CONFLICT, DIFFERENT = range(4)


def name(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Names: the best pair of all names and aliases, token by token, in any order and across scripts (names package);
    bits are the sum over aligned tokens with their rarity. The level says whether all tokens agree, some are missing on
    one side, some agree while others contradict (relatives, companies of one group), or the names are different."""
    if not a.names or not b.names:
        return None
    found = compare_all(a.names, b.names)
    if not found.pairs:
        return None
    return bend(found.bits, table.curve), name_level(found), 0, 0


def name_level(found: NameComparison) -> int:
    """How the tokens of two names stand to each other."""
    agree = conflict = missing = 0
    for pair in found.pairs:
        if pair.level == levels.DIFFERENT:
            conflict += 1
        elif pair.level == levels.MISSING:
            missing += 1
        else:
            agree += 1
    if not agree:
        return DIFFERENT
    return CONFLICT if conflict else (PARTIAL if missing else SAME)


def name_value(one: EntityPrint, index: int) -> str:
    """The name's tokens."""
    return " ".join(token.text for token in one.names[index].tokens)


NAMES = (Comparison("name", NAMED, LEVELS, name, name_value),)
