from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.files import READ_BYTES, locate_bad_byte, open_table, refuse_unread
from support.feeds.workbooks import write_workbook


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


@pytest.mark.parametrize("format_", ["csv", "xml", "workbook", ""])
def test_an_archive_names_what_is_in_it(tmp_path: Path, format_: str) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.mkdir("lists")
        for name in "abcd":
            archive.writestr(f"lists/{name}.csv", "a\n")
    with pytest.raises(
        LiaisonError, match=r"ZIP archive \(in it: lists/a\.csv, lists/b\.csv, .* and more\); unpack it"
    ):
        refuse_unread(tmp_path / "t.zip", format_)


def test_a_workbook_that_is_called_csv_says_so(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.csv", {"Register": [["id"]]})
    assert refuse_unread(path, "workbook").startswith(b"PK")
    with pytest.raises(LiaisonError, match=r"workbook, not csv; .* `source\.format: workbook`"):
        refuse_unread(path, "csv")


@pytest.mark.parametrize("format_", ["workbook", "parquet"])
def test_what_is_no_text_is_not_unpacked_and_says_so(tmp_path: Path, format_: str) -> None:
    with pytest.raises(LiaisonError, match=r"is packed by gzip, which is read of texts alone: unpack it"):
        refuse_unread(written(tmp_path, gzip.compress(b"PAR1")), format_)


def test_a_gzip_file_cut_off_in_the_middle_says_so(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"ends in the middle or is damaged \(gzip\)"):
        refuse_unread(written(tmp_path, gzip.compress(b"a,b\n" * 50_000)[:60]), "csv")


@pytest.mark.parametrize("before", [0, READ_BYTES - 1, READ_BYTES, 3 * READ_BYTES + 7])
def test_a_wrong_byte_is_located_wherever_it_lies(tmp_path: Path, before: int) -> None:
    content = b"\n" * before + "é;".encode() + b"\xe9;x"
    told = locate_bad_byte(written(tmp_path, content), "utf-8")
    assert f"byte 0xe9 at offset {before + 3:,} (line {before + 1:,})" in told


@pytest.mark.parametrize("before", [0, READ_BYTES])
def test_a_file_of_two_encodings_is_not_told_to_be_read_in_the_other(tmp_path: Path, before: int) -> None:
    plain = written(tmp_path, b"\n" * before + b"\xe9;x")
    assert "such as cp1252" in locate_bad_byte(plain, "utf-8")
    mixed = written(tmp_path, "Zoé".encode() + b"\n" * before + b"\xe9;x")
    told = locate_bad_byte(mixed, "utf-8")
    assert "lines of several encodings" in told
    assert "cp1252" not in told


def test_a_character_cut_in_two_at_the_end_is_told(tmp_path: Path) -> None:
    assert "ends in the middle of a character" in locate_bad_byte(written(tmp_path, "é".encode()[:1]), "utf-8")
