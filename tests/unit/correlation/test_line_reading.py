"""Tests of reading case records from files by intake's rules."""

from __future__ import annotations

from typing import Any

from pipeline.correlation.line_reading import REFUSALS_KEPT, LineReader, make_fingerprints
from pipeline.matching.model import load_model
from pipeline.records.model import Case
from support.records.builder import event_bytes, person


def line(case_id: str, version: int = 1, *, agency: str = "fr-pj", **data: Any) -> bytes:
    return event_bytes(agency, case_id, version=version, **data)


def read(*lines: bytes) -> tuple[list[Case], LineReader]:
    reader = LineReader()
    return list(reader.read_cases(lines)), reader


def test_versions_are_taken_in_file_order() -> None:
    cases, reader = read(line("1", 2), line("1", 1), line("1", 2), line("1", 2, title="other"), line("1", 3))
    assert [case.version for case in cases] == [2, 3]
    assert reader.outcomes == {"accepted": 2, "stale_version": 1, "duplicate": 1, "conflicting_version": 1}
    assert [refusal.line for refusal in reader.refusals] == [2, 4]


def test_what_is_no_record_is_reported_and_skipped() -> None:
    cases, reader = read(b"{", line("1"), line("2", version=0), line("3", colour="red"))
    assert [case.case_id for case in cases] == ["1"]
    assert [(refusal.line, refusal.problem.reason.value) for refusal in reader.refusals] == [
        (1, "not_json"),
        (3, "schema"),
        (4, "schema"),
    ]
    assert reader.outcomes.total() == 4


def test_of_refused_lines_only_the_first_are_kept_and_all_are_counted() -> None:
    _, reader = read(line("1"), line("1"), *[b"{"] * (REFUSALS_KEPT + 5))
    assert (reader.refused, len(reader.refusals)) == (REFUSALS_KEPT + 5, REFUSALS_KEPT)


def test_an_agency_keeps_its_country() -> None:
    cases, reader = read(line("1"), line("2", country="DE"), line("3", agency="de-bka", country="DE"))
    assert [case.case_id for case in cases] == ["1", "3"]
    assert reader.refusals[0].problem.reason.value == "foreign_agency"


def test_a_refused_line_is_named_by_its_file_and_its_number_there() -> None:
    reader = LineReader()
    assert len(list(reader.read_cases([line("1")], "a.ndjson"))) == 1
    assert list(reader.read_cases([b"\n", b"{"], "b.ndjson")) == []
    assert [(refusal.file, refusal.line) for refusal in reader.refusals] == [("b.ndjson", 2)]


def test_blank_lines_are_no_outcome() -> None:
    cases, reader = read(b"", line("1"), b" \r\n")
    assert (len(cases), reader.outcomes) == (1, {"accepted": 1})


def test_a_withdrawal_has_a_fingerprint_without_content() -> None:
    man = person("Zbigniew Oczko", id="p1")
    cases, _ = read(line("1", entities=[man]), line("1", 2, status="withdrawn"))
    held, gone = make_fingerprints(cases, load_model())
    assert held.entities
    assert held.keys
    assert (gone.withdrawn, gone.entities, gone.keys, gone.version) == (True, (), (), 2)
