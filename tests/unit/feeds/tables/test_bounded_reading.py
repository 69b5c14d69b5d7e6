"""Files that are meant to exhaust a server: each is refused with a word, in bounded time and memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from pipeline.feeds.tables.bounded_reading import ReadingAnswer, read_bounded
from pipeline.feeds.tables.grids import GridOptions
from support.feeds.workbooks import Value, write_workbook

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
    assert (answer.fault, answer.grid and answer.grid.columns) == ("", ("name", "born"))


def test_two_cells_in_opposite_corners_are_refused(tmp_path: Path) -> None:
    """Its reader asks for 17 thousand million cells between them, which ends the process that it runs in."""
    assert read(workbook(tmp_path, [["name"], ["Ivan"]], ("A2", "XFD1048576"))).fault == "large"


def test_a_million_rows_are_refused(tmp_path: Path) -> None:
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    many = "".join(row.format(number) for number in range(3, 1_000_000))
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
