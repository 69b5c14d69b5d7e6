"""Numbers of vehicles: identification numbers (VIN), and number plates, whole or in part."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from msgspec import structs
from rapidfuzz.distance import OSA

from pipeline.matching.comparisons.comparison import ComparisonResult, Table, stronger_of
from pipeline.matching.comparisons.identifier import MOST_EDITS, OWN, share_own_number
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint, IdentifierPrint

VIN_SAME, VIN_CONFUSABLE, VIN_EDIT_CHECKED, VIN_EDIT, VIN_DIFFERENT = range(5)

(
    PLATE_SAME,
    PLATE_CONFUSABLE,
    PLATE_PARTIAL_LONG,
    PLATE_ELSEWHERE,
    PLATE_EDIT,
    PLATE_PARTIAL_SHORT,
    PLATE_DIFFERENT,
) = range(7)

SHORTEST = 5
"""Characters of a VIN from which one edit leaves an end as it is; plates and identifiers are near from as many on."""

WILDCARDS = frozenset("?*")
LONG_PARTIAL = 4
"""Known characters of a partial plate from which agreeing is worth more than chance among a country's plates."""


def compare_vins(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare vehicle identification numbers; the best pair counts.

    Same; same after folding confusable characters; one edit where the check digit of exactly one side is right; one
    edit; different (strong contradiction). A VIN in common settles the pair: neither plate nor colour tells the two
    apart.
    """
    return best_number(a, b, "vin", table, vin_level)


def vin_level(p: IdentifierPrint, q: IdentifierPrint) -> int:
    """The level of two VINs."""
    if p.value == q.value:
        return VIN_SAME
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return VIN_CONFUSABLE
    near = OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    if near and not (p.valid == 1 and q.valid == 1):
        return VIN_EDIT_CHECKED if 1 in (p.valid, q.valid) else VIN_EDIT
    return VIN_DIFFERENT


def compare_plates(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare number plates; the best pair counts.

    Same; same characters with another country; confusable characters; a partial plate whose known characters fit in
    order; one edit; different. ? stands for one unknown character, * for any number of them.
    """
    return best_number(a, b, "plate", table, plate_level)


def plate_level(p: IdentifierPrint, q: IdentifierPrint) -> int:
    """The level of two plates."""
    if WILDCARDS.intersection(p.value) or WILDCARDS.intersection(q.value):
        return _partial_level(p.value, q.value)
    elsewhere = bool(p.country and q.country and p.country != q.country)
    if p.value == q.value:
        return PLATE_ELSEWHERE if elsewhere else PLATE_SAME
    if elsewhere:
        return PLATE_DIFFERENT
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return PLATE_CONFUSABLE
    near = len(p.value) >= SHORTEST and OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    return PLATE_EDIT if near else PLATE_DIFFERENT


def _partial_level(p: str, q: str) -> int:
    if not fits(p, q):
        return PLATE_DIFFERENT
    known = min(sum(c not in WILDCARDS for c in p), sum(c not in WILDCARDS for c in q))
    return PLATE_PARTIAL_LONG if known >= LONG_PARTIAL else PLATE_PARTIAL_SHORT


def fits(p: str, q: str) -> bool:
    """Whether two plates, either with wildcards, can be one plate (both read left to right; order kept)."""
    reach = {(0, 0)}
    seen = set(reach)
    while reach:
        reach = {step for i, j in reach for step in _steps(p, q, i, j)} - seen
        seen |= reach
    return (len(p), len(q)) in seen


def _steps(p: str, q: str, i: int, j: int) -> list[tuple[int, int]]:
    left, right = p[i : i + 1], q[j : j + 1]
    steps = []
    if left and right and (left == right or "?" in (left, right)) and "*" not in (left, right):
        steps.append((i + 1, j + 1))
    if left == "*":
        steps += [(i + 1, j)] + ([(i, j + 1)] if right else [])
    if right == "*":
        steps += [(i, j + 1)] + ([(i + 1, j)] if left else [])
    return steps


def number_value(entity: EntityPrint, index: int) -> str:
    """The number with its country."""
    found = entity.identifiers[index]
    return found.value + (f" ({found.country})" if found.country else "")


def best_number(
    a: EntityPrint, b: EntityPrint, kind: str, table: Table, level_of: Callable[[IdentifierPrint, IdentifierPrint], int]
) -> ComparisonResult | None:
    """The best pair of two entities' identifiers of one type."""
    if not a.identifiers or not b.identifiers:
        return None
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.identifiers)), range(len(b.identifiers))):
        p, q = a.identifiers[i], b.identifiers[j]
        if p.type == kind and q.type == kind:
            level = level_of(p, q)
            best = stronger_of(table.result(level, table.weights[level], i, j), best)
    if best is not None and kind == OWN.get(a.type) and share_own_number(a, b):
        return structs.replace(best, settles=True)
    return best
