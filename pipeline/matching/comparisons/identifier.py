"""Identifiers: numbers that name one thing, typed by kind and country; plates and VINs have their own comparisons."""

from __future__ import annotations

from functools import reduce
from itertools import product

from msgspec import structs
from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    ALL,
    NONE,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    Table,
    stronger_of,
)
from pipeline.matching.comparisons.number_ends import (
    ELSEWHERE,
    MOST_EDITS,
    NUMBER_PARTS,
    VIN,
    EndsState,
    may_share_number,
    number_bound,
)
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint, IdentifierPrint
from pipeline.matching.operations import DONE
from pipeline.records.entity_types import ENTITY_TYPES
from pipeline.records.identifier_types import CATALOGUE
from pipeline.records.vehicles import vin_make

OWN = {row.name: row.own_number for row in ENTITY_TYPES if row.own_number}
"""For a type of entity the type of number that each bears for life, and no other in the world."""

SINGLE_VALUED = frozenset(kind.name for kind in CATALOGUE if not kind.renewable)
"""A thing has one of these at a time and for long: two different values speak against sameness. Documents, cards and
accounts are renewed, and an agency's own type is taken for renewable."""

WORLDWIDE = frozenset(kind.name for kind in CATALOGUE if kind.worldwide)
"""No two countries issue the same one, so that a country beside it says nothing of the number."""

FOR_LIFE = frozenset(OWN.values())
"""A thing has one of these for life, and no other thing has it."""

IN_ONE_HAND = frozenset(kind.name for kind in CATALOGUE if kind.in_one_hand)
"""One holder has such a number at a time: what an agency calls by a word of its own may be a file's."""

GENERIC = frozenset({"", "other", "unknown", "document", "id", "identifier"})
"""Types that only say "a number": comparable with any other type, at less weight."""

BITS_PER_CHARACTER = 332
"""log2(10) in hundredths: a number of k digits cannot say more than this much times k."""

MIN_NEAR = 6
"""Shorter numbers differ by one character too often by chance."""


