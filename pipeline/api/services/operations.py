"""The installation at a glance, and what was rejected, for those who operate it; nothing of any case's content."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from pipeline.access.audit import ActKind, ShownCase
from pipeline.access.requester import Role
from pipeline.api.problems import UnavailableError
from pipeline.api.session import Session
from pipeline.index.reading import STATE_FIELDS, IndexReader
from pipeline.ops.replay.preview import ReplayPreview, preview_replay
from pipeline.ops.replay.rejections import Rejection, RejectionFilter, count_by_reason, list_rejections, replay_rejected
from pipeline.ops.status.overview import Overview, read_overview
from pipeline.records.messages import KnownVersion

KEPT: Final = timedelta(days=7)
"""As long as Kafka holds what was rejected (topics.py)."""

KNOWN_FIELDS: Final = (*STATE_FIELDS, "provenance")

MOST: Final = 200
"""Rejections that are listed; all are counted."""


class RejectedAnswer(msgspec.Struct, frozen=True):
    """What was rejected in the last week, the latest first, and how often for each reason."""

    rejections: tuple[Rejection, ...]
    counts: dict[str, int]


class ReplayedAnswer(msgspec.Struct, frozen=True):
    """How many were sent again, by agency, and by reason how many no sending again can mend."""

    sent: dict[str, int]
    left: dict[str, int]


async def read_operations(session: Session) -> Overview:
    """What waits, is silent, was rejected, is active, and how large it is. Raises ForbiddenError, UnavailableError."""
    async with audited_operation(session, "overview"):
        return await read_overview(session.runtime.settings, session.now)


async def summarise_rejections(session: Session, reason: str = "", agency: str = "") -> RejectedAnswer:
    """The rejections for a reason and of an agency, or all, without their bytes.

    Raises ForbiddenError, UnavailableError.
    """
    async with audited_operation(session, f"rejected {reason} {agency}"):
        found = await list_rejections(session.runtime.settings, _make_filter(session, reason, agency))
    return RejectedAnswer(tuple(found[:MOST]), dict(count_by_reason(found)))


async def preview_rejections(session: Session, reason: str, agency: str = "", position: str = "") -> ReplayPreview:
    """What sending those rejections again would change, by what the index holds of their cases; sends nothing.

    Raises ForbiddenError, UnavailableError.
    """
    wanted = _make_filter(session, reason, agency, position)
    async with audited_operation(session, f"preview replay {reason} {agency} {position}"):
        return await preview_replay(
            session.runtime.settings, wanted, partial(read_known_versions, session.runtime.reader), session.now
        )


async def replay_rejections(session: Session, reason: str, agency: str = "", position: str = "") -> ReplayedAnswer:
    """Send those rejections again, but for what was sent again before; or that of one position.

    Raises ForbiddenError, UnavailableError.
    """
    wanted = _make_filter(session, reason, agency, position)
    async with audited_operation(session, f"replay rejected {reason} {agency} {position}"):
        done = await replay_rejected(session.runtime.settings, wanted)
    return ReplayedAnswer(dict(done.sent), dict(done.left))


async def read_known_versions(reader: IndexReader, keys: Iterable[str]) -> dict[str, KnownVersion]:
    """Version and content hash of what is indexed of these cases; nothing of what they say."""
    found = await reader.read_cases(keys, KNOWN_FIELDS)
    return {
        key: KnownVersion(document.version, document.provenance.content_hash)
        for key, document in found.items()
        if document.provenance is not None
    }


def _make_filter(session: Session, reason: str, agency: str, position: str = "") -> RejectionFilter:
    positions = frozenset({position} if position else ())
    return RejectionFilter(reason, agency, since=session.now - KEPT, positions=positions)


@asynccontextmanager
async def audited_operation(session: Session, what: str, shown: Iterable[ShownCase] = ()) -> AsyncIterator[None]:
    """Recorded before it happens, for those who operate alone; `shown` are records that it shows."""
    session.require_role(Role.OPS)
    await session.audit(ActKind.OPERATION, shown=shown, about=" ".join(what.split()))
    try:
        yield
    except (KafkaError, OSError) as error:
        raise UnavailableError("the records can't be read right now; try again") from error
