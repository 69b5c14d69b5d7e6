"""Vehicles, vessels, weapons: plate, VIN, make, model, colour, calibre."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from pipeline.matching.comparisons.levels import Comparison, Found, Level, Table, stronger
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint, IdentifierPrint

VEHICLE = frozenset({"vehicle"})
MADE = frozenset({"vehicle", "vessel", "weapon"})
WEAPON = frozenset({"weapon"})

VIN = (
    Level("same", 0.93, 1.0e-8, 1.0e-8),
    Level("confusable", 0.02, 1.0e-8, 1.0e-8),
    Level("one_edit_checked", 0.02, 1.0e-6, 1.0e-6),
    Level("one_edit", 0.01, 2.0e-5, 2.0e-5),
    Level("different", 0.004, 0.99, 0.99),
)
VIN_SAME, VIN_CONFUSABLE, VIN_CHECKED, VIN_EDIT, VIN_DIFFERENT = range(5)

PLATE = (
    Level("same", 0.80, 3.0e-7, 3.0e-7),
    Level("confusable", 0.03, 1.0e-6, 1.0e-6),
    Level("partial_long", 0.70, 6.0e-5, 6.0e-5),
    Level("same_other_country", 0.02, 3.0e-6, 3.0e-6),
    Level("one_edit", 0.05, 6.0e-5, 6.0e-5),
    Level("partial_short", 0.70, 1.0e-2, 1.0e-2),
    Level("different", 0.09, 0.99, 0.99),
)
"""Plates are changed and cloned, so even the same plate may be another car and another plate the same car."""
PLATE_SAME, PLATE_CONFUSABLE, PARTIAL_LONG, PLATE_ELSEWHERE, PLATE_EDIT, PARTIAL_SHORT, PLATE_DIFFERENT = range(7)

MAKE = (Level("same", 0.95, 0.08, 0.08), Level("near", 0.02, 0.005, 0.005), Level("different", 0.03, 0.91, 0.91))
MODEL = (Level("same", 0.88, 0.02, 0.02), Level("near", 0.06, 0.01, 0.01), Level("different", 0.06, 0.97, 0.97))
COLOUR = (Level("same", 0.80, 0.16, 0.16), Level("different", 0.20, 0.84, 0.84))
CALIBRE = (Level("same", 0.95, 0.15, 0.15), Level("different", 0.05, 0.85, 0.85))

WILDCARDS = frozenset("?*")
LONG_PARTIAL = 4
"""Known characters of a partial plate from which agreeing is worth more than chance among a country's plates."""

NEAR_WORD = 85


def vin(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Vehicle identification numbers: same; same after folding confusable characters; one edit where the check digit of
    exactly one side is right; one edit; different (strong contradiction)."""
    return _best(a, b, "vin", table, vin_level)


def plate(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Plates: same; same characters with another country; confusable characters; a partial plate whose known characters
    fit in order; one edit; different. ? stands for one unknown character, * for any number of them."""
    return _best(a, b, "plate", table, plate_level)


def make(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Make of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return _word(a.make, b.make, table)


def model(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Model of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return _word(a.model, b.model, table)


def colour(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Colour: same or different; witnesses err, so the contradiction is weak."""
    return _exact(a.colour, b.colour, table)


def calibre(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Calibre of a weapon: same or different; a wrong one is rarely written down."""
    return _exact(a.calibre, b.calibre, table)


def _best(
    a: EntityPrint, b: EntityPrint, kind: str, table: Table, level_of: Callable[[IdentifierPrint, IdentifierPrint], int]
) -> Found | None:
    if not a.identifiers or not b.identifiers:
        return None
    best: Found | None = None
    for i, j in product(range(len(a.identifiers)), range(len(b.identifiers))):
        p, q = a.identifiers[i], b.identifiers[j]
        if p.type == kind and q.type == kind:
            level = level_of(p, q)
            best = stronger((table.weights[level], level, i, j), best)
    return best


def vin_level(p: IdentifierPrint, q: IdentifierPrint) -> int:
    """The level of two VINs."""
    if p.value == q.value:
        return VIN_SAME
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return VIN_CONFUSABLE
    if OSA.distance(p.value, q.value, score_cutoff=1) <= 1 and not (p.valid == 1 and q.valid == 1):
        return VIN_CHECKED if 1 in (p.valid, q.valid) else VIN_EDIT
    return VIN_DIFFERENT


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
    return PLATE_EDIT if len(p.value) >= 5 and OSA.distance(p.value, q.value, score_cutoff=1) <= 1 else PLATE_DIFFERENT


def _partial_level(p: str, q: str) -> int:
    if not fits(p, q):
        return PLATE_DIFFERENT
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


def _word(x: str, y: str, table: Table) -> Found | None:
    if not x or not y:
        return None
    level = 0 if x == y else (1 if fuzz.ratio(x, y) >= NEAR_WORD else 2)
    return table.weights[level], level, 0, 0


def _exact(x: str, y: str, table: Table) -> Found | None:
    if not x or not y:
        return None
    level = 0 if x == y else 1
    return table.weights[level], level, 0, 0


def number_value(one: EntityPrint, index: int) -> str:
    """The number with its country."""
    found = one.identifiers[index]
    return found.value + (f" ({found.country})" if found.country else "")


THINGS = (
    Comparison("vin", VEHICLE, VIN, vin, number_value, selector=True),
    Comparison("plate", VEHICLE, PLATE, plate, number_value, selector=True),
    Comparison("make", MADE, MAKE, make, lambda one, _index: one.make),
    Comparison("model", MADE, MODEL, model, lambda one, _index: one.model),
    Comparison("colour", MADE, COLOUR, colour, lambda one, _index: one.colour),
    Comparison("calibre", WEAPON, CALIBRE, calibre, lambda one, _index: one.calibre),
)
