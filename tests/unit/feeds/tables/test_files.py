from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.files import READ_BYTES, locate_bad_byte, open_table, refuse_unread


def written(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_gzip_is_unpacked_whatever_the_file_is_called(tmp_path: Path) -> None:
    with open_table(written(tmp_path, gzip.compress(b"a,b\n"))) as file:
        assert file.read() == b"a,b\n"


def test_the_bytes_read_are_told_as_they_lie_on_the_disk(tmp_path: Path) -> None:
    path, told = written(tmp_path, gzip.compress(b"a,b\n" * 100_000)), list[int]()
    with open_table(path, told.append) as file:
        file.read()
    assert sum(told) == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%PDF-1.7", "a PDF document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\x28\xb5\x2f\xfd..", "a Zstandard archive"),
        (b"\n <!DOCTYPE html><html>", "a web page"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "a PDF document"),
        (b"PK\x03\x04...", "ZIP archive or workbook"),
        (b"PAR1...", "parquet"),
    ],
)
def test_a_format_that_is_not_read_is_named(tmp_path: Path, content: bytes, named: str) -> None:
    with pytest.raises(LiaisonError, match=named):
        refuse_unread(written(tmp_path, content), "csv")


def test_a_gzip_file_cut_off_in_the_middle_says_so(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"ends in the middle or is damaged \(gzip\)"):
        refuse_unread(written(tmp_path, gzip.compress(b"a,b\n" * 50_000)[:60]), "csv")


@pytest.mark.parametrize("before", [0, READ_BYTES - 1, READ_BYTES, 3 * READ_BYTES + 7])
def test_a_wrong_byte_is_located_wherever_it_lies(tmp_path: Path, before: int) -> None:
    content = b"\n" * before + "é;".encode() + b"\xe9;x"
    told = locate_bad_byte(written(tmp_path, content), "utf-8")
    assert f"byte 0xe9 at offset {before + 3:,} (line {before + 1:,})" in told


def test_a_character_cut_in_two_at_the_end_is_told(tmp_path: Path) -> None:
    assert "ends in the middle of a character" in locate_bad_byte(written(tmp_path, "é".encode()[:1]), "utf-8")
