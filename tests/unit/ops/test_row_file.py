"""Rows in blocks: each stands whole or not at all, some are read without the others, damage is said."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from pipeline.access.query_cipher import QueryCipher, delete_month_key, keys_in
from pipeline.errors import LiaisonError
from pipeline.ops import row_file
from pipeline.ops.row_file import BLOCK_ROWS, DamagedRowsError, RowCount, RowFile, have_as_many_blocks
from support.api.runtime import NOW


class Row(msgspec.Struct, frozen=True):
    """What a test keeps."""

    text: str


ROWS = [Row(f"canary {at}") for at in range(5 * BLOCK_ROWS + 3)]


def make_file(tmp_path: Path, name: str = "rows") -> RowFile[Row]:
    return RowFile(tmp_path / name, Row, QueryCipher(keys_in(tmp_path / "keys")), NOW)


def fill(tmp_path: Path, name: str = "rows") -> RowFile[Row]:
    """A file of ROWS, appended block by block, the first row of each marked."""
    kept = make_file(tmp_path, name)
    for at in range(0, len(ROWS), BLOCK_ROWS):
        kept.append(ROWS[at : at + BLOCK_ROWS], 1)
    return kept


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the blocks that are decrypted."""
    found: list[int] = []
    decrypt = QueryCipher.decrypt

    def count(*given: str) -> str:
        found.append(len(given[1]))
        return decrypt(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(QueryCipher, "decrypt", count)
    return found


def test_any_part_is_read_and_no_block_beside_it(tmp_path: Path, opened: list[int]) -> None:
    kept = fill(tmp_path)
    for first in range(len(ROWS) + 2):
        for last in (*range(first, len(ROWS) + 9), None):
            opened.clear()
            assert list(kept.read(first, last)) == ROWS[first:last]
            assert len(opened) == len({at // BLOCK_ROWS for at in range(6 * BLOCK_ROWS)[first:last]})


def test_some_rows_are_picked_and_each_of_their_blocks_is_read_once(tmp_path: Path, opened: list[int]) -> None:
    kept = fill(tmp_path)
    for picked in ([], [0], [1, 2, BLOCK_ROWS, 4 * BLOCK_ROWS + 7], [len(ROWS) - 1], list(range(len(ROWS)))):
        opened.clear()
        assert list(kept.pick(picked)) == [ROWS[at] for at in picked]
        assert len(opened) == len({at // BLOCK_ROWS for at in picked})


def test_rows_sealed_at_once_are_read_as_those_that_were_appended(tmp_path: Path) -> None:
    kept = make_file(tmp_path)
    for name, content in kept.seal(ROWS).items():
        (tmp_path / name).write_bytes(content)
    assert (list(kept.read()), kept.count()) == (ROWS, RowCount(6, 0))
    assert list(kept.read(17, 19)) == ROWS[17:19]
    fill(tmp_path, "other")
    assert have_as_many_blocks(tmp_path / "rows", tmp_path / "other")
    assert not have_as_many_blocks(tmp_path / "rows", tmp_path / "third")
    assert not have_as_many_blocks(tmp_path / "third", tmp_path / "fourth")


def test_nothing_is_readable_in_the_files_and_only_their_owner_opens_them(tmp_path: Path) -> None:
    fill(tmp_path)
    for path in (tmp_path / "rows", tmp_path / "rows.at"):
        assert b"canary" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_counting_reads_no_row_however_many_there_are(tmp_path: Path, opened: list[int]) -> None:
    kept = fill(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RowFile, "_read_on", None)  # what goes through lines
        assert kept.count() == RowCount(6, 6)
    assert opened == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_crash_at_any_byte_of_line_or_entry_leaves_what_stood_and_one_goes_on(tmp_path: Path, times: int) -> None:
    """Twice: who goes on dies at the same byte."""
    for name in ("rows", "rows.at"):
        blocks = len(ROWS) // BLOCK_ROWS
        kept = fill(tmp_path, "whole")
        line = (tmp_path / "whole").read_bytes()
        size = len(line.splitlines(keepends=True)[0]) if name == "rows" else 16
        for cut in (0, 1, size // 2, size - 1):
            for path in tmp_path.glob("rows*"):
                path.unlink()
            kept = make_file(tmp_path)
            for _ in range(times):
                for at in range(kept.count().blocks, blocks):
                    kept.append(ROWS[at * BLOCK_ROWS :][:BLOCK_ROWS], 1)
                torn = tmp_path / name
                os.truncate(torn, torn.stat().st_size - size + cut)
                if name == "rows":  # its entry comes after it
                    os.truncate(tmp_path / "rows.at", (blocks - 1) * 16)
                stands = blocks - (name == "rows")
                assert kept.count() == RowCount(stands, stands)
                assert list(kept.read()) == ROWS[: stands * BLOCK_ROWS]
            for at in range(kept.count().blocks, blocks + 1):
                kept.append(ROWS[at * BLOCK_ROWS :][:BLOCK_ROWS], 1)
            assert (list(kept.read()), kept.count()) == (ROWS, RowCount(blocks + 1, blocks + 1))
        for path in tmp_path.glob("whole*"):
            path.unlink()


def test_a_process_that_dies_between_line_and_entry_has_kept_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, append = make_file(tmp_path), row_file._append

    def die(path: Path, content: bytes) -> int:
        if path.name.endswith(".at"):
            raise KeyboardInterrupt
        return append(path, content)

    for at in (0, 1):
        with monkeypatch.context() as patch:
            patch.setattr(row_file, "_append", die)
            with pytest.raises(KeyboardInterrupt):
                kept.append(ROWS[at * BLOCK_ROWS :][:BLOCK_ROWS], 1)
        assert (kept.count(), list(kept.read())) == (RowCount(at + 1, at + 1), ROWS[: (at + 1) * BLOCK_ROWS])
        kept.mend()
        assert (tmp_path / "rows.at").stat().st_size == (at + 1) * 16


def test_a_table_that_is_gone_is_made_again(tmp_path: Path) -> None:
    kept = fill(tmp_path)
    table = (tmp_path / "rows.at").read_bytes()
    (tmp_path / "rows.at").unlink()
    assert (kept.count(), list(kept.read(9, 12))) == (RowCount(6, 6), ROWS[9:12])
    kept.mend()
    assert (tmp_path / "rows.at").read_bytes() == table


@pytest.mark.parametrize("left", [0, 1, 100, -1, -20])
def test_a_file_that_lacks_what_was_entered_says_so_and_is_not_written_on(tmp_path: Path, left: int) -> None:
    kept = fill(tmp_path)
    size = (tmp_path / "rows").stat().st_size
    os.truncate(tmp_path / "rows", left if left >= 0 else size + left)
    with pytest.raises(DamagedRowsError):
        list(kept.read())
    with pytest.raises(DamagedRowsError):
        kept.append(ROWS[:1], 0)
    assert kept.count().blocks == 6


def test_an_altered_block_says_so_and_the_others_are_read(tmp_path: Path) -> None:
    kept = fill(tmp_path)
    lines = (tmp_path / "rows").read_bytes().splitlines(keepends=True)
    whole, table = (tmp_path / "rows").read_bytes(), (tmp_path / "rows.at").read_bytes()
    other = b"B" if lines[1].startswith(b"A") else b"A"
    for bad in (b"\xff" + lines[1][1:], other + lines[1][1:], b"!" * (len(lines[1]) - 1) + b"\n"):
        (tmp_path / "rows").write_bytes(b"".join((lines[0], bad, *lines[2:])))
        with pytest.raises(DamagedRowsError):
            list(kept.read(BLOCK_ROWS, BLOCK_ROWS + 1))
        assert list(kept.read(0, BLOCK_ROWS)) == ROWS[:BLOCK_ROWS]
        assert list(kept.read(2 * BLOCK_ROWS)) == ROWS[2 * BLOCK_ROWS :]
    (tmp_path / "rows").write_bytes(whole)
    for bad in (b"\xff" * 16 + table[16:], bytes(16) + table[16:], table[16:32] * 2 + table[32:]):
        (tmp_path / "rows.at").write_bytes(bad)
        with pytest.raises(DamagedRowsError):
            list(kept.read())


def test_without_the_months_key_it_is_not_called_damaged(tmp_path: Path) -> None:
    kept = fill(tmp_path)
    delete_month_key(tmp_path / "keys", f"{NOW:%Y-%m}")
    with pytest.raises(LiaisonError, match="their key was deleted"):
        list(kept.read())
