"""The audit log for an agency's auditors: its head, its consistency, and proofs of the acts that concern the agency."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Final

import msgspec

from pipeline.access.audit import ActKind, AuditEntry, convert_entry
from pipeline.access.requester import Role
from pipeline.api.answers import ConsistencyAnswer, InclusionAnswer, TagKeysAnswer
from pipeline.api.paging import SortValues
from pipeline.api.problems import UnavailableError, UnprocessableError
from pipeline.api.session import Session
from pipeline.index.decisions import ActSelection, AuditDocument
from pipeline.transparency.access_proofs import AccessProof, ProofHeader, encode_hashes, prove_access
from pipeline.transparency.leaves import SealedEntry, encode64, nonce_of, seal_entry, seed_of
from pipeline.transparency.merkle import leaf_hash
from pipeline.transparency.served_log import ServedHead
from pipeline.transparency.tag_keys import TagKeys

log = logging.getLogger(__name__)

PAGE: Final = 100
"""Acts proven in one part of the answer."""

FOLLOWED_S: Final = 10.0
"""How long the project stage may take to index the acts under a head; it takes about a second."""

POLL_S: Final = 0.2
"""Between two looks whether the acts under a head are indexed."""

ALL: Final = ActSelection("", "", "", "")

_encoder = msgspec.json.Encoder()


def read_head(session: Session) -> str:
    """The last signed head, as a note. Raises ForbiddenError, UnavailableError before there is one."""
    session.require_role(Role.AUDITOR)
    return _require_head(session).note


def prove_consistency(session: Session, first: int, second: int) -> ConsistencyAnswer:
    """Raises ForbiddenError, UnprocessableError for sizes that the log has not had."""
    session.require_role(Role.AUDITOR)
    if not 0 < first <= second <= session.runtime.log.store.size:
        raise UnprocessableError("the audit log never had these tree sizes", "first", "second")
    return ConsistencyAnswer(first, second, encode_hashes(session.runtime.log.store.prove_consistency(first, second)))


def prove_inclusion(session: Session, index: int, size: int) -> InclusionAnswer:
    """Raises ForbiddenError, UnprocessableError for a leaf or size that the log does not have."""
    session.require_role(Role.AUDITOR)
    served = session.runtime.log
    if not 0 <= index < size <= served.store.size:
        raise UnprocessableError("no such leaf in the audit log at this tree size", "index", "size")
    [leaf] = encode_hashes([served.leaf_at(index)])
    return InclusionAnswer(index, size, leaf, encode_hashes(served.prove_inclusion(index, size)))


async def read_tag_keys(session: Session) -> TagKeysAnswer:
    """The tag keys of the auditor's agency. Raises ForbiddenError, UnavailableError."""
    session.require_role(Role.AUDITOR)
    await session.record(ActKind.READ, {"tag keys": True})
    keys = session.runtime.tag_keys.tag_keys_of(session.requester.agency) if session.requester.agency else {}
    return TagKeysAnswer({key_id: encode64(key) for key_id, key in keys.items()})


async def prove_accesses(session: Session, first: int) -> AsyncGenerator[bytes, None]:
    """Proofs of all acts that concern the agency, as lines, recorded before the first; see docs/formats/audit-log.md.

    `first` is the size of the tree that the reader has seen. Raises ForbiddenError, UnavailableError.
    """
    session.require_role(Role.AUDITOR)
    served, agency = session.runtime.log, session.requester.agency
    last = _require_head(session)
    await session.record(ActKind.EXPORT, {"access proofs": first}, form="ndjson")
    size = last.checkpoint.size
    await _await_index(session, size)
    path = encode_hashes(served.store.prove_consistency(first, size)) if 0 < first <= size else ()
    yield _encoder.encode(ProofHeader(last.note, first, path)) + b"\n"
    after: SortValues | None = None
    while found := await session.runtime.decisions.list_acts(agency, ALL, PAGE, after):
        documents = [document for document, _ in found]
        yield await asyncio.to_thread(_encode_proofs, session, documents, size)
        after = found[-1][1]


def _require_head(session: Session) -> ServedHead:
    found = session.runtime.log.last_head()
    if found is None:
        raise UnavailableError("the audit log has no signed head yet; try again later")
    return found


async def _await_index(session: Session, size: int) -> None:
    """Return once the index holds the acts of the first `size` leaves: one that is missing would seem withheld.

    Raises UnavailableError.
    """
    deadline = time.monotonic() + FOLLOWED_S
    while not await _has_followed(session, size):
        if time.monotonic() >= deadline:
            raise UnavailableError("the search index is behind the audit log; try again")
        await asyncio.sleep(POLL_S)


async def _has_followed(session: Session, size: int) -> bool:
    """Whether the last leaf of a head, or one behind it, is among the latest acts, which are indexed in their order."""
    served, keys = session.runtime.log, session.runtime.tag_keys
    entries = [
        document.entry for document in await session.runtime.decisions.latest_acts(PAGE) if document.entry is not None
    ]
    nonces = (nonce_of(seed_of(convert_entry(entry), keys)) for entry in entries)
    places = (served.place_of(nonce) for nonce in nonces)
    return any(place is None or place >= size - 1 for place in places)


def _encode_proofs(session: Session, documents: Sequence[AuditDocument], size: int) -> bytes:
    return b"".join(_encoder.encode(proof) + b"\n" for proof in _prove_documents(session, documents, size))


def _prove_documents(session: Session, documents: Sequence[AuditDocument], size: int) -> Iterator[AccessProof]:
    """The proofs of what lies under the head; an entry that is not what its leaf says is proven as it is, and fails."""
    served, keys, agency = session.runtime.log, session.runtime.tag_keys, session.requester.agency
    referenced = session.runtime.settings.owners_see_references
    for document in documents:
        if document.entry is None:
            continue
        entry = convert_entry(document.entry)
        index = served.place_of(nonce_of(seed_of(entry, keys)))
        if index is not None and index < size:
            sealed = _seal_entry(entry, keys, served.leaf_at(index))
            path = served.prove_inclusion(index, size)
            yield prove_access(entry, sealed, index, agency, path, referenced=referenced)


def _seal_entry(entry: AuditEntry, keys: TagKeys, hash_: bytes) -> SealedEntry:
    """The entry sealed under the secret that its leaf was made under."""
    made = [seal_entry(entry, keys, keys.current)]
    for key_id in keys.ids[-2::-1]:
        if leaf_hash(made[-1].leaf.encode()) == hash_:
            break
        made.append(seal_entry(entry, keys, key_id))
    return made[-1]
