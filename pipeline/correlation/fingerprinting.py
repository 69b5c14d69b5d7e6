"""A case's fingerprint: matching's forms of its entities under correlation's keys."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from pipeline.correlation.keys import blocking_keys
from pipeline.matching.bounds.sketches import make_sketch
from pipeline.matching.fingerprint import Fingerprint, entity_prints
from pipeline.matching.handling import Contact, Handling
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import fingerprint_hash
from pipeline.records.messages import EXPIRED, AcceptedRecord
from pipeline.records.model import HIT_ONLY, Case
from pipeline.records.normalised import NormalisedCase

CONTENT_FREE: Final = frozenset({Case.WITHDRAWN, EXPIRED})
"""Statuses of an accepted version that has no content."""


class _CaseOwner(msgspec.Struct):
    agency: str
    country: str


class BlockingModel(Protocol):
    """What blocking needs of the matching model."""

    @property
    def stop_keys(self) -> frozenset[int]:
        """Keys of values too common to block on."""

    @property
    def key_rarity(self) -> int:
        """How rare a key must be, in hundredths of a bit."""


def make_fingerprint(
    case: Case, normalised: NormalisedCase, model: BlockingModel, hashed: str = "", *, first: bool = False
) -> Fingerprint:
    """The fingerprint of one version of a case; that of a withdrawal has no content, only agency and version.

    `hashed` is the case's fingerprint_hash where that is known. `first`: whether no earlier version was ever sent.
    """
    hashed = hashed or fingerprint_hash(case)
    if case.withdrawn:
        return Fingerprint(case.key, case.version, hashed, case.agency, case.country, withdrawn=True, first=first)
    entities = entity_prints(normalised.entities)
    given = case.handling
    return Fingerprint(
        case=case.key,
        version=case.version,
        hash=hashed,
        agency=case.agency,
        country=case.country,
        retain_until=case.retain_until or "",
        handling=Handling(given.code, given.releasable_to, given.purposes, given.caveat or ""),
        contact=Contact(case.contact.unit or "", case.contact.email or "", case.contact.phone or ""),
        keys=blocking_keys(entities, model.stop_keys, model.key_rarity),
        entities=entities,
        sketch=make_sketch(entities, hit_only=given.code == HIT_ONLY),
        first=first,
    )


def derive_fingerprint(accepted: AcceptedRecord, model: BlockingModel) -> Fingerprint:
    """The fingerprint of an accepted version under any model; the record held to the schema when it was accepted."""
    if accepted.status in CONTENT_FREE:
        owner, expired = msgspec.json.decode(accepted.data, type=_CaseOwner), accepted.status == EXPIRED
        return Fingerprint(
            accepted.case, accepted.version, accepted.hash, owner.agency, owner.country, withdrawn=True, expired=expired
        )
    case = msgspec.json.decode(accepted.data, type=Case, strict=False)
    return make_fingerprint(case, normalise(case), model)


def expiry_mark(made: Case) -> Fingerprint:
    """The fingerprint of the mark that ends a version (pipeline.records.expiry)."""
    return Fingerprint(
        made.key, made.version, fingerprint_hash(made), made.agency, made.country, withdrawn=True, expired=True
    )
