"""Recording a decision: audited first, then kept, then waited for, so that what is answered holds."""

from __future__ import annotations

import msgspec

from pipeline.api.problems import ConflictError, UnavailableError
from pipeline.api.session import Session
from pipeline.index.decision_reading import NotEffectiveError
from pipeline.streams.audit.decision_log import DecisionError, OvertakenError
from pipeline.streams.catalogues.topics import Topic

LONGEST_REASON = 2000
"""Characters of a reason: a page of text, and a bound on what a message holds."""


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
