"""Opens a table: gzip transparently, formats that are not read by their name, text in its encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from pipeline.errors import LiaisonError

ReportBytesRead = Callable[[int], None]
"""Called with the bytes of the file that were read, as they are."""

READ_BYTES = 1 << 16
MAX_ROW_BYTES = 8 * 2**20
"""A row takes at most this much: twice a message that Kafka takes, and no memory to speak of."""

ZERO_SHARE = 0.1
"""Latin text in UTF-16 is half zeros, in other scripts its blanks and digits are; a stray zero damages one row."""

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
UNREAD_FORMATS = {
    b"%PDF": "a PDF document",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"SQLite format 3": "an SQLite database",
    b"\x00\x01\x00\x00Standard": "a Microsoft Access database",
    b"{\\rtf": "an RTF document",
    b"\x7fELF": "a program",
    b"<!DOCTYPE html": "a web page",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
}
BINARY_FORMATS = {ZIP: "workbook", b"\xd0\xcf\x11\xe0": "workbook", b"PAR1": "parquet"}
"""Beginnings of files that are no text: the format that reads them."""
WORKBOOK_PARTS = ("xl/", "content.xml")
"""What a ZIP archive that is a workbook has in it: XLSX and XLSB, ODS."""
NAMES_SHOWN = 3
"""Files of an archive that a message names."""
READ_FORMATS = "CSV, JSON, JSON lines and XML, each also as .gz, Parquet and workbooks (XLSX, XLS, XLSB, ODS)"

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""UTF-32 before UTF-16: its little-endian mark begins with that of UTF-16."""


class _WatchedFile(io.FileIO):
    """A file that tells how many of its bytes are read."""

    def __init__(self, path: Path, advance: ReportBytesRead | None) -> None:
        super().__init__(path)
        self._advance = advance

    def readinto(self, buffer: Any) -> int:
        """Read as io.FileIO does."""
        size = super().readinto(buffer)
        if self._advance is not None:
            self._advance(size)
        return size


class _GzipTable(gzip.GzipFile):
    """A gzip file that closes what it reads from."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def close(self) -> None:
        """Close both."""
        super().close()
        self._packed.close()


def open_table(path: Path, advance: ReportBytesRead | None = None) -> IO[bytes]:
    """The file's bytes, unpacked if they are gzip."""
    raw = io.BufferedReader(_WatchedFile(path, advance), READ_BYTES)
    if raw.peek(len(GZIP))[: len(GZIP)] == GZIP:
        return cast("IO[bytes]", _GzipTable(raw))
    return raw


def read_beginning(path: Path) -> bytes:
    """Its first bytes, unpacked; raises LiaisonError."""
    with open_table(path) as file, clear_errors(path):
        return file.read(READ_BYTES)


def refuse_unread(path: Path, format_: str) -> bytes:
    """The file's first bytes; raises LiaisonError that names what it is, where it can't be read as `format_`."""
    head = read_beginning(path)
    for mark, name in UNREAD_FORMATS.items():
        if head.lstrip().startswith(mark):
            raise LiaisonError(f"{path} is {name}, which is not read; what is: {READ_FORMATS}")
    if format_ in BINARY_FORMATS.values():
        with path.open("rb") as file:
            if file.read(len(GZIP)) == GZIP:
                raise LiaisonError(f"{path} is packed by gzip, which is read of texts alone: unpack it (gunzip)")
    if head.startswith(ZIP):
        _refuse_archive(path)
    for mark, fitting in BINARY_FORMATS.items():
        if head.startswith(mark) and format_ != fitting:
            named = f"{path} is {'a ZIP archive or ' if mark == ZIP else ''}{fitting}, not {format_}"
            raise LiaisonError(f"{named}; if it is {fitting}, set `source.format: {fitting}` in the mapping kit")
    return head


def _refuse_archive(path: Path) -> None:
    """Raise LiaisonError for a ZIP archive that is no workbook; who reads it tells of a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [part.filename for part in archive.infolist() if not part.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return
    if not any(name.startswith(WORKBOOK_PARTS) for name in names):
        shown = ", ".join(names[:NAMES_SHOWN]) + (" and more" if len(names) > NAMES_SHOWN else "")
        raise LiaisonError(f"{path} is a ZIP archive (in it: {shown or 'nothing'}); unpack it and give the file in it")


def open_text(path: Path, encoding: str, head: bytes, advance: ReportBytesRead | None = None) -> io.TextIOWrapper:
    """The file as text; a byte order mark tells more than the kit. Raises LiaisonError for UTF-16 without one."""
    found = next((name for mark, name in BYTE_ORDER_MARKS.items() if head.startswith(mark)), encoding)
    is_wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    if found == encoding and not is_wide and head.count(0) > len(head) * ZERO_SHARE:
        raise LiaisonError(
            f"{path} is not {encoding}: byte 0x00 at offset {head.index(0)} (line 1); "
            "if it is UTF-16, set `source.encoding: utf-16-le` or utf-16-be in the mapping kit"
        )
    return io.TextIOWrapper(cast("io.BufferedReader", open_table(path, advance)), encoding=found, newline="")


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what reading the file raises into a LiaisonError that says what is wrong, and where."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise LiaisonError(locate_bad_byte(path, error.encoding)) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LiaisonError(f"{path} ends in the middle or is damaged (gzip); fetch it again") from error
    except OSError as error:
        raise LiaisonError(f"cannot read {path}: {error.strerror or error}") from error


def locate_bad_byte(path: Path, encoding: str) -> str:
    """Say which byte of the file its encoding has no character for: value, position and line, and what to do."""
    decoder, read, line, is_told_apart = codecs.getincrementaldecoder(encoding)(), 0, 1, False
    with open_table(path) as file:
        while chunk := file.read(READ_BYTES):
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "replace")
                place = f"0x{error.object[error.start]:02x} at offset {read - waiting + error.start:,}"
                said = f"{path} is not {encoding}: byte {place} (line {line + before.count(chr(10)):,})"
                return f"{said}; {_MIXED if is_told_apart or not before.isascii() else _OTHER}"
            line += text.count("\n")
            is_told_apart |= not text.isascii()
            read += len(chunk)
    return f"{path} is not {encoding}: it ends in the middle of a character (line {line:,})"


_OTHER = "set `source.encoding` in the mapping kit, such as cp1252"
_MIXED = "accents before it are right, so lines of several encodings stand in it, or it is damaged there: save it anew"
