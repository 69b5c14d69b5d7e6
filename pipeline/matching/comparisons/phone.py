"""Phone numbers."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA

from pipeline.matching.comparisons.comparison import SHARED_CAP, ComparisonResult, Table, stronger_of
from pipeline.matching.comparisons.identifier import MOST_EDITS
from pipeline.matching.fingerprint import TAIL_DIGITS, EntityPrint, PhonePrint
from pipeline.matching.operations import DONE

SAME, NATIONAL, TAIL, ONE_DIGIT, DIFFERENT = range(5)

NEAR_DIGITS = 8
"""Shorter numbers are a digit apart too often by chance."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare phone numbers; the best pair counts.

    Same E.164 number; same national significant number with another or a missing country code; same last seven digits
    where one side has no area code; one digit off or two exchanged; different. A number that the model lists as shared
    counts for little.
    """
    if not a.phones or not b.phones:
        return None
    DONE.operations += len(a.phones) * len(b.phones)
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.phones)), range(len(b.phones))):
        level = phone_level(a.phones[i], b.phones[j])
        bits = table.weights[level]
        if level < DIFFERENT and (a.phones[i].e164 in table.shared or b.phones[j].e164 in table.shared):
            bits = min(bits, SHARED_CAP)
        best = stronger_of(table.result(level, bits, i, j), best)
    return best


def phone_level(p: PhonePrint, q: PhonePrint) -> int:
    """The level of two numbers."""
    if p.e164 == q.e164:
        return SAME
    x, y = p.national, q.national
    if x == y:
        return NATIONAL
    if len(x) != len(y) and min(len(x), len(y)) >= TAIL_DIGITS and (x.endswith(y) or y.endswith(x)):
        return TAIL
    if min(len(x), len(y)) >= NEAR_DIGITS and OSA.distance(x, y, score_cutoff=MOST_EDITS) <= MOST_EDITS:
        return ONE_DIGIT
    return DIFFERENT
