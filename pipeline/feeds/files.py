"""Feed files: one record a line, numbered from 1, and a digest by which the same content is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pipeline.errors import LiaisonError

DIGEST_BYTES = 16
"""128 bits: no two files of an agency will ever collide by chance."""


class FileSurvey(msgspec.Struct, frozen=True):
    """What a first look at a file finds: how many lines, and the digest of its bytes in hex."""

    lines: int
    digest: str


def survey_file(path: Path) -> FileSurvey:
    """Read the file once through."""
    digest, lines = hashlib.blake2b(digest_size=DIGEST_BYTES), 0
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            lines += 1
    return FileSurvey(lines, digest.hexdigest())


def numbered_lines(path: Path, seen: FileSurvey | None = None) -> Iterator[tuple[int, bytes]]:
    """The file's lines from 1, without their line feeds.

    Raises LiaisonError at the end if the file is no longer the one `seen`.
    """
    digest, number = hashlib.blake2b(digest_size=DIGEST_BYTES), 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            digest.update(line)
            yield number, line.removesuffix(b"\n").removesuffix(b"\r")
    if seen is not None and seen != FileSurvey(number, digest.hexdigest()):
        raise LiaisonError(f"{path} changed while it was being read; run the command again")
