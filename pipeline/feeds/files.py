"""Feed files: one record a line, numbered from 1, and a digest by which the same content is known again.

JSON of another layout is read as its objects, numbered from 1: an array, objects over several lines, objects one behind
the other. Such a file is looked at whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import orjson

from pipeline.errors import LiaisonError

DIGEST_BYTES = 16
"""128 bits: no two files of an agency will ever collide by chance."""

MOST_WHOLE_BYTES: Final = 64 << 20
"""Of a file that is held in memory, since its records are not lines: some ten thousand records."""

_TOKENS: Final = re.compile(rb'"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"|[][{}]')
"""What tells where an object ends. JSON has no line feed within a string, so that one left open ends with its line."""

_BETWEEN: Final = b" \t\r\n,[]"
"""What stands between objects."""

_LINE_ENDS: Final = re.compile(rb"[\r\n]")

_NO_JSON: Final = b"\v"
"""In the place of a line's end within what is no JSON: JSON allows it nowhere, so that it becomes none."""


class FileSurvey(msgspec.Struct, frozen=True):
    """What a first look at a file finds: how many lines, or objects, and the digest of its bytes in hex.

    `by_line` says which of the two its records are.
    """

    lines: int
    digest: str
    by_line: bool = True

    def name_places(self, path: Path) -> str:
        """What names a record of the file with its number behind."""
        return f"{path}:" if self.by_line else f"{path}: record "


def survey_file(path: Path) -> FileSurvey:
    """Read the file once through. Raises LiaisonError where its records are no lines and it is too large for that."""
    if not is_by_line(path):
        content = _read_whole(path)
        return FileSurvey(sum(1 for _ in split_objects(content)), _digest(content), by_line=False)
    digest, lines = hashlib.blake2b(digest_size=DIGEST_BYTES), 0
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            lines += 1
    return FileSurvey(lines, digest.hexdigest())


def numbered_lines(path: Path, seen: FileSurvey | None = None) -> Iterator[tuple[int, bytes]]:
    """The file's records from 1: its lines without their line feeds, or its objects, each written on one line.

    Raises LiaisonError at the end if the file is no longer the one `seen`.
    """
    number = 0
    if is_by_line(path):
        digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                digest.update(line)
                yield number, line.removesuffix(b"\n").removesuffix(b"\r")
        found = FileSurvey(number, digest.hexdigest())
    else:
        content = _read_whole(path)
        for number, held in enumerate(split_objects(content), start=1):
            yield number, _write_on_a_line(held)
        found = FileSurvey(number, _digest(content), by_line=False)
    if seen is not None and seen != found:
        raise LiaisonError(f"{path} changed while it was being read; run the command again")


def is_by_line(path: Path) -> bool:
    """Whether the file's records are its lines, as far as its first two lines tell.

    A line that is broken off is a fault of that line, unless the next one goes on with the object.
    """
    with path.open("rb") as file:
        filled = (stripped for line in iter(lambda: file.readline(MOST_WHOLE_BYTES), b"") if (stripped := line.strip()))
        first, second = next(filled, b""), next(filled, b"")
    if not first.startswith(b"{"):
        return not first.startswith(b"[")
    objects = list(split_objects(first))
    if len(objects) > 1:
        return not all(map(_is_json, objects))
    return _is_json(first) or not second.startswith((b'"', b"}"))


def split_objects(content: bytes) -> Iterator[bytes]:
    """The objects of JSON in any layout, whether or not they are in arrays; and what is none and stands between."""
    begin, end, depth = 0, 0, 0
    for token in _TOKENS.finditer(content):
        sign = token.group()
        if sign in b"{[" and (depth or sign == b"{"):
            if not depth:
                begin = token.start()
                if stray := content[end:begin].strip(_BETWEEN):
                    yield stray
            depth += 1
        elif sign in b"}]" and depth:
            depth -= 1
            if not depth:
                end = token.end()
                yield content[begin:end]
    if rest := content[begin if depth else end :].strip(_BETWEEN):
        yield rest


def _write_on_a_line(held: bytes) -> bytes:
    return _LINE_ENDS.sub(b" " if _is_json(held) else _NO_JSON, held)


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _read_whole(path: Path) -> bytes:
    if path.stat().st_size > MOST_WHOLE_BYTES:
        raise LiaisonError(
            f"{path} has more than {MOST_WHOLE_BYTES >> 20} MiB, and its records are not on a line each; "
            "write one record a line (jq -c does)"
        )
    return path.read_bytes()


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
