"""How many things of one kind a person has under way at this server: what costs much, and what lasts.

Requests are counted by the minute (rates.py), which says nothing of what each costs. Here whoever has as many under way
as there may be is told to come back, and never waits in a queue. Each server process counts for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline.api.problems import TooManyRequestsError
from pipeline.locale import N_

MOST_COSTLY: Final = 2
"""Drafts, workbooks, lists, exports and large networks of one person at a time: one in each of two windows."""

MOST_STREAMS: Final = 5
"""Live streams of one person: a browser has one for all its tabs, programs of theirs a few."""

COSTLY_AGAIN_S: Final = 5
"""When to come back: most of what costs much is done within seconds."""

STREAM_AGAIN_S: Final = 60
"""When to come back for a stream, which lasts for ten minutes."""


class PersonSlots:
    """At most `most` at a time of each holder; `refusal` is what another one is told, after which time to come back."""

    def __init__(self, most: int, refusal: str, after_s: int) -> None:
        self._most, self._refusal, self._after_s = most, refusal, after_s
        self._held: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def hold(self, agency: str, subject: str) -> Iterator[None]:
        """One of the person's slots, until the end of the block. Raises TooManyRequestsError where all are taken."""
        holder = agency, subject
        if self._held[holder] >= self._most:
            raise TooManyRequestsError(self._refusal, self._after_s)
        self._held[holder] += 1
        try:
            yield
        finally:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]

    def __len__(self) -> int:
        """How many are under way, of all persons together."""
        return self._held.total()


def costly_slots() -> PersonSlots:
    """Those of what costs much, all kinds together."""
    return PersonSlots(
        MOST_COSTLY,
        N_("you have two lists, exports or networks under way; try again when one of them is done"),
        COSTLY_AGAIN_S,
    )


def stream_slots() -> PersonSlots:
    """Those of live streams."""
    return PersonSlots(MOST_STREAMS, N_("you have five live streams open; close one first"), STREAM_AGAIN_S)
