"""The decision about one source position: accepted, duplicate or rejected. Pure: stores, clock and registry are given.

In the order an agency expects: is the agency known, is the message a record, is it that agency's, is it where its key
belongs, is it known already, is its signature good, is its version due. What is known already changes nothing, whoever
sent it: so it stays a duplicate when it is sent again after its key has ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from pipeline.records import hashing, signatures
from pipeline.records.agencies import Agency, AgencyState, Registry
from pipeline.records.doubts import handling_warnings
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import partition_of
from pipeline.records.messages import (
    NO_ENTITIES,
    AcceptedRecord,
    KnownVersion,
    Outcome,
    Position,
    Provenance,
    Reason,
    Receipt,
    RejectedMessage,
    VersionRelation,
    compare_version,
)
from pipeline.records.model import RECORD_TYPE, Case
from pipeline.records.normalised import NormalisedCase, RecordWarning
from pipeline.records.validation import RecordProblem, RefusedError, ValidRecord, read, sender_problems

NOTHING = NormalisedCase(())

_encode = msgspec.json.Encoder().encode

KEPT_BYTES = 4 << 20
"""Key and value that an entry of `rejected` holds at most: as much as a national topic takes uncompressed. A compressed
batch may hold a larger message, whose entry the broker would refuse for ever."""

_NOT_DUE = {
    VersionRelation.STALE: "a higher version was already accepted",
    VersionRelation.CONFLICTING: "this version was accepted with other content; a change needs a higher version",
}


_FOREIGN_ORIGIN = RecordProblem(
    Reason.FOREIGN_AGENCY, "", "its header liaison-origin names a position of another topic; send it without the header"
)


_UNSIGNED = RecordProblem(Reason.UNSIGNED, "", "its agency accepts only signed records; sign it and send it again")


class SourceMessage(msgspec.Struct, frozen=True):
    """One Kafka message of a national topic; `agency` is the one that the topic is for.

    `origin` is where it was first, if an operator has sent it again, to the same topic: then a version below the one
    known is no mistake of its agency but a duplicate.
    """

    position: Position
    agency: str
    key: bytes | None
    value: bytes | None
    arrived_ms: int = 0
    origin: Position | None = None


class AcceptedVersion(msgspec.Struct, frozen=True):
    """A version that is accepted. A withdrawal's case and data hold identity, version and status only.

    `signature` is the agency's own over `data`; "" where it sent none.
    """

    case: Case
    data: bytes
    content_hash: str
    hash: str
    normalised: NormalisedCase
    signature: str = ""

    @property
    def known(self) -> KnownVersion:
        """What to remember of it."""
        return KnownVersion(self.case.version, self.content_hash)


class IntakeDecision(msgspec.Struct, frozen=True):
    """What becomes of one position: always a receipt, and `taken` or `rejected` unless it is a duplicate."""

    receipt: Receipt
    taken: AcceptedVersion | None = None
    rejected: RejectedMessage | None = None


class IntakeContext(msgspec.Struct, frozen=True):
    """What intake decides by: registry, partition count of national topics, what is known of a case key, clock."""

    agencies: Registry
    partitions: int
    known: Callable[[str], KnownVersion | None]
    now: Callable[[], datetime]


def decide_message(message: SourceMessage, context: IntakeContext) -> IntakeDecision:
    """Decide on one message; never raises, whatever its bytes. The caller remembers `taken.known` before the next."""
    now = context.now()
    time = now.isoformat(timespec="milliseconds")
    if message.origin is not None and message.origin.topic != message.position.topic:
        return rejection(msgspec.structs.replace(message, origin=None), _FOREIGN_ORIGIN, time)
    try:
        agency = _sender(message, context.agencies)
        record = read(message.value)
    except RefusedError as refused:
        return rejection(message, refused.problems[0], time)
    try:
        _check_route(message, record, agency, context.partitions)
        known, content = context.known(record.case.key), hashing.content_hash(record.data)
        found = compare_version(known, record.case.version, content)
        resent = found is VersionRelation.STALE and message.origin is not None
        if found is VersionRelation.DUPLICATE or resent:
            return IntakeDecision(_receipt(message, Outcome.DUPLICATE, record.case, time))
        check_signature(record, agency, message.arrived_ms)
        taken = accept_record(record, known, content)
    except RefusedError as refused:
        return rejection(message, refused.problems[0], time, record.case)
    warnings = (*handling_warnings(taken.case, now), *taken.normalised.warnings)
    return IntakeDecision(_receipt(message, Outcome.ACCEPTED, taken.case, time, warnings), taken)


def accept_record(record: ValidRecord, known: KnownVersion | None, content: str) -> AcceptedVersion:
    """The version, if it is above the one known; `content` is the hash of its data, its signature is not looked at.

    Raises RefusedError (stale_version, conflicting_version); ask first whether it is a duplicate.
    """
    case, signature = record.case, record.envelope.signature or ""
    found = compare_version(known, case.version, content)
    if found is not VersionRelation.NEWER:
        raise RefusedError(RecordProblem(Reason(found), "/data/version", _NOT_DUE[found]))
    if case.withdrawn:
        mark = case.stripped()
        return AcceptedVersion(mark, _mark_data(case), content, hashing.fingerprint_hash(mark), NOTHING, signature)
    return AcceptedVersion(case, record.data, content, hashing.fingerprint_hash(case), normalise(case), signature)


def _mark_data(case: Case) -> bytes:
    """What is kept of a withdrawal's data."""
    return hashing.canonical_json(msgspec.to_builtins(case.stripped()))


