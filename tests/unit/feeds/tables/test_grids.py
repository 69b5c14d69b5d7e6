from __future__ import annotations

import codecs
import io
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import (
    GridOptions,
    GridRow,
    LongTableError,
    NoTableError,
    ReadingAnswer,
    TableGrid,
    read_bounded,
    read_grid,
)
from support.feeds.workbooks import Value, write_open_document, write_workbook

MOST = 100


def read(tmp_path: Path, content: bytes, **options: object) -> TableGrid:
    path = tmp_path / "table"
    path.write_bytes(content)
    return read_grid(path, GridOptions(**options), MOST)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")],
)
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str, found: str) -> None:
    grid = read(tmp_path, "Имя;Дата\nИван;25.11.1982\nПётр;01.02.1990\n".encode(encoding))
    assert (grid.columns, grid.rows[1], grid.encoding) == (("Имя", "Дата"), GridRow(3, ("Пётр", "01.02.1990")), found)


def test_a_wrong_guess_of_the_encoding_is_mended_by_who_reads(tmp_path: Path) -> None:
    content = "Имя;Дата\nИван;25.11.1982\n".encode("cp1251")
    assert read(tmp_path, content).encoding == "cp1252"
    assert read(tmp_path, content, encoding="cp1251").columns == ("Имя", "Дата")


def test_a_byte_late_in_a_text_changes_its_encoding_as_a_whole(tmp_path: Path) -> None:
    content = b"name,born\n" + b"Ivan,1980\n" * 80 + b"Jos\xe9,1981\n"
    (tmp_path / "table").write_bytes(b"name,born\n" + b"Ivan,1980-01-01\n" * 9000 + b"Jos\xe9,1981\n")
    assert read_grid(tmp_path / "table", GridOptions(), 10_000).rows[-1].cells == ("José", "1981")
    assert read(tmp_path, content).rows[-1].cells == ("José", "1981")


def test_a_table_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    content = b"Ivan Petrov,25/11/1982\nIvan Petrov,1/2/1980\n"
    guessed = read(tmp_path, content)
    assert (guessed.header, guessed.columns, len(guessed.rows)) == (False, ("column_1", "column_2"), 2)
    told = read(tmp_path, content, header=True)
    assert (told.header, told.columns, len(told.rows)) == (True, ("Ivan Petrov", "25/11/1982"), 1)


def test_a_header_may_be_no_header(tmp_path: Path) -> None:
    grid = read(tmp_path, b"name,born\nIvan,1980\n", header=False)
    assert (grid.columns, [row.cells for row in grid.rows]) == (
        ("column_1", "column_2"), [("name", "born"), ("Ivan", "1980")],
    )  # fmt: skip


def test_rows_of_another_width_are_told_of(tmp_path: Path) -> None:
    grid = read(tmp_path, b"name,born\nIvan,1980\nJose,1980,x\nPierre\n,\n")
    assert ([row.number for row in grid.rows], grid.unread) == ([2], (3, 4))


def test_a_sheet_is_read_behind_its_title(tmp_path: Path) -> None:
    rows: list[list[Value]] = [["Passengers of 3 May", None], [None, None], ["Nom", "Né le"], ["Ivan", "25/11/1982"]]
    path = write_workbook(tmp_path / "book.xlsx", {"List": rows, "Notes": [["x"]]})
    grid = read_grid(path, GridOptions(), MOST)
    assert (grid.columns, grid.rows) == (("Nom", "Né le"), (GridRow(4, ("Ivan", "25/11/1982")),))
    assert (grid.sheet, grid.sheets) == ("List", ("List", "Notes"))
    with pytest.raises(LiaisonError):
        read_grid(path, GridOptions(sheet="Other"), MOST)


def test_another_sheet_can_be_read(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "book.xlsx", {"About": [["read me"]], "List": [["name", "born"], ["Ivan", "1980"]]}
    )
    assert read_grid(path, GridOptions(sheet="List"), MOST).rows == (GridRow(2, ("Ivan", "1980")),)


def test_more_rows_than_are_taken_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LongTableError):
        read(tmp_path, b"name,born\n" + b"Ivan,1980\n" * (MOST + 1))


