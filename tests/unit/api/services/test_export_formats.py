"""Files of exports, read by programs that take a text for more than a text."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from pipeline.api.services.export_formats import encode_csv


def cell(value: object) -> str:
    [[read]] = csv.reader(io.StringIO(encode_csv([[value]]).decode(), newline=""))
    return read


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\u00a0=1", "\u3000@x", "\ufeff=1", "\u200b+1",
     "\x00=1", "\u202e-1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", " \uff1dHYPERLINK(1)", "\ufe66x",
     "\tplain"],
)  # fmt: skip
def test_a_text_that_a_spreadsheet_takes_for_a_formula_is_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("x;=1", "x;'=1"), ("x\t+1", "x\t'+1"), ("x\n-1", "x\n'-1"), ("x\r\n@SUM(A1)", "x\r\n'@SUM(A1)"),
     ("x; =1", "x;' =1"), ("x;\"=1\"", "x;'\"=1\""), ("=1;=2", "'=1;'=2"),
     ("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"), ("\n=1", "'\n'=1"),
     ("x\u2028\uff1d1", "x\u2028'\uff1d1"), ("x;y=1;z", "x;y=1;z")],
)  # fmt: skip
def test_a_formula_behind_what_parts_cells_or_rows_elsewhere_is_quoted_too(text: str, quoted: str) -> None:
    """Spreadsheets part cells by what their locale says, also within our quotes."""
    assert cell(text) == quoted


def test_json_in_a_cell_is_read_as_it_was_and_parts_nothing() -> None:
    held = {"title": "x;=1\n=2", "n": [1, -5, "=1"]}
    assert ";" not in cell(held)
    assert "\n" not in cell(held)
    assert orjson.loads(cell(held)) == held


@pytest.mark.parametrize("text", ["", " ", "Ivan", "fr-pj:=1", " x=1", "\u3000", "1-2", "\uff21=", "'=1"])
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert cell(text) == text


def test_a_number_is_no_text() -> None:
    assert (cell(-5), cell(-0.5), cell(None), cell(["=1"])) == ("-5", "-0.5", "", '["=1"]')
