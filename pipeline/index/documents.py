"""The documents of indices `cases`, `links` and `rejected`: how they are made, and what is read from them. Pure.

A case, a link, a rejection each becomes one full document with an external version. It makes any order of arrival end
right: Elasticsearch refuses (409) what is lower than what it holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from pipeline.access.redaction import LinkRow
from pipeline.access.release import CaseMeta, is_withheld, link_audience
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, external_version
from pipeline.correlation.key_ring import KeyRing, KeyUse, digest_name
from pipeline.matching.bands import Band, Basis, ExactMatch
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.handling import Contact, Handling
from pipeline.records.caveats import CaveatTranslation, find_translation
from pipeline.records.messages import EXPIRED, AcceptedRecord, Provenance, RejectedMessage
from pipeline.records.normalised import RecordWarning
from pipeline.records.schemas import hide_names
from pipeline.search.ranking import CaseCard, StatedHandling
from pipeline.search.terms import case_terms, equal_terms, folded_text, search_terms

AsSent = dict[str, Any]
"""JSON of a record, or of a part of one, as its agency sent it; schemas/case.schema.json says what it may hold."""

LIVE = "live"


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
    caveat_translations: dict[str, str] = {}
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
    equals: tuple[str, ...] = ()
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

    @property
    def caveat(self) -> str | None:
        """The owner's; None where there is none."""
        return (self.handling.caveat if self.handling else "") or None

    def translate_caveat(self, language: str) -> CaveatTranslation | UnsetType:
        """The owner's translation of it for readers of a language; UNSET where there is none."""
        translations = self.caveat_translations
        return find_translation(translations, language, self.caveat or "", self.language) or UNSET

    @property
    def title(self) -> str | None:
        """As its agency sent it, where it was read; None where there is none."""
        title: str | None = (self.data or {}).get("title")
        return title

    @property
    def sent_entities(self) -> Sequence[AsSent]:
        """As its agency sent them, as far as they were read."""
        sent: Sequence[AsSent] = (self.data or {}).get("entities", ())
        return sent


class TiedEntities(msgspec.Struct, frozen=True):
    """Two entities that the evidence of a link is about, and what that is worth, in hundredths of a bit."""

    entity_a: str
    entity_b: str
    bits: int
    type_a: str = ""
    type_b: str = ""


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

    @property
    def explanation(self) -> Explanation:
        """Its evidence. Raises msgspec.ValidationError for a link that was read without it."""
        return msgspec.convert(self.evidence, Explanation)

    @property
    def ties(self) -> tuple[TiedEntities, ...]:
        """The entities that its evidence is about, as far as it was read; their types only with the whole of it."""
        return msgspec.convert((self.evidence or {}).get("entities", ()), tuple[TiedEntities, ...])


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


def document_of_card(card: CaseCard) -> CaseDocument:
    """As much of a live case's document as a list of cases shows."""
    return CaseDocument(
        card.case, card.agency, card.country, card.version, LIVE, hash=card.hash, handling=card.handling,
        caveat_translations=card.caveat_translations, contact=card.contact, retain_until=card.retain_until,
        language=card.language, data={"title": card.title},
    )  # fmt: skip


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


WITHDRAWN = "withdrawn"

LARGEST_CARD = 32_000
"""Bytes of a card, of which doc values hold at most 32,766: about a hundred entities. The few larger cases are ranked
and shown by their documents."""


class DocumentWrite(msgspec.Struct, frozen=True):
    """One document to write: `kind` of index, document id, external version (None: last write wins), JSON body."""

    kind: str
    id: str
    version: int | None
    body: bytes
    arrived_ms: int = 0
    """Kafka's time, in milliseconds, of the message in its national topic; 0: not known. It tells the delay."""


class _Offence(msgspec.Struct):
    scheme: str = ""
    code: str = ""


