"""Opaque references: what a case or link is called by an agency that must not know its name.

A reference is the name's digest, encrypted under a key of that agency alone, behind the id of the secret from which the
key is derived: no two agencies can join theirs, nobody can test a guessed name, and the system itself can still tell
which name was meant, by the digest in the index.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from pipeline.correlation.key_ring import ID_CHARS, KeyRing, KeyUse

DIGEST_BYTES: Final = 16
"""One block of AES, so that a reference is as long as a digest."""

REFERENCE_CHARS: Final = ID_CHARS + 2 * DIGEST_BYTES

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
