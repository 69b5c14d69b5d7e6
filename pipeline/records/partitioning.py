"""The partition that a Kafka key belongs in: murmur2, as the Java client and kafka-python choose it."""

from __future__ import annotations

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF
_SHIFT = 24


def murmur2(key: bytes) -> int:
    """Unsigned 32-bit murmur2 (Appleby 2008) with the seed of org.apache.kafka.common.utils.Utils."""
    value = _SEED ^ len(key)
    whole = len(key) & ~3
    for start in range(0, whole, 4):
        part = int.from_bytes(key[start : start + 4], "little") * _MULTIPLIER & _MASK
        part = (part ^ part >> _SHIFT) * _MULTIPLIER & _MASK
        value = value * _MULTIPLIER & _MASK ^ part
    if whole < len(key):
        value = (value ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic of that many partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
