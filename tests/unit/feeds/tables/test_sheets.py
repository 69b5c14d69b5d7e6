from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables import sheets
from pipeline.feeds.tables.sheets import (
    CrowdedWorkbookError,
    OversizedWorkbookError,
    WorkbookLimits,
    read_sheet,
    require_small,
)
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


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{0}</worksheet>'
EMPTY_REST = (
    '<table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)
"""What LibreOffice writes behind the last row."""
MANY = 1 << 40


def limits(cells: int = MANY, merged: int = MANY, texts: int = MANY, tags: int = MANY) -> WorkbookLimits:
    return WorkbookLimits(cells, merged, texts, tags)


def sheet(tmp_path: Path, xml: str, *more: str) -> Path:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        for number, content in enumerate((xml, *more)):
            book.writestr(f"xl/worksheets/{number}.xml", SHEET.format(content))
    return path


def cell(place: str, inner: str = "<v>1</v>") -> str:
    return f'<row><c r="{place}">{inner}</c></row>'


@pytest.mark.parametrize(
    ("xml", "cells"),
    [
        (cell("A1"), 1),
        (cell("XFD1"), 1),
        (cell("A1") + cell("XFD1"), 16_384),
        (cell("XFD1048576") + cell("A1"), 16_384 * 1_048_576),
        (cell("B2") + cell("D5", "<is><t>Ivan</t></is>"), 12),
        (cell("A1") + cell("XFD9", ""), 1),
        ("<row><c><v>1</v></c><c><v>1</v></c></row><row><c><v>1</v></c></row>", 4),
        ('<row r="3"><c><v>1</v></c></row><row><c/><c><v>1</v></c></row>', 4),
        (cell("A1").replace("<", "<x:").replace("<x:/", "</x:") + cell("A4"), 4),
    ],
)
def test_a_sheet_reaches_from_its_first_filled_cell_to_its_last(tmp_path: Path, xml: str, cells: int) -> None:
    path = sheet(tmp_path, f'<x xmlns:x="x">{xml}</x>')
    require_small(path, limits(cells=cells))
    if cells > 1:
        with pytest.raises(CrowdedWorkbookError):
            require_small(path, limits(cells=cells - 1))


def test_sheets_count_together(tmp_path: Path) -> None:
    path = sheet(tmp_path, cell("A1") + cell("B2"), cell("C3") + cell("D4"))
    require_small(path, limits(cells=8))  # four of each: what lies between the two sheets is none
    with pytest.raises(CrowdedWorkbookError):
        require_small(path, limits(cells=7))


def test_it_is_known_how_many_rows_were_filled(tmp_path: Path) -> None:
    with pytest.raises(CrowdedWorkbookError) as refused:
        require_small(sheet(tmp_path, "".join(cell(f"A{row}") for row in range(1, 9))), limits(cells=5))
    assert refused.value.rows == 6


@pytest.mark.parametrize("name", ["merged", "texts", "tags"])
def test_ranges_texts_and_tags_are_counted(tmp_path: Path, name: str) -> None:
    path = sheet(tmp_path, '<mergeCell ref="A1:B2"/><si/>' * 3)
    least = {"merged": 3, "texts": 3, "tags": 8}[name]
    require_small(path, limits(**{name: least}))
    with pytest.raises(CrowdedWorkbookError):
        require_small(path, limits(**{name: least - 1}))


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ([["a", "b"], ["c", "d"]], 4),
        ([["a*16384"]], 16_384),
        ([["a*3"], ["b"]], 6),
        ([["*9", "a"]], 1),
    ],
)
def test_a_cell_of_an_open_document_may_stand_for_many(tmp_path: Path, rows: list[list[str]], cells: int) -> None:
    path = write_open_document(tmp_path / "book.ods", rows, EMPTY_REST)
    require_small(path, limits(cells=cells))
    with pytest.raises(CrowdedWorkbookError):
        require_small(path, limits(cells=cells - 1))


def test_rows_of_an_open_document_may_stand_for_many(tmp_path: Path) -> None:
    path = write_open_document(tmp_path / "book.ods", [["a*100"]], EMPTY_REST, repeated=500)
    require_small(path, limits(cells=50_000))
    with pytest.raises(CrowdedWorkbookError):
        require_small(path, limits(cells=49_999))


@pytest.mark.parametrize("xml", ["<!DOCTYPE a><a/>", "<a>"], ids=["document type", "cut off"])
def test_xml_that_no_workbook_has_is_refused(tmp_path: Path, xml: str) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/1.xml", xml)
    with pytest.raises(LiaisonError):
        require_small(path, limits())


@pytest.mark.parametrize("raw", [b"", b"\xd0\xcf\x11\xe0", b"PK\x03\x04 cut off"])
def test_what_is_no_archive_passes(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(raw)
    require_small(path, limits())
