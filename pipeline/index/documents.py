"""The documents of indices `cases`, `links` and `rejected`, and what is read from them. Pure.

document_making.py makes them of what the topics hold.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.access.policy import CaseMeta
from pipeline.correlation.claims import ClaimSide, ClaimState, external_version
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.matching.exact_match import ExactMatch
from pipeline.matching.fingerprint import Contact, EntityPrint, Handling
from pipeline.records.messages import Provenance
from pipeline.records.normalised import RecordWarning

LIVE = "live"


class StatedHandling(Handling, frozen=True, omit_defaults=False):
    """Handling with every field written out, so that a filter on one never meets a document without it."""


class CaseDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of index `cases`; a tombstone has only the identity fields.

    `data` is JSON as it came when written, plain values when read. `card` is a packed CaseCard.
    """

    case: str
    agency: str
    country: str
    version: int
    state: str
    digest: str = ""
    hash: str = ""
    status: str = ""
    handling: StatedHandling | None = None
    contact: Contact = Contact()
    retain_until: str | None = None
    opened: str | None = None
    closed: str | None = None
    language: str = ""
    offences: tuple[str, ...] = ()
    policing_goals: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    text: str = ""
    keys: tuple[int, ...] = ()
    terms: tuple[str, ...] = ()
    data: Any = None
    order: int = 0
    card: bytes | None = None
    entities: bytes | None = None
    warnings: tuple[RecordWarning, ...] = ()
    provenance: Provenance | None = None

    @property
    def signature(self) -> str | None:
        """The agency's own over `data` (pipeline.records.signatures); None where it sent none."""
        return (self.provenance.signature or None) if self.provenance else None


class CaseCard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What ranks a case against a question and shows it in a list.

    `entities` is None and `version` 0 where it would be too large: then the document says it all.
    """

    case: str
    agency: str
    country: str
    version: int
    hash: str
    handling: StatedHandling
    contact: Contact
    retain_until: str | None
    title: str | None
    entities: tuple[EntityPrint, ...] | None

    @property
    def external_version(self) -> int:
        """The version of the document that this is the card of: that of a live case."""
        return external_version(self.version)

    def as_document(self) -> CaseDocument:
        """As much of the document as a list of cases shows."""
        return CaseDocument(
            self.case, self.agency, self.country, self.version, LIVE, hash=self.hash, handling=self.handling,
            contact=self.contact, retain_until=self.retain_until, data={"title": self.title},
        )  # fmt: skip


class LinkDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of index `links`; a tombstone names the two cases and their versions, nothing else.

    `evidence` is JSON as it came when written, plain values when read. `exact_a`, `exact_b` and `basis` are the
    claim's; as in claims the first two stand as `equal_a` and `equal_b`.
    """

    link: str
    state: ClaimState
    generation: str
    cases: tuple[str, str]
    a: ClaimSide
    b: ClaimSide
    audience: tuple[str, ...] = ()
    score: int = 0
    probability: float = 0.0
    band: Band = Band.NONE
    evidence: Any = None
    retain_until: str | None = None
    exact_a: ExactMatch = msgspec.field(default=ExactMatch.NONE, name="equal_a")
    exact_b: ExactMatch = msgspec.field(default=ExactMatch.NONE, name="equal_b")
    basis: Basis = Basis.SAME


class RejectedDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of index `rejected`: everything but the original bytes."""

    position: str
    topic: str
    partition: int
    offset: int
    agency: str
    reason: str
    pointer: str
    message: str
    size: int
    time: str | None = None


_cards = msgspec.msgpack.Decoder(CaseCard)
_entities = msgspec.msgpack.Decoder(tuple[EntityPrint, ...])


def card_of(packed: bytes) -> CaseCard:
    """The card that a case document holds."""
    return _cards.decode(packed)


def entities_of(document: CaseDocument) -> tuple[EntityPrint, ...]:
    """The entities that rank a case, of a document that was read with RANKED fields."""
    if document.entities is not None:
        return _entities.decode(document.entities)
    return (card_of(document.card).entities if document.card else None) or ()


def case_meta(document: CaseDocument) -> CaseMeta:
    """What the policy needs to know of a case, from its document."""
    return CaseMeta(
        document.case,
        document.agency,
        document.handling or Handling(),
        document.contact,
        retain_until=document.retain_until or "",
    )