def check_signature(record: ValidRecord, agency: Agency, arrived_ms: int) -> None:
    """Check a record's signature, or that it needs none; `arrived_ms` is Kafka's time of the message.

    Of a withdrawal it covers what is kept of it. A signature that is there must be good, whether it is asked for or
    not: what was taken with one can be shown to anyone. Raises RefusedError (unsigned, bad_signature).
    """
    signature, case = record.envelope.signature, record.case
    if signature is None:
        if agency.signing.required:
            raise RefusedError(_UNSIGNED)
        return
    try:
        payload = signatures.canonical(_mark_data(case) if case.withdrawn else record.data)
        signatures.check_times(signatures.verify(signature, payload, agency.signing.key), arrived_ms)
    except signatures.SignatureError as fault:
        raise RefusedError(RecordProblem(Reason.BAD_SIGNATURE, "/signature", str(fault))) from fault


def make_accepted_record(
    taken: AcceptedVersion, receipt: Receipt, fingerprint: msgspec.Raw, generation: str, arrived_ms: int = 0
) -> AcceptedRecord:
    """The value of topic `accepted` for a version and its receipt, with its fingerprint (JSON) of that generation."""
    return AcceptedRecord(
        case=taken.case.key,
        version=taken.case.version,
        status=taken.case.status,
        hash=taken.hash,
        data=msgspec.Raw(taken.data),
        provenance=Provenance(
            receipt.position, receipt.time, taken.content_hash, RECORD_TYPE, generation, arrived_ms, taken.signature
        ),
        entities=msgspec.Raw(_encode(entities)) if (entities := taken.normalised.entities) else NO_ENTITIES,
        fingerprint=fingerprint,
        warnings=taken.normalised.warnings,
    )


def known_from(value: AcceptedRecord) -> KnownVersion:
    """What intake remembers of an accepted version, for rebuilding its store from topic `accepted`."""
    return KnownVersion(value.version, value.provenance.content_hash)


def _sender(message: SourceMessage, agencies: Registry) -> Agency:
    agency = agencies.get(message.agency)
    if agency is None or agency.state is not AgencyState.ACTIVE:
        raise RefusedError(RecordProblem(Reason.UNKNOWN_AGENCY, "", "no active agency is registered for this topic"))
    return agency


def _check_route(message: SourceMessage, record: ValidRecord, agency: Agency, partitions: int) -> None:
    for problem in sender_problems(record, agency):
        raise RefusedError(problem)
    key = record.case.key.encode()
    partition = partition_of(key, partitions)
    if message.key != key or message.position.partition != partition:
        where = f"its key must be {record.case.key} and its partition {partition} (murmur2 of the key)"
        raise RefusedError(RecordProblem(Reason.MISROUTED, "", where))


def _receipt(
    message: SourceMessage, outcome: Outcome, case: Case, time: str, warnings: tuple[RecordWarning, ...] = ()
) -> Receipt:
    return Receipt(
        message.position, outcome, case.key, case.version, warnings=warnings, time=time, origin=message.origin
    )


_UNREAD: Final = frozenset({Reason.SCHEMA, Reason.DATE})
"""Why JSON was not read as a case, so that its key alone says which its sender means."""

_CASE_ID: Final = re.compile(r"[^\s#|]{1,100}")


def _claimed_key(message: SourceMessage) -> str:
    """The case key that a message's own key is, if it is one of its sender's; else "", as it may hold anything."""
    try:
        key = (message.key or b"").decode()
    except UnicodeDecodeError:
        return ""
    agency, _, name = key.partition(":")
    return key if agency == message.agency and _CASE_ID.fullmatch(name) and name.isprintable() else ""


def reject_batch(first: SourceMessage, last_offset: int, problem: str, time: str) -> IntakeDecision:
    """The one decision about all positions of a batch that can't be read, from its first message's on."""
    decision = rejection(first, RecordProblem(Reason.UNREADABLE_BATCH, "", problem), time)
    receipt = msgspec.structs.replace(decision.receipt, last_offset=last_offset)
    rejected = decision.rejected and msgspec.structs.replace(decision.rejected, last_offset=last_offset)
    return IntakeDecision(receipt, rejected=rejected)


def rejection(message: SourceMessage, problem: RecordProblem, time: str, case: Case | None = None) -> IntakeDecision:
    """The decision not to take a message in; the receipt names its case where it is known and its sender's own.

    Of a record that is no case by its schema or a date, it names what the message's key claims to be one.

    A message over KEPT_BYTES is not kept: key and original are None.
    """
    own = case if case and case.agency == message.agency else None
    kept = len(message.key or b"") + len(message.value or b"") <= KEPT_BYTES
    receipt = Receipt(
        message.position,
        Outcome.REJECTED,
        own.key if own else _claimed_key(message) if problem.reason in _UNREAD else "",
        own.version if own else 0,
        problem.reason,
        problem.pointer,
        problem.message,
        time=time,
        origin=message.origin,
    )
    rejected = RejectedMessage(
        position=message.position,
        reason=problem.reason,
        pointer=problem.pointer,
        message=problem.message,
        agency=message.agency,
        key=message.key if kept else None,
        original=message.value if kept else None,
        time=time,
        origin=message.origin,
    )
    return IntakeDecision(receipt, rejected=rejected)
