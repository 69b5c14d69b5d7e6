"""The two hashes of a case: of everything sent (is this the same message?) and of what matching sees of it.

And the partition that a Kafka key belongs in: murmur2, as the Java client and kafka-python choose it.
"""

from __future__ import annotations

import hashlib
from struct import iter_unpack
from typing import Any

import msgspec
import orjson

from pipeline.records.model import Case, Entity, RecordContact, RecordHandling

DIGEST_BYTES = 16
"""128 bits: no two different records of one case will ever collide by chance."""


class _Matched(msgspec.Struct, frozen=True, omit_defaults=True):
    """Exactly what feeds a fingerprint, whatever the generation; a field added with a default changes no hash."""

    agency: str
    country: str
    withdrawn: bool = False
    retain_until: str | None = None
    handling: RecordHandling = RecordHandling()
    contact: RecordContact = RecordContact()
    entities: tuple[Entity, ...] = ()


_encoder = msgspec.json.Encoder(order="sorted")


def canonical_json(value: Any) -> bytes:
    """The one spelling of a JSON value: sorted keys, no blanks."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content_hash(data: bytes) -> str:
    """Hash of a record's `data` in canonical JSON: equal for the same content, whatever its spelling; hex."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def fingerprint_hash(case: Case) -> str:
    """Hash of the raw fields that feed the fingerprint, hex: equal hashes mean equal fingerprints of one generation.

    Version, title, summary, offences, relations, translations of the caveat and other fields that are not matched leave
    it alone; a withdrawal's covers nothing but who withdrew.
    """
    if case.withdrawn:
        matched = _Matched(case.agency, case.country, withdrawn=True)
    else:
        matched = _Matched(
            case.agency,
            case.country,
            retain_until=case.retain_until,
            handling=_without_translations(case.handling),
            contact=case.contact,
            entities=case.entities,
        )
    return hashlib.blake2b(_encoder.encode(matched), digest_size=DIGEST_BYTES).hexdigest()


def _without_translations(handling: RecordHandling) -> RecordHandling:
    return msgspec.structs.replace(handling, caveat_translations={}) if handling.caveat_translations else handling


_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF
_SHIFT = 24


def murmur2(key: bytes) -> int:
    """Unsigned 32-bit murmur2 (Appleby 2008) with the seed of org.apache.kafka.common.utils.Utils."""
    value = _SEED ^ len(key)
    whole = len(key) & ~3
    for (part,) in iter_unpack("<I", key[:whole]):
        part = part * _MULTIPLIER & _MASK
        value = (value * _MULTIPLIER ^ (part ^ part >> _SHIFT) * _MULTIPLIER) & _MASK
    if whole < len(key):
        value = (value ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic of that many partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
