"""Names that tell nothing: references to hit-only cases, tickets to ask for them by, and cursors of one length."""

from __future__ import annotations

import base64
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.correlation.hits import reference

TICKET_BYTES: Final = 448
"""A case key fits: an agency of 32 characters, a colon, a case id of 100 characters of at most 4 bytes each."""

CURSOR_BYTES: Final = 640
"""The sort values of any item fit; all cursors are as long, whatever was last on the page."""

NONCE_BYTES: Final = 12


class Opaque:
    """Makes and opens what stands for something that its holder may not read; one secret for a whole installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._tickets = AESSIV(_derived(secret, b"tickets", 64))
        self._cursors = AESGCM(_derived(secret, b"cursors", 32))

    def reference(self, agency: str, name: str) -> str:
        """The stable opaque name of a case or link for one agency, the same that its hits bear."""
        return reference(self._secret, agency, name)

    def ticket(self, agency: str, case: str) -> str:
        """What an agency names a hit-only case by when it asks for disclosure: always the same, of constant length.

        Deterministic authenticated encryption (AES-SIV, RFC 5297), so that two answers about one case are equal.
        """
        return _text(self._tickets.encrypt(_padded(case.encode(), TICKET_BYTES), [agency.encode()]))

    def case_of(self, agency: str, ticket: str) -> str | None:
        """The case key behind a ticket; None if it was not made for this agency, or not by us."""
        try:
            return _unpadded(self._tickets.decrypt(_bytes(ticket), [agency.encode()])).decode()
        except (InvalidTag, ValueError):
            return None

    def cursor(self, context: str, position: bytes) -> str:
        """A page's end as its reader may hold it; opens only in the same `context` (who, and what was asked)."""
        nonce = os.urandom(NONCE_BYTES)
        return _text(nonce + self._cursors.encrypt(nonce, _padded(position, CURSOR_BYTES), context.encode()))

    def position_of(self, context: str, cursor: str) -> bytes | None:
        """What `cursor` was given as position; None if it belongs to another context, or was tampered with."""
        try:
            raw = _bytes(cursor)
            return _unpadded(self._cursors.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()))
        except (InvalidTag, ValueError):
            return None


def _derived(secret: bytes, use: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=b"liaison " + use).derive(secret)


def _padded(value: bytes, size: int) -> bytes:
    """Length, value, zeros. Raises ValueError for what is longer."""
    if len(value) + 2 > size:
        raise ValueError("too long to stand for")
    return len(value).to_bytes(2, "big") + value.ljust(size - 2, b"\0")


def _unpadded(raw: bytes) -> bytes:
    return raw[2 : 2 + int.from_bytes(raw[:2], "big")]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
