"""Tests of `liaison feed map`."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.cli.mapping import show_preview
from pipeline.feeds.kit import SHIPPED
from pipeline.feeds.previewing import ColumnValues, Finding, Preview, PreviewedCase
from pipeline.records.normalised import RecordWarning
from support.feeds.workbooks import write_workbook

SAMPLES = Path(str(SHIPPED)) / "samples"
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "link-public-lists.md"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The made-up lists under the names of the published ones, in the working directory."""
    for name in ("sdn.csv", "alt.csv", "add.csv"):
        shutil.copy(SAMPLES / "ofac-list" / name, tmp_path)
    shutil.copy(SAMPLES / "un-list.xml", tmp_path / "consolidated.xml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_how_to_page_takes_ofacs_three_files_to_linked_cases(published: Path) -> None:
    block = PAGE.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    download, *commands = block.strip().splitlines()
    assert download.startswith("curl")
    assert len(commands) <= 4
    for command in commands:
        done = CliRunner().invoke(build_cli(), command.split()[1:])
        assert done.exit_code == 0, done.output
    links = [orjson.loads(line) for line in (published / "links.ndjson").read_bytes().splitlines()]
    assert ("un-sc:9000001", "us-ofac:90001") in {(link["case_a"], link["case_b"]) for link in links}


def test_a_proposal_is_printed_or_written_but_never_over_a_file(published: Path) -> None:
    done = CliRunner().invoke(build_cli(), ["feed", "map", "--init", "sdn.csv"])
    assert done.exit_code == 0
    assert done.stdout.startswith("# Proposed from the first 4 rows of sdn.csv.")
    done = CliRunner().invoke(build_cli(), ["feed", "map", "--init", "sdn.csv", "-o", "mine.yml"])
    assert done.exit_code == 0
    kept = (published / "mine.yml").read_bytes()
    again = CliRunner().invoke(build_cli(), ["feed", "map", "--init", "consolidated.xml", "-o", "mine.yml"])
    assert again.exit_code == 1
    assert "there already" in str(again.exception)
    assert (published / "mine.yml").read_bytes() == kept


def test_a_list_cut_off_in_the_middle_leaves_what_was_written_before(published: Path) -> None:
    (published / "un.ndjson").write_text("before")
    (published / "consolidated.xml").write_bytes((published / "consolidated.xml").read_bytes()[:-40])
    words = ["feed", "map", "consolidated.xml", "--mapping", "un-list", "-o", "un.ndjson"]
    done = CliRunner().invoke(build_cli(), words)
    assert done.exit_code == 1
    assert "cut off here" in str(done.exception)
    assert (published / "un.ndjson").read_text() == "before"
    assert not list(published.glob("*.part"))


def test_records_may_go_to_what_is_no_file(published: Path) -> None:
    words = ["feed", "map", "consolidated.xml", "--mapping", "un-list", "-o", "/dev/null"]
    assert CliRunner().invoke(build_cli(), words).exit_code == 0
    assert not Path("/dev/null").is_file()


def test_a_joined_file_that_is_missing_is_named(published: Path) -> None:
    (published / "add.csv").rename(published / "addresses.csv")
    words = ["feed", "map", "sdn.csv", "--mapping", "ofac-list", "-o", "ofac.ndjson"]
    done = CliRunner().invoke(build_cli(), words)
    assert done.exit_code == 1
    missing = "no file add.csv, which the mapping kit joins; put it there, or --join add=FILE in `feed map`"
    assert str(done.exception) == missing
    assert CliRunner().invoke(build_cli(), [*words, "--join", "add=addresses.csv"]).exit_code == 0


def test_an_output_that_cannot_be_written_is_named(published: Path) -> None:
    words = ["feed", "map", "consolidated.xml", "--mapping", "un-list", "-o", "nowhere/un.ndjson"]
    done = CliRunner().invoke(build_cli(), words)
    assert str(done.exception) == "cannot write nowhere/un.ndjson: No such file or directory"


def test_rows_left_out_are_counted_apart_from_those_mapped_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kit.yml").write_text(
        "kit: 1\nname: k\nagencies: [{name: fr-pj, country: FR}]\n"
        'record: {case_id: "{id}", opened: {from: born, dates: ["%Y-%m-%d"]}}\n'
    )
    Path("t.csv").write_text("id,born\n1,2020-01-01\n2,soon\n3\n4,x,y\n")
    done = CliRunner().invoke(build_cli(), ["feed", "map", "t.csv", "--mapping", "kit.yml", "-o", "o.ndjson"])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-3:] == [
        "2 case records written to o.ndjson",
        "2 rows left out",
        "1 row mapped only in part",
    ]


NAMES_KIT = "kit: 1\nname: k\nagencies: [{name: fr-pj, country: FR}]\nrecord:\n  case_id: '{id}'\n  entities:\n"


