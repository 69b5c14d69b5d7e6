"""What a file of a store says to somebody who knows its layout: its bytes, and all that is compressed in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import cramjam

FRAME: Final = re.compile(re.escape(b"\x28\xb5\x2f\xfd"))
"""Where a frame of zstd begins (RFC 8878, 3.1.1)."""

MOST_BYTES: Final = 1 << 16
"""Of a frame, and of what is in it: more than any fingerprint of a test has."""


def read_content(file: Path) -> bytes:
    """The file's bytes, then the contents of all frames in it; none of a file that has just gone."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return b""
    return b"\n".join([content, *_expand_frames(content)])


def _expand_frames(content: bytes) -> Iterator[bytes]:
    for frame in FRAME.finditer(content):
        expanded = bytearray(MOST_BYTES)
        with suppress(cramjam.DecompressionError):  # what follows the frame is none; the frame is expanded by then
            cramjam.zstd.decompress_into(content[frame.start() : frame.start() + MOST_BYTES], expanded)
        yield bytes(expanded).rstrip(b"\0")
