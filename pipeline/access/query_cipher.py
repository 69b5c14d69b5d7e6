"""What was asked, readable only while the month's key is kept: AES-256-GCM (NIST SP 800-38D), one key file a month."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.errors import LiaisonError
from pipeline.private_files import create_private

KEY_BYTES: Final = 32
"""Of AES-256."""

NONCE_BYTES: Final = 12
"""96 bits, as NIST SP 800-38D recommends for GCM."""

MonthKey = Callable[[str, bool], bytes]
"""The key of a month (YYYY-MM); the flag says to make it if there is none. Raises LiaisonError otherwise."""


class AlteredTextError(LiaisonError):
    """What was stored is not what was encrypted: it is damaged, or somebody altered it."""

    def __init__(self) -> None:
        super().__init__("the stored query text is damaged or was altered")


class QueryCipher:
    """Encrypts and decrypts query text under its month's key."""

    def __init__(self, key_of: MonthKey) -> None:
        self._key_of = key_of

    def encrypt(self, text: str, at: datetime) -> str:
        """Base64 of nonce and ciphertext; the month is bound in."""
        month = f"{at:%Y-%m}"
        nonce = os.urandom(NONCE_BYTES)
        body = AESGCM(self._key_of(month, True)).encrypt(nonce, text.encode(), month.encode())
        return base64.b64encode(nonce + body).decode()

    def decrypt(self, sealed: str, at: datetime) -> str:
        """The text again. Raises LiaisonError when the month's key is gone, AlteredTextError."""
        month = f"{at:%Y-%m}"
        key = AESGCM(self._key_of(month, False))
        try:
            raw = base64.b64decode(sealed)
            text = key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], month.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: of one that was cut short
            raise AlteredTextError from error
        return text.decode()


def keys_in(folder: Path) -> MonthKey:
    """Keys as files <folder>/YYYY-MM.key, readable by their owner alone; retention deletes them."""
    held: dict[str, bytes] = {}

    def key_of(month: str, make: bool) -> bytes:
        path = folder / f"{month}.key"
        if month not in held or not path.exists():
            if make and not path.exists():
                create_private(path, os.urandom(KEY_BYTES))
            try:
                held[month] = path.read_bytes()
            except FileNotFoundError as error:
                raise LiaisonError(
                    "queries of {month} can no longer be decrypted: their key was deleted", month=month
                ) from error
        return held[month]

    return key_of


def months_in(folder: Path) -> list[str]:
    """The months (YYYY-MM) whose key is kept."""
    return sorted(path.stem for path in folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].key"))


def delete_month_key(folder: Path, month: str) -> None:
    """Delete a month's key: what was asked in it can be read by nobody any more. Twice is harmless."""
    (folder / f"{month}.key").unlink(missing_ok=True)