def test_names_beyond_what_a_record_takes_end_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kit.yml").write_text(NAMES_KIT + "    - {id: p1, type: person, names: [{full: {from: names, each: ';'}}]}\n")
    Path("t.csv").write_text("id,names\n1," + ";".join(f"Name {at}" for at in range(96)) + "\n")
    done = CliRunner().invoke(build_cli(), ["feed", "map", "t.csv", "--mapping", "kit.yml", "-o", "o.ndjson"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "t.csv:2: p1.names: 96 values, of which the first 50 are kept",
        "1 case record written to o.ndjson",
        "1 case cut to what a record takes",
    ]
    seen = CliRunner().invoke(build_cli(), ["feed", "map", "t.csv", "--mapping", "kit.yml", "--preview"])
    assert "Cut to what a record takes" in seen.stdout


def test_every_line_that_a_stray_quote_costs_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kit.yml").write_text(NAMES_KIT + "    - {id: p1, type: person, names: [{full: '{name}'}]}\n")
    lines = [f"{at},Name {at}" for at in range(2, 401)]
    lines[150] = '152,"Name 152\ntorn'
    Path("t.csv").write_text("id,name\n" + "\n".join(lines) + "\n")
    done = CliRunner().invoke(build_cli(), ["feed", "map", "t.csv", "--mapping", "kit.yml", "-o", "o.ndjson"])
    assert done.exit_code == 1
    assert "lines 152 to 153 are left out" in done.stderr
    assert done.stderr.splitlines()[-2:] == ["398 case records written to o.ndjson", "2 rows left out"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sorce: {delimiter: ';'}\n", "unknown field `sorce`; did you mean source?"),
        ("source: {delimeter: ';'}\n", "unknown field `delimeter` - at `source`; did you mean delimiter?"),
        ("source: {quoting: never}\n", "Invalid enum value 'never' - at `source.quoting`"),
    ],
)
def test_words_that_a_kit_does_not_have_are_told(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "kit.yml").write_text(line + NAMES_KIT + "    - {id: p1, type: person}\n")
    (tmp_path / "t.csv").write_text("id\n1\n")
    words = ["feed", "map", str(tmp_path / "t.csv"), "--mapping", str(tmp_path / "kit.yml"), "--preview"]
    assert said in str(CliRunner().invoke(build_cli(), words).exception)


def test_the_sheet_that_is_read_is_named_and_may_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seizures = [["id", "name"], ["1", "A"], ["2", "B"]]
    write_workbook(Path("t.xlsx"), {"Cover": [["id", "name"], ["9", "C"]], "Seizures": seizures})
    Path("kit.yml").write_text(NAMES_KIT + "    - {id: p1, type: person, names: [{full: '{name}'}]}\n")
    words = ["feed", "map", "t.xlsx", "--mapping", "kit.yml", "-o", "o.ndjson"]
    done = CliRunner().invoke(build_cli(), words)
    assert done.stderr.splitlines() == [
        "t.xlsx: the sheet Cover is read, the first of Cover, Seizures; --sheet takes another",
        "1 case record written to o.ndjson",
    ]
    done = CliRunner().invoke(build_cli(), [*words, "--sheet", "Seizures"])
    assert done.stderr.splitlines() == ["2 case records written to o.ndjson"]
    done = CliRunner().invoke(build_cli(), ["feed", "map", "--init", "t.xlsx", "--sheet", "Seizures"])
    assert 'sheet: "Seizures"' in done.stdout
    Path("t.csv").write_text("id,name\n1,A\n")
    done = CliRunner().invoke(build_cli(), ["feed", "map", "t.csv", *words[3:], "--sheet", "Seizures"])
    assert str(done.exception) == "--sheet Seizures: t.csv is no workbook"


DATA = {
    "agency": "fr-pj",
    "country": "FR",
    "case_id": "7",
    "version": 1,
    "status": "active",
    "title": "Vol [bold]",
    "entities": [{"id": "p1", "type": "person", "names": [{"full": "Ann"}]}],
}


def printed(preview: Preview, unread: dict[str, ColumnValues], read: dict[str, ColumnValues]) -> str:
    file = io.StringIO()
    Console(file=file, width=120).print(show_preview(preview, unread, read))
    return file.getvalue()


def test_a_preview_shows_cases_unread_columns_words_for_nothing_and_what_is_said() -> None:
    note, name = ColumnValues(), ColumnValues()
    for text in ("x", "y", "-"):
        note.add(text)
        name.add(text)
    case = PreviewedCase({"data": DATA}, (RecordWarning("country", "/data/country", "unknown"),))
    rejected = Finding("schema", "/data/entities/*/names", 1_200, 17, "is no list")
    text = printed(Preview(3, 2, (case,), (), (), (rejected,), ()), {"NOTE": note}, {"NAME": name})
    assert "fr-pj:7" in text
    assert "Vol [bold]" in text
    assert "! /data/country: unknown" in text
    assert "Columns left unread" in text
    assert "x; y" in text
    assert "add them to `null`" in text
    assert "1,200" in text
    assert "line 17: schema: is no list" in text
    assert "Warnings" not in text
    assert "3 rows would make 2 cases. Nothing was written." in text
