"""Numbers of vehicles: identification numbers (VIN), and number plates, whole or in part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product

from msgspec import structs
from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    VEHICLE,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    Table,
    stronger_of,
)
from pipeline.matching.comparisons.identifier import OWN, share_own_number
from pipeline.matching.comparisons.number_ends import (
    MOST_EDITS,
    NUMBER_PARTS,
    SHORTEST,
    EndsState,
    may_share_number,
    number_bound,
)
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, WILDCARDS, EntityPrint, IdentifierPrint
from pipeline.matching.operations import DONE

ONE, ANY = "?", "*"
"""One unknown character, and any number of them."""
LONG_PARTIAL = 4
"""Known characters of a partial plate from which agreeing is worth more than chance among a country's plates."""


class VinLevel(ComparisonLevel):
    """How two vehicle identification numbers agree."""

    SAME = 0.93, 1.0e-8, 1.0e-8
    CONFUSABLE = 0.02, 1.0e-8, 1.0e-8
    ONE_EDIT_CHECKED = 0.02, 1.0e-6, 1.0e-6
    ONE_EDIT = 0.01, 2.0e-5, 2.0e-5
    DIFFERENT = 0.004, 0.99, 0.99


class PlateLevel(ComparisonLevel):
    """How two number plates agree."""

    SAME = 0.80, 3.0e-7, 3.0e-7
    CONFUSABLE = 0.03, 1.0e-6, 1.0e-6
    PARTIAL_LONG = 0.70, 6.0e-5, 6.0e-5
    SAME_OTHER_COUNTRY = 0.02, 3.0e-6, 3.0e-6
    ONE_EDIT = 0.05, 6.0e-5, 6.0e-5
    PARTIAL_SHORT = 0.70, 1.0e-2, 1.0e-2
    DIFFERENT = 0.09, 0.99, 0.99


