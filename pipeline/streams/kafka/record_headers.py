"""How many headers the records of a batch have: walked over, so that nothing is made of them before it is known.

A record is a length, attributes, times, key, value and headers, each number a zigzag varint. Pure.
https://kafka.apache.org/documentation/#record
"""

from __future__ import annotations


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
