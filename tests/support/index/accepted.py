"""Accepted versions to make documents of."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.matching.fingerprint import Fingerprint, entity_print
from pipeline.matching.handling import Handling
from pipeline.records.messages import AcceptedRecord, Position, Provenance
from pipeline.records.normalised import NormalisedEntity

RELEASED = Handling("H1", ("BE",))


def make_accepted(
    *entities: NormalisedEntity,
    version: int = 1,
    status: str = "active",
    handling: Handling = RELEASED,
    **data: Any,
) -> AcceptedRecord:
    """An accepted version of case 1 of fr-pj; further arguments are fields of its `data`."""
    key = "fr-pj:1"
    fingerprint = Fingerprint(
        key, version, f"hash{version}", "fr-pj", "FR", handling=handling, keys=(7, 9),
        entities=tuple(entity_print(entity) for entity in entities),
    )  # fmt: skip
    sent = {"case_id": "1", "agency": "fr-pj", "country": "FR", "version": version, "status": status, **data}
    return AcceptedRecord(
        case=key,
        version=version,
        status=status,
        hash=f"hash{version}",
        data=msgspec.Raw(msgspec.json.encode(sent)),
        provenance=Provenance(Position("cases.fr-pj", 0, 5), "2026-11-24T10:00:00Z", "cafe", "1", "g1"),
        entities=msgspec.Raw(msgspec.json.encode(entities)),
        fingerprint=msgspec.Raw(msgspec.json.encode(fingerprint)),
    )
