"""Countries of birth: one in common says little, since a nationality has mostly said it."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.countries import are_compatible

LEVELS = (Level("same", 0.90, 0.50, 0.90, 0.85, 0.90), Level("different", 0.10, 0.50, 0.10, 0.15, 0.10))
SAME, DIFFERENT = range(2)
SOURCE = (
    "estimated; u between that of strangers of one nationality (most were born there) and of two, so that what a "
    "nationality has said does not count twice"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Countries of birth: same or different; a former state (Soviet Union) and one that it became say nothing."""
    p, q = a.birth_country, b.birth_country
    if not p or not q:
        return None
    if p == q:
        return table.results[SAME]
    return None if are_compatible(p.upper(), q.upper()) else table.results[DIFFERENT]


BIRTH_COUNTRY = Comparison(
    "birth_country",
    "birth_country",
    N_("Country of birth"),
    N_("the country of birth"),
    LEVELS,
    SOURCE,
    compare,
    lambda entity, _index: entity.birth_country.upper(),
)
