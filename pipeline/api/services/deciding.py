"""Recording a decision: audited first, then kept, then waited for, so that what is answered holds."""

from __future__ import annotations

import msgspec

from pipeline.access.text_limits import TextLimit, TooLongError, require_within
from pipeline.api.problems import ConflictError, UnavailableError, UnprocessableError
from pipeline.api.session import Session
from pipeline.index.decisions import NotEffectiveError
from pipeline.streams.audit.decision_log import DecisionError, OvertakenError
from pipeline.streams.catalogues.topics import Topic


def require_short(limit: TextLimit, text: str) -> None:
    """Raises UnprocessableError for a text that is too long to be kept; it names the field."""
    try:
        require_within(limit, text)
    except TooLongError as error:
        raise UnprocessableError(error, error.field) from error


async def record_decision(
    session: Session, topic: Topic, key: str, value: msgspec.Struct, replaces: msgspec.Struct | None = None
) -> None:
    """Keep a decision that was audited, and return once readers see it. Raises UnavailableError.

    Raises ConflictError where the key's value is not `replaces` any more, which the decision was made on.
    """
    runtime = session.runtime
    try:
        offset = await runtime.decide.write(topic, key, value, replaces)
        await runtime.decisions.wait_until_effective(topic.pattern, key, offset)
    except OvertakenError as error:
        raise ConflictError(error) from error
    except (DecisionError, NotEffectiveError) as error:
        raise UnavailableError(error) from error
