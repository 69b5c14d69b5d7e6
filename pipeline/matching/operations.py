"""How much comparing this process has done, in operations: for whoever asks whether a step of much work moves on.

An *operation* is what the cheapest comparison of two values costs, some microsecond. Those who compare count where they
do, before a step in arrays and for each pair of values, words or names in a loop. Nothing is decided by it: what is
compared of two cases follows from their sizes alone (matching.work).
"""

from __future__ import annotations

from typing import Final


class _Done:
    """`operations`, and `cut`: pairs of cases that were judged by part of what they say (score.selection)."""

    __slots__ = ("cut", "operations")

    def __init__(self) -> None:
        self.operations = self.cut = 0


DONE: Final = _Done()
"""What this process has done so far. Several threads may lose a count to each other; it only grows."""


def operations_done() -> int:
    """How many operations comparing has done in this process."""
    return DONE.operations


def pairs_cut() -> int:
    """How many pairs of cases this process has judged by part of what they say (score.selection)."""
    return DONE.cut
