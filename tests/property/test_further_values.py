"""One value more that agrees with nothing: it costs its fee or contradicts as stated, and touches no other field.

Pairs are drawn at the comparisons' own thresholds (tests/support/matching/comparison_edits.py); the further value is of
letters and digits that none of them has.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.alternatives import STRANGERS, Bits
from pipeline.matching.comparisons.comparison import CHOICE_FEES, Comparison, ComparisonResult
from pipeline.matching.fingerprint import AddressPrint, EntityPrint, IdentifierPrint, PhonePrint
from pipeline.matching.model import load_model
from pipeline.matching.score.scoring import sum_results
from pipeline.records.entity_types import TYPES
from pipeline.records.normalised import BirthDate, PartialDate
from support.matching.comparison_edits import name_print, whole_pair

model = cache(load_model)

FEE = CHOICE_FEES[1]
"""Hundredths of a bit: what the first of several tries costs, and no further one more."""

FIELDS = ("names", "addresses", "birth_dates", "identifiers", "phones", "emails")

EXAMPLES = max(4, settings().max_examples // 10)
"""Each of 54 parameters has so many: some 200 by default, 5,400 under `make test-long`."""

seeds = st.integers(0, 2**32 - 1).map(Random)


def further(field: str, entity: EntityPrint, random: Random) -> EntityPrint:
    """The entity with one value more in a field."""
    if field == "names":
        added: object = name_print(random.choice(("Wqyx", "Wqyx Xwyq", "Wqyx Yxwq Qwxy")), entity.type)
    elif field == "addresses":
        added = AddressPrint("997", "wqyxwqyxw", "wq997yx", "xqwyxqwy", "", "")
    elif field == "identifiers":
        added = IdentifierPrint(random.choice(("passport", "wqyx")), "WQ9Y7X9W7", "", 1)
    elif field == "phones":
        added = PhonePrint("9997997997", "9997997997")
    elif field == "emails":
        added = "wqyx@xwqy.example"
    else:
        date = PartialDate(1801, 1, 31)
        dates = {*entity.all_birth_dates, BirthDate(date, date)}
        if len(dates) == 1:
            return msgspec.structs.replace(entity, birth_date=date)
        return msgspec.structs.replace(entity, birth_date=None, birth_dates=tuple(sorted(dates)))
    values = tuple(sorted({*getattr(entity, field), added}))
    return msgspec.structs.replace(entity, **{field: values})


def results(a: EntityPrint, b: EntityPrint) -> dict[str, ComparisonResult | None]:
    tables = model().tables_by_type[a.type]
    return {one.name: one.compare(a, b, tables[one.name]) for one in model().comparisons[a.type]}


def reads(comparison: Comparison, field: str) -> bool:
    """Whether a field is the comparison's own: names only look whether two companies are at one address or phone."""
    if field == "birth_dates":
        return not {"birth_date", "birth_dates"}.isdisjoint((*comparison.fields, *comparison.also_reads))
    return field in comparison.fields


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("entity_type", TYPES)
@given(random=seeds)
@settings(max_examples=EXAMPLES)
def test_a_further_value_costs_its_fee_and_touches_no_other_field(entity_type: str, field: str, random: Random) -> None:
    a, b = whole_pair(random, entity_type)
    more = further(field, a, random)
    before, after, alone = results(a, b), results(more, b), results(only(field, a, more), b)
    own = [one.name for one in model().comparisons[entity_type] if reads(one, field)]
    for name in before.keys() - own:
        assert after[name] == before[name], name
    found, now, stated = (summed([some[name] for name in own]) for some in (before, after, alone))
    contradicts = field == "identifiers" or found[STRANGERS] <= 0
    for less, most, said in zip(now, found, stated, strict=True):
        assert less >= most + min(said, 0) * contradicts - FEE or less >= 0 >= most - FEE
    assert now[STRANGERS] <= max(found[STRANGERS], 0)


def only(field: str, entity: EntityPrint, more: EntityPrint) -> EntityPrint:
    """The entity with nothing in a field but the further value."""
    if field == "birth_dates":
        added = {*more.all_birth_dates} - {*entity.all_birth_dates}
        return msgspec.structs.replace(entity, birth_date=None, birth_dates=tuple(added))
    return msgspec.structs.replace(entity, **{field: tuple({*getattr(more, field)} - {*getattr(entity, field)})})


def summed(found: Sequence[ComparisonResult | None]) -> Bits:
    return sum_results([one for one in found if one is not None])
