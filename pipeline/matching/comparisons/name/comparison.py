"""Names: the names package aligns tokens and counts their bits; the model bends those bits to what data showed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import product

from msgspec import structs
from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import (
    Comparison,
    ComparisonResult,
    Level,
    Table,
    apply_curve,
    stronger_of,
)
from pipeline.matching.comparisons.name.bound import NAME_BOUND, most_at_any_level
from pipeline.matching.comparisons.name.groups import are_parts_of_one, choice_fee, group_bits
from pipeline.matching.comparisons.name.own_tokens import growth_of, own_tokens
from pipeline.matching.comparisons.several import less_fees
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, NamePrint, TokenPair, levels
from pipeline.matching.names import compare as compare_names
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.token_levels import is_latin

LEVELS = (
    Level("same", 0.55, 1.0e-4, 0.006, 0.55, 0.008),
    Level("longer", 0.20, 3.0e-4, 0.014, 0.20, 0.010),
    Level("near", 0.10, 1.0e-3, 0.020, 0.10, 0.020),
    Level("family_differs", 0.025, 1.0e-2, 0.020, 0.025, 0.025),
    Level("partial", 0.070, 3.0e-2, 0.070, 0.070, 0.070),
    Level("other_parts", 0.010, 1.0e-2, 0.010, 0.010, 0.010),
    Level("alike", 0.015, 1.6e-2, 0.050, 0.020, 0.050),
    Level("conflict", 0.003, 1.5e-2, 0.600, 0.006, 0.600),
    Level("different", 0.002, 0.939, 0.400, 0.004, 0.400),
)
"""Bits against strangers come from the tokens of a name; the levels serve the companion hypotheses."""
SAME, LONGER, NEAR, FAMILY_DIFFERS, PARTIAL, OTHER_PARTS, ALIKE, CONFLICT, DIFFERENT = range(9)
SOURCE = (
    "estimated: a household shares the family name and rarely a given name (in 2 of 100 pairs given names are a letter "
    "apart); who is named after another bears the name as that one does; companies of a group share the group's name"
)

NEARLY = frozenset({levels.EDIT, levels.NEAR, levels.FAINT})

OTHER_KINDS = frozenset({frozenset({"given", "family"}), frozenset({"initial", "family"})})
"""Tokens of these kinds, one on each side, say nothing of each other: each name lacks what the other has."""

RESEMBLANCE = 0.6
"""Share of letters without a slip (OSA) from which a word that contradicts may be the same one with two or three slips:
m of one person's given names, 1 or 2 in 100 in careless records, against the share of brothers whose names are so."""

SHORTEST_ALIKE = 4
"""Letters: of shorter words most that are so alike are others."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare names: of all names and aliases the best pair counts, against each alternative by itself.

    Token by token, in any order and across scripts (names package); bits are the sum over aligned tokens with their
    rarity. The level says whether all tokens agree, one name is longer, a given name is a letter off, only the family
    name contradicts, a single token is all there is on one side, each side has another part of a name alone, what
    contradicts is at least alike, another token contradicts while some agree (relatives, companies of one group, such
    as those of two countries), or nothing agrees. Against a household equal given names count by their rarity too,
    against a group the words beyond its own. Names that agree with none of the other side pay for the choice.
    """
    if a.type == "organisation":
        return _compare_organisations(a, b, table)
    best: ComparisonResult | None = None
    met_a: set[int] = set()
    met_b: set[int] = set()
    for i, x in enumerate(a.names):
        for j, y in enumerate(b.names):
            found = compare_names(x, y)
            if found.pairs:
                result = _weigh(found, x, y, table, i, j)
                if result.level <= NEAR:
                    met_a.add(i)
                    met_b.add(j)
                best = stronger_of(result, best)
    if best is None or best.level > NEAR or (len(a.names) == 1 and len(b.names) == 1):
        return best
    fee = choice_fee(_count_unmet(a.names, met_a)) + choice_fee(_count_unmet(b.names, met_b))
    return structs.replace(best, bits=less_fees(best.bits, fee)) if fee else best


def _count_unmet(names: Sequence[NamePrint], met: Collection[int]) -> int:
    """Names that agree with none of the other side; those that sound alike are one."""
    return len({sounds_of(name) for at, name in enumerate(names) if at not in met})


