"""What an owner gets of the acts that concern it: each with its leaf, the openings that policy allows, and its path.

As a file, one JSON a line: first a ProofHeader, then an AccessProof for each act, the latest first.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from pipeline.access.audit import AuditEntry
from pipeline.transparency.leaves import (
    FIELDS,
    FIELDS_BY_FORMAT,
    RECORD,
    LeafError,
    LogLeaf,
    SealedEntry,
    commitment_to,
    minute_of,
    open_disclosure,
    own_places,
    record_commitments,
)
from pipeline.transparency.merkle import is_included, leaf_hash

OPENED_TO_OWNER: Final = ("time", "kind", "agency", "country", "purpose")
"""What the owner of a shown record is told of the act; the person is their agency's."""

REFERENCE: Final = "case_reference"
"""What the owner is told besides where the installation says so (`Settings.owners_see_references`)."""

OPENED_TO_OWN_AGENCY: Final = (*OPENED_TO_OWNER, "subject", "roles", REFERENCE, "request", "object", "rule", "facts")
"""What an agency is told of an act of its own people, as far as the entry has it; never the query."""

PART: Final = "part"
"""What both are told besides, of an act that was written in parts: which one this is, of how many."""


class ProofHeader(msgspec.Struct, frozen=True):
    """The head that the paths lead to, as a signed note, and its consistency with an earlier one of `first` leaves."""

    head: str
    first: int = 0
    consistency: tuple[str, ...] = ()


class AccessProof(msgspec.Struct, frozen=True):
    """One act: `leaf` is the leaf's body byte for byte, `openings` are SD-JWT disclosures, `path` base64 hashes."""

    index: int
    leaf: str
    commitments: tuple[str, ...]
    openings: tuple[str, ...]
    path: tuple[str, ...]


class ProvenAccess(msgspec.Struct, frozen=True):
    """An act as its proof opens it: `fields` by name, `records` as they are in the audit; `acted`: by own people.

    `key` is the id of the key that its tags are under.
    """

    index: int
    fields: dict[str, Any]
    records: tuple[dict[str, Any], ...]
    acted: bool
    key: str


class ProofError(LeafError):
    """A proof that does not hold."""


class LackingKeyError(ProofError):
    """A proof whose leaf has its tags under a key that the reader does not hold."""

    def __init__(self, key_id: str) -> None:
        super().__init__("its tags are under a key that you do not hold")
        self.key_id = key_id


def encode_hashes(hashes: Iterable[bytes]) -> tuple[str, ...]:
    """Hashes as they stand in proofs."""
    return tuple(base64.b64encode(each).decode() for each in hashes)


def decode_hashes(texts: Iterable[str]) -> list[bytes]:
    """Raises ProofError."""
    try:
        return [base64.b64decode(each, validate=True) for each in texts]
    except ValueError as error:
        raise ProofError("a hash is not base64") from error


def select_disclosures(
    entry: AuditEntry, sealed: SealedEntry, agency: str, *, referenced: bool = False
) -> tuple[str, ...]:
    """The disclosures opened to an agency of an act by its people, or of one in which its records were shown.

    `referenced`: an owner is told the case reference, too.
    """
    to_owner = (*OPENED_TO_OWNER, REFERENCE) if referenced else OPENED_TO_OWNER
    names = OPENED_TO_OWN_AGENCY if entry.agency == agency else to_owner
    own = [disclosed for shown, disclosed in sealed.records.values() if shown.case.startswith(f"{agency}:")]
    held = [sealed.fields[name] for name in names if name in sealed.fields]
    part = [sealed.fields[PART]] if entry.part else []
    return (*held, *part, *own)


def prove_access(
    entry: AuditEntry,
    sealed: SealedEntry,
    index: int,
    agency: str,
    path: Iterable[bytes],
    *,
    referenced: bool = False,
) -> AccessProof:
    """The proof of an act for an agency that it concerns; `path` is the leaf's, `referenced` as in the disclosures."""
    body = sealed.leaf.encode().decode()
    disclosures = select_disclosures(entry, sealed, agency, referenced=referenced)
    return AccessProof(index, body, sealed.commitments, disclosures, encode_hashes(path))


def check_access(proof: AccessProof, size: int, root: bytes, agency: str, keys: Mapping[str, bytes]) -> ProvenAccess:
    """The act that a proof shows to be in the log of `size` leaves.

    Raises LeafError where it shows none, LackingKeyError where `keys` lack that of its leaf.

    Every record that bears the agency's tag must be opened, and no other.
    """
    body = proof.leaf.encode()
    if not is_included(leaf_hash(body), proof.index, size, decode_hashes(proof.path), root):
        raise ProofError("it is not in the log under the head that was given")
    leaf = LogLeaf.decode(body)
    if leaf.key not in keys:
        raise LackingKeyError(leaf.key)
    records = record_commitments(leaf, proof.commitments)
    places = own_places(leaf, keys[leaf.key])
    opened = {commitment_to(each): open_disclosure(each) for each in proof.openings}
    if unknown := opened.keys() - set(proof.commitments):
        raise ProofError("{count} of its openings open nothing that was committed to", count=len(unknown))
    own = tuple(_opened_records(opened, [records[place - 1] for place in places if place], agency))
    fields = _opened_fields(opened, proof.commitments[: len(proof.commitments) - len(records)], leaf)
    acted = 0 in places
    if not places or acted != (fields["agency"] == agency):
        raise ProofError("it bears no tag of the agency, or names another agency than its tag")
    return ProvenAccess(proof.index, fields, own, acted, leaf.key)


def _opened_records(
    opened: Mapping[str, tuple[str, Any]], commitments: Iterable[str], agency: str
) -> Iterator[dict[str, Any]]:
    for each in commitments:
        name, value = opened.get(each, ("", {}))
        if name != RECORD or not isinstance(value, dict):
            raise ProofError("a record that bears the agency's tag is not opened")
        if not str(value.get("case")).startswith(f"{agency}:"):
            raise ProofError("a record that bears the agency's tag is another agency's")
        yield value


def _opened_fields(opened: Mapping[str, tuple[str, Any]], commitments: Iterable[str], leaf: LogLeaf) -> dict[str, Any]:
    """The opened fields; each opens the commitment that stands in its own place."""
    fields: dict[str, Any] = {}
    names = FIELDS_BY_FORMAT.get(leaf.format, FIELDS)
    for expected, each in zip(names, commitments, strict=False):
        name, value = opened.get(each, (expected, None))
        if name != expected:
            raise ProofError("field {name} is opened in another's place", name=expected)
        if each in opened:
            fields[name] = value
    if missing := [name for name in OPENED_TO_OWNER if name not in fields]:
        raise ProofError("it does not open {fields}", fields=", ".join(missing))
    if _minute_or_empty(fields["time"]) != leaf.minute:
        raise ProofError("its time is not that of its leaf")
    return fields


def _minute_or_empty(time: Any) -> str:
    try:
        return minute_of(str(time))
    except ValueError:
        return ""