class IdentifierLevel(ComparisonLevel):
    """How two identifiers agree."""

    SAME = 0.90, 2.0e-7, 5.0e-3, 5.0e-3, 1.0e-2
    SAME_CONFUSABLE = 0.02, 2.0e-8, 1.0e-4, 1.0e-4, 1.0e-4
    SAME_INVALID = 0.01, 2.0e-7, 1.0e-4, 1.0e-4, 1.0e-4
    SAME_TYPE_UNKNOWN = 0.01, 5.0e-7, 1.0e-4, 1.0e-4, 1.0e-4
    SAME_OTHER_COUNTRY = 0.01, 5.0e-6, 1.0e-4, 1.0e-4, 1.0e-4
    ONE_EDIT_CHECKED = 0.02, 1.5e-5, 1.0e-3, 1.0e-3, 2.0e-3
    ONE_EDIT = 0.03, 4.0e-4, 0.03, 0.01, 0.03
    RENEWED = 0.12, 0.95, 0.95, 0.95, 0.95
    CONFLICT = 0.004, 0.95, 0.95, 0.95, 0.95
    EACH_ITS_OWN = 3.0e-5, 0.95, 0.95, 0.95, 0.95


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare identifiers of the same type and country.

    Same; same once confusable characters (0/O, 1/I, 8/B, 5/S) are folded; one edit or transposition where a check digit
    fails on one side, or has none; another value of a single-valued type (contradiction) or of a renewable document
    (weak contradiction); each its own, where ships or companies have right numbers for life that differ, which no name
    outweighs. The best agreement counts, and contradictions of other types with it. A failed check digit, no type or
    another country lowers the weight; a short number cannot weigh more than its digits. A ship's valid IMO number,
    and a company's LEI, settle the pair: no other field tells the two apart, nor does a renewed number, as a call sign
    changes with the flag.
    """
    if not a.identifiers or not b.identifiers:
        return None
    kinds = _best_by_kind(a, b, table)
    if not kinds:
        return None
    best = reduce(stronger_of, kinds)
    worst = min(kinds, key=_rank)
    if best.weight <= 0:
        return worst
    settles = a.type in OWN and share_own_number(a, b)
    if worst.weight < 0 and not (settles and worst.level == IdentifierLevel.RENEWED):
        bits = tuple(map(sum, zip(best.bits, worst.bits, strict=True)))
        best = ComparisonResult(bits, best.level, best.a, best.b)
    return structs.replace(best, settles=True) if settles else best


def numbers_in_one_hand(entity: EntityPrint) -> frozenset[tuple[str, str]]:
    """The numbers of an entity that one holder alone should have, by type and with confusable characters folded.

    Two entities have a number in common (number_in_common) only if they have one of these in common.
    """
    return frozenset(
        [(one.type, one.value.translate(CONFUSABLE_CLASSES)) for one in entity.identifiers if one.type in IN_ONE_HAND]
    )


def number_in_common(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """The strongest number that both have and one holder alone should, damaged or not; None where there is none.

    Its bits are its own: what else the two are told by, other numbers included, says nothing of it.
    """
    DONE.operations += len(a.identifiers) * len(b.identifiers)
    best: ComparisonResult | None = None
    for i, p in enumerate(a.identifiers):
        for j, q in enumerate(b.identifiers):
            if p.type == q.type and p.type in IN_ONE_HAND:
                level = identifier_level(p, q)
                if level is not None and level <= IdentifierLevel.SAME_INVALID:
                    best = stronger_of(table.result(level, _bits(table, level, p, q), i, j), best)
    return best


def _rank(found: ComparisonResult) -> tuple[int, int, int, int]:
    return found.weight, -found.level, -found.a, -found.b


def _best_by_kind(a: EntityPrint, b: EntityPrint, table: Table) -> list[ComparisonResult]:
    """The strongest finding of each type of identifier that both entities have."""
    DONE.operations += len(a.identifiers) * len(b.identifiers)
    kinds: dict[str, ComparisonResult] = {}
    for i, j in product(range(len(a.identifiers)), range(len(b.identifiers))):
        p, q = a.identifiers[i], b.identifiers[j]
        level = identifier_level(p, q)
        if level is not None:
            kind = max(p.type, q.type)
            kinds[kind] = stronger_of(table.result(level, _bits(table, level, p, q), i, j), kinds.get(kind))
    return list(kinds.values())


def _bits(table: Table, level: int, p: IdentifierPrint, q: IdentifierPrint) -> int:
    return min(table.weights[level], BITS_PER_CHARACTER * min(len(p.value), len(q.value)))


def identifier_level(p: IdentifierPrint, q: IdentifierPrint) -> IdentifierLevel | None:
    """The level of two identifiers; None where they say nothing of each other."""
    if p.type in ELSEWHERE or q.type in ELSEWHERE:
        return None
    comparable = p.type == q.type
    if p.value == q.value:
        return _same_level(p, q, comparable)
    if not comparable or are_of_two_countries(p, q):
        return None
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return IdentifierLevel.SAME_CONFUSABLE
    one_edit = (
        min(len(p.value), len(q.value)) >= MIN_NEAR
        and OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    )
    if one_edit and not (p.valid == 1 and q.valid == 1):
        return IdentifierLevel.ONE_EDIT_CHECKED if p.valid + q.valid == 1 else IdentifierLevel.ONE_EDIT
    if p.type in FOR_LIFE and p.valid == q.valid == 1:
        return IdentifierLevel.EACH_ITS_OWN
    return IdentifierLevel.CONFLICT if p.type in SINGLE_VALUED else IdentifierLevel.RENEWED


def _same_level(p: IdentifierPrint, q: IdentifierPrint, comparable: bool) -> IdentifierLevel | None:
    if not comparable:
        return IdentifierLevel.SAME_TYPE_UNKNOWN if p.type in GENERIC or q.type in GENERIC else None
    if are_of_two_countries(p, q):
        return IdentifierLevel.SAME_OTHER_COUNTRY
    return IdentifierLevel.SAME_INVALID if p.valid == 0 or q.valid == 0 else IdentifierLevel.SAME


def are_of_two_countries(p: IdentifierPrint, q: IdentifierPrint) -> bool:
    """Whether two numbers of one type are two, since each names its country and both countries issue their own."""
    return p.country != q.country and bool(p.country and q.country) and p.type not in WORLDWIDE


def share_own_number(a: EntityPrint, b: EntityPrint) -> bool:
    """Whether two things of one type have a number in common that is each one's own, with nothing wrong in it.

    A ship keeps its IMO number, a company its LEI, a vehicle its VIN, whatever they are called, painted or plated: with
    such a number in common a differing name is that of one thing renamed. A number whose check digit fails may be
    anybody's; of a VIN, which outside North America and China has none, the form must be right.
    """
    own = OWN.get(a.type)
    if own is None:
        return False
    theirs = {other.value for other in b.identifiers if other.type == own}
    shared = [one for one in a.identifiers if one.type == own and one.value in theirs]
    return any(
        one.valid == 1 or (one.valid == -1 and one.type == VIN and vin_make(one.value) is not None) for one in shared
    )


def identifier_value(entity: EntityPrint, index: int) -> str:
    """The identifier as "passport X123 (FR)"."""
    found = entity.identifiers[index]
    return f"{found.type} {found.value}" + (f" ({found.country})" if found.country else "")


IDENTIFIER = Comparison(
    "identifier",
    "identifiers",
    N_("Identifier"),
    N_("the identifier"),
    IdentifierLevel,
    (
        "m, u and h are judgement, not counts: a number is its holder's own, so strangers share one by error alone; of "
        "1,000 pairs of a household, or of a father and a son of one name, five have one number, lent or entered for "
        "the wrong one (a child's is mostly its parent's), of a group's companies ten, whose branches state the number "
        "of the body; documents issued to brothers, and companies registered, at one time have numbers that are near; "
        "documents are renewed in 12 of 100, and other slips are rare; of 100,000 records of a ship or company three "
        "bear the right number of another"
    ),
    compare,
    identifier_value,
    conditional=(
        "of renewed documents that are renewed now and then, of each_its_own numbers for life, of conflict others that "
        "a thing has one of; of agreements all"
    ),
    row_parts=NUMBER_PARTS,
    bound=number_bound(
        "identifier",
        {
            EndsState.WHOLE: IdentifierLevel.SAME,
            EndsState.HALVED: IdentifierLevel.ONE_EDIT_CHECKED,
            EndsState.APART: NONE,
        },
    ),
    bounded=ALL,
    may_share=may_share_number,
    selector=True,
)
