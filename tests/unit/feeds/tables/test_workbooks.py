from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.sources import TableSource
from pipeline.feeds.tables.workbooks import read_workbook, read_workbook_columns
from support.feeds.workbooks import Value, write_workbook

HEADER: list[Value] = ["NAME", "BORN", "SERIAL", "SUM"]
ANN: list[Value] = ["Ann", datetime.date(1980, 5, 1), 29342, "=A1+1|3"]


def test_dates_numbers_and_formulas_become_text(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Register": [HEADER, ANN, [], ["Bob"]]})
    assert list(read_workbook(path, TableSource())) == [
        SourceRow(2, {"NAME": "Ann", "BORN": "1980-05-01", "SERIAL": "29342", "SUM": "3"}),
        SourceRow(4, {"NAME": "Bob", "BORN": "", "SERIAL": "", "SUM": ""}),
    ]
    assert read_workbook_columns(path, TableSource()) == HEADER


def test_a_merged_cell_counts_for_all_that_it_spans(tmp_path: Path) -> None:
    rows: list[list[Value]] = [["CASE", "NAME"], ["c1", "Ann"], [None, "Bob"], ["c2", "Cy"]]
    path = write_workbook(tmp_path / "t.xlsx", {"Register": rows}, merged="A2:A3")
    assert [row.row["CASE"] for row in read_workbook(path, TableSource())] == ["c1", "c1", "c2"]


def test_a_sheet_is_chosen_by_name_and_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Cover": [["x"]], "List": [["of 2026"], HEADER, ANN]})
    rows = list(read_workbook(path, TableSource(sheet="List", skip=1)))
    assert [(row.number, row.row["NAME"]) for row in rows] == [(3, "Ann")]
    with pytest.raises(LiaisonError, match="no sheet 'Lists'; it has Cover, List"):
        list(read_workbook(path, TableSource(sheet="Lists")))


def test_cells_beyond_the_header_are_a_problem_of_their_row(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Register": [["NAME"], ["Ann", "more"]]})
    assert [row.problem for row in read_workbook(path, TableSource())] == ["the row has 2 columns, not 1"]


def test_formulas_without_results_are_not_read_as_empty(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Register": [HEADER, ["=B1|", None, None, None]]})
    with pytest.raises(LiaisonError, match="formulas without results"):
        list(read_workbook(path, TableSource()))


def test_a_workbook_cut_off_is_told(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Register": [HEADER, ANN]})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(LiaisonError, match="is no workbook that can be read, or is cut off"):
        list(read_workbook(path, TableSource()))
