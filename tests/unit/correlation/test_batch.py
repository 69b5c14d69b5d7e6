"""Tests of the batch run, over the case and the matcher of conftest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.correlation.batch import REFUSALS_KEPT, LineReader, LinkLine, find_links, make_fingerprints
from pipeline.correlation.claims import link_id
from pipeline.correlation.matcher import Matcher
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import THRESHOLD
from pipeline.matching.model import load_model
from pipeline.records.model import Case
from support.records.builder import event_bytes, person

MakeCase = Callable[..., Fingerprint]
Linked = Callable[..., list[LinkLine]]


@pytest.fixture
def linked(matcher: Callable[..., Matcher]) -> Linked:
    """links() with conftest's matcher."""

    def link(*fingerprints: Fingerprint, threshold: float = THRESHOLD, within: bool = False) -> list[LinkLine]:
        return find_links(fingerprints, matcher(threshold), within=within)

    return link


def test_the_last_versions_are_linked(
    linked: Linked, case: MakeCase, withdrawn: Callable[[str, int], Fingerprint]
) -> None:
    found = linked(
        case("b1", "red car"),
        case("a1", "red car roof"),
        case("c1", "red car"),
        case("a1", "blue boat", version=2),
        case("a1", "red car", version=1),
        case("d1", "red car"),
        withdrawn("d1", 2),
    )
    assert [(line.case_a, line.case_b, line.version_a, line.version_b) for line in found] == [("b:b1", "c:c1", 1, 1)]


def test_a_link_says_all_that_the_contract_lists(linked: Linked, case: MakeCase) -> None:
    (found,) = linked(case("b1", "red car"), case("a1", "red car", version=3))
    assert (found.link_id, found.case_a, found.case_b) == (link_id("a:a1", "b:b1"), "a:a1", "b:b1")
    assert (found.version_a, found.version_b, found.score, found.band) == (3, 1, 200, Band.POSSIBLE)
    assert (found.probability, bytes(found.evidence)) == (0.6, b"[3,1]")


def test_links_are_ordered_whatever_the_order_of_arrival(linked: Linked, case: MakeCase) -> None:
    cases = [case(name, "red car roof") for name in ("c1", "a1", "d1", "b1")]
    assert linked(*cases) == linked(*reversed(cases))
    assert [(line.case_a, line.case_b) for line in linked(*cases)] == sorted(
        (line.case_a, line.case_b) for line in linked(*cases)
    )


def test_the_threshold_goes_both_ways(linked: Linked, case: MakeCase) -> None:
    cases = [case("a1", "red car"), case("b1", "red car"), case("c1", "red boat")]
    assert linked(*cases, threshold=0.9) == []
    assert len(linked(*cases, threshold=0.2)) == 3


def test_within_links_one_country(linked: Linked, case: MakeCase) -> None:
    cases = [case("a1", "red car"), case("a2", "red car")]
    assert linked(*cases) == []
    assert len(linked(*cases, within=True)) == 1


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