def compare_vins(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare vehicle identification numbers; the best pair counts.

    Same; same after folding confusable characters; one edit where the check digit of exactly one side is right; one
    edit; different (strong contradiction). A VIN in common settles the pair: neither plate nor colour tells the two
    apart.
    """
    return best_number(a, b, "vin", table, vin_level)


def vin_level(p: IdentifierPrint, q: IdentifierPrint) -> VinLevel:
    """The level of two VINs."""
    if p.value == q.value:
        return VinLevel.SAME
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return VinLevel.CONFUSABLE
    near = OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    if near and not (p.valid == 1 and q.valid == 1):
        return VinLevel.ONE_EDIT_CHECKED if 1 in (p.valid, q.valid) else VinLevel.ONE_EDIT
    return VinLevel.DIFFERENT


def compare_plates(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare number plates; the best pair counts.

    Same; same characters with another country; confusable characters; a partial plate whose known characters fit in
    order; one edit; different. ? stands for one unknown character, * for any number of them.
    """
    return best_number(a, b, "plate", table, plate_level)


def plate_level(p: IdentifierPrint, q: IdentifierPrint) -> PlateLevel:
    """The level of two plates."""
    if WILDCARDS.intersection(p.value) or WILDCARDS.intersection(q.value):
        return _partial_level(p.value, q.value)
    elsewhere = bool(p.country and q.country and p.country != q.country)
    if p.value == q.value:
        return PlateLevel.SAME_OTHER_COUNTRY if elsewhere else PlateLevel.SAME
    if elsewhere:
        return PlateLevel.DIFFERENT
    if p.value.translate(CONFUSABLE_CLASSES) == q.value.translate(CONFUSABLE_CLASSES):
        return PlateLevel.CONFUSABLE
    near = len(p.value) >= SHORTEST and OSA.distance(p.value, q.value, score_cutoff=MOST_EDITS) <= MOST_EDITS
    return PlateLevel.ONE_EDIT if near else PlateLevel.DIFFERENT


def _partial_level(p: str, q: str) -> PlateLevel:
    DONE.operations += 1 + (len(p) + len(q)) // 8
    if not fits(p, q):
        return PlateLevel.DIFFERENT
    known = min(sum(c not in WILDCARDS for c in p), sum(c not in WILDCARDS for c in q))
    return PlateLevel.PARTIAL_LONG if known >= LONG_PARTIAL else PlateLevel.PARTIAL_SHORT


def fits(p: str, q: str) -> bool:
    """Whether two plates, either with wildcards, can be one plate (both read left to right; order kept).

    It takes some steps for each character: a damaged plate may be as long as any number.
    """
    if ANY in p and ANY in q:  # what is between the first and last ANY of one stands within an ANY of the other
        return _begin_alike(p[: p.index(ANY)], q[: q.index(ANY)]) and _begin_alike(
            p[: p.rindex(ANY) : -1], q[: q.rindex(ANY) : -1]
        )
    if ANY in q:
        p, q = q, p
    if ANY not in p:
        return len(p) == len(q) and _begin_alike(p, q)
    first, *middle, last = p.split(ANY)
    end = len(q) - len(last)
    if len(first) > end or not _begin_alike(first, q) or not _begin_alike(last[::-1], q[::-1]):
        return False
    return _stand_in_order(middle, q[len(first) : end])


def _begin_alike(p: str, q: str) -> bool:
    """Whether the shorter of two texts without ANY can be the beginning of the other."""
    if p.startswith(q) or q.startswith(p):
        return True
    return all(left == right or ONE in (left, right) for left, right in zip(p, q, strict=False))


def _stand_in_order(parts: Sequence[str], text: str) -> bool:
    """Whether each of some texts can stand behind the one before in a text without ANY.

    The places where a character can stand are the bits of a number, so that all places of a part are tried at once.
    """
    if sum(map(len, parts)) > len(text):
        return False
    places = {sign: _places_of(sign, text) for sign in {*"".join(parts)}}
    start = 0
    for part in filter(None, parts):
        found = places[part[0]] >> start
        for at in range(1, len(part)):
            found &= places[part[at]] >> (start + at)
        if not found:
            return False
        start += (found & -found).bit_length() - 1 + len(part)
    return True


@lru_cache(maxsize=4096)
def _places_of(sign: str, text: str) -> int:
    """The places of a text at which a character can stand, as bits, the first place's lowest."""
    fitting = ["1" if sign == ONE or one in (sign, ONE) else "0" for one in reversed(text)]
    return int("".join(fitting) or "0", 2)


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


VIN = Comparison(
    "vin",
    "identifiers",
    N_("VIN"),
    N_("the VIN"),
    VinLevel,
    (
        "m, u and h are judgement, not counts: a vehicle keeps its VIN, so that records differ by slips of the pen "
        "alone (5 of 100) or a true change (4 of 1,000); strangers share one by chance or cloning, and h is u"
    ),
    compare_vins,
    number_value,
    row_parts=NUMBER_PARTS,
    bound=number_bound(
        "vin",
        {
            EndsState.WHOLE: VinLevel.SAME,
            EndsState.HALVED: VinLevel.ONE_EDIT_CHECKED,
            EndsState.APART: VinLevel.DIFFERENT,
        },
    ),
    bounded=VEHICLE,
    may_share=may_share_number,
    selector=True,
)

PLATE = Comparison(
    "plate",
    "identifiers",
    N_("Plate"),
    N_("the plate"),
    PlateLevel,
    "estimated: plates are changed and cloned, so even the same plate may be another car, another the same car",
    compare_plates,
    number_value,
    conditional=(
        "of partial_long pairs with a side known in part, by four characters and more, of partial_short by less; "
        "of the others whole plates"
    ),
    row_parts=NUMBER_PARTS,
    bound=number_bound(
        "plate",
        {
            EndsState.WHOLE: PlateLevel.SAME,
            EndsState.HALVED: PlateLevel.ONE_EDIT,
            EndsState.APART: PlateLevel.DIFFERENT,
        },
    ),
    bounded=VEHICLE,
    may_share=may_share_number,
    selector=True,
)
