"""What `ops policy explain` prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from pipeline.access.case_visibility import HandlingChange, explain_visibility
from pipeline.access.release import CaseMeta, Grant
from pipeline.cli.main import build_cli
from pipeline.matching.handling import Handling
from pipeline.ops.case_access import visibility_lines
from pipeline.records.agencies import Agency

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
H2 = Handling("H2", ("BE",), ("investigation", "prosecution"))


def test_purposes_that_are_decided_alike_share_a_line() -> None:
    agencies = [Agency("fr-pj", "FR"), Agency("be-fp", "BE"), Agency("de-bka", "DE")]
    chief = Grant("fr-pj:1", "be-fp", NOW + timedelta(hours=12), H2, "chief")
    case = CaseMeta("fr-pj:1", "fr-pj", H2)
    rest = "prevention,missing_person,border_check"
    every = f"investigation,prosecution,{rest}"
    assert list(visibility_lines(explain_visibility(case, agencies, [chief], NOW, HandlingChange("H0", ("DE",))))) == [
        "fr-pj:1\tH2 to BE for investigation,prosecution",
        "what if\tH0 to DE for investigation,prosecution",
        f"operator\t{every}\tfull operator",
        "be-fp BE\tinvestigation,prosecution\thit hit_only\t-> nothing not_released",
        f"be-fp BE\t{rest}\tnothing purpose\t-> nothing not_released",
        "de-bka DE\tinvestigation,prosecution\tnothing not_released\t-> full released",
        f"de-bka DE\t{rest}\tnothing not_released\t-> nothing purpose",
        f"fr-pj FR\t{every}\tfull owner",
        "be-fp\tchief\tinvestigation,prosecution\tbreak_glass until 2026-11-25T00:00+00:00\t-> none",
    ]
    assert list(visibility_lines(explain_visibility(case, agencies, [], NOW)))[2] == (
        "be-fp BE\tinvestigation,prosecution\thit hit_only"
    )


@pytest.mark.parametrize("wrong", [["--handling", "H7"], ["--releasable-to", "France"], ["--purposes", "fun"]])
def test_handling_that_no_record_has_is_wrong_usage(wrong: list[str]) -> None:
    ran = CliRunner().invoke(build_cli(), ["ops", "policy", "explain", "fr-pj:1", *wrong])
    assert ran.exit_code == 2
