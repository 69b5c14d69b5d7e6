"""Poison messages by a fault of ours: records that were accepted and then failed, and records without an outcome yet.

What was accepted and then failed is kept in `rejected`, outside the sum of outcomes: it has no receipt, so consumed =
accepted + duplicate + rejected holds without it. What fails before it has an outcome gets none: it is tried again.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import lmdb
import msgspec
from aiokafka import ConsumerRecord

from pipeline.access.formats import LaterFormatError
from pipeline.errors import LiaisonError
from pipeline.records.messages import Position, RejectedMessage
from pipeline.settings import Settings
from pipeline.streams.kafka.positions import decode_value
from pipeline.streams.runtime.processor import ChunkResult
from pipeline.streams.runtime.transactions import Output

log = logging.getLogger(__name__)

T = TypeVar("T")

NOT_CORRELATED: Final = "correlate_failed"
"""Correlating the case's fingerprint failed inside. The case is searchable and has no links until a new generation."""

NOT_INDEXED: Final = "index_refused"
"""Elasticsearch refused the document. It can't be found until `liaison ops reindex` has been run."""

TROUBLE: Final = (LiaisonError, lmdb.Error, MemoryError, OSError)
"""What the machine or the installation raises: it passes or is mended, so the record is tried again, never rejected."""

MAX_FAULTS_IN_A_ROW: Final = 5
"""Failures without a record decided on in between, after which a worker ends: then it is the installation that is
wrong, not one record."""

FAULTS: Final = frozenset({NOT_CORRELATED, NOT_INDEXED})
"""Reasons in `rejected` that no agency caused."""


class InternalFaultError(Exception):
    """A record failed inside, by a fault of ours, before it had an outcome; those before it were decided on."""

    def __init__(self, position: Position, cause: BaseException, result: ChunkResult, decided: int) -> None:
        super().__init__(f"{position}: {type(cause).__name__}")
        self.position, self.result, self.decided = position, result, decided


class FaultCount:
    """Counts failures in a row over all lanes of a worker; `on_limit` is told the last of MAX_FAULTS_IN_A_ROW."""

    def __init__(self, on_limit: Callable[[InternalFaultError], None]) -> None:
        self._in_a_row, self._on_limit = 0, on_limit

    def note_decided(self) -> None:
        """A record was decided on."""
        self._in_a_row = 0

    def note_failed(self, fault: InternalFaultError) -> None:
        """A record failed inside. Logs where, but not the error's own words, which may be the record's."""
        where = "".join(traceback.format_tb(fault.__cause__.__traceback__ if fault.__cause__ else None))
        log.error("failed inside on %s; trying again\n%s", fault, where)
        self._in_a_row = 1 if fault.decided else self._in_a_row + 1
        if self._in_a_row == MAX_FAULTS_IN_A_ROW:
            self._on_limit(fault)


def decode_own(decode: Callable[[bytes], T], record: ConsumerRecord, kind: str) -> T | None:
    """What a record of a topic of our own holds; None for a mark without a value, and for what is no `kind`.

    The log says so of the latter: nobody of ours wrote it, and it must not hold up the rest. Raises what else `decode`
    does: LaterFormatError, for a version of ours wrote that.
    """
    try:
        return decode_value(decode, record) if record.value else None
    except msgspec.MsgspecError:
        log.exception("%s-%d-%d is no %s", record.topic, record.partition, record.offset, kind)
        return None


def decide_known(
    records: Sequence[ConsumerRecord],
    decode: Callable[[ConsumerRecord], T],
    decide: Callable[[Sequence[tuple[ConsumerRecord, T]]], ChunkResult],
) -> ChunkResult:
    """What decoded records lead to.

    Raises InternalFaultError at the first of a later version, once those before it are decided on: this version would
    do less than the record says. So its partition waits, and the worker ends.
    """
    known = list[tuple[ConsumerRecord, T]]()
    for record in records:
        try:
            known.append((record, decode(record)))
        except LaterFormatError as later:
            position = Position(record.topic, record.partition, record.offset)
            log.error("%s", later)
            raise InternalFaultError(position, later, decide(known), len(known)) from later
    return decide(known)


def reject_failed(topic: str, settings: Settings, record: ConsumerRecord, reason: str, error: object) -> Output:
    """The entry of `rejected` for a record that failed; the message never echoes its content."""
    position = Position(record.topic, record.partition, record.offset)
    what = error if isinstance(error, str) else type(error).__name__
    entry = RejectedMessage(
        position=position,
        reason=reason,
        pointer="",
        message=what,
        agency="",
        key=record.key,
        original=record.value,
        time=datetime.now(UTC).isoformat(),
    )
    return Output(
        topic, record.partition % settings.case_partitions, str(position).encode(), msgspec.json.encode(entry)
    )
