"""The version rule of intake: which version of a case is taken, and what the others are."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class VersionRelation(StrEnum):
    """What a version is to what is known of its case; the last two are rejection reasons of the same name."""

    NEWER = "newer"
    DUPLICATE = "duplicate"
    STALE = "stale_version"
    CONFLICTING = "conflicting_version"


class KnownVersion(msgspec.Struct, frozen=True, array_like=True):
    """The highest version taken of a case, and the content hash of its data."""

    version: int
    content_hash: str


def compare_version(known: KnownVersion | None, version: int, content_hash: str) -> VersionRelation:
    """Lower is stale; equal is a duplicate if its content is equal too, else conflicting."""
    if known is None or version > known.version:
        return VersionRelation.NEWER
    if version < known.version:
        return VersionRelation.STALE
    return VersionRelation.DUPLICATE if content_hash == known.content_hash else VersionRelation.CONFLICTING
