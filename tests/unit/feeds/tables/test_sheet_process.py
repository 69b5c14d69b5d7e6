"""A workbook is read by another process: in order, as asked for, and with a word where it exhausts that process."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.proposing import propose_kit
from pipeline.feeds.tables.sheet_process import ROWS_A_LINE, open_sheet
from pipeline.feeds.tables.sheets import ProtectedWorkbookError, UncomputedWorkbookError
from pipeline.feeds.tables.sources import TableSource
from pipeline.feeds.tables.workbooks import read_workbook
from support.feeds.workbooks import Value, write_workbook

HEADER: list[Value] = ["NAME", "BORN"]


def make_book(path: Path, *rows: Sequence[Value]) -> Path:
    return write_workbook(path / "t.xlsx", {"Register": [HEADER, *rows]})


def spread_corners(path: Path) -> Path:
    """Two cells in opposite corners, of a sheet that is a thousand bytes."""
    book, made = make_book(path, ["Ann"]), path / "corners.xlsx"
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"A2", b"XFD1048576"))
    return made


def children() -> list[psutil.Process]:
    return psutil.Process(os.getpid()).children()


def test_more_rows_than_are_sent_at_once_come_in_order(tmp_path: Path) -> None:
    book = make_book(tmp_path, *([f"n{number}", "1980"] for number in range(2 * ROWS_A_LINE + 3)))
    rows = list(open_sheet(book, "").rows)
    assert [number for number, _ in rows] == list(range(1, 2 * ROWS_A_LINE + 5))
    assert rows[-1][1] == [f"n{2 * ROWS_A_LINE + 2}", "1980"]


def test_the_process_ends_with_whoever_reads(tmp_path: Path) -> None:
    before, book = len(children()), make_book(tmp_path, *([["Ann", "1980"]] * 100_000))
    rows = open_sheet(book, "").rows
    next(rows)
    assert len(children()) == before + 1
    del rows
    assert len(children()) == before


def test_a_workbook_that_exhausts_its_process_is_refused_with_a_word(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="unpacks to too much to be read, or is damaged; save the sheet as CSV"):
        list(read_workbook(spread_corners(tmp_path), TableSource()))
    with pytest.raises(LiaisonError, match="unpacks to too much"):
        propose_kit(spread_corners(tmp_path))


def test_what_is_wrong_keeps_its_kind(tmp_path: Path) -> None:
    with pytest.raises(UncomputedWorkbookError, match="formulas without results"):
        open_sheet(make_book(tmp_path, ["=B1|"]), "")
    with pytest.raises(LiaisonError, match="no sheet 'List'; it has Register") as found:
        open_sheet(make_book(tmp_path), "List")
    assert not isinstance(found.value, ProtectedWorkbookError)
