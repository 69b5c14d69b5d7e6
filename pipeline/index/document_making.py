"""What is written: a case, a link, a rejection each becomes one full document with an external version. Pure.

The external version makes any order of arrival end right: Elasticsearch refuses (409) what is lower than what it holds.
"""

from __future__ import annotations

import msgspec

from pipeline.access.audience import link_audience
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, external_version
from pipeline.correlation.references import digest_name
from pipeline.index.documents import (
    LIVE,
    CaseCard,
    CaseDocument,
    LinkDocument,
    RejectedDocument,
    StatedHandling,
)
from pipeline.index.terms import case_terms, folded_text, search_terms
from pipeline.matching.fingerprint import Contact, Fingerprint
from pipeline.records.messages import EXPIRED, AcceptedRecord, RejectedMessage
from pipeline.records.outlines import hide_names

WITHDRAWN = "withdrawn"

ORDER_DIGITS = 15
"""Hexadecimal digits of a case's digest that fit a signed 64-bit integer."""

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


class _Head(msgspec.Struct):
    """The parts of a record's `data` that are searched on their own; the decoder skips the rest."""

    agency: str
    country: str
    opened: str | None = None
    closed: str | None = None
    title: str | None = None
    summary: str | None = None
    language: str | None = None
    offences: tuple[_Offence, ...] = ()
    policing_goals: tuple[int, ...] = ()
    entities: tuple[_Entity, ...] = ()


_encoder = msgspec.json.Encoder()
_packer = msgspec.msgpack.Encoder()
_heads = msgspec.json.Decoder(_Head)
_fingerprints = msgspec.json.Decoder(Fingerprint)


def case_document(accepted: AcceptedRecord) -> DocumentWrite:
    """The document of one accepted version; of a withdrawn or expired case a tombstone without content."""
    gone = accepted.status in (WITHDRAWN, EXPIRED)
    document = _case_tombstone(accepted) if gone else _full_case(accepted)
    version = external_version(accepted.version, accepted.status == EXPIRED)
    return DocumentWrite("cases", accepted.case, version, _encoder.encode(document), accepted.provenance.arrived_ms)


def fold_role(role: str) -> str:
    """A role as it is filtered by: agencies write it with a capital or without."""
    return " ".join(role.split()).casefold()


def _case_tombstone(accepted: AcceptedRecord) -> CaseDocument:
    head = _heads.decode(accepted.data)
    return CaseDocument(accepted.case, head.agency, head.country, accepted.version, accepted.status)


def _full_case(accepted: AcceptedRecord) -> CaseDocument:
    head = _heads.decode(accepted.data)
    fingerprint = _fingerprints.decode(accepted.fingerprint)
    handling = StatedHandling(*msgspec.structs.astuple(fingerprint.handling))
    name = digest_name(accepted.case)
    card, entities = _pack_card(_make_card(accepted, head, fingerprint, handling))
    return CaseDocument(
        case=accepted.case,
        agency=head.agency,
        country=head.country,
        version=accepted.version,
        state=LIVE,
        digest=name,
        hash=accepted.hash,
        status=accepted.status,
        handling=handling,
        contact=fingerprint.contact,
        retain_until=fingerprint.retain_until or None,
        opened=head.opened,
        closed=head.closed,
        language=head.language or "",
        offences=tuple(f"{offence.scheme}:{offence.code}" for offence in head.offences),
        policing_goals=head.policing_goals,
        types=tuple(sorted({entity.type for entity in head.entities})),
        roles=tuple(sorted({role for entity in head.entities if (role := fold_role(entity.role or ""))})),
        text=folded_text(head.title, head.summary, *(word for entity in head.entities for word in entity.words)),
        keys=fingerprint.keys,
        terms=search_terms(fingerprint.entities) + case_terms(head.agency, accepted.case.partition(":")[2]),
        order=int(name[:ORDER_DIGITS], 16),
        card=card,
        entities=entities,
        data=accepted.data,
        warnings=accepted.warnings,
        provenance=accepted.provenance,
    )


def _make_card(accepted: AcceptedRecord, head: _Head, fingerprint: Fingerprint, handling: StatedHandling) -> CaseCard:
    return CaseCard(
        accepted.case, head.agency, head.country, accepted.version, accepted.hash, handling, fingerprint.contact,
        fingerprint.retain_until or None, head.title, fingerprint.entities,
    )  # fmt: skip


def _pack_card(card: CaseCard) -> tuple[bytes, bytes | None]:
    """A card as bytes; one that is too large says little, of no version, and its entities stand apart."""
    packed = _packer.encode(card)
    if len(packed) <= LARGEST_CARD:
        return packed, None
    bare = CaseCard(card.case, card.agency, card.country, 0, card.hash, StatedHandling(), Contact(), None, None, None)
    return _packer.encode(bare), _packer.encode(card.entities)


def link_document(claim: Claim) -> DocumentWrite:
    """The document of a claim; a retraction or release becomes a tombstone."""
    document = _full_link(claim) if claim.state is ClaimState.LIVE else _link_tombstone(claim)
    return DocumentWrite("links", claim.link, claim.external_version, _encoder.encode(document))


def _link_tombstone(claim: Claim) -> LinkDocument:
    a, b = (ClaimSide(side.case, side.version) for side in (claim.a, claim.b))
    return LinkDocument(claim.link, claim.state, claim.generation, (a.case, b.case), a, b)


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
