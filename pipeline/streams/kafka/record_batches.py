"""Record batches as a broker hands them out: split by their headers, checked, and read within limits.

Every batch says in its header which offsets it holds, so that one whose records can't be read still has a place. Its
records are read by aiokafka's compiled reader, from a buffer that is inflated within a limit and ends in zeros: that
reader looks up to a few bytes past what it is given. Decompression is bounded too: aiokafka inflates whatever a batch
holds, and 4 MB of zstd can hold gigabytes, where cramjam stops at the end of the buffer, before more is produced.
Pure: no broker, clock or settings.
https://kafka.apache.org/documentation/#recordbatch
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch

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
    Codec.GZIP: lambda data, output: int(cramjam.gzip.decompress_into(data, output)),
    Codec.SNAPPY: _inflate_snappy,
    Codec.LZ4: lambda data, output: int(cramjam.lz4.decompress_into(data, output)),
    Codec.ZSTD: lambda data, output: int(cramjam.zstd.decompress_into(data, output)),
}


def count_headers(records: memoryview, count: int) -> int:
    """Headers of the first `count` records together. Raises IndexError where the bytes end before or make no number."""
    position = 0
    counted = 0
    for _ in range(count):
        length, start = _decode_varint(records, position)
        counted += _headers_at(records, start)
        position = start + max(0, length)
    return counted


def _headers_at(data: memoryview, position: int) -> int:
    """How many headers the record says it has, whose attributes are at a position. Raises IndexError."""
    for _ in ("attributes", "timestamp", "offset"):
        position = _decode_varint(data, position)[1]
    for _ in ("key", "value"):
        length, position = _decode_varint(data, position)
        position += max(0, length)
    return max(0, _decode_varint(data, position)[0])


def _decode_varint(data: memoryview, position: int) -> tuple[int, int]:
    """A zigzag number and the position after it. Raises IndexError past the end of the data, or of 64 bits."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte <= 0x7F:
            return (value >> 1) ^ -(value & 1), position
    raise IndexError


BatchRecord = Any
"""aiokafka's compiled DefaultRecord: offset, timestamp, timestamp_type, key, value, headers."""

MAGIC: Final = 2
"""The format of batches since Kafka 0.11; Kafka 4 stores no other."""

PADDING: Final = bytes(64)
"""Zeros behind what the compiled reader is given: numbers that it reads past the end are 0, so its next check fails."""

LEAST_RECORD_BYTES: Final = 7
"""A record without key, value and headers: seven numbers of a byte each."""

WALKED_BYTES: Final = 4 << 20
"""Records of a longer batch are walked over before they are read: two bytes can be a header that takes 70 in memory."""

HEADERS_A_RECORD: Final = 3
"""Headers that a long batch may hold, on average over the records that it may hold."""

SCRATCH_BYTES: Final = 1 << 18
KEPT_BYTES: Final = 1 << 24
"""A reader's buffer begins with the former size, and is kept up to the latter."""

GUESSED_RATIO: Final = 4
"""The buffer is made this much larger than what is compressed, and as much larger again while that is too little."""

_PREFIX: Final = struct.Struct(">qiib")
"""Base offset, length, then leader epoch (in old formats the CRC), magic."""

_HEADER: Final = struct.Struct(">qiibIhiqqqhii")
_LEGACY_HEADER: Final = struct.Struct(">qiIbb")
_CODECS: Final = tuple(Codec)
_LENGTH_END: Final = 12
_ATTRIBUTES: Final = 21
_CODEC_MASK: Final = 0x07
_TRANSACTIONAL: Final = 0x10
_CONTROL: Final = 0x20
"""Where a header's length ends and its attributes begin, in bytes, and the bits of the attributes: codec,
transactional, control; all as the format says."""


class CorruptBatchError(Exception):
    """What arrived is not what a producer sent: a wrong CRC or a batch cut short, by disk or network.

    `last_offset`: what its header says, for what that is worth; -1: nothing believable. `lasting`: it arrived as it was
    written, so that fetching it again mends nothing.
    """

    def __init__(self, problem: str, last_offset: int = -1, *, lasting: bool = False) -> None:
        super().__init__(problem)
        self.last_offset, self.lasting = last_offset, lasting


