"""Opaque references: what a case or link is called by an agency that must not know its name.

A reference is the name's digest, encrypted under a key of that agency alone: no two agencies can join theirs, nobody
can test a guessed name, and the system itself can still tell which name was meant, by the digest in the index.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

DIGEST_BYTES = 16
"""One block of AES, so that a reference is as long as a digest."""

_REFERENCE = re.compile(rf"[0-9a-f]{{{2 * DIGEST_BYTES}}}")

MOST_AGENCIES = 1024
"""Ciphers kept: a case has references for the agencies that ask, which are hundreds at most."""


def digest(name: str) -> str:
    """The digest of a case key or link id that references stand for: 128 bits of BLAKE2b, as hex. Never shown."""
    return hashlib.blake2b(name.encode(), digest_size=DIGEST_BYTES).hexdigest()


def reference(secret: bytes, agency: str, name: str) -> str:
    """What `agency` calls the case or link of this name: 32 hexadecimal digits. `secret` has at most 64 bytes."""
    return _cipher(secret, agency).encryptor().update(bytes.fromhex(digest(name))).hex()


def digest_of(secret: bytes, agency: str, given: str) -> str | None:
    """The digest that a reference of `agency` stands for, or of nothing if it was never given; None if it is none."""
    if not _REFERENCE.fullmatch(given):
        return None
    return _cipher(secret, agency).decryptor().update(bytes.fromhex(given)).hex()


@lru_cache(maxsize=MOST_AGENCIES)
def _cipher(secret: bytes, agency: str) -> Cipher[ECB]:
    """Blocks are digests, so each is encrypted once on its own: the mode's weakness, equal blocks, is the purpose."""
    key = hashlib.blake2b(f"references|{agency}".encode(), key=secret, digest_size=32).digest()
    return Cipher(AES256(key), ECB())  # noqa: S305 - single blocks of pseudo-random digests
