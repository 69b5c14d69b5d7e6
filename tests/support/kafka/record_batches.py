"""Record batches made by hand, good and bad ones, and what sends them as they are."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from aiokafka.errors import NotLeaderForPartitionError, for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.util import calc_crc32c, encode_varint

HEADER = struct.Struct(">qiibIhiqqqhii")
ATTRIBUTES = 21
CRC = 17
SENT_MS = int(time.time() * 1000)
"""Now: brokers soon delete what is older than a topic keeps."""

COMPRESS = {
    0: bytes,
    1: gzip_encode,
    2: snappy_encode,
    3: lz4_encode,
    4: zstd_encode,
}
"""By the number of the codec."""

ZSTD_BLOCK_BYTES = 128 << 10


def varint(number: int) -> bytes:
    """A zigzag number."""
    made = bytearray()
    encode_varint(number, made.append)
    return bytes(made)


def made_record(
    offset_delta: int, key: bytes | None, value: bytes | None, headers: Sequence[tuple[bytes, bytes]] = ()
) -> bytes:
    """One record, as it lies in a batch."""
    return _framed(record_head(offset_delta, key, value) + (value or b"") + _headers(headers))


def record_head(offset_delta: int, key: bytes | None, value: bytes | None) -> bytes:
    """A record up to its value, without the length in front."""
    parts = [b"\0", varint(0), varint(offset_delta), varint(-1 if key is None else len(key)), key or b""]
    return b"".join([*parts, varint(-1 if value is None else len(value))])


def _headers(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    pairs = [varint(len(name)) + name + varint(len(value)) + value for name, value in headers]
    return varint(len(headers)) + b"".join(pairs)


def _framed(record: bytes) -> bytes:
    return varint(len(record)) + record


def made_batch(
    body: bytes,
    count: int,
    *,
    base: int = 0,
    codec: int = 0,
    delta: int | None = None,
    attributes: int = 0,
    producer: int = -1,
    compressed: bytes | None = None,
) -> bytes:
    """A batch of records that lie in `body`, or, already compressed, in `compressed`."""
    data = COMPRESS.get(codec, bytes)(body) if compressed is None else compressed
    last = count - 1 if delta is None else delta
    header = HEADER.pack(
        base, HEADER.size - 12 + len(data), 0, 2, 0, attributes | codec, last, SENT_MS, SENT_MS, producer, 0, 0, count
    )
    return with_crc(header + data)


def with_crc(batch: bytes) -> bytes:
    """The batch with the CRC that its content has."""
    made = bytearray(batch)
    struct.pack_into(">I", made, CRC, calc_crc32c(bytes(made[ATTRIBUTES:])))
    return bytes(made)


def with_codec(batch: bytes, codec: int) -> bytes:
    """The batch with another codec's number in its attributes."""
    made = bytearray(batch)
    (attributes,) = struct.unpack_from(">h", made, ATTRIBUTES)
    struct.pack_into(">h", made, ATTRIBUTES, attributes & ~7 | codec)
    return with_crc(bytes(made))


def zstd_frame(*parts: bytes | int) -> bytes:
    """A zstd frame of bytes, and of so many zeros where a part is a number: four bytes make 128 KiB of them."""
    blocks = b"".join(_zero_blocks(part) if isinstance(part, int) else _raw_blocks(part) for part in parts)
    window_1_mib = bytes([10 << 3])
    return b"\x28\xb5\x2f\xfd" + b"\x00" + window_1_mib + blocks + _block(0, 0, b"", last=True)


def _zero_blocks(zeros: int) -> bytes:
    full, rest = divmod(zeros, ZSTD_BLOCK_BYTES)
    return _block(1, ZSTD_BLOCK_BYTES, b"\0") * full + (_block(1, rest, b"\0") if rest else b"")


def _raw_blocks(data: bytes) -> bytes:
    pieces = [data[at : at + ZSTD_BLOCK_BYTES] for at in range(0, len(data), ZSTD_BLOCK_BYTES)]
    return b"".join(_block(0, len(piece), piece) for piece in pieces)


def _block(kind: int, size: int, content: bytes, *, last: bool = False) -> bytes:
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + content


def zstd_bomb(filling: bytes, zeros: int, times: int = 1, **named: Any) -> bytes:
    """A batch of one record with `filling` for its value, and `times` records with so many zeros each.

    Brokers may hold one record in memory when they check a batch, so many of some size say more than a large one.
    """
    parts: list[bytes | int] = [made_record(0, b"k", filling)]
    for at in range(1, times + 1):
        head = record_head(at, b"k", None)[:-1] + varint(zeros)
        parts += [varint(len(head) + zeros + 1) + head, zeros, varint(0)]
    return made_batch(b"", times + 1, codec=4, compressed=zstd_frame(*parts), **named)


async def produce_raw(server: str, topic: str, partition: int, batch: bytes) -> int:
    """Send a batch as it is; returns its first offset. Raises what the broker answers."""
    client = AIOKafkaClient(bootstrap_servers=server, request_timeout_ms=120_000)
    await client.bootstrap()
    try:
        await client._wait_on_metadata(topic)
        request = ProduceRequest(
            transactional_id=None, required_acks=-1, timeout=60_000, topics=[(topic, [(partition, batch)])]
        )
        while True:
            answer = await client.send(client.cluster.leader_for_partition(TopicPartition(topic, partition)), request)
            code, offset = answer.topics[0][1][0][1:3]
            if code == NotLeaderForPartitionError.errno:  # the topic has just been made
                await client.force_metadata_update()
                continue
            if code:
                raise for_code(code)
            return int(offset)
    finally:
        await client.close()


def split_raw(fetched: bytes) -> list[bytes]:
    """The batches that lie in a fetched partition, the last perhaps cut short."""
    found = []
    while fetched:
        size = 12 + int.from_bytes(fetched[8:12], "big")
        found.append(fetched[:size])
        fetched = fetched[size:]
    return found


def changed_at(offset: int, change: Callable[[bytes], bytes]) -> Callable[[str, int, bytes], bytes]:
    """For a FetchProxy: change the batch that holds an offset; what follows a batch that was made shorter is gone."""

    def changed(_topic: str, _partition: int, fetched: bytes) -> bytes:
        given = b""
        for batch in split_raw(fetched):
            base, *_ = HEADER.unpack_from(batch)
            if base <= offset <= base + HEADER.unpack_from(batch)[6]:
                made = change(batch)
                given += made
                if len(made) < len(batch):
                    return given
            else:
                given += batch
        return given

    return changed


def with_wrong_crc(batch: bytes) -> bytes:
    """The batch with another last byte than its CRC is of."""
    return batch[:-1] + bytes([batch[-1] ^ 1])


def cut_short(batch: bytes) -> bytes:
    """The batch without its last bytes."""
    return batch[:-5]
