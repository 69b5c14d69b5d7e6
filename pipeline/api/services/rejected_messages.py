"""One rejected message: its outline for those who operate; what it says for the agency that sent it alone."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.access.release import View
from pipeline.api.problems import NotFoundError
from pipeline.api.services.operations import audited_operation
from pipeline.api.session import Session
from pipeline.index.reading import STATE_FIELDS
from pipeline.ops.replay.payload import (
    FieldDifference,
    OutlineLine,
    compare_payloads,
    format_payload,
    outline_payload,
)
from pipeline.ops.replay.rejections import Rejection, RejectionFilter, read_rejected, redact_rejection
from pipeline.records.messages import RejectedMessage
from pipeline.records.validation import RefusedError
from pipeline.records.validation import read as read_record


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
    document = (await session.runtime.reader.read_cases([key], fields)).get(key)
    if document is None or document.agency != session.requester.agency:
        return msgspec.structs.replace(answer, case=key)
    views = await session.decide_views({key: document})
    if views[key] is not View.FULL:
        return answer
    async with audited_operation(session, f"rejected compare {message.position}", session.make_shown(views)):
        data: dict[str, Any] = document.data or {}
    return msgspec.structs.replace(
        answer, case=key, accepted_version=document.version, differences=compare_payloads(data, original)
    )


def _case_key(message: RejectedMessage) -> str:
    """The key of the case that a message says that it is about, else the message's own."""
    try:
        return read_record(message.original).case.key
    except RefusedError:
        return (message.key or b"").decode(errors="replace")