class UnreadableBatchError(Exception):
    """A batch that arrived as it was sent, and yet can't be read or is over a limit."""


@dataclass(frozen=True)
class BatchLimits:
    """What a batch may become: bytes once inflated, and records."""

    max_bytes: int
    max_records: int


class RecordBatch(NamedTuple):
    """A batch by its header. `data` is all of it, `compiled` aiokafka's reader of that.

    Of an old format, whose header tells less, `magic` is below 2.
    """

    magic: int
    base_offset: int
    last_offset: int
    timestamp_ms: int
    producer_id: int
    attributes: int
    record_count: int
    data: memoryview
    compiled: Any = None

    @property
    def is_transactional(self) -> bool:
        """Whether a transaction wrote it."""
        return bool(self.attributes & _TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        """Whether it is a transaction's marker, which holds no records."""
        return bool(self.attributes & _CONTROL)


def split_batches(fetched: bytes) -> Iterator[RecordBatch]:
    """The whole batches of a fetched partition, each once its CRC has been checked.

    The last may be cut short, as brokers do at the size that was asked for. Raises CorruptBatchError, also where not
    even the first is whole: a broker sends that in full, however large.
    """
    whole = memoryview(fetched)
    position, end = 0, len(fetched)
    while position < end:
        size = _batch_bytes(whole, position, end)
        if size > end - position:
            if position == 0:
                raise CorruptBatchError("the batch is cut short", _claimed_last(whole))
            return
        batch = whole[position : position + size]
        position += size
        if end - position < len(PADDING):  # no other stands behind it, past whose end the compiled reader might look
            batch = memoryview(bytes(batch) + PADDING)[:size]
        yield _check_batch(batch)


def _batch_bytes(data: memoryview, position: int, end: int) -> int:
    """Size of the batch at a position; more than is left where its beginning is cut short. Raises CorruptBatchError."""
    if end - position < _PREFIX.size:
        return end - position + 1
    _, length, _, magic = _PREFIX.unpack_from(data, position)
    least = _HEADER.size if magic == MAGIC else _LEGACY_HEADER.size
    if not 0 <= magic <= MAGIC or length + _LENGTH_END < least:
        raise CorruptBatchError("the batch's header is damaged")
    return int(length) + _LENGTH_END


def _check_batch(data: memoryview) -> RecordBatch:
    if _PREFIX.unpack_from(data)[3] != MAGIC:
        return _checked_legacy(data)
    compiled = DefaultRecordBatch(data)
    if not compiled.validate_crc():
        raise CorruptBatchError("the batch has a wrong CRC", _claimed_last(data))
    base, _, _, _, _, attributes, delta, _, timestamp, producer, _, _, count = _HEADER.unpack_from(data)
    if base < 0 or delta < 0:
        raise CorruptBatchError("the batch's header is damaged")
    return RecordBatch(MAGIC, base, base + delta, timestamp, producer, attributes, count, data, compiled)


def _claimed_last(data: memoryview) -> int:
    """The last offset that the header of a damaged batch names."""
    if len(data) < _HEADER.size:
        return -1
    base, _, _, _, _, _, delta, *_ = _HEADER.unpack_from(data)
    return int(base + delta)


def _checked_legacy(data: memoryview) -> RecordBatch:
    """A message of formats 0 and 1; one that holds others is named by its last, so it may begin anywhere before."""
    last, _, crc, magic, _ = _LEGACY_HEADER.unpack_from(data)
    if crc != crc32(data[_LENGTH_END + 4 :]) or last < 0:
        raise CorruptBatchError("the batch has a wrong CRC")
    return RecordBatch(magic, 0, last, 0, -1, 0, 1, data)


class BatchReader:
    """Reads the records of batches within limits. It keeps a buffer, so it is for one thread."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._scratch = bytearray(SCRATCH_BYTES)

    def read_records(self, batch: RecordBatch) -> list[BatchRecord]:
        """All records of a batch, offsets rising within its range. Raises UnreadableBatchError."""
        codec = self._check_header(batch)
        if codec is Codec.NONE:
            self._check_size(batch, batch.data)
            return _read_compiled(batch, batch.compiled)
        try:
            data = self._inflate_batch(batch, codec)
            self._check_size(batch, data)
            return _read_compiled(batch, DefaultRecordBatch(data))
        finally:
            if len(self._scratch) > KEPT_BYTES:
                self._scratch = bytearray(SCRATCH_BYTES)

    def _check_header(self, batch: RecordBatch) -> Codec:
        """The batch's codec, once all that its header tells is within the limits."""
        if batch.magic != MAGIC:
            raise UnreadableBatchError(f"its format {batch.magic} is older than Kafka 0.11")
        number = batch.attributes & _CODEC_MASK
        if number > Codec.ZSTD:
            raise UnreadableBatchError(f"its compression {number} is not one of gzip, snappy, lz4, zstd")
        if batch.record_count > self._limits.max_records:
            raise UnreadableBatchError(f"it holds more than {self._limits.max_records} records")
        if not 0 <= batch.record_count <= batch.last_offset - batch.base_offset + 1:
            raise UnreadableBatchError("it does not hold as many records as offsets")
        return _CODECS[number]

    def _inflate_batch(self, batch: RecordBatch, codec: Codec) -> memoryview:
        """Header and inflated records, in the reader's own buffer, zeros behind them."""
        compressed = batch.data[_HEADER.size :]
        self._make_room(min(GUESSED_RATIO * len(compressed), self._limits.max_bytes))
        while True:
            room = memoryview(self._scratch)[_HEADER.size : len(self._scratch) - len(PADDING)]
            try:
                size = inflate_into(codec, compressed, room[: self._limits.max_bytes])
                break
            except TooSmallError:
                if len(room) >= self._limits.max_bytes:
                    raise UnreadableBatchError(
                        f"it would inflate to more than {self._limits.max_bytes} bytes"
                    ) from None
                self._make_room(min(GUESSED_RATIO * len(room), self._limits.max_bytes))
            except InflationError as error:
                raise UnreadableBatchError(str(error)) from error
        end = _HEADER.size + size
        self._scratch[: _HEADER.size] = batch.data[: _HEADER.size]
        struct.pack_into(">h", self._scratch, _ATTRIBUTES, batch.attributes & ~_CODEC_MASK)
        self._scratch[end : end + len(PADDING)] = PADDING
        return memoryview(self._scratch)[:end]

    def _make_room(self, size: int) -> None:
        if len(self._scratch) < (needed := _HEADER.size + size + len(PADDING)):
            self._scratch = bytearray(needed)

    def _check_size(self, batch: RecordBatch, data: memoryview) -> None:
        size = len(data) - _HEADER.size
        if size > self._limits.max_bytes:
            raise UnreadableBatchError(f"it holds more than {self._limits.max_bytes} bytes")
        if batch.record_count * LEAST_RECORD_BYTES > size:
            raise UnreadableBatchError("it is too short for its number of records")
        if size > WALKED_BYTES:
            self._check_headers(data[_HEADER.size :], batch.record_count)

    def _check_headers(self, records: memoryview, count: int) -> None:
        try:
            headers = count_headers(records, count)
        except IndexError as error:
            raise UnreadableBatchError("its records are malformed") from error
        if headers > HEADERS_A_RECORD * self._limits.max_records:
            raise UnreadableBatchError("it holds too many headers")


def _read_compiled(batch: RecordBatch, compiled: Any) -> list[BatchRecord]:
    try:
        records = list(compiled)
    except (KafkaError, ValueError, OverflowError, MemoryError, SystemError) as error:
        raise UnreadableBatchError("its records are malformed") from error
    offsets = [record.offset for record in records]
    if offsets != list(range(batch.base_offset, batch.base_offset + len(offsets))):
        _check_offsets(batch, offsets)
    return records


def _check_offsets(batch: RecordBatch, offsets: list[int]) -> None:
    """Offsets may have gaps, which compaction leaves."""
    if not (batch.base_offset <= offsets[0] and offsets[-1] <= batch.last_offset):
        raise UnreadableBatchError("its records are outside of its offsets")
    if any(later <= earlier for earlier, later in pairwise(offsets)):
        raise UnreadableBatchError("its records are out of order")
