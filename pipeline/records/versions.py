"""The version rule of intake: which version of a case is taken, and what the others are."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """What a version is to what is known of its case; the last two are rejection reasons of the same name."""

    NEWER = "newer"
    DUPLICATE = "duplicate"
    STALE = "stale_version"
    CONFLICTING = "conflicting_version"


class Known(msgspec.Struct, frozen=True, array_like=True):
    """The highest version taken of a case, and the content hash of its data."""

    version: int
    content_hash: str


def standing(known: Known | None, version: int, content_hash: str) -> Standing:
    """Lower is stale; equal is a duplicate if its content is equal too, else conflicting."""
    if known is None or version > known.version:
        return Standing.NEWER
    if version < known.version:
        return Standing.STALE
    return Standing.DUPLICATE if content_hash == known.content_hash else Standing.CONFLICTING
