"""Files that are meant to exhaust a server: each is refused with a word, in bounded time and memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from pipeline.feeds.tables.bounded_reading import ReadingAnswer, read_bounded
from pipeline.feeds.tables.grids import GridOptions
from support.feeds.workbooks import Value, write_open_document, write_workbook

MOST = 10_000


def read(raw: bytes) -> ReadingAnswer:
    return read_bounded(raw, GridOptions(), MOST)


def workbook(tmp_path: Path, rows: list[list[Value]], replaced: tuple[str, str] = ("", "")) -> bytes:
    """A workbook's bytes, with a text of its sheet replaced by another."""
    path, made = write_workbook(tmp_path / "book.xlsx", {"List": rows}), io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).decode()
            new.writestr(name, content.replace(*replaced) if "worksheets" in name else content)
    return made.getvalue()


def test_a_workbook_is_read(tmp_path: Path) -> None:
    answer = read(workbook(tmp_path, [["name", "born"], ["Ivan", "1980"]]))
    assert (answer.fault, answer.head and answer.head.columns) == ("", ("name", "born"))


def test_two_cells_in_opposite_corners_are_refused(tmp_path: Path) -> None:
    """Its reader would ask for 17 thousand million cells between them."""
    assert read(workbook(tmp_path, [["name"], ["Ivan"]], ("A2", "XFD1048576"))).fault == "cells"


def test_cells_are_counted_before_a_reader_makes_room_for_them(tmp_path: Path) -> None:
    """1.7 kB of 16 million cells: reading them took ten seconds of a processor."""
    raw = workbook(tmp_path, [["name"], ["Ivan"]], ("A2", "XFD1000"))
    assert len(raw) < 2_000
    assert read(raw).fault == "cells"


def test_an_open_documents_cell_that_stands_for_millions_is_not_copied(tmp_path: Path) -> None:
    path = write_open_document(tmp_path / "book.ods", [["Ivan*16384"]], repeated=500)
    assert read(path.read_bytes()).fault == "cells"


@pytest.mark.parametrize("times", [1, 50_000, 100_001])
def test_a_cell_merged_over_all_columns_is_one(tmp_path: Path, times: int) -> None:
    """A thousand of them took six seconds: only what lies within the table is filled in, and they are counted."""
    merged = '<mergeCell ref="A1:XFD1"/>' * times
    raw = workbook(tmp_path, [["name"], ["Ivan"]], ("</sheetData>", f"</sheetData><mergeCells>{merged}</mergeCells>"))
    answer = read(raw)
    assert answer.fault == ("" if times < 100_000 else "cells")
    assert answer.head is None or (answer.head.columns, answer.head.rows) == (("name",), 1)


def test_more_rows_than_a_list_has_are_told_as_such(tmp_path: Path) -> None:
    """Also where they are more cells than are read."""
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c><c r="EZ{0}"><v>1</v></c></row>'
    many = "".join(row.format(number) for number in range(3, 13_000))
    assert read(workbook(tmp_path, [["name"], ["Ivan"]], ("</sheetData>", f"{many}</sheetData>"))).fault == "long"


def test_ten_times_as_many_rows_as_may_be_are_refused(tmp_path: Path) -> None:
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    many = "".join(row.format(number) for number in range(3, 10 * MOST))
    assert read(workbook(tmp_path, [["name"], ["Ivan"]], ("</sheetData>", f"{many}</sheetData>"))).fault == "long"


def test_much_text_in_a_small_file_is_refused(tmp_path: Path) -> None:
    text: list[Value] = ["x" * 2_000]
    raw = workbook(tmp_path, [["name"], *[text] * 5_000])
    assert len(raw) < 1 << 20
    assert read(raw).fault == "large"


@pytest.mark.parametrize("size", [1 << 27])
def test_a_bomb_is_not_unpacked(size: int) -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(size >> 20):
            part.write(b"0" * (1 << 20))
    assert read(file.getvalue()).fault == "large"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [(b"", "empty"), (b" \r\n", "empty"), (b"%PDF-1.7", "form"), (b"PK\x03\x04 cut off", "form"), (b"[]", "form")],
)
def test_what_is_no_table_is_named(raw: bytes, fault: str) -> None:
    assert read(raw).fault == fault


def test_formulas_that_nobody_computed_are_named(tmp_path: Path) -> None:
    assert read(workbook(tmp_path, [["name"], ["=A1|"]], ("<v></v>", ""))).fault == "formulas"
