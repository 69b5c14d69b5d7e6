"""The keys that are derived from the installation's own secret, one for each use, and the ids that name them.

Whatever a key makes bears the id of the secret behind it, so that it can be opened after a rotation. A secret is never
a key itself: HKDF (RFC 5869) derives each, so that no use tells anything of another.

With them go opaque references: what a case or link is called by an agency that must not know its name. A reference is
the name's digest, encrypted under a key of that agency alone, behind the id of the secret from which the key is
derived: no two agencies can join theirs, nobody can test a guessed name, and the system itself can still tell which
name was meant, by the digest in the index.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import LiaisonError

KEY_BYTES: Final = 32
"""256 bits, as AES-256 takes; keyed hashes get as many."""

ID_BYTES: Final = 4
ID_CHARS: Final = 2 * ID_BYTES
"""Hexadecimal digits."""

DIGEST_BYTES: Final = 16
"""Of an id: 128 bits, which nobody meets by guessing, nor two names by chance."""

MAX_DERIVED: Final = 4096
"""Keys kept: one for each agency that asks and each use, and one for each supervisor who opens in an emergency."""


class KeyUse(StrEnum):
    """What a key is for. The words enter the derivation: changing one changes every value made with its key."""

    ID = "id"
    REFERENCES = "references"
    HIT_IDS = "hit ids"
    NOTICE_IDS = "notice ids"
    CURSORS = "cursors"
    EVIDENCE = "evidence"
    LIST_IDS = "list ids"
    AUDIT_TAGS = "audit tags"
    REGISTRY = "registry"
    EXPIRIES = "expiries"
    SEARCH_IDS = "search ids"
    GUESSES = "guesses"
    FOLDERS = "folders"
    ORDER = "order"


class UnknownKeyError(LiaisonError):
    """A key id that none of the installation's secrets has."""


class KeyRing:
    """An installation's secrets, oldest first, and the keys derived from them.

    `ids` names the secrets in that order: `first` is the one that keys what must never change, `current` what is new.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Raises LiaisonError where two secrets have one id: then the last is to be drawn anew."""
        if not secrets:
            raise LiaisonError("an installation has at least one secret")
        self._secrets = {_hkdf(secret, f"liaison {KeyUse.ID}")[:ID_BYTES].hex(): secret for secret in secrets}
        if len(self._secrets) < len(secrets):
            raise LiaisonError("two of the installation's secrets have the same id; replace the last 32 bytes")
        self.ids = tuple(self._secrets)
        self.first, self.current = self.ids[0], self.ids[-1]
        self._derived = lru_cache(maxsize=MAX_DERIVED)(self._derive_cached)

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._secrets

    def derive_key(self, use: KeyUse, key_id: str, context: str = "") -> bytes:
        """The 32-byte key for a use under one of the secrets; `context` tells apart whom it is for.

        Raises UnknownKeyError.
        """
        return self._derived(use, key_id, context)

    def _derive_cached(self, use: KeyUse, key_id: str, context: str) -> bytes:
        secret = self._secrets.get(key_id)
        if secret is None:
            raise UnknownKeyError("the secret with the id {id} is missing", id=key_id)
        return _hkdf(secret, f"liaison {use}|{context}")


def keyed_id(ring: KeyRing, use: KeyUse, *parts: str) -> str:
    """An id that the same parts have again and nobody else can compute: 40 hexadecimal digits, the first 8 the key id.

    It is under the first secret for good, so that what is told once is not told anew after a rotation.
    """
    body = hashlib.blake2b("|".join(parts).encode(), key=ring.derive_key(use, ring.first), digest_size=DIGEST_BYTES)
    return ring.first + body.hexdigest()


def _hkdf(secret: bytes, info: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info.encode()).derive(secret)


REFERENCE_CHARS: Final = ID_CHARS + 2 * DIGEST_BYTES
"""Hexadecimal digits: the key's id and one block of AES, which is as long as a digest."""

_REFERENCE = re.compile(rf"[0-9a-f]{{{REFERENCE_CHARS}}}")


def digest_name(name: str) -> str:
    """The digest of a case key or link id that references stand for: 128 bits of BLAKE2b, as hex. Never shown."""
    return hashlib.blake2b(name.encode(), digest_size=DIGEST_BYTES).hexdigest()


def make_reference(ring: KeyRing, key_id: str, agency: str, name: str) -> str:
    """What `agency` calls the case or link of this name: 40 hexadecimal digits, the first 8 of them the key id."""
    block = _cipher(ring, key_id, agency).encryptor().update(bytes.fromhex(digest_name(name)))
    return key_id + block.hex()


def digest_of(ring: KeyRing, agency: str, given: str) -> str | None:
    """The digest that a reference of `agency` stands for, or of nothing if it was never given; None if it is none."""
    if not _REFERENCE.fullmatch(given) or given[:ID_CHARS] not in ring:
        return None
    block = bytes.fromhex(given[ID_CHARS:])
    return _cipher(ring, given[:ID_CHARS], agency).decryptor().update(block).hex()


def _cipher(ring: KeyRing, key_id: str, agency: str) -> Cipher[ECB]:
    """Blocks are digests, so each is encrypted once on its own: the mode's weakness, equal blocks, is the purpose."""
    return Cipher(AES256(ring.derive_key(KeyUse.REFERENCES, key_id, agency)), ECB())  # noqa: S305 - single pseudo-random blocks
