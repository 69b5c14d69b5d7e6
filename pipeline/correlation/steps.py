"""Work that is done in steps: who does it may let others have a turn in between.

A generator of steps says before each one how long it may take, and returns what the work led to. One that is given up
between two steps has changed nothing.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Step(Enum):
    """The next step."""

    SHORT = 0
    """Takes some milliseconds."""
    LONG = 1
    """May take seconds, and reads and changes nothing but what the steps themselves hold: no store, so that it may be
    done in a thread while a store is synced, or closed."""


Steps = Generator[Step, None, T]


def finish_steps(steps: Steps[T]) -> T:
    """Take all steps, one right after the other; what they lead to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            led_to: T = end.value
            return led_to
