"""The installation at a glance, and what was rejected, for those who operate it; nothing of any case's content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.api.problems import UnavailableError
from pipeline.api.session import Session
from pipeline.ops.replay.rejections import Rejection, RejectionFilter, count_by_reason, list_rejections, replay_rejected
from pipeline.ops.status.overview import Overview, read_overview

KEPT: Final = timedelta(days=7)
"""As long as Kafka holds what was rejected (topics.py)."""

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
    async with _audit_operation(session, "overview"):
        return await read_overview(session.runtime.settings, session.now)


async def summarise_rejections(session: Session, reason: str = "", agency: str = "") -> RejectedAnswer:
    """The rejections for a reason and of an agency, or all, without their bytes.

    Raises ForbiddenError, UnavailableError.
    """
    async with _audit_operation(session, f"rejected {reason} {agency}"):
        found = await list_rejections(session.runtime.settings, _make_filter(session, reason, agency))
    return RejectedAnswer(tuple(found[:MOST]), dict(count_by_reason(found)))


async def replay_rejections(session: Session, reason: str, agency: str = "") -> ReplayedAnswer:
    """Send those rejections again, but for what was sent again before. Raises ForbiddenError, UnavailableError."""
    async with _audit_operation(session, f"replay rejected {reason} {agency}"):
        done = await replay_rejected(session.runtime.settings, _make_filter(session, reason, agency))
    return ReplayedAnswer(dict(done.sent), dict(done.left))


def _make_filter(session: Session, reason: str, agency: str) -> RejectionFilter:
    return RejectionFilter(reason, agency, since=session.now - KEPT)


@asynccontextmanager
async def _audit_operation(session: Session, what: str) -> AsyncIterator[None]:
    """Recorded before it happens, for those who operate alone."""
    session.require_role(Role.OPS)
    await session.audit(ActKind.OPERATION, about=what.strip())
    try:
        yield
    except (KafkaError, OSError) as error:
        raise UnavailableError("Kafka is not responding; try again") from error
