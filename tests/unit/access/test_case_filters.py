"""What a search or an alert is narrowed by."""

from __future__ import annotations

from pipeline.access.case_filters import LONGEST, NO_FILTERS, Filters
from pipeline.matching.handling import OwnerScope


def test_only_whose_a_case_is_narrows_one_of_which_no_more_is_told() -> None:
    filters = Filters(agencies=("be-fp",), roles=("suspect",), years=(2026,), open_only=True)
    assert filters.scope == OwnerScope(("be-fp",))
    assert Filters(roles=("suspect",), offences=("ICCS:0501",)).scope == NO_FILTERS.scope


def test_a_scope_includes_any_of_its_agencies_in_any_of_its_countries() -> None:
    assert OwnerScope().includes("be-fp", "BE")
    assert OwnerScope(("be-fp", "fr-pj")).includes("fr-pj", "FR")
    assert OwnerScope(countries=("BE", "FR")).includes("fr-pj", "FR")
    assert not OwnerScope(("be-fp",), ("FR",)).includes("be-fp", "BE")
    assert not OwnerScope(("be-fp",)).includes("fr-pj", "FR")


def test_a_value_longer_than_any_case_has_is_no_filter() -> None:
    assert Filters(roles=("x" * LONGEST,)).bounded
    assert not Filters(roles=("x" * (LONGEST + 1),)).bounded
