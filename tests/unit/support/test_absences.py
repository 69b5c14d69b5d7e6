"""Skips are told once for each reason, and what lies beside the clone is skipped without."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import absences
from support.absences import DATA_ABSENT, PROMETHEUS_ABSENT, lack_package, need_beside, tell_skips


def skipped(reason: str) -> pytest.TestReport:
    return pytest.TestReport("a", ("a", 1, "a"), {}, "skipped", ("a.py", 1, f"Skipped: {reason}"), "setup")


def test_a_reason_is_told_once_with_its_tests() -> None:
    lines = list(tell_skips([skipped("no helm"), skipped("no browser"), skipped("no browser")]))
    assert lines[0] == "skipped 3 tests, which come back with what each line names:"
    assert [line.split(maxsplit=1) for line in lines[1:]] == [["2", "no browser"], ["1", "no helm"]]


def test_where_nothing_was_skipped_nothing_is_told() -> None:
    assert list(tell_skips([])) == []


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_clone_that_lies_alone_skips_what_lies_beside(
    ci: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absences, "BESIDE", tmp_path)
    monkeypatch.setenv("CI", ci)
    (tmp_path / "one").touch()
    need_beside("one")
    with pytest.raises(pytest.skip.Exception) as told:
        need_beside("one", "other")
    assert str(told.value) == DATA_ABSENT


def test_a_package_that_is_missing_fails_in_continuous_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception):
        lack_package(PROMETHEUS_ABSENT)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        lack_package(PROMETHEUS_ABSENT)
