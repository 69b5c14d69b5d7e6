"""Tests of `liaison feed`: what its commands do, and what they print."""

from __future__ import annotations

from pathlib import Path

import msgspec
import orjson
import pytest
from typer.testing import CliRunner

from pipeline.cli.feeds import (
    AGAIN_HINT,
    MEND_HINT,
    hit_line,
    print_answer,
    print_each,
    print_outcomes,
    receipt_line,
    summarise_push,
    tell_what_helps,
)
from pipeline.cli.main import build_cli
from pipeline.correlation.hits import Hit, HitKind
from pipeline.feeds.pushing import PushResult
from pipeline.matching.bands import Band, Basis
from pipeline.matching.handling import Contact
from pipeline.records.messages import Position, Reason, Receipt

KIT = """
kit: 1
name: small
agencies: [{name: fr-pj, country: FR}]
truth: "{who}"
record:
  case_id: "{id}"
  opened: {from: opened, dates: ["%d/%m/%Y"]}
  handling: {code: H0, releasable_to: ["*"], purposes: [correlation]}
"""


@pytest.fixture
def mapped(tmp_path: Path) -> Path:
    (tmp_path / "kit.yml").write_text(KIT)
    (tmp_path / "t.csv").write_text("id,who,opened,note\n1,w,01/02/2026,x\n2,w,02/02/2026,\n")
    words = ["feed", "map", str(tmp_path / "t.csv"), "--mapping", str(tmp_path / "kit.yml"), "-o", str(tmp_path / "o")]
    done = CliRunner().invoke(build_cli(), [*words, "--truth", str(tmp_path / "truth")])
    assert done.exit_code == 0, done.output
    assert "column note is not mapped (1 filled)" in done.stderr
    assert "2 case records written" in done.stderr
    return tmp_path


def test_map_writes_records_and_truth_apart(mapped: Path) -> None:
    records = [orjson.loads(line) for line in (mapped / "o").read_bytes().splitlines()]
    truth = [orjson.loads(line) for line in (mapped / "truth").read_bytes().splitlines()]
    assert [record["data"]["case_id"] for record in records] == ["1", "2"]
    assert truth == [{"case": "fr-pj:1", "label": "w"}, {"case": "fr-pj:2", "label": "w"}]


def test_map_fails_for_a_row_that_it_could_not_map_in_full(mapped: Path) -> None:
    (mapped / "t.csv").write_text("id,who,opened,note\n1,w,yesterday,\n")
    words = ["feed", "map", str(mapped / "t.csv"), "--mapping", str(mapped / "kit.yml"), "-o", str(mapped / "o")]
    done = CliRunner().invoke(build_cli(), words)
    assert done.exit_code == 1
    assert "t.csv:2: column opened: 'yesterday'" in done.stderr


def test_validate_passes_what_map_has_made(mapped: Path) -> None:
    done = CliRunner().invoke(build_cli(), ["feed", "validate", str(mapped / "o"), "--agency", "fr-pj"])
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "2 of 2 lines valid" in done.stderr


def test_validate_names_file_line_and_place_of_each_problem(mapped: Path) -> None:
    path = mapped / "o"
    path.write_bytes(path.read_bytes().replace(b"2026-02-02", b"2026-02-30") + b"{\n")
    done = CliRunner().invoke(build_cli(), ["feed", "validate", str(path), "--agency", "fr-pj"])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{path}:2: /data/opened: date: ")
    assert lines[1].startswith(f"{path}:3: /: not_json: ")


PRETTY = orjson.OPT_INDENT_2


def lay_out(records: list[bytes], layout: str) -> bytes:
    held = [orjson.loads(one) for one in records]
    pretty = [orjson.dumps(one, option=PRETTY) for one in held]
    return {
        "array": orjson.dumps(held),
        "pretty array": orjson.dumps(held, option=PRETTY),
        "pretty": b"\n".join(pretty) + b"\n",
        "one behind the other": b"".join(records),
        "pretty and one behind the other": b"".join(pretty),
    }[layout]


@pytest.mark.parametrize(
    "layout", ["array", "pretty array", "pretty", "one behind the other", "pretty and one behind the other"]
)
def test_validate_names_the_third_object_of_json_in_any_layout(mapped: Path, layout: str) -> None:
    one, two = (mapped / "o").read_bytes().splitlines()
    third = two.replace(b'"case_id":"2"', b'"case_id":"3"').replace(b"2026-02-02", b"2026-02-30")
    assert third != two
    path = mapped / "case.json"
    path.write_bytes(lay_out([one, two, third], layout))
    done = CliRunner().invoke(build_cli(), ["feed", "validate", str(path), "--agency", "fr-pj"])
    assert done.exit_code == 1
    (fault,) = [line for line in done.stdout.splitlines() if "warning" not in line]
    assert fault.startswith(f"{path}: record 3: /data/opened: date: ")
    assert "2 of 3 records valid" in done.stderr


def test_validate_speaks_json_to_scripts(mapped: Path) -> None:
    done = CliRunner().invoke(build_cli(), ["feed", "validate", str(mapped / "o"), "--agency", "be-fp", "--json"])
    assert done.exit_code == 1
    assert {orjson.loads(line)["reason"] for line in done.stdout.splitlines()} == {"foreign_agency"}


