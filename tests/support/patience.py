"""Limits of the product for whoever waits for an answer, widened: on two busy cores an engine may be slow, not away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from support.waiting import PATIENCE_S

LIMITS: Final[dict[str, float]] = {
    "pipeline.index.engine.READ_TIMEOUT_S": PATIENCE_S,
    "pipeline.index.decisions.EFFECTIVE_S": PATIENCE_S,
    "pipeline.streams.audit.audit_log.FAIL_OVER_S": PATIENCE_S,
    "pipeline.streams.audit.decision_log.ANSWER_S": PATIENCE_S,
    "pipeline.streams.audit.decision_log.REQUEST_TIMEOUT_MS": 30_000,
    "pipeline.streams.audit.decision_log.TRANSACTION_TIMEOUT_MS": 60_000,
    "pipeline.streams.kafka.producers.PROMPT_TIMEOUT_MS": 30_000,
}
"""By where each stands."""


def widen_limits(change: Callable[[str, float], None]) -> None:
    """Change all of them, by a test's `monkeypatch.setattr` or for good."""
    for place, limit in LIMITS.items():
        change(place, limit)
