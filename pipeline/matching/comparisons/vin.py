"""Vehicle identification numbers."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.ends import MOST_EDITS
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.numbers import best_number, may_share_number, number_bound, number_value
from pipeline.matching.comparisons.types import VEHICLE
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint, IdentifierPrint

LEVELS = (
    Level("same", 0.93, 1.0e-8, 1.0e-8),
    Level("confusable", 0.02, 1.0e-8, 1.0e-8),
    Level("one_edit_checked", 0.02, 1.0e-6, 1.0e-6),
    Level("one_edit", 0.01, 2.0e-5, 2.0e-5),
    Level("different", 0.004, 0.99, 0.99),
)
SAME, CONFUSABLE, EDIT_CHECKED, EDIT, DIFFERENT = range(5)
SOURCE = (
    "m, u and h are judgement, not counts: a vehicle keeps its VIN, so that records differ by slips of the pen "
    "alone (5 of 100) or a true change (4 of 1,000); strangers share one by chance or cloning, and h is u"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare vehicle identification numbers; the best pair counts.

    Same; same after folding confusable characters; one edit where the check digit of exactly one side is right; one
    edit; different (strong contradiction). A VIN in common settles the pair: neither plate nor colour tells the two
    apart.
    """
    return best_number(a, b, "vin", table, vin_level)


def vin_level(p: IdentifierPrint, q: IdentifierPrint) -> int:
    """The level of two VINs."""
    if p.value == q.value:
        return SAME
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return CONFUSABLE
    near = OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    if near and not (p.valid == 1 and q.valid == 1):
        return EDIT_CHECKED if 1 in (p.valid, q.valid) else EDIT
    return DIFFERENT


VIN = Comparison(
    "vin",
    "identifiers",
    N_("VIN"),
    N_("the VIN"),
    LEVELS,
    SOURCE,
    compare,
    number_value,
    bound=number_bound("vin", SAME, EDIT_CHECKED, DIFFERENT),
    bounded=VEHICLE,
    may_share=may_share_number,
    selector=True,
)
