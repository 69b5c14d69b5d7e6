"""Cursors: where a page of a list ended, as its reader holds it until the next one is asked for.

A cursor is sealed under the installation's secret: it tells nothing of what was last on its page, not even by its
length, and opens for the same reader and list alone. Servers keep nothing of it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.api.problems import UnprocessableError
from pipeline.api.session import Session
from pipeline.correlation.key_ring import ID_BYTES, KeyUse, UnknownKeyError

CURSOR_BYTES: Final = 640
"""The sort values of any item fit; all cursors of a list are as long, whatever was last on the page. So do six bytes
for each of a hundred items; where a page shows fewer at most, the cursor behind the first is shorter."""

LONG_CURSOR_BYTES: Final = 1664
"""With them a point in time and six bytes for each of a hundred items."""

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
"""96 and 128 bits: the nonce that NIST SP 800-38D recommends for GCM, and the longest tag."""

LENGTH_BYTES: Final = 2
"""Of the place, before it: enough for 65,535 bytes."""

CURSOR_CHARS: Final = -(-(ID_BYTES + NONCE_BYTES + LONG_CURSOR_BYTES + TAG_BYTES) * 4 // 3)
"""The longest cursor in base64."""

SortValues = list[Any]
"""Sort values of an item, behind which the next one is found."""


class PageCursor:
    """Seals and opens the cursors of one list for one reader: base64url of key id, nonce, AES-GCM of the padded place.

    A place is MessagePack; that of notices was JSON, and whoever waits for them may hold such a cursor still.
    """

    def __init__(self, session: Session, listed: str, *asked: object, size: int = CURSOR_BYTES) -> None:
        """`listed` names the list, `asked` is what narrows it; a place takes at most `size` bytes with its length."""
        who = session.requester
        question = "|".join([listed, *([msgspec.json.encode(asked).decode()] if asked else [])])
        self._context = f"{who.agency}|{who.subject}|{question}".encode()
        self._ring, self._size = session.runtime.opaque.ring, size

    def seal(self, place: Sequence[Any] | msgspec.Struct, size: int | None = None) -> str:
        """The cursor of a place; another text each time. Raises ValueError for a place that does not fit.

        `size`: of places that are all shorter, such as those behind first pages.
        """
        key_id, nonce = self._ring.current, os.urandom(NONCE_BYTES)
        body = self._cipher(key_id).encrypt(
            nonce, _padded(msgspec.msgpack.encode(place), size or self._size), self._context
        )
        return base64.urlsafe_b64encode(bytes.fromhex(key_id) + nonce + body).decode().rstrip("=")

    def open(self, cursor: str | None) -> SortValues | None:
        """The place that a cursor was made of; None without one, at the beginning of the list.

        Raises UnprocessableError for a cursor of another reader or list, or that nobody issued.
        """
        if not cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            key_id, nonce = raw[:ID_BYTES], raw[ID_BYTES:][:NONCE_BYTES]
            padded = self._cipher(key_id.hex()).decrypt(nonce, raw[ID_BYTES + NONCE_BYTES :], self._context)
        except (InvalidTag, UnknownKeyError, ValueError) as error:
            raise UnprocessableError("the cursor does not belong to this request", "cursor") from error
        return _decoded(_unpadded(padded))

    def _cipher(self, key_id: str) -> AESGCM:
        return AESGCM(self._ring.derive_key(KeyUse.CURSORS, key_id))


def _decoded(value: bytes) -> SortValues:
    decode = msgspec.json.decode if value.startswith(b"[") else msgspec.msgpack.decode
    place: SortValues = decode(value)
    return place


def _padded(value: bytes, size: int) -> bytes:
    """Length, value, zeros."""
    if len(value) + LENGTH_BYTES > size:
        raise ValueError("the position does not fit a cursor")
    return len(value).to_bytes(LENGTH_BYTES, "big") + value.ljust(size - LENGTH_BYTES, b"\0")


def _unpadded(raw: bytes) -> bytes:
    return raw[LENGTH_BYTES : LENGTH_BYTES + int.from_bytes(raw[:LENGTH_BYTES], "big")]