@pytest.mark.parametrize(
    "content",
    [b'[{"name": "Ivan"}]', b"%PDF-1.7", bytes(range(256)) * 8, b"PK\x03\x04damaged"],
    ids=["JSON", "PDF", "bytes", "archive"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(LiaisonError):
        read(tmp_path, content)


def test_binary_files_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(NoTableError):
        read(tmp_path, codecs.BOM_UTF8 + b"a,b\nc,\0\0\n" * 30)


MOST_SENT = 10_000


def read_sent(raw: bytes) -> ReadingAnswer:
    return read_bounded(raw, GridOptions(), MOST_SENT)


def workbook(tmp_path: Path, rows: list[list[Value]], replaced: tuple[str, str] = ("", "")) -> bytes:
    """A workbook's bytes, with a text of its sheet replaced by another."""
    path, made = write_workbook(tmp_path / "book.xlsx", {"List": rows}), io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).decode()
            new.writestr(name, content.replace(*replaced) if "worksheets" in name else content)
    return made.getvalue()


def test_a_workbook_is_read(tmp_path: Path) -> None:
    answer = read_sent(workbook(tmp_path, [["name", "born"], ["Ivan", "1980"]]))
    assert (answer.fault, answer.head and answer.head.columns) == ("", ("name", "born"))


def test_two_cells_in_opposite_corners_are_refused(tmp_path: Path) -> None:
    """Its reader would ask for 17 thousand million cells between them."""
    assert read_sent(workbook(tmp_path, [["name"], ["Ivan"]], ("A2", "XFD1048576"))).fault == "cells"


def test_cells_are_counted_before_a_reader_makes_room_for_them(tmp_path: Path) -> None:
    """1.7 kB of 16 million cells: reading them took ten seconds of a processor."""
    raw = workbook(tmp_path, [["name"], ["Ivan"]], ("A2", "XFD1000"))
    assert len(raw) < 2_000
    assert read_sent(raw).fault == "cells"


def test_an_open_documents_cell_that_stands_for_millions_is_not_copied(tmp_path: Path) -> None:
    path = write_open_document(tmp_path / "book.ods", [["Ivan*16384"]], repeated=500)
    assert read_sent(path.read_bytes()).fault == "cells"


@pytest.mark.parametrize("times", [1, 50_000, 100_001])
def test_a_cell_merged_over_all_columns_is_one(tmp_path: Path, times: int) -> None:
    """A thousand of them took six seconds: only what lies within the table is filled in, and they are counted."""
    merged = '<mergeCell ref="A1:XFD1"/>' * times
    raw = workbook(tmp_path, [["name"], ["Ivan"]], ("</sheetData>", f"</sheetData><mergeCells>{merged}</mergeCells>"))
    answer = read_sent(raw)
    assert answer.fault == ("" if times < 100_000 else "cells")
    assert answer.head is None or (answer.head.columns, answer.head.rows) == (("name",), 1)


def test_more_rows_than_a_list_has_are_told_as_such(tmp_path: Path) -> None:
    """Also where they are more cells than are read."""
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c><c r="EZ{0}"><v>1</v></c></row>'
    many = "".join(row.format(number) for number in range(3, 13_000))
    assert read_sent(workbook(tmp_path, [["name"], ["Ivan"]], ("</sheetData>", f"{many}</sheetData>"))).fault == "long"


def test_ten_times_as_many_rows_as_may_be_are_refused(tmp_path: Path) -> None:
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    many = "".join(row.format(number) for number in range(3, 10 * MOST_SENT))
    assert read_sent(workbook(tmp_path, [["name"], ["Ivan"]], ("</sheetData>", f"{many}</sheetData>"))).fault == "long"


def test_much_text_in_a_small_file_is_refused(tmp_path: Path) -> None:
    text: list[Value] = ["x" * 2_000]
    raw = workbook(tmp_path, [["name"], *[text] * 5_000])
    assert len(raw) < 1 << 20
    assert read_sent(raw).fault == "large"


@pytest.mark.parametrize("size", [1 << 27])
def test_a_bomb_is_not_unpacked(size: int) -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(size >> 20):
            part.write(b"0" * (1 << 20))
    assert read_sent(file.getvalue()).fault == "large"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [(b"", "empty"), (b" \r\n", "empty"), (b"%PDF-1.7", "form"), (b"PK\x03\x04 cut off", "form"), (b"[]", "form")],
)
def test_what_is_no_table_is_named(raw: bytes, fault: str) -> None:
    assert read_sent(raw).fault == fault


def test_formulas_that_nobody_computed_are_named(tmp_path: Path) -> None:
    assert read_sent(workbook(tmp_path, [["name"], ["=A1|"]], ("<v></v>", ""))).fault == "formulas"
