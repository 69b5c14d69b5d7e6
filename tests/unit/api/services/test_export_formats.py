"""Files of exports, read by programs that take a text for more than a text."""

from __future__ import annotations

import csv
import io

import pytest

from pipeline.api.services.export_formats import encode_csv, encode_table_head
from pipeline.api.services.export_words import LINK_CELLS, case_cells, link_cells, to_bits
from pipeline.matching.explain.explaining import explain
from pipeline.matching.model import load_model
from support.matching.prints import case_of
from support.records.builder import person


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


@pytest.mark.parametrize("value", [{"a": 1}, ["=1"], ("=1",)])
def test_no_cell_holds_json(value: object) -> None:
    with pytest.raises(TypeError):
        cell(value)


def test_excel_is_told_that_a_table_is_utf_8() -> None:
    assert encode_table_head("excel", ["é"]) == b"\xef\xbb\xbf\xc3\xa9\r\n"
    assert encode_table_head("csv", ["é"]) == b"\xc3\xa9\r\n"


def test_bits_are_bits() -> None:
    assert [cell(to_bits(one)) for one in (673, -1700, 5, None)] == ["6.73", "-17.00", "0.05", ""]


def test_a_link_is_a_line_for_people() -> None:
    a = case_of(person("Ivan Petrov", birth_date="1980-05-01"))
    b = case_of(person("Ivan Petrov", birth_date="1980-05-01"), country="DE")
    found = explain(a, b, load_model())
    row = {"band": found.band, "score": found.score, "basis": found.basis, "evidence": found}
    french, said = (link_cells(row, language) for language in ("fr", "en"))
    assert said["summary"] == "Same name and date of birth."
    assert french["summary"] == "Mêmes nom et date de naissance."
    assert not any(isinstance(said[name], dict | list) for name in LINK_CELLS if name in said)


def test_a_case_is_a_line_for_people() -> None:
    numbers = [{"type": "passport", "value": "12AB34567"}]
    data = {
        "title": "Affair", "offences": [{"scheme": "ICCS", "code": "0501"}],
        "entities": [
            {"id": "p", "type": "person", "names": [{"full": "Ivan Petrov"}], "birth_date": "1980-05-01",
             "identifiers": numbers, "phones": ["+33612345678"]},
            {"id": "o", "type": "organisation", "names": [{"full": "Petrov SARL"}]},
            {"id": "v", "type": "vehicle", "plate": "AB-123-CD"},
        ],
    }  # fmt: skip
    said = case_cells({"case": "fr-pj:1", "data": data}, "en")
    assert said["people"] == "Ivan Petrov (1980-05-01)"
    assert said["organisations"] == "Petrov SARL"
    assert said["things"] == "vehicle AB-123-CD"
    assert said["numbers"] == "passport 12AB34567 | +33612345678"
    assert str(said["offences"]).startswith("ICCS:0501 ")


@pytest.mark.parametrize("text", ["", " ", "Ivan", "fr-pj:=1", " x=1", "\u3000", "1-2", "\uff21=", "'=1"])
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert cell(text) == text


def test_a_number_is_no_text() -> None:
    assert (cell(-5), cell(-0.5), cell(None)) == ("-5", "-0.5", "")
