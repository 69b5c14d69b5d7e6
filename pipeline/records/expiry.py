"""The end of a version whose retention is over: what intake is asked for, and the expiry mark that it writes.

Retention sees which versions are over; only intake writes to `accepted`, so it is asked, and it compares with what it
knows: a version that another has replaced meanwhile, as when its owner extended it, is not ended. The mark orders after
the version and before the next one (pipeline.correlation.claims), and the same request twice makes the same mark.
"""

from __future__ import annotations

import msgspec

from pipeline.records import hashing
from pipeline.records.agencies import Agency
from pipeline.records.messages import EXPIRED, AcceptedRecord, KnownVersion, Position, Provenance
from pipeline.records.model import RECORD_TYPE, Case


class Expiry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `expiries`: the version that is over, by its number and the content hash of its provenance.

    `seal` is the installation's own mark, without which nothing is ended (pipeline.streams.registers.seals).
    """

    case: str
    version: int
    content_hash: str
    seal: str = ""

    @property
    def agency(self) -> str:
        """The agency that its case key names."""
        return self.case.partition(":")[0]


def mark(asked: Expiry, agency: Agency, known: KnownVersion | None) -> Case | None:
    """The case left with identity and version, as if withdrawn; None where that version is not the one known."""
    if known != KnownVersion(asked.version, asked.content_hash):
        return None
    return Case(
        case_id=asked.case.partition(":")[2],
        agency=agency.name,
        country=agency.country,
        version=asked.version,
        status="withdrawn",
    )


def accepted(
    made: Case, asked: Expiry, position: Position, time: str, fingerprint: msgspec.Raw, generation: str
) -> AcceptedRecord:
    """The value of topic `accepted` for a mark, asked for at a position of `expiries`.

    The content hash stays that of the version, so that the version sent again is still known as a duplicate.
    """
    return AcceptedRecord(
        case=made.key,
        version=made.version,
        status=EXPIRED,
        hash=hashing.fingerprint_hash(made),
        data=msgspec.Raw(hashing.canonical_json(msgspec.to_builtins(made))),
        provenance=Provenance(position, time, asked.content_hash, RECORD_TYPE, generation),
        fingerprint=fingerprint,
    )
