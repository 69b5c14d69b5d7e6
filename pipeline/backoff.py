"""Growing pauses between attempts at what fails for a while: one policy, carried out by tenacity."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from tenacity import AsyncRetrying, AttemptManager, RetryCallState, retry_if_exception_type, wait_exponential

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
"""Between the first two attempts, and the most to which the pause grows where a caller sets no other. Choices: longer
pauses spare what has failed, and let work wait after it is back."""


def retrying(
    errors: type[BaseException] | tuple[type[BaseException], ...],
    log: logging.Logger,
    what: str,
    *,
    first_pause_s: float = FIRST_PAUSE_S,
    longest_pause_s: float = LONGEST_PAUSE_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncRetrying:
    """Returns the attempts at `what`, for as long as one ends in one of `errors`; each pause is twice the one before.

    Used as `async for attempt in retrying(...): with attempt: ...`. Other exceptions leave at once. Each failure is
    logged. Pauses can be cut short by cancelling the task, or by a `sleep` that returns early.
    """

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("%s failed (%r); trying again", what, error)  # no pause: the same is told once a minute

    return AsyncRetrying(
        sleep=sleep,
        wait=wait_exponential(multiplier=first_pause_s, max=longest_pause_s),
        retry=retry_if_exception_type(errors),
        before_sleep=tell,
        reraise=True,
    )


def reset_pauses(attempt: AttemptManager) -> None:
    """Let the pause after this attempt be the first again: it succeeded for a while before it failed."""
    attempt.retry_state.attempt_number = 1
