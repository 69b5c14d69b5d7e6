"""Values of the topics `audit_log` and `witness.<agency>`: leaves and heads, as they are written and read."""

from __future__ import annotations

from typing import Final

import msgspec

from pipeline.transparency.leaves import LeafError

HEAD_KEY: Final = b"head"
"""Key of heads; a leaf's is its index in decimal digits."""

MAX_INDEX_DIGITS: Final = 18
"""Every index of so many digits fits a signed 64-bit integer."""


class HeadRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head as a signed note.

    `subtrees` (base64url) are the hashes of the tree's complete subtrees, the largest first: `attest` goes on from
    them. They need no trust: wrong ones do not give the root that is signed.
    """

    head: str
    subtrees: tuple[str, ...] = ()


_heads = msgspec.json.Decoder(HeadRecord)


def leaf_key(index: int) -> bytes:
    """The key of a leaf's message."""
    return b"%d" % index


def leaf_index(key: bytes | None) -> int | None:
    """The index of the leaf that a message holds; None for a head. Raises LeafError for what is neither."""
    if key == HEAD_KEY:
        return None
    if key is None or not key.isdigit() or len(key) > MAX_INDEX_DIGITS:
        raise LeafError("a message of the audit log is neither a leaf nor a head")
    return int(key)


def decode_head(value: bytes) -> HeadRecord:
    """The head that a message holds. Raises LeafError."""
    try:
        return _heads.decode(value)
    except msgspec.MsgspecError as error:
        raise LeafError("a head of the audit log can't be read") from error
