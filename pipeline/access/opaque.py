"""Names that tell nothing: agencies' references to hit-only cases and links, and cursors of one length."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.correlation.key_ring import ID_BYTES, KeyRing, KeyUse, UnknownKeyError
from pipeline.correlation.references import digest_of, reference

CURSOR_BYTES: Final = 640
"""The sort values of any item fit; all cursors of a list are as long, whatever was last on the page."""

LONG_CURSOR_BYTES: Final = 1664
"""With them a point in time and six bytes for each of a hundred items."""

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

CURSOR_CHARS: Final = -(-(ID_BYTES + NONCE_BYTES + LONG_CURSOR_BYTES + TAG_BYTES) * 4 // 3)
"""The longest cursor in base64."""


class Opaque:
    """Makes and opens what stands for something that its holder may not read; one key ring for a whole installation."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def reference(self, agency: str, name: str) -> str:
        """The opaque name of a case or link for one agency, under the current secret."""
        return reference(self.ring, self.ring.current, agency, name)

    def digest_of(self, agency: str, given: str) -> str | None:
        """What Reader.digested finds the case by that `agency` names by a reference; None for what is none."""
        return digest_of(self.ring, agency, given)

    def list_id(self, told: bytes) -> str:
        """The id of an uploaded list, the same for the same `told`: 32 hexadecimal digits."""
        key = self.ring.key(KeyUse.LIST_IDS, self.ring.first)
        return hashlib.blake2b(told, key=key, digest_size=16).hexdigest()

    @property
    def evidence_key(self) -> bytes:
        """The key of the digests of a link's evidence that reviews keep: the first one for good, so none seems new."""
        return self.ring.key(KeyUse.EVIDENCE, self.ring.first)

    def cursor(self, context: str, position: bytes, size: int = CURSOR_BYTES) -> str:
        """A page's end as its reader may hold it; opens only in the same `context` (who, and what was asked).

        Raises ValueError for a position that does not fit.
        """
        key_id, nonce = self.ring.current, os.urandom(NONCE_BYTES)
        body = self._cursors(key_id).encrypt(nonce, _padded(position, size), context.encode())
        return base64.urlsafe_b64encode(bytes.fromhex(key_id) + nonce + body).decode().rstrip("=")

    def position_of(self, context: str, cursor: str) -> bytes | None:
        """What `cursor` was given as position; None if it belongs to another context, or was tampered with."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            key_id, nonce = raw[:ID_BYTES], raw[ID_BYTES:][:NONCE_BYTES]
            body = raw[ID_BYTES + NONCE_BYTES :]
            return _unpadded(self._cursors(key_id.hex()).decrypt(nonce, body, context.encode()))
        except (InvalidTag, UnknownKeyError, ValueError):
            return None

    def _cursors(self, key_id: str) -> AESGCM:
        return AESGCM(self.ring.key(KeyUse.CURSORS, key_id))


def _padded(value: bytes, size: int) -> bytes:
    """Length, value, zeros."""
    if len(value) + 2 > size:
        raise ValueError("the position does not fit a cursor")
    return len(value).to_bytes(2, "big") + value.ljust(size - 2, b"\0")


def _unpadded(raw: bytes) -> bytes:
    return raw[2 : 2 + int.from_bytes(raw[:2], "big")]
