"""Records that were accepted and then failed by a fault of ours: kept in `rejected`, outside the sum of outcomes.

They have no receipt, so consumed = accepted + duplicate + rejected holds without them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import lmdb
import msgspec
from aiokafka import ConsumerRecord

from pipeline.errors import LiaisonError
from pipeline.records.messages import Position, Rejected
from pipeline.settings import Settings
from pipeline.streams.transactions import Output

NOT_CORRELATED: Final = "correlate_failed"
NOT_INDEXED: Final = "index_refused"
TROUBLE: Final = (LiaisonError, lmdb.Error, MemoryError, OSError)
"""What the machine or the installation raises: it passes or is mended, so the record is tried again, never rejected."""

FAULTS: Final = frozenset({NOT_CORRELATED, NOT_INDEXED})
"""Reasons in `rejected` that no agency caused."""


def rejection(topic: str, settings: Settings, record: ConsumerRecord, reason: str, error: object) -> Output:
    """The entry of `rejected` for a record that failed; the message never echoes its content."""
    position = Position(record.topic, record.partition, record.offset)
    what = error if isinstance(error, str) else type(error).__name__
    entry = Rejected(
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
