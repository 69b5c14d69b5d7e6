"""Names that tell nothing: agencies' references to hit-only cases and links, and cursors of one length."""

from __future__ import annotations

import base64
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.correlation.references import digest_of, reference

CURSOR_BYTES: Final = 640
"""The sort values of any item fit; all cursors of a list are as long, whatever was last on the page."""

LONG_CURSOR_BYTES: Final = 1664
"""With them a point in time and six bytes for each of a hundred items."""

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

CURSOR_CHARS: Final = -(-(NONCE_BYTES + LONG_CURSOR_BYTES + TAG_BYTES) * 4 // 3)
"""The longest cursor in base64."""


class Opaque:
    """Makes and opens what stands for something that its holder may not read; one secret for a whole installation."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        derived = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=b"liaison cursors").derive(secret)
        self._cursors = AESGCM(derived)

    def reference(self, agency: str, name: str) -> str:
        """The stable opaque name of a case or link for one agency, the same that its hits bear."""
        return reference(self.secret, agency, name)

    def digest_of(self, agency: str, given: str) -> str | None:
        """What Reader.digested finds the case by that `agency` names by a reference; None for what is none."""
        return digest_of(self.secret, agency, given)

    def cursor(self, context: str, position: bytes, size: int = CURSOR_BYTES) -> str:
        """A page's end as its reader may hold it; opens only in the same `context` (who, and what was asked).

        Raises ValueError for a position that does not fit.
        """
        nonce = os.urandom(NONCE_BYTES)
        body = self._cursors.encrypt(nonce, _padded(position, size), context.encode())
        return base64.urlsafe_b64encode(nonce + body).decode().rstrip("=")

    def position_of(self, context: str, cursor: str) -> bytes | None:
        """What `cursor` was given as position; None if it belongs to another context, or was tampered with."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            return _unpadded(self._cursors.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()))
        except (InvalidTag, ValueError):
            return None


def _padded(value: bytes, size: int) -> bytes:
    """Length, value, zeros."""
    if len(value) + 2 > size:
        raise ValueError("the position does not fit a cursor")
    return len(value).to_bytes(2, "big") + value.ljust(size - 2, b"\0")


def _unpadded(raw: bytes) -> bytes:
    return raw[2 : 2 + int.from_bytes(raw[:2], "big")]