class _Entity(msgspec.Struct):
    """What a case is filtered by of an entity, and the words by which a thing is asked for ("Glock 17")."""

    type: str = ""
    role: str | None = None
    make: str | None = None
    model: str | None = None
    colour: str | None = None
    calibre: str | None = None
    category: str | None = None
    institution: str | None = None
    method: str | None = None

    @property
    def words(self) -> tuple[str | None, ...]:
        return self.make, self.model, self.colour, self.calibre, self.category, self.institution, self.method


class _Caveats(msgspec.Struct, frozen=True):
    """What of a record's handling its fingerprint lacks."""

    caveat_translations: dict[str, str] = {}


class _Head(msgspec.Struct):
    """The parts of a record's `data` that are searched on their own; the decoder skips the rest."""

    agency: str
    country: str
    opened: str | None = None
    closed: str | None = None
    title: str | None = None
    summary: str | None = None
    language: str | None = None
    handling: _Caveats = _Caveats()
    offences: tuple[_Offence, ...] = ()
    policing_goals: tuple[int, ...] = ()
    entities: tuple[_Entity, ...] = ()


_encoder = msgspec.json.Encoder()
_packer = msgspec.msgpack.Encoder()
_heads = msgspec.json.Decoder(_Head)
_fingerprints = msgspec.json.Decoder(Fingerprint)


def order_key_of(ring: KeyRing) -> bytes:
    """The key of `order`: of the first secret for good, so that documents of before stand as those of today."""
    return ring.derive_key(KeyUse.ORDER, ring.first)


def case_document(accepted: AcceptedRecord, order_key: bytes = b"") -> DocumentWrite:
    """The document of one accepted version; of a withdrawn or expired case a tombstone without content.

    `order_key` (order_key_of) lets nobody choose case numbers that come first among equals.
    """
    if accepted.status in (WITHDRAWN, EXPIRED):
        head = _heads.decode(accepted.data)
        document = CaseDocument(accepted.case, head.agency, head.country, accepted.version, accepted.status)
    else:
        document = _full_case(accepted, order_key)
    version = external_version(accepted.version, accepted.status == EXPIRED)
    return DocumentWrite("cases", accepted.case, version, _encoder.encode(document), accepted.provenance.arrived_ms)


def fold_role(role: str) -> str:
    """A role as it is filtered by: agencies write it with a capital or without."""
    return " ".join(role.split()).casefold()


