from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest

from pipeline.feeds.tables import sheets
from pipeline.feeds.tables.sheets import OversizedWorkbookError, read_sheet
from pipeline.feeds.tables.workbook_size import CrowdedWorkbookError
from support.feeds.workbooks import Value, write_open_document, write_workbook

BORN = datetime.date(1980, 5, 1)


def test_rows_have_their_numbers_without_empty_columns_before_the_first(tmp_path: Path) -> None:
    rows: list[list[Value]] = [[], [None, "name", "born"], [], [None, "Ann", BORN]]
    sheet = read_sheet(write_workbook(tmp_path / "t.xlsx", {"List": rows, "More": []}), "")
    assert (sheet.names, sheet.height) == (("List", "More"), 4)
    assert [(number, cells) for number, cells in sheet.rows if any(cells)] == [
        (2, ["name", "born"]),
        (4, ["Ann", "1980-05-01"]),
    ]


def test_merged_cells_behind_empty_columns_are_filled(tmp_path: Path) -> None:
    rows: list[list[Value]] = [[None, "CASE", "NAME"], [None, "c1", "Ann"], [None, None, "Bob"]]
    sheet = read_sheet(write_workbook(tmp_path / "t.xlsx", {"List": rows}, merged="B2:B3"), "List")
    assert list(sheet.rows)[2] == (3, ["c1", "Bob"])


def test_a_bomb_is_refused_by_what_it_would_unpack_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Register": [["NAME"], ["Ann"]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/zeros.xml", bytes(5_000_000))
    monkeypatch.setattr(sheets, "MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(OversizedWorkbookError, match="unpacks to"):
        read_sheet(path, "")


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_an_open_sheet_with_too_many_cells_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The only bound of XLS and XLSB, of whose size no XML tells."""
    monkeypatch.setattr(sheets, "most_cells", lambda: 8)
    for width, fits in ((4, True), (5, False)):
        rows = [["x"] * width] * 2
        path = tmp_path / f"{width}.{kind}"
        made = write_open_document(path, rows) if kind == "ods" else write_workbook(path, {"List": rows})
        if fits:
            assert len(list(read_sheet(made, "").rows)) == 2
        else:
            with pytest.raises(CrowdedWorkbookError):
                read_sheet(made, "")


def test_merged_ranges_are_counted_by_what_they_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[list[Value]] = [["x", "x"], ["x", "x"]]
    monkeypatch.setattr(sheets, "most_cells", lambda: 5)
    assert list(read_sheet(write_workbook(tmp_path / "a.xlsx", {"List": rows}, merged="A1:XFD1048576"), "").rows)
    monkeypatch.setattr(sheets, "most_cells", lambda: 4)
    with pytest.raises(CrowdedWorkbookError):
        read_sheet(write_workbook(tmp_path / "b.xlsx", {"List": rows}, merged="A1:XFD1048576"), "")