def test_a_preview_writes_nothing_and_says_what_is_left_unread(mapped: Path) -> None:
    before = {path.name: path.read_bytes() for path in mapped.iterdir()}
    words = ["feed", "map", str(mapped / "t.csv"), "--mapping", str(mapped / "kit.yml"), "--preview"]
    done = CliRunner().invoke(build_cli(), words)
    assert done.exit_code == 0, done.output
    assert "Columns left unread" in done.stdout
    assert "fr-pj:1" in done.stdout
    assert "2 rows would make 2 cases. Nothing was written." in done.stdout
    assert {path.name: path.read_bytes() for path in mapped.iterdir()} == before


@pytest.mark.parametrize(("words", "said"), [([], "--mapping"), (["--mapping", "police-csv"], "-o")])
def test_map_says_what_it_needs(mapped: Path, words: list[str], said: str) -> None:
    done = CliRunner().invoke(build_cli(), ["feed", "map", str(mapped / "t.csv"), *words])
    assert done.exit_code == 2
    assert said in done.output


def test_a_join_is_named_with_a_file_that_exists(mapped: Path) -> None:
    words = ["feed", "map", str(mapped / "t.csv"), "--mapping", str(mapped / "kit.yml"), "-o", str(mapped / "o")]
    done = CliRunner().invoke(build_cli(), [*words, "--join", "alt=nowhere.csv"])
    assert done.exit_code == 1
    assert "name=FILE" in str(done.exception)


PLACE = Position("cases.fr-pj", 2, 7)
ACCEPTED = Receipt(PLACE, "accepted", "fr-pj:1", 3, time="2026-11-24T10:00:00Z")
REJECTED = Receipt(PLACE, "rejected", "fr-pj:1", 2, "stale_version", "/data/version", "a higher one was accepted")
UNREADABLE = Receipt(PLACE, "rejected", reason="unreadable_batch", message="malformed", last_offset=11)
HIT = Hit("0" * 32, HitKind.NEW, "fr-pj", "fr-pj:1", "ref", "be-fp", Contact("Unit", "u@be.example"), Band.PROBABLE)


def test_a_push_says_what_it_did() -> None:
    assert summarise_push(PushResult(sent=1200), "fr-pj") == "1,200 lines sent to fr-pj"
    assert summarise_push(PushResult(0, 5, 2), "fr-pj") == "0 lines sent to fr-pj, 5 had been sent before, 2 left out"


def test_outcomes_are_counted_and_rejections_shown_with_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    counted = print_outcomes("f:", [(1, ACCEPTED), (2, REJECTED)], as_json=False)
    assert counted == {"accepted": 1, "rejected": 1}
    assert capsys.readouterr().out == "f:2: /data/version: stale_version: a higher one was accepted\n"


def test_scripts_get_every_outcome_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcomes("f:", [(1, ACCEPTED), (2, REJECTED)], as_json=True)
    shown = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["line"], one["outcome"], one["position"]["offset"]) for one in shown] == [
        (1, "accepted", 7),
        (2, "rejected", 7),
    ]


def test_receipts_and_hits_take_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert receipt_line(ACCEPTED) == "2026-11-24T10:00:00Z  accepted   fr-pj:1 v3"
    assert receipt_line(REJECTED).endswith("/data/version: stale_version: a higher one was accepted")
    assert "cases.fr-pj-2-7" in receipt_line(Receipt(PLACE, "rejected", reason="not_json"))
    print_each([HIT], hit_line, as_json=False)
    assert capsys.readouterr().out == "new        fr-pj:1  be-fp  probable  Unit u@be.example  ref\n"
    shared = msgspec.structs.replace(HIT, basis=Basis.SHARED)
    assert hit_line(shared) == "new        fr-pj:1  be-fp  probable  shared number  Unit u@be.example  ref"


def test_a_batch_that_can_not_be_read_is_one_line_and_counts_for_all_its_messages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert print_outcomes("f:", [(0, UNREADABLE)], as_json=False) == {"rejected": 5}
    assert "cases.fr-pj-2-7..11" in receipt_line(UNREADABLE)
    assert not print_answer("f:", [{"line": 0} | orjson.loads(msgspec.json.encode(UNREADABLE))], "fr-pj", as_json=False)
    assert capsys.readouterr().err == "5 rejected\n"


@pytest.mark.parametrize(
    ("reasons", "hints"),
    [
        (set(), []),
        ({Reason.SCHEMA, Reason.DATE}, [MEND_HINT]),
        ({Reason.STALE_VERSION}, [MEND_HINT]),
        ({Reason.BAD_SIGNATURE}, [AGAIN_HINT]),
        ({Reason.UNKNOWN_AGENCY, Reason.SCHEMA}, [MEND_HINT, AGAIN_HINT]),
    ],
)
def test_again_is_told_of_where_it_helps_alone(reasons: set[str], hints: list[str]) -> None:
    assert list(tell_what_helps(reasons)) == hints