def sounds_of(name: NamePrint) -> tuple[str, ...]:
    """What is heard of each word of a name, in ascending order."""
    return tuple(sorted([token.sound for token in name.tokens]))


def _weigh(found: NameComparison, x: NamePrint, y: NamePrint, table: Table, i: int, j: int) -> ComparisonResult:
    level, own_bits = weigh_level(found, x, y)
    bits = found.bits if not table.curve else apply_curve(found.bits, table.curve)
    if level > SAME:
        return table.result(level, bits, i, j)
    household, named_after, group = table.companions[level]
    return ComparisonResult((bits, max(household + growth_of(own_bits), 0), named_after, group), level, i, j)


def _compare_organisations(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """The same with what companies of one group share; names that agree with none pay for the choice against it."""
    best: ComparisonResult | None = None
    met_a: set[int] = set()
    met_b: set[int] = set()
    for (i, x), (j, y) in product(enumerate(a.names), enumerate(b.names)):
        found = compare_names(x, y)
        if found.pairs:
            level, _ = weigh_level(found, x, y)
            result = table.result(level, apply_curve(found.bits, table.curve), i, j)
            if level <= NEAR:
                result = _add_to_group(result, group_bits(found, a, b))
                met_a.add(i)
                met_b.add(j)
            best = stronger_of(result, best)
    if best is None or best.level > NEAR:
        return best
    if are_parts_of_one(a, b, compare_names(a.names[best.a], b.names[best.b]).pairs):
        return table.result(CONFLICT, best.weight, best.a, best.b)
    return _add_to_group(best, -choice_fee(len(a.names) - len(met_a)) - choice_fee(len(b.names) - len(met_b)))


def _add_to_group(result: ComparisonResult, further: int) -> ComparisonResult:
    strangers, household, named_after, group = result.bits
    return ComparisonResult((strangers, household, named_after, group + further), result.level, result.a, result.b)


def weigh_level(found: NameComparison, x: NamePrint, y: NamePrint) -> tuple[int, int]:
    """How the tokens of two names stand to each other, and the bits of those that a family does not share."""
    agree: list[TokenPair] = []
    conflict: list[TokenPair] = []
    missing = False
    for pair in found.pairs:
        if pair.level == levels.MISSING:
            missing = True
        else:
            (conflict if pair.level == levels.DIFFERENT else agree).append(pair)
    if conflict:
        level = _conflict_level(conflict, agree, x, y)
        if level != OTHER_PARTS:
            return level, 0
        missing = True
    if len(agree) < 2:
        return (SAME if agree and not missing else PARTIAL if agree else OTHER_PARTS), 0
    own = own_tokens(agree, x, y)
    bits = sum([pair.bits for pair in own])
    if any(pair.level in NEARLY for pair in own):
        return NEAR, bits
    return (LONGER if missing else SAME), bits


def _conflict_level(conflict: list[TokenPair], agree: list[TokenPair], x: NamePrint, y: NamePrint) -> int:
    """The level of names with contradictions; OTHER_PARTS where each is of a given name with a family name."""
    of_x, of_y = ({token.text: token for token in name.tokens} for name in (x, y))
    of_family = alike = False
    for pair in conflict:
        one, other = of_x.get(pair.a), of_y.get(pair.b)
        kinds = frozenset([token.kind for token in (one, other) if token is not None])
        if kinds in OTHER_KINDS:
            continue
        if one is not None and other is not None and _are_alike(one, other):
            alike = True
        elif kinds == {"family"} and agree:
            of_family = True
        else:
            return CONFLICT if agree else DIFFERENT
    return ALIKE if alike else FAMILY_DIFFERS if of_family else OTHER_PARTS


def _are_alike(one: TokenPrint, other: TokenPrint) -> bool:
    """Whether two words in Latin letters may be one with several slips.

    A single slip would have made them agree, unless a rule of the names package holds them apart (Kyong and Yong), as
    it does where one begins with the other (Roman, Romanov).
    """
    x, y = one.forms[0], other.forms[0]
    if min(len(x), len(y)) < SHORTEST_ALIKE or not (is_latin(one.script) and is_latin(other.script)):
        return False
    if x.startswith(y) or y.startswith(x):
        return False
    slips = OSA.distance(x, y)
    return slips > 1 and 1 - slips / max(len(x), len(y)) >= RESEMBLANCE


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