def place_equals(case: str, order_key: bytes) -> int:
    """Where a case stands among equal candidates, as 63 bits."""
    digest = hashlib.blake2b(case.encode(), key=order_key, digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def _full_case(accepted: AcceptedRecord, order_key: bytes) -> CaseDocument:
    head = _heads.decode(accepted.data)
    fingerprint = _fingerprints.decode(accepted.fingerprint)
    handling = StatedHandling(*msgspec.structs.astuple(fingerprint.handling))
    card, entities = _pack_card(_make_card(accepted, head, fingerprint, handling))
    return CaseDocument(
        case=accepted.case,
        agency=head.agency,
        country=head.country,
        version=accepted.version,
        state=LIVE,
        digest=digest_name(accepted.case),
        hash=accepted.hash,
        status=accepted.status,
        handling=handling,
        caveat_translations=head.handling.caveat_translations,
        contact=fingerprint.contact,
        retain_until=fingerprint.retain_until or None,
        opened=head.opened,
        closed=head.closed,
        language=head.language or "",
        offences=tuple(f"{offence.scheme}:{offence.code}" for offence in head.offences),
        policing_goals=head.policing_goals,
        types=tuple(sorted({entity.type for entity in head.entities})),
        roles=tuple(sorted({fold_role(entity.role) for entity in head.entities if entity.role} - {""})),
        text=folded_text(head.title, head.summary, *[word for entity in head.entities for word in entity.words]),
        keys=fingerprint.keys,
        terms=search_terms(fingerprint.entities) + case_terms(head.agency, accepted.case.partition(":")[2]),
        equals=equal_terms(fingerprint.entities) if is_withheld(handling) else (),
        order=place_equals(accepted.case, order_key),
        card=card,
        entities=entities,
        data=accepted.data,
        warnings=accepted.warnings,
        provenance=accepted.provenance,
    )


def _make_card(accepted: AcceptedRecord, head: _Head, fingerprint: Fingerprint, handling: StatedHandling) -> CaseCard:
    translations = head.handling.caveat_translations
    return CaseCard(
        accepted.case, head.agency, head.country, accepted.version, accepted.hash, handling, fingerprint.contact,
        fingerprint.retain_until or None, head.title, fingerprint.entities, translations,
        (head.language or "") if translations else "",
    )  # fmt: skip


def _pack_card(card: CaseCard) -> tuple[bytes, bytes | None]:
    """A card as bytes; one that is too large says little, of no version, and its entities stand apart."""
    packed = _packer.encode(card)
    if len(packed) <= LARGEST_CARD:
        return packed, None
    bare = CaseCard(card.case, card.agency, card.country, 0, card.hash, StatedHandling(), Contact(), None, None, None)
    return _packer.encode(bare), _packer.encode(card.entities)


def link_document(claim: Claim) -> DocumentWrite:
    """The document of a claim; a retraction becomes a tombstone."""
    if claim.state is ClaimState.LIVE:
        document = _full_link(claim)
    else:
        a, b = (ClaimSide(side.case, side.version) for side in (claim.a, claim.b))
        document = LinkDocument(claim.link, claim.state, claim.generation, (a.case, b.case), a, b)
    return DocumentWrite("links", claim.link, claim.external_version, _encoder.encode(document))


def _full_link(claim: Claim) -> LinkDocument:
    return LinkDocument(
        link=claim.link,
        state=claim.state,
        generation=claim.generation,
        cases=(claim.a.case, claim.b.case),
        a=_link_side(claim.a),
        b=_link_side(claim.b),
        audience=link_audience(claim.a, claim.b, claim.exact_a, claim.exact_b, linked=bool(claim.band)),
        score=claim.score,
        probability=claim.probability,
        band=claim.band,
        evidence=claim.evidence if claim.band else None,
        exact_a=claim.exact_a,
        exact_b=claim.exact_b,
        basis=claim.basis,
        retain_until=min(filter(None, (claim.a.retain_until, claim.b.retain_until)), default=None),
    )


def _link_side(side: ClaimSide) -> ClaimSide:
    """A side without handling and contact, which are read from the case document alone."""
    return ClaimSide(side.case, side.version, hash=side.hash, agency=side.agency, country=side.country)


def rejected_document(rejected: RejectedMessage) -> DocumentWrite:
    """The document of a rejection; the original stays in Kafka, only its size is told."""
    position = rejected.position
    document = RejectedDocument(
        position=str(position),
        topic=position.topic,
        partition=position.partition,
        offset=position.offset,
        agency=rejected.agency,
        reason=rejected.reason,
        pointer=hide_names(rejected.pointer),
        message=rejected.message,
        size=len(rejected.original or b""),
        time=rejected.time or None,
    )
    return DocumentWrite("rejected", str(position), None, _encoder.encode(document))


def link_row(link: LinkDocument) -> LinkRow:
    """A link that is seen in full; case_a < case_b. `basis`: of what score, probability and band are."""
    return LinkRow(
        link.link, link.a.case, link.b.case, link.a.version, link.b.version, link.probability, link.score, link.band,
        link.basis, link.evidence,
    )  # fmt: skip


class CaseRecord(msgspec.Struct, frozen=True):
    """A live case; `data` is the record as its agency sent it, `signature` that agency's over it, or null."""

    case: str
    agency: str
    country: str
    version: int
    hash: str
    data: Any
    signature: str | None


def case_row(case: CaseDocument) -> CaseRecord:
    """A live case as it is exported."""
    return CaseRecord(case.case, case.agency, case.country, case.version, case.hash, case.data, case.signature)
