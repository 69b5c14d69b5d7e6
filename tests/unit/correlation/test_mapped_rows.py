"""Tests of rows in a file: what waits is read, and the redo repairs what was not written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.correlation.mapped_rows import MappedRows


def opened(path: Path, count: int = 0, redo: bytes = b"") -> MappedRows:
    return MappedRows(path, np.uint32, (3,), count, redo)


def make_rows(first: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    return np.arange(3 * first, 3 * (first + count), dtype=np.uint32).reshape(-1, 3)


def read_all(rows: MappedRows) -> list[list[int]]:
    read: list[list[int]] = rows.read(np.arange(rows.count, dtype=np.uint32)).tolist()
    return read


def write(rows: MappedRows) -> None:
    rows.write_appended()
    rows.write_changed()


def test_rows_are_read_before_and_after_they_are_written(tmp_path: Path) -> None:
    rows = opened(tmp_path / "rows")
    expected = make_rows(0, 30_000)
    for start in range(0, 30_000, 3_000):
        rows.append(expected[start : start + 3_000])
        assert read_all(rows) == expected[: start + 3_000].tolist()
        numbers = np.array([start, start + 1, start // 2 + 2, 7], np.uint32)
        expected[numbers] = make_rows(start + 100_000, 4)
        rows.change(numbers, expected[numbers])
        assert read_all(rows) == expected[: start + 3_000].tolist()
        assert rows.read(numbers, slice(1, 3)).tolist() == expected[numbers, 1:].tolist()
        if start % 2:
            write(rows)
            assert read_all(rows) == expected[: start + 3_000].tolist()
    write(rows)
    rows.close()
    rows = opened(tmp_path / "rows", 30_000)
    assert read_all(rows) == expected.tolist()
    rows.close()


def test_the_redo_repairs_rows_that_were_not_written(tmp_path: Path) -> None:
    rows = opened(tmp_path / "rows")
    rows.append(make_rows(0, 9))
    write(rows)
    changed = np.array([8, 0, 1], np.uint32)
    rows.change(changed, make_rows(50, 3))
    rows.append(make_rows(9, 2))
    rows.write_appended()
    redo = rows.encode_redo()
    rows.close()
    rows = opened(tmp_path / "rows", 11, redo)
    expected = make_rows(0, 11)
    expected[changed] = make_rows(50, 3)
    assert read_all(rows) == expected.tolist()
    assert rows.encode_redo() == b""
    rows.close()


def test_rows_of_a_commit_that_failed_are_gone(tmp_path: Path) -> None:
    rows = opened(tmp_path / "rows")
    rows.append(make_rows(0, 5))
    write(rows)
    rows.append(make_rows(5, 5))
    rows.write_appended()
    rows.change(np.array([2], np.uint32), make_rows(90, 1))
    rows.close()
    rows = opened(tmp_path / "rows", 5)
    assert read_all(rows) == make_rows(0, 5).tolist()
    rows.append(make_rows(7, 1))
    assert rows.read_committed(np.array([4, 5], np.uint32)).tolist() == [[12, 13, 14], [0, 0, 0]]
    assert rows.read_range(3, 9).tolist() == make_rows(3, 2).tolist()
    rows.close()


def test_files_that_are_gone_or_cut_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "rows", 1)
    (tmp_path / "rows").write_bytes(b"\0" * 11)
    with pytest.raises(EOFError):
        opened(tmp_path / "rows", 1)
