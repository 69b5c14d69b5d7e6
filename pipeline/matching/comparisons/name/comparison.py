"""The comparison of names: the names package aligns tokens and sums their bits, the model's curve bends the sum."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import structs

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    ALL,
    Comparison,
    ComparisonResult,
    Table,
    apply_curve,
    less_fees,
)
from pipeline.matching.comparisons.name.best_names import bound_names, find_best
from pipeline.matching.comparisons.name.bound import NAME_BOUND
from pipeline.matching.comparisons.name.groups import are_parts_of_one, choice_fee, group_bits
from pipeline.matching.comparisons.name.name_levels import NameLevel, growth_of, weigh_level
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, NamePrint
from pipeline.matching.names.name_pairs import compare_only, pairs_of


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare names: of all names and aliases the best pair counts, against each alternative by itself.

    Tokens are aligned in any order and across scripts (pipeline.matching.names). The bits against strangers are the sum
    over the aligned tokens, each by its rarity. The levels, strongest first:

    - same: all tokens agree;
    - longer: one name has further tokens;
    - near: a given name is a letter off;
    - family_differs: only the family name contradicts;
    - partial: a single token agrees, and it is all that one side has;
    - other_parts: each side has another part of a name alone;
    - alike: the words that contradict may be one word with several slips;
    - given_differs: the family name and one given name or initial agree, and another one contradicts;
    - conflict: some tokens agree and another contradicts (relatives, companies of one group);
    - different: no token agrees.

    Against a household equal given names count by their rarity too; against a group, the words beyond the group's own.
    Every name that agrees with none of the other side costs bits, since more names agree by chance (choice_fee).
    """
    if len(a.names) == len(b.names) == 1 and a.type != "organisation":
        found = compare_only(a.names, b.names)
        return weigh_names(found, a, b, table, 0, 0) if found.pairs else None
    say = _compare_organisations if a.type == "organisation" else _compare_people
    return pairs_of(a.names, b.names).recall((a, b, table), lambda: say(a, b, table))


def _compare_people(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """The best pair of all names, less the fee for names that agree with none."""
    found = find_best(a, b, table, weigh_names)
    best = found.result
    if best is None or best.level > NameLevel.NEAR:
        return best
    fee = choice_fee(_count_unmet(a.names, found.met_a)) + choice_fee(_count_unmet(b.names, found.met_b))
    return structs.replace(best, bits=less_fees(best.bits, fee)) if fee else best


def _count_unmet(names: Sequence[NamePrint], met: Collection[int]) -> int:
    """How many names agree with none of the other side; names that sound alike count once."""
    return len({sounds_of(name) for at, name in enumerate(names) if at not in met})


def sounds_of(name: NamePrint) -> tuple[str, ...]:
    """The sound keys of a name's words, in ascending order."""
    return tuple(sorted([token.sound for token in name.tokens]))


def weigh_names(
    found: NameComparison, a: EntityPrint, b: EntityPrint, table: Table, i: int, j: int
) -> ComparisonResult:
    """The result of the names `i` of person `a` and `j` of person `b`, against each alternative."""
    level, own_bits = weigh_level(found, a.names[i], b.names[j])
    bits = found.bits if not table.curve else apply_curve(found.bits, table.curve)
    if level > NameLevel.SAME:
        return table.result(level, bits, i, j)
    household, named_after, group = table.companions[level]
    return ComparisonResult((bits, max(household + growth_of(own_bits), 0), named_after, group), level, i, j)


def _compare_organisations(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """The best pair of all names. Against a group, names that agree with none cost their fee.

    The level is CONFLICT for two parts of one body, which share its name and each have words of their own.
    """
    found = find_best(a, b, table, weigh_organisations)
    best = found.result
    if best is None or best.level > NameLevel.NEAR:
        return best
    if are_parts_of_one(a, b, pairs_of(a.names, b.names).compare(best.a, best.b).pairs):
        return table.result(NameLevel.CONFLICT, best.weight, best.a, best.b)
    fee = choice_fee(len(a.names) - len(found.met_a)) + choice_fee(len(b.names) - len(found.met_b))
    return _add_to_group(best, -fee)


def weigh_organisations(
    found: NameComparison, a: EntityPrint, b: EntityPrint, table: Table, i: int, j: int
) -> ComparisonResult:
    """The result of the names `i` of organisation `a` and `j` of organisation `b`, against each alternative."""
    level, _ = weigh_level(found, a.names[i], b.names[j])
    result = table.result(level, apply_curve(found.bits, table.curve), i, j)
    return _add_to_group(result, group_bits(found, a, b, i, j)) if level <= NameLevel.NEAR else result


def _add_to_group(result: ComparisonResult, further: int) -> ComparisonResult:
    strangers, household, named_after, group = result.bits
    return ComparisonResult((strangers, household, named_after, group + further), result.level, result.a, result.b)


def name_value(entity: EntityPrint, index: int) -> str:
    """The name as its tokens, separated by spaces."""
    return " ".join(token.text for token in entity.names[index].tokens)


NAME = Comparison(
    "name",
    "names",
    N_("Name"),
    N_("the name"),
    NameLevel,
    (
        "estimated: a household shares the family name and rarely a given name (in 2 of 100 pairs given names are a "
        "letter apart, in 5 a middle one agrees beside another first one); who is named after another bears the name "
        "as that one does; companies of a group share the group's name"
    ),
    compare,
    name_value,
    conditional=(
        "h of conflicting names is that of a household or group which shares a name, h of different ones that of those "
        "which share none"
    ),
    also_reads=("addresses", "phones"),
    bound=NAME_BOUND,
    bounded=ALL,
    ceiling=bound_names,
)
