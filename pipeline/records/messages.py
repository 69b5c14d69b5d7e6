"""What intake writes beside fingerprints: accepted records, receipts, rejections (schemas/*.schema.json).

And its version rule: which version of a case is taken, and what the others are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from pipeline.records.normalised import RecordWarning


class Reason(StrEnum):
    """The closed list of rejection reasons; docs/reference/rejection-reasons.md is made of it."""

    NOT_JSON = "not_json"
    """It is not UTF-8 or not JSON, has a key twice or NaN, or is nested too deep."""
    SCHEMA = "schema"
    """The schema does not allow it, or a limit is exceeded; the receipt names the limit."""
    FOREIGN_AGENCY = "foreign_agency"
    """The record is of another agency than its topic, or of another country than that agency's."""
    MISROUTED = "misrouted"
    """Its Kafka key or partition is not that of its case; the receipt names both as they should be."""
    UNKNOWN_AGENCY = "unknown_agency"
    """The agency is not registered, or has left."""
    STALE_VERSION = "stale_version"
    """A higher version of the case has been accepted."""
    CONFLICTING_VERSION = "conflicting_version"
    """This version of the case has been accepted with other content."""
    DATE = "date"
    """A date is impossible or ambiguous; the receipt's pointer says which."""
    TOO_LARGE = "too_large"
    """It is larger than 1 MiB."""
    UNREADABLE_BATCH = "unreadable_batch"
    """Its whole record batch can't be read, or would inflate beyond the limits; one receipt for all its offsets."""
    UNSIGNED = "unsigned"
    """The agency signs its feed, and this record has no signature."""
    BAD_SIGNATURE = "bad_signature"
    """The agency signs its feed, and this record's signature is not by a key in force or not of this content."""


class Outcome(StrEnum):
    """What became of a source position: exactly one of these for each."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Position(msgspec.Struct, frozen=True, order=True):
    """A Kafka position: what conservation counts by."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position that `str` wrote. Raises ValueError."""
        topic, partition, offset = text.rsplit("-", 2)
        return cls(topic, int(partition), int(offset))


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an accepted record came from and what it was made with.

    `arrived_ms` is Kafka's time of the message in its national topic; 0 where it is not known. `signature` is the
    agency's own, as sent and verified; "" where there was none.
    """

    position: Position
    ingested_at: str
    content_hash: str
    schema_version: str
    generation: str
    arrived_ms: int = 0
    signature: str = ""


EXPIRED: Final = "expired"
"""The status of an accepted version that was ended (pipeline.records.expiry); no agency sends it."""


NO_ENTITIES: Final = msgspec.Raw(b"[]")
"""Of a record without any, from which they are left out."""


class AcceptedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `accepted`: one version of one case.

    `data` is the record as sent; a withdrawal has only identity fields in it.

    `hash` is the fingerprint's hash and `fingerprint` the whole fingerprint as JSON of `provenance.generation`.
    `entities` are normalised, as JSON, for readers outside: no stage reads them.
    """

    case: str
    version: int
    status: str
    hash: str
    data: msgspec.Raw
    provenance: Provenance
    entities: msgspec.Raw = NO_ENTITIES
    fingerprint: msgspec.Raw = msgspec.Raw(b"null")
    warnings: tuple[RecordWarning, ...] = ()


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `receipts.<agency>`: the one outcome of one source position. It holds no content.

    `origin` is the position that the message was sent to first, where an operator has sent it again. With
    `last_offset` it is the outcome of all positions up to there: those of a batch that can't be read.
    """

    position: Position
    outcome: str
    case: str = ""
    version: int = 0
    reason: str = ""
    pointer: str = ""
    message: str = ""
    warnings: tuple[RecordWarning, ...] = ()
    time: str = ""
    origin: Position | None = None
    last_offset: int | None = None

    @property
    def offsets(self) -> range:
        """The offsets whose outcome it is."""
        return offsets_of(self.position, self.last_offset)


class RejectedMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `rejected`: the original key and bytes (base64 in JSON) with the reason.

    `origin` and `last_offset` are as in a receipt; key and bytes of a batch that can't be read are null.
    """

    position: Position
    reason: str
    pointer: str
    message: str
    agency: str
    key: bytes | None
    original: bytes | None
    time: str
    origin: Position | None = None
    last_offset: int | None = None

    @property
    def offsets(self) -> range:
        """The offsets that were rejected."""
        return offsets_of(self.position, self.last_offset)


def offsets_of(position: Position, last_offset: int | None) -> range:
    """The offsets of an outcome: one, or all up to the last, included."""
    return range(position.offset, (position.offset if last_offset is None else last_offset) + 1)


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
