"""Recording a decision: audited first, then kept, then waited for, so that what is answered holds."""

from __future__ import annotations

import msgspec

from pipeline.api.problems import Unavailable
from pipeline.api.session import Session
from pipeline.index.decision_reading import NotEffectiveError
from pipeline.streams.decision_log import DecisionError
from pipeline.streams.topics import Topic

LONGEST_REASON = 2000
"""Characters of a reason: a page of text, and a bound on what a message holds."""


async def decide(session: Session, topic: Topic, key: str, value: msgspec.Struct) -> None:
    """Keep a decision that was audited, and return once readers see it. Raises Unavailable."""
    runtime = session.runtime
    try:
        offset = await runtime.decide.write(topic, key, value)
        await runtime.decisions.effective(topic.pattern, key, offset)
    except (DecisionError, NotEffectiveError) as error:
        raise Unavailable(error) from error
