"""Where a reader of notices has come, as their cursor says it. Pure.

A notice may be there before its case can be read, and several are not shown in their order. So a place passes what is
settled alone (pipeline.streams.monitoring.freshness); of what is not, it names what its reader was given, and
all else there is looked at again.

Offsets count within a topic. After a restore there is another one, with other offsets: who holds a cursor of the former
begins anew, and is told again rather than not at all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

from pipeline.api.cursors import SortValues

MOST_AHEAD: Final = 64
"""Notices that a place names: whatever their offsets, they fit a cursor with their topic (9 bytes each of its 640)."""


class NoticePlace(NamedTuple):
    """Behind all notices up to the offset `passed`, and given those at the offsets `ahead` of it, which ascend."""

    passed: int = -1
    ahead: tuple[int, ...] = ()

    @classmethod
    def from_cursor(cls, place: SortValues | None, topic: str) -> NoticePlace:
        """The place in a topic that a cursor was made of; before all notices without one, or with a former topic's."""
        if not place or not is_of_topic(place, topic):
            return cls()
        passed, *steps = place[1:] if isinstance(place[0], str) else place
        at, ahead = passed, []
        for step in steps:
            at += step
            ahead.append(at)
        return cls(passed, tuple(ahead))

    def to_cursor(self, topic: str) -> SortValues:
        """What a cursor seals: the topic's id, the offset passed, and the way from each to the next one ahead."""
        return [topic, self.passed, *(later - earlier for earlier, later in pairwise((self.passed, *self.ahead)))]

    def give(self, offset: int, end: int) -> NoticePlace:
        """The place behind one more notice, when all before it were looked at and those before `end` are settled."""
        passed = self.pass_settled(offset, end).passed
        return NoticePlace(passed, tuple(sorted(one for one in {*self.ahead, offset} if one > passed)))

    def pass_settled(self, offset: int, end: int) -> NoticePlace:
        """The place once all notices up to an offset were looked at, and those before `end` are settled."""
        passed = max(self.passed, min(offset, end - 1))
        return NoticePlace(passed, tuple(one for one in self.ahead if one > passed))

    @property
    def fits(self) -> bool:
        """Whether a cursor holds it."""
        return len(self.ahead) <= MOST_AHEAD


def is_of_topic(place: SortValues, topic: str) -> bool:
    """Whether a cursor was made of this topic's offsets; one of before cursors named their topic is taken to be."""
    return place[0] == topic or not isinstance(place[0], str)
