"""Phone numbers."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    ALL,
    NONE,
    SHARED_CAP,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    RowParts,
    States,
    Table,
    bound_by_levels,
    stronger_of,
)
from pipeline.matching.comparisons.number_ends import MOST_EDITS, EndsState, compare_ends, encode_ends
from pipeline.matching.encoded import Flags, Rows
from pipeline.matching.fingerprint import TAIL_DIGITS, EntityPrint, PhonePrint
from pipeline.matching.operations import DONE

NEAR_DIGITS = 8
"""Shorter numbers are a digit apart too often by chance."""


class PhoneLevel(ComparisonLevel):
    """How two phone numbers agree."""

    SAME = 0.50, 5.0e-7, 0.50, 0.50, 0.30
    SAME_NATIONAL = 0.02, 2.0e-6, 0.02, 0.02, 0.02
    SAME_TAIL = 0.01, 1.5e-5, 0.01, 0.01, 0.01
    ONE_DIGIT = 0.02, 1.5e-4, 0.02, 0.02, 0.05
    DIFFERENT = 0.45, 0.95, 0.45, 0.45, 0.62


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
        if level < PhoneLevel.DIFFERENT and (a.phones[i].e164 in table.shared or b.phones[j].e164 in table.shared):
            bits = min(bits, SHARED_CAP)
        best = stronger_of(table.result(level, bits, i, j), best)
    return best


def phone_level(p: PhonePrint, q: PhonePrint) -> PhoneLevel:
    """The level of two numbers."""
    if p.e164 == q.e164:
        return PhoneLevel.SAME
    x, y = p.national, q.national
    if x == y:
        return PhoneLevel.SAME_NATIONAL
    if len(x) != len(y) and min(len(x), len(y)) >= TAIL_DIGITS and (x.endswith(y) or y.endswith(x)):
        return PhoneLevel.SAME_TAIL
    if min(len(x), len(y)) >= NEAR_DIGITS and OSA.distance(x, y, score_cutoff=MOST_EDITS) <= MOST_EDITS:
        return PhoneLevel.ONE_DIGIT
    return PhoneLevel.DIFFERENT


def encode_phones(entity: EntityPrint) -> tuple[int, int]:
    """One wrong digit leaves the first four as they are, or the last three; a common tail leaves the last three."""
    if not entity.phones:
        return 0, 0
    return encode_ends([(phone.national[:4], phone.national[-3:]) for phone in entity.phones])


def phone_state(a: Rows, b: Rows) -> States:
    """What the ends of two entities' phones leave open (WHOLE and others)."""
    return compare_ends(a.words("phones"), b.words("phones"))


def may_share_line(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have the last digits of a phone in common (EntityPrint.selectors)."""
    return phone_state(a, b) <= EndsState.HALVED


PHONE = Comparison(
    "phone",
    "phones",
    N_("Phone number"),
    N_("the phone number"),
    PhoneLevel,
    (
        "estimated: half of all true pairs with a phone on both sides share one, as people change and collect numbers; "
        "where it is a landline or a parent's, a household shares it as often, and has lines of neighbouring numbers; "
        "a group has lines of its own for each company or one exchange"
    ),
    compare,
    lambda entity, index: entity.phones[index].e164,
    row_parts=RowParts({"phones": 2}, encode_phones),
    bound=bound_by_levels(
        phone_state,
        {
            EndsState.WHOLE: PhoneLevel.SAME,
            EndsState.HALVED: PhoneLevel.SAME_TAIL,
            EndsState.APART: PhoneLevel.DIFFERENT,
            EndsState.UNKNOWN: NONE,
        },
    ),
    bounded=ALL,
    may_share=may_share_line,
    selector=True,
)
