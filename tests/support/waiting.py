"""Waiting on a condition with a deadline, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import pytest

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
PAUSES_A_LOOK = 4
"""Between two looks at a condition: so many times as long as a look takes, within these, lest looking be the load."""

PATIENCE_S = 90.0
"""What happens within a second on a machine with nothing else to do has taken a minute on two busy cores."""

T = TypeVar("T")


class WaitFor(Protocol):
    """Polls a condition until it holds: the fixture `wait_for`."""

    def __call__(self, condition: Callable[[], T], deadline_s: float = PATIENCE_S) -> T:
        """The condition's first true value; fails the test when there is none in time."""
        ...


def wait(condition: Callable[[], T], deadline_s: float = PATIENCE_S) -> T:
    """The condition's first true value; fails the test when there is none in time."""
    asked = time.monotonic()
    deadline = asked + deadline_s
    while not (value := condition()):
        answered = time.monotonic()
        if answered > deadline:
            pytest.fail(f"not within {deadline_s} s: {condition}")
        time.sleep(min(max(PAUSES_A_LOOK * (answered - asked), SHORTEST_PAUSE_S), LONGEST_PAUSE_S))
        asked = time.monotonic()
    return value
