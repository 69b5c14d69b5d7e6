"""Bounded decompression of record batches: gzip, snappy, lz4 and zstd into a buffer that never grows past a limit.

aiokafka inflates whatever a batch holds, and 4 MB of zstd can hold gigabytes. Here the output is a buffer of fixed
size: cramjam stops at its end, before more is produced. Pure: no broker, clock or settings.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final

from pipeline.errors import LiaisonError

try:
    import cramjam
except ImportError:  # told by `require_codecs`, in one line
    cramjam = None  # type: ignore[assignment]

_FULL: Final = "failed to write whole buffer"
"""What cramjam says where the output buffer is too small; any other message means that the input is malformed."""

_XERIAL_MAGIC: Final = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES: Final = 16
"""Magic, version and oldest compatible version: the framing that Java and Go clients put around snappy."""


class Codec(IntEnum):
    """Compression of a batch: the lowest three bits of its attributes."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


class InflationError(Exception):
    """The bytes are not what the codec writes."""


class TooSmallError(Exception):
    """The output does not fit into the buffer."""


def require_codecs() -> None:
    """Raises LiaisonError where snappy, lz4 and zstd can't be read: one such batch would stop its partition."""
    if cramjam is None:
        raise LiaisonError(
            "the package cramjam is missing, without which batches in snappy, lz4 or zstd can't be read; "
            "install Liaison with its locked dependencies (requirements.lock)"
        )


def inflate_into(codec: Codec, data: memoryview, output: memoryview) -> int:
    """Decompress `data` into the start of `output`; returns how many bytes that gave.

    Raises InflationError; raises TooSmallError as soon as `output` is full and more would come.
    """
    inflate = _INFLATE[codec]
    try:
        return inflate(data, output)
    except (cramjam.DecompressionError, ValueError, IndexError, struct.error) as error:
        if str(error) == _FULL:
            raise TooSmallError from None
        raise InflationError(f"its {codec.name.lower()} data is malformed") from error


def _inflate_gzip(data: memoryview, output: memoryview) -> int:
    return int(cramjam.gzip.decompress_into(data, output))


def _inflate_lz4(data: memoryview, output: memoryview) -> int:
    return int(cramjam.lz4.decompress_into(data, output))


def _inflate_zstd(data: memoryview, output: memoryview) -> int:
    return int(cramjam.zstd.decompress_into(data, output))


def _inflate_snappy(data: memoryview, output: memoryview) -> int:
    """Each block says how long it becomes, so nothing is written that does not fit."""
    written = 0
    for block in _snappy_blocks(data):
        size = int(cramjam.snappy.decompress_raw_len(block))
        if size > len(output) - written:
            raise TooSmallError
        written += int(cramjam.snappy.decompress_raw_into(block, output[written : written + size])) if size else 0
    return written


def _snappy_blocks(data: memoryview) -> Iterator[memoryview]:
    """The one raw block that librdkafka and Java's newer clients write, or the blocks of xerial's framing."""
    if bytes(data[: len(_XERIAL_MAGIC)]) != _XERIAL_MAGIC:
        yield data
        return
    position = _XERIAL_HEADER_BYTES
    while position < len(data):
        (size,) = struct.unpack_from(">i", data, position)
        position += 4
        if not 0 < size <= len(data) - position:
            raise ValueError("a block ends outside of the batch")
        yield data[position : position + size]
        position += size


_INFLATE: Final[dict[Codec, Callable[[memoryview, memoryview], int]]] = {
    Codec.GZIP: _inflate_gzip,
    Codec.SNAPPY: _inflate_snappy,
    Codec.LZ4: _inflate_lz4,
    Codec.ZSTD: _inflate_zstd,
}
