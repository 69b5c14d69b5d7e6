"""The method of an event, by its words."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (
    Level("same", 0.30, 0.004, 0.004),
    Level("similar", 0.30, 0.03, 0.03),
    Level("word_in_common", 0.20, 0.12, 0.12),
    Level("different", 0.20, 0.85, 0.85),
)
SAME, SIMILAR, WORD, DIFFERENT = range(4)
SOURCE = (
    "m, u and h are judgement, not counts: officers word one event's method alike in 3 of 10 and share half of "
    "the words in 3 more; of strangers' events 15 of 100 share some word, and h is u"
)

SIMILAR_SHARE = 0.5
"""Share of the method's words in common."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Method of an event: same words, half of them, one of them, none."""
    if not a.method or not b.method:
        return None
    common = len(set(a.method).intersection(b.method))
    if a.method == b.method:
        level = SAME
    elif common >= SIMILAR_SHARE * max(len(a.method), len(b.method)):
        level = SIMILAR
    else:
        level = WORD if common else DIFFERENT
    return table.results[level]


METHOD = Comparison(
    "method",
    "method",
    N_("Method"),
    N_("the method"),
    LEVELS,
    SOURCE,
    compare,
    lambda entity, _index: ", ".join(entity.method),
)
