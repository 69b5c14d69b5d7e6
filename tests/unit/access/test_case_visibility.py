"""Who could see a case, and what other handling would change: the policy's own decisions, for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.access.case_visibility import (
    PURPOSES,
    CaseVisibility,
    HandlingChange,
    HandlingChangeError,
    HandlingWords,
    explain_visibility,
    handling_change,
)
from pipeline.access.release import CaseMeta, Grant, Rule
from pipeline.matching.handling import Handling
from pipeline.records.agencies import Agency, AgencyState

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
H2 = Handling("H2", ("BE", "FR"), ("investigation", "prosecution"))
AGENCIES = [
    Agency("fr-pj", "FR"), Agency("be-fp", "BE"), Agency("de-bka", "DE"), Agency("fr-dgsi", "FR"),
    Agency("nl-np", "NL", state=AgencyState.REMOVED),
]  # fmt: skip


def grant(agency: str, subject: str = "", hours: int = 1, under: Handling = H2) -> Grant:
    return Grant("fr-pj:1", agency, NOW + timedelta(hours=hours), under, subject)


def explained(handling: Handling, *grants: Grant, change: HandlingChange = HandlingChange()) -> CaseVisibility:  # noqa: B008
    return explain_visibility(CaseMeta("fr-pj:1", "fr-pj", handling), AGENCIES, grants, NOW, change)


def rules(found: CaseVisibility, agency: str) -> list[Rule]:
    return [view.rule for view in found.agencies if view.agency == agency]


def changed_rules(found: CaseVisibility, agency: str) -> list[Rule | None]:
    return [view.changed_rule for view in found.agencies if view.agency == agency]


def test_each_agency_and_purpose_has_the_rule_that_decides() -> None:
    found = explained(H2, grant("fr-dgsi"))
    assert list(dict.fromkeys(agency.agency for agency in found.agencies)) == [
        "",
        "be-fp",
        "de-bka",
        "fr-dgsi",
        "fr-pj",
    ]
    assert [agency.purpose for agency in found.agencies if agency.agency == "be-fp"] == list(PURPOSES)
    assert rules(found, "") == [Rule.OPERATOR] * 5
    assert rules(found, "fr-pj") == [Rule.OWNER] * 5
    assert rules(found, "de-bka") == [Rule.NOT_RELEASED] * 5
    assert rules(found, "be-fp") == [Rule.HIT_ONLY] * 2 + [Rule.PURPOSE] * 3
    assert rules(found, "fr-dgsi") == [Rule.GRANTED] * 2 + [Rule.PURPOSE] * 3
    assert all(agency.view is agency.rule.view and agency.changed_rule is None for agency in found.agencies)


def test_what_other_handling_would_change() -> None:
    found = explained(H2, grant("fr-dgsi"), change=HandlingChange("H1", ("DE",)))
    assert found.changed == HandlingWords("H1", ("DE",), H2.purposes)
    assert changed_rules(found, "de-bka") == [Rule.RELEASED] * 2 + [Rule.PURPOSE] * 3
    assert changed_rules(found, "be-fp") == [Rule.NOT_RELEASED] * 5
    assert changed_rules(found, "fr-pj") == [Rule.OWNER] * 5
    narrower = explained(H2, grant("be-fp"), change=HandlingChange(purposes=("investigation",)))
    assert rules(narrower, "be-fp")[0] is Rule.GRANTED
    assert changed_rules(narrower, "be-fp")[0] is Rule.HIT_ONLY, "stricter handling suspends the grant"


def test_people_with_a_grant_of_their_own() -> None:
    found = explained(H2, grant("be-fp", "chief"), grant("be-fp", "late", hours=0), grant("nl-np", "gone"),
                      grant("de-bka", "abroad"), change=HandlingChange("H3"))  # fmt: skip
    (chief,) = found.people
    assert (chief.agency, chief.subject, chief.purposes, chief.changed_purposes) == ("be-fp", "chief", PURPOSES[:2], ())
    assert rules(found, "be-fp")[0] is Rule.HIT_ONLY, "it opens the case to nobody else of the agency"


def test_handling_that_no_record_has_is_refused() -> None:
    assert handling_change("H2", ["*"], []) == HandlingChange("H2", ("*",), ())
    for words, field in (
        (("H9",), "handling"),
        ((None, ["be"]), "releasable_to"),
        ((None, None, ["fun"]), "purposes"),
    ):
        with pytest.raises(HandlingChangeError) as caught:
            handling_change(*words)
        assert caught.value.field == field
