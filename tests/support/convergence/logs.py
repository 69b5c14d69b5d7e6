"""What Kafka keeps of a small world, and what goes through it: compacted logs, versions, hits and positions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from pipeline.correlation.claims import Claim, external_version
from pipeline.correlation.hits import Hit
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.fingerprint import Fingerprint
from pipeline.ops.retention import RetentionFields
from pipeline.records.messages import EXPIRED, KnownVersion

START = datetime(2026, 6, 1, tzinfo=UTC)
CASES = {"a:1": "AA", "a:2": "AA", "b:1": "BB", "b:2": "BB", "c:1": "CC"}


def day(number: int) -> str:
    """A date so many days after the start."""
    return (START + timedelta(days=number)).date().isoformat()


class Log:
    """One partition of a compacted topic."""

    def __init__(self) -> None:
        self.entries: dict[int, tuple[str | bytes, Any]] = {}
        self.end = 0

    def append(self, key: str | bytes, value: Any) -> None:
        self.entries[self.end] = key, value
        self.end += 1

    def between(self, after: int, last: int) -> list[tuple[int, Any]]:
        return [(offset, value) for offset, (_, value) in self.entries.items() if after < offset <= last]

    def records(self, after: int, last: int) -> list[tuple[int, Any, Any]]:
        """The same with the keys: offset, key and value of each."""
        return [(offset, key, value) for offset, (key, value) in self.entries.items() if after < offset <= last]

    def last(self) -> list[Any]:
        """The last value of each key."""
        return list(dict(self.entries.values()).values())

    def compact(self, last: int) -> None:
        """Keep the last value of each key among the offsets up to `last`."""
        latest = {key: offset for offset, (key, _) in self.entries.items() if offset <= last}
        gone = [offset for offset, (key, _) in self.entries.items() if offset <= last and latest[key] != offset]
        for offset in gone:
            del self.entries[offset]

    def purge(self, last: int) -> None:
        """Delete the records up to an offset, as Kafka does on request."""
        self.entries = {offset: entry for offset, entry in self.entries.items() if offset > last}

    def after(self, offset: int) -> list[tuple[int, Any]]:
        return self.between(offset, self.end)


class AppliedOffset(NamedTuple):
    """How far a partition was applied: its last offset, and how many records in all."""

    offset: int
    records: int


NONE = AppliedOffset(NO_OFFSET, 0)


class FencedError(Exception):
    """Another worker has taken the partition over."""


class SentVersion(NamedTuple):
    """A case's version as it is sent and accepted: its fingerprint, and the hash of all its content."""

    fingerprint: Fingerprint
    content: str

    @property
    def known(self) -> KnownVersion:
        return KnownVersion(self.fingerprint.version, self.content)

    def keeping(self) -> RetentionFields:
        """What retention reads of it."""
        fingerprint = self.fingerprint
        status = EXPIRED if fingerprint.expired else "withdrawn" if fingerprint.withdrawn else "active"
        read = {"case": fingerprint.case, "version": fingerprint.version, "status": status}
        read |= {"data": {"retain_until": fingerprint.retain_until}, "provenance": {"content_hash": self.content}}
        return msgspec.convert(read, RetentionFields)


class SentHit(NamedTuple):
    """A hit, and the claim that brought it."""

    hit: Hit
    claim: Claim


def order(fingerprint: Fingerprint) -> int:
    return external_version(fingerprint.version, fingerprint.expired)
