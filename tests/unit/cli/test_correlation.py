"""Tests of `liaison batch correlate` and `liaison batch blocking-report`."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli.correlation import print_report
from pipeline.cli.main import build_cli
from pipeline.correlation.blocking_report import BlockingReport, KindReport, LargeBlock
from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.correlation.stop_lists import StopProposal
from pipeline.errors import LiaisonError
from support.records.builder import RawEntity, event_bytes, person

runner = CliRunner()

OCZKO = person(
    given="Zbigniew",
    family="Oczko",
    id="p1",
    birth_date="1980-05-14",
    identifiers=[{"type": "passport", "value": "AB1234567", "country": "PL"}],
)
SPELT = {**OCZKO, "names": [{"full": "OCZKO Zbigniew"}]}


def line(agency: str, man: RawEntity) -> str:
    return event_bytes(agency, "1", [man]).decode()


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    file = tmp_path / "cases.ndjson"
    lines = [line("fr-pj", OCZKO), line("pl-kgp", SPELT), "", "{", line("fr-gn", OCZKO)]
    file.write_text("\n".join(lines) + "\n")
    return file


def run(*words: str | Path) -> Any:
    return runner.invoke(build_cli(), ["batch", *map(str, words)])


def test_resolve_writes_the_things_behind_all_links(cases: Path, tmp_path: Path) -> None:
    output = tmp_path / "things.ndjson"
    result = run("resolve", cases, "-o", output, "--json")
    assert result.exit_code == 0
    things = [json.loads(line) for line in output.read_text().splitlines()]
    assert things == [{"type": "person", "members": ["fr-gn:1#p1", "fr-pj:1#p1", "pl-kgp:1#p1"]}]
    assert json.loads(result.stdout)["links"] == 2


def test_a_batch_ends_with_all_that_it_wrote_to_a_pipe(cases: Path) -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("liaison"), "batch", "correlate", cases, "-o", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(text)["case_b"] for text in ran.stdout.splitlines()] == ["pl-kgp:1", "pl-kgp:1"]
    assert "2 links" in ran.stderr


def test_correlate_writes_the_links_and_says_what_became_of_the_lines(cases: Path, tmp_path: Path) -> None:
    output = tmp_path / "links.ndjson"
    result = run("correlate", cases, "-o", output)
    assert result.exit_code == 0
    links = [json.loads(text) for text in output.read_text().splitlines()]
    assert [(link["case_a"], link["case_b"]) for link in links] == [("fr-gn:1", "pl-kgp:1"), ("fr-pj:1", "pl-kgp:1")]
    assert set(links[0]) == {
        "link_id", "case_a", "case_b", "version_a", "version_b", "probability", "score", "band", "basis", "evidence",
    }  # fmt: skip
    assert (links[0]["band"], links[0]["basis"]) == ("certain", "same")
    assert links[0]["evidence"]
    assert "4 records, 3 accepted, 1 not_json, 2 links" in result.stderr
    assert f"{cases}:4: not_json" in result.stderr


@pytest.mark.parametrize("command", ["correlate", "resolve"])
def test_packed_records_are_read_as_they_are(cases: Path, tmp_path: Path, command: str) -> None:
    packed, plain = tmp_path / "cases.ndjson.gz", tmp_path / "plain.ndjson"
    packed.write_bytes(gzip.compress(cases.read_bytes()))
    assert run(command, cases, "-o", plain).exit_code == 0
    result = run(command, packed, "-o", tmp_path / "unpacked.ndjson")
    assert result.exit_code == 0
    assert (tmp_path / "unpacked.ndjson").read_bytes() == plain.read_bytes() != b""
    assert f"{packed}:4: not_json" in result.stderr


def test_packed_records_that_are_cut_off_end_in_one_line(cases: Path, tmp_path: Path) -> None:
    packed = tmp_path / "cases.ndjson.gz"
    packed.write_bytes(gzip.compress(cases.read_bytes())[:-20])
    result = run("correlate", packed, "-o", tmp_path / "links.ndjson")
    assert isinstance(result.exception, LiaisonError)
    assert str(result.exception) == f"{packed} ends in the middle or is damaged (gzip); fetch it again"


def test_correlate_within_links_one_country_too(cases: Path, tmp_path: Path) -> None:
    output = tmp_path / "links.ndjson"
    result = run("correlate", cases, "--within", "--json", "-o", output)
    assert json.loads(result.stdout) == {"records": 4, "accepted": 3, "not_json": 1, "links": 3}


def test_correlate_to_stdout_keeps_it_clean(cases: Path) -> None:
    result = run("correlate", cases, "-o", "-", "--min-probability", "0.9")
    assert [json.loads(text)["band"] for text in result.stdout.splitlines()] == ["certain", "certain"]


def test_of_several_files_the_one_with_the_refused_line_is_named(cases: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ndjson"
    other.write_text("\n\n[]\n" + "{\n" * 20)
    result = run("correlate", cases, other, "-o", tmp_path / "links.ndjson")
    assert result.exit_code == 0
    told = [line.partition(": ")[0] for line in result.stderr.splitlines() if ".ndjson:" in line]
    assert told == [f"{cases}:4", *(f"{other}:{number}" for number in range(3, 12))]
    assert "and 12 more" in result.stderr


@pytest.mark.parametrize("words", [("correlate", "-o", "-"), ("resolve", "-o", "-"), ("blocking-report",)])
def test_a_table_given_in_place_of_records_says_what_makes_them(tmp_path: Path, words: tuple[str, ...]) -> None:
    table = tmp_path / "register.csv"
    table.write_text("id,name\n1,Ann\n")
    result = run(*words, table)
    assert result.exit_code == 1
    assert str(result.exception).startswith("no line is a case record; `liaison feed map` makes them")


def test_correlate_needs_its_files(tmp_path: Path) -> None:
    assert run("correlate", tmp_path / "none", "-o", "-").exit_code == 2


def test_the_report_names_kinds_and_recall(cases: Path, tmp_path: Path) -> None:
    labels = tmp_path / "pairs.csv"
    labels.write_text("case_a,case_b\nfr-pj:1,pl-kgp:1\n")
    result = run("blocking-report", cases, "--labels", labels)
    assert result.exit_code == 0
    assert "identifier" in result.stdout
    assert "recall 1.0000 of 1 true pairs" in " ".join(result.stdout.split())
    assert "recall 1.0000 of 1 that the model would link" in " ".join(result.stdout.split())
    report = json.loads(run("blocking-report", cases, "--labels", labels, "--json").stdout)
    assert (report["cases"], report["recall"], report["pairs"]) == (3, 1.0, 2)


def test_a_proposed_stop_list_is_left_out_of_a_run(tmp_path: Path) -> None:
    """Three records of one switchboard, two of which are of one person."""
    file, stops, output = tmp_path / "cases.ndjson", tmp_path / "stops.ndjson", tmp_path / "links.ndjson"
    staff = [person(given=name, family=f"{name}ski", id="p1", phones=["+48221234567"]) for name in ("Jan", "Ewa")]
    known = {**staff[0], "identifiers": OCZKO["identifiers"]}
    lines = [line("fr-pj", known), line("pl-kgp", known), line("be-fp", staff[1])]
    file.write_text("\n".join(lines) + "\n")
    result = run("blocking-report", file, "--over", "2", "--write-stop-list", stops)
    assert result.exit_code == 0
    assert "phone_tail" in result.stdout
    (proposal,) = [json.loads(text) for text in stops.read_text().splitlines()]
    assert (proposal["kind"], proposal["cases"], proposal["pairs"]) == ("phone_tail", 3, 3)
    assert (proposal["links"], proposal["lost"], proposal["stop"]) == (1, 0, True)
    assert stops.stat().st_mode & 0o077 == 0, "for its owner alone"
    result = run("correlate", file, "-o", output, "--stop-list", stops)
    assert result.exit_code == 0
    assert [json.loads(text)["case_b"] for text in output.read_text().splitlines()] == ["pl-kgp:1"]
    report = run("blocking-report", file, "--over", "2", "--json")
    assert json.loads(report.stdout)["pairs"] == 3
    keys = {json.loads(text)["key"] for text in stops.read_text().splitlines()}
    assert keys == {block["key"] for block in json.loads(report.stdout)["largest_blocks"] if block["cases"] == 3}


def test_a_stop_list_that_is_none_is_refused_in_one_line(cases: Path, tmp_path: Path) -> None:
    stops = tmp_path / "stops.ndjson"
    stops.write_text("nonsense\n")
    result = run("correlate", cases, "-o", "-", "--stop-list", stops)
    assert result.exit_code == 1
    assert "line 1 is no key of a stop list" in str(result.exception)


def test_labels_without_their_columns_are_refused_in_one_line(cases: Path, tmp_path: Path) -> None:
    labels = tmp_path / "pairs.csv"
    labels.write_text("left,right\n")
    result = run("blocking-report", cases, "--labels", labels)
    assert result.exit_code == 1
    assert "case_a and case_b" in str(result.exception)


@pytest.mark.parametrize("command", ["correlate", "blocking-report"])
def test_help_has_an_example(command: str) -> None:
    assert "Example: liaison batch" in run(command, "--help").stdout


KEY = make_key(KeyKind.PHONE_TAIL, "4000000")
STOP = StopProposal(KEY, "phone_tail", 2917, 3_544_768, 200, 27, 9, 66, stop=True)
KINDS = (KindReport("phone_tail", "a phone's last seven digits", 0.97, 1181.6, 2917, 0.5, 0.25),)
NOBODY = KindReport("plate", "a plate's first or last four characters", 0, 0, 0, 0.0, 0.0)


def make_report(*, labelled: bool = False) -> BlockingReport:
    return BlockingReport(
        cases=3000,
        sampled=3000,
        keys_per_case=28,
        most_keys=49,
        pairs=3_544_768,
        candidates=2363.2,
        labelled=8 if labelled else 0,
        recall=0.5 if labelled else None,
        linkable=0,
        recall_of_linkable=None,
        kinds=(*KINDS, NOBODY),
        largest_blocks=(LargeBlock(KEY, "phone_tail", 2917),),
        stop_list=(STOP,),
        recall_with_stops=0.25 if labelled else None,
    )


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What stands on a terminal of the usual width."""
    monkeypatch.setenv("COLUMNS", "80")
    print_report(make_report(), proposes=True)
    return capsys.readouterr().out


def test_a_kind_without_keys_takes_no_row_and_recall_needs_pairs(printed: str) -> None:
    assert "no key of these kinds: plate" in printed
    assert "recall" not in printed
    assert "0.97" in printed


def test_what_to_leave_out_stands_last_with_what_it_costs(printed: str) -> None:
    behind = printed.split("values that everybody has")[1]
    assert "phone_tail" in behind
    assert all(told in behind for told in ("3,544,768", "about 66", "yes", "--write-stop-list FILE"))


def test_a_proposal_that_was_written_is_not_proposed_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    print_report(make_report(labelled=True), proposes=False)
    told = capsys.readouterr().out
    assert "--write-stop-list" not in told
    assert "a phone's last seven digits" in told
    assert "recall 0.2500 of the true pairs without the keys to leave out" in told
