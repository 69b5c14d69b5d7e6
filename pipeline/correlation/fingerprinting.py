"""A case's fingerprint: matching's forms of its entities under correlation's keys."""

from __future__ import annotations

import hashlib
from typing import Protocol

from pipeline.correlation.keys import keys
from pipeline.matching.fingerprint import Contact, Fingerprint, Handling, entity_print
from pipeline.records.hashing import DIGEST_BYTES, fingerprint_hash
from pipeline.records.model import Case
from pipeline.records.normalised import Normalised


class BlockingModel(Protocol):
    """What blocking needs of the matching model."""

    @property
    def stop_keys(self) -> frozenset[int]:
        """Keys of values too common to block on."""

    @property
    def key_rarity(self) -> int:
        """How rare a key must be, in hundredths of a bit."""


def fingerprint(case: Case, normalised: Normalised, model: BlockingModel) -> Fingerprint:
    """The fingerprint of one version of a case; a withdrawal's holds nothing but who, which version, and that."""
    if case.withdrawn:
        return Fingerprint(case.key, case.version, fingerprint_hash(case), case.agency, case.country, withdrawn=True)
    entities = tuple(entity_print(entity) for entity in normalised.entities)
    return Fingerprint(
        case=case.key,
        version=case.version,
        hash=fingerprint_hash(case),
        agency=case.agency,
        country=case.country,
        retain_until=case.retain_until or "",
        handling=_handling(case),
        contact=Contact(case.contact.unit or "", case.contact.email or "", case.contact.phone or ""),
        keys=keys(entities, model.stop_keys, model.key_rarity),
        entities=entities,
    )


def expiry_mark(expired: Fingerprint) -> Fingerprint:
    """The content-free mark of a version whose retention has ended; its hash is not the version's."""
    digest = hashlib.blake2b(f"expired {expired.hash}".encode(), digest_size=DIGEST_BYTES).hexdigest()
    return Fingerprint(
        expired.case, expired.version, digest, expired.agency, expired.country, withdrawn=True, expired=True
    )


def _handling(case: Case) -> Handling:
    given = case.handling
    return Handling(given.code, given.releasable_to, given.purposes, given.caveat or "")
