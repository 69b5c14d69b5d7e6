"""The installation at a glance, and what was rejected, for those who operate it; nothing of any case's content.

What a rejected message says is for the agency that sent it alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.api.problems import NotFoundError, UnavailableError
from pipeline.api.session import Session
from pipeline.index.documents import AsSent
from pipeline.index.reading import STATE_FIELDS
from pipeline.ops.replay.payload import (
    FieldDifference,
    OutlineLine,
    compare_payloads,
    format_payload,
    outline_payload,
)
from pipeline.ops.replay.preview import ReplayPreview, preview_replay
from pipeline.ops.replay.rejections import (
    Rejection,
    RejectionFilter,
    count_by_reason,
    list_rejections,
    read_rejected,
    redact_rejection,
    replay_rejected,
)
from pipeline.ops.status.overview import Overview, read_overview
from pipeline.records.messages import RejectedMessage
from pipeline.records.validation import RefusedError
from pipeline.records.validation import read as read_record

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
        return await preview_replay(session.runtime.settings, wanted, session.runtime.reader.read_versions, session.now)


async def replay_rejections(session: Session, reason: str, agency: str = "", position: str = "") -> ReplayedAnswer:
    """Send those rejections again, but for what was sent again before; or that of one position.

    Raises ForbiddenError, UnavailableError.
    """
    wanted = _make_filter(session, reason, agency, position)
    async with audited_operation(session, f"replay rejected {reason} {agency} {position}"):
        done = await replay_rejected(session.runtime.settings, wanted)
    return ReplayedAnswer(dict(done.sent), dict(done.left))


def _make_filter(session: Session, reason: str, agency: str, position: str = "") -> RejectionFilter:
    positions = frozenset({position} if position else ())
    return RejectionFilter(reason, agency, since=session.now - KEPT, positions=positions)


@asynccontextmanager
async def audited_operation(session: Session, what: str) -> AsyncIterator[None]:
    """Recorded before it happens, for those who operate alone."""
    session.require_role(Role.OPS)
    await session.record(ActKind.OPERATION, about=" ".join(what.split()))
    try:
        yield
    except (KafkaError, OSError) as error:
        raise UnavailableError("the records can't be read right now; try again") from error


class RejectedMessageAnswer(msgspec.Struct, frozen=True):
    """A rejected message.

    `outline` has the places and kinds of its values. The others are for the agency that sent it, else None: `payload`
    is what it says, `accepted_version` the version of its case that was accepted last, `differences` where they differ.
    """

    rejection: Rejection
    outline: tuple[OutlineLine, ...]
    payload: str | None = None
    case: str | None = None
    accepted_version: int | None = None
    differences: tuple[FieldDifference, ...] = ()


async def read_rejected_message(session: Session, position: str) -> RejectedMessageAnswer:
    """The message that was rejected at a position. Raises ForbiddenError, NotFoundError, UnavailableError."""
    async with audited_operation(session, f"rejected show {position}"):
        message = await _find_message(session, position)
    original = message.original or b""
    answer = RejectedMessageAnswer(redact_rejection(message), outline_payload(original))
    if not message.agency or message.agency != session.requester.agency:
        return answer
    return await _add_content(session, answer, message, original)


async def _find_message(session: Session, position: str) -> RejectedMessage:
    async for message in read_rejected(session.runtime.settings, RejectionFilter(positions=frozenset({position}))):
        return message
    raise NotFoundError("no rejected message at this position")


async def _add_content(
    session: Session, answer: RejectedMessageAnswer, message: RejectedMessage, original: bytes
) -> RejectedMessageAnswer:
    """What the sender may see besides: its own message, held against its own case."""
    answer = msgspec.structs.replace(answer, payload=format_payload(original))
    key = _case_key(message)
    if not key.startswith(f"{message.agency}:"):
        return answer
    fields = (*STATE_FIELDS, "data")
    sealed = (await session.runtime.reader.read_cases([key], fields)).get(key)
    if sealed is None or sealed.head.agency != session.requester.agency:
        return msgspec.structs.replace(answer, case=key)
    async with session.answer(ActKind.OPERATION, about=f"rejected compare {message.position}") as comparison:
        document = (await comparison.weigh([sealed])).get(key)
        if document is None:
            comparison.tell_nothing()
            return answer
        comparison.show([key])
        data: AsSent = document.data or {}
    return msgspec.structs.replace(
        answer, case=key, accepted_version=document.version, differences=compare_payloads(data, original)
    )


def _case_key(message: RejectedMessage) -> str:
    """The key of the case that a message says that it is about, else the message's own."""
    try:
        return read_record(message.original).case.key
    except RefusedError:
        return (message.key or b"").decode(errors="replace")
