"""Number plates, whole or in part."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.ends import MOST_EDITS
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.numbers import SHORTEST, best_number, may_share_number, number_bound, number_value
from pipeline.matching.comparisons.types import VEHICLE
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint, IdentifierPrint

LEVELS = (
    Level("same", 0.80, 3.0e-7, 3.0e-7),
    Level("confusable", 0.03, 1.0e-6, 1.0e-6),
    Level("partial_long", 0.70, 6.0e-5, 6.0e-5),
    Level("same_other_country", 0.02, 3.0e-6, 3.0e-6),
    Level("one_edit", 0.05, 6.0e-5, 6.0e-5),
    Level("partial_short", 0.70, 1.0e-2, 1.0e-2),
    Level("different", 0.09, 0.99, 0.99),
)
SAME, CONFUSABLE, PARTIAL_LONG, ELSEWHERE, EDIT, PARTIAL_SHORT, DIFFERENT = range(7)
SOURCE = "estimated: plates are changed and cloned, so even the same plate may be another car, another the same car"

WILDCARDS = frozenset("?*")
LONG_PARTIAL = 4
"""Known characters of a partial plate from which agreeing is worth more than chance among a country's plates."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
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
        return ELSEWHERE if elsewhere else SAME
    if elsewhere:
        return DIFFERENT
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return CONFUSABLE
    near = len(p.value) >= SHORTEST and OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    return EDIT if near else DIFFERENT


def _partial_level(p: str, q: str) -> int:
    if not fits(p, q):
        return DIFFERENT
    known = min(sum(c not in WILDCARDS for c in p), sum(c not in WILDCARDS for c in q))
    return PARTIAL_LONG if known >= LONG_PARTIAL else PARTIAL_SHORT


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


PLATE = Comparison(
    "plate",
    "identifiers",
    N_("Plate"),
    N_("the plate"),
    LEVELS,
    SOURCE,
    compare,
    number_value,
    bound=number_bound("plate", SAME, EDIT, DIFFERENT),
    bounded=VEHICLE,
    may_share=may_share_number,
    selector=True,
)
