"""The installation's own mark on what it writes to Kafka and later goes by, so that whoever holds Kafka can't write it.

A seal is keyed by the installation's secret (pipeline.correlation.key_ring), which operators and workers have and Kafka
has not; its first 8 characters are the id of the secret behind it, so that it holds after a rotation.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec

from pipeline.correlation.key_ring import ID_CHARS, KeyRing, KeyUse
from pipeline.records.expiry import Expiry

SEAL_BYTES: Final = 32
"""256 bits of keyed BLAKE2b (RFC 7693), which nobody forges without the key."""

_encoder = msgspec.json.Encoder(order="deterministic")


def make_seal(content: msgspec.Struct, ring: KeyRing, use: KeyUse) -> str:
    """The seal of a struct without one, under the current secret."""
    return ring.current + _compute_seal(content, ring, use, ring.current)


def is_seal_of(seal: str, content: msgspec.Struct, ring: KeyRing, use: KeyUse) -> bool:
    """Whether this is the seal of a struct without one, under any of the installation's secrets."""
    key_id = seal[:ID_CHARS]
    return key_id in ring and hmac.compare_digest(
        _compute_seal(content, ring, use, key_id).encode(), seal[ID_CHARS:].encode()
    )


def _compute_seal(content: msgspec.Struct, ring: KeyRing, use: KeyUse, key_id: str) -> str:
    key = ring.derive_key(use, key_id)
    return hashlib.blake2b(_encoder.encode(content), key=key, digest_size=SEAL_BYTES).hexdigest()


def sealed_expiry(asked: Expiry, ring: KeyRing) -> Expiry:
    """The request under its seal; a version is ended by no other."""
    return msgspec.structs.replace(asked, seal=make_seal(asked, ring, KeyUse.EXPIRIES))


def is_sealed_expiry(asked: Expiry, ring: KeyRing) -> bool:
    """Whether the installation made the request."""
    return is_seal_of(asked.seal, msgspec.structs.replace(asked, seal=""), ring, KeyUse.EXPIRIES)
