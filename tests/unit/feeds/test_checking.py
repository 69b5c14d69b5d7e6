from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.feeds.checking import Checker, KnownVersions, LineProblem
from pipeline.records.messages import KnownVersion
from support.records.builder import event_bytes, handling


def line(case_id: str = "1", agency: str = "fr-pj", country: str = "FR", **data: Any) -> bytes:
    return event_bytes(agency, case_id, country=country, **{"handling": handling(), **data})


def checked(*lines: bytes, country: str = "") -> list[tuple[LineProblem, ...]]:
    return [found.problems for found in Checker("fr-pj", country).check_lines(enumerate(lines, start=1))]


def test_good_lines_have_no_problem() -> None:
    assert checked(line("1"), line("2"), line("1", version=2)) == [(), (), ()]


def test_what_is_doubtful_is_a_warning_where_asked_for_and_no_problem() -> None:
    person = {"id": "p1", "type": "person", "nationalities": ["Afghan", "Atlantis"], "birth_country": "Lemuria"}
    (found,) = Checker("fr-pj", warn=True).check_lines([(1, line(entities=[person]))])
    assert found.problems == ()
    assert [(one.line, one.warning, one.pointer) for one in found.warnings] == [
        (1, "country", "/data/entities/0/birth_country"),
        (1, "country", "/data/entities/0/nationalities/1"),
    ]
    (unasked,) = Checker("fr-pj").check_lines([(1, line(entities=[person]))])
    assert unasked.warnings == ()


def test_a_retention_that_is_over_is_warned_of() -> None:
    at = datetime(2026, 11, 29, 12, tzinfo=UTC)
    lines = [(1, line("1", retain_until="2026-11-29")), (2, line("2", retain_until="2026-11-30"))]
    over, kept = Checker("fr-pj", warn=True, now=lambda: at).check_lines(lines)
    assert [(one.warning, one.pointer) for one in over.warnings] == [("retention_over", "/data/retain_until")]
    assert kept.warnings == ()


def test_a_record_without_the_purpose_of_hits_is_warned_of() -> None:
    lines = [(1, line("1", handling=handling(purposes=["investigation"]))), (2, line("2", status="withdrawn"))]
    without, ended = Checker("fr-pj", warn=True).check_lines(lines)
    assert [(one.warning, one.pointer) for one in without.warnings] == [("no_hits", "/data/handling/purposes")]
    assert ended.warnings == ()


def test_every_problem_of_a_line_is_named_with_its_place() -> None:
    person = {"id": "p1", "type": "person", "birth_date": "1980-02-30"}
    (found,) = checked(line(entities=[person, {"id": "h1", "type": "hologram"}]))
    assert {(problem.line, problem.reason) for problem in found} == {(1, "date"), (1, "schema")}
    assert "/data/entities/0/birth_date" in {problem.pointer for problem in found}


def test_another_agencys_record_is_foreign_and_does_not_set_the_country() -> None:
    foreign, good, other = checked(line(agency="be-fp", country="BE"), line("2"), line("3", country="DE"))
    assert {problem.reason for problem in foreign} == {"foreign_agency"}
    assert good == ()
    assert [problem.pointer for problem in other] == ["/data/country"]


def test_the_registered_country_holds_from_the_first_line() -> None:
    assert [problem.reason for problem in checked(line(), country="BE")[0]] == ["foreign_agency"]


def test_versions_are_held_against_the_lines_before() -> None:
    found = checked(line(version=2), line(version=1), line(version=2), line(version=2, title="other"))
    assert [[problem.reason for problem in problems] for problems in found] == [
        [],
        ["stale_version"],
        [],
        ["conflicting_version"],
    ]


def test_a_line_without_content_is_a_message_without_content() -> None:
    assert [problem.reason for problem in checked(b"")[0]] == ["not_json"]


def test_the_last_version_kept_of_a_case_is_what_is_known_of_it() -> None:
    known = KnownVersions()
    assert known.find("a:1") is None
    known.keep("a:1", KnownVersion(1, "x"))
    known.keep("a:2", KnownVersion(2**53 - 1, "y"))
    known.keep("a:1", KnownVersion(3, "z"))
    assert known.find("a:1") == KnownVersion(3, "z")
    assert known.find("a:2") == KnownVersion(2**53 - 1, "y")
