from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipeline.api.result_files import LONGEST, CellValue, ResultTable, name_results, write_results

MADE = datetime(2026, 12, 1, 1, 2, tzinfo=UTC)


def sheets(table: ResultTable, language: str = "en") -> dict[str, list[list[Any]]]:
    """The sheets of the workbook, by name."""
    file = write_results("xlsx", table, [("Purpose", "Investigation")], language, MADE)
    book = CalamineWorkbook.from_filelike(io.BytesIO(file))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def lines(table: ResultTable) -> list[list[str]]:
    raw = write_results("csv", table, [], "en", MADE).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(raw)))


def one(*values: CellValue) -> ResultTable:
    return ResultTable("Results", [f"c{at}" for at in range(len(values))], [values])


def test_a_cell_has_the_type_of_what_it_holds() -> None:
    found = sheets(one("Иван Петров", "1980-05-01", "1980-05", "1850-05-01", Decimal("6.73"), 3, None))
    assert found["Results"] == [
        ["c0", "c1", "c2", "c3", "c4", "c5", "c6"],
        ["Иван Петров", date(1980, 5, 1), "1980-05", "1850-05-01", 6.73, 3.0, ""],
    ]
    assert found["About this file"] == [["Purpose", "Investigation"]]


FORMULAS = ("=1+1", "+33 6 12", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "＝1", "a;=1")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_a_workbook_or_in_csv(text: str) -> None:
    assert sheets(one(text))["Results"][1] == [text]
    raw = write_results("xlsx", one(text), [], "en", MADE)
    assert b"<f>" not in raw
    (cell,) = lines(one(text))[1]
    assert cell != text
    assert cell.replace("'", "") == text


def test_what_is_left_out_is_the_first_line_of_both_forms_and_in_the_name() -> None:
    cut = one("x", "y")._replace(left_out="The first row is here.")
    weak = ResultTable("Weak", ["c1"], [["z"]], "So is one weak.")
    both = cut._replace(further=(weak,))
    assert sheets(cut)["Results"] == [["The first row is here.", ""], ["c0", "c1"], ["x", "y"]]
    assert lines(cut) == [["The first row is here."], ["c0", "c1"], ["x", "y"]]
    assert sheets(both)["Results"][0][0] == "The first row is here. Weak: So is one weak."
    assert sheets(both)["Weak"] == [["So is one weak."], ["c1"], ["z"]]
    assert lines(both)[1:] == [["c0", "c1"], ["x", "y"], ["", "z"]]
    assert name_results("list", "xlsx", both.tell_left_out("en"), "en") == "list-incomplete.xlsx"
    assert name_results("list", "csv", cut.tell_left_out("fr"), "fr") == "list-incomplet.csv"
    assert name_results("list", "csv", one("x").tell_left_out("en"), "en") == "list.csv"
    assert "À propos de ce fichier" in sheets(cut, "fr")


def test_the_same_table_is_the_same_file_and_odd_texts_make_no_broken_one() -> None:
    table = one("x" * (LONGEST + 10), "a\x00b\x1fc", "\ufffe")
    assert write_results("xlsx", table, [], "en", MADE) == write_results("xlsx", table, [], "en", MADE)
    assert len(str(sheets(table)["Results"][1][0])) == LONGEST
    assert sheets(table._replace(title="A/B: [x]*?" * 9))


def test_a_table_without_rows_is_a_file_with_its_columns() -> None:
    assert sheets(ResultTable("Results", ["Name"], []))["Results"] == [["Name"]]
    assert lines(ResultTable("Results", ["Name"], [])) == [["Name"]]
