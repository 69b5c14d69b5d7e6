"""What searches have just shown, so that a count of the same search adds nothing to what its access says.

Of this process alone: a count that another server answers is on record by itself. Nothing is left out then.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline.access.case_filters import Filters
from pipeline.access.requester import Grounds, Requester

LIFE: Final = timedelta(minutes=1)
"""A page asks for the counts when it has the answer, which takes a second or two."""

MOST: Final = 2_000
"""Answers that are kept. A choice: with 100 records each they take some 10 MB."""


class RecentAnswers:
    """The records that each search showed to its asker, by who asked what on which grounds."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, tuple[datetime, frozenset[str]]] = OrderedDict()

    def keep_answer(self, asked: bytes, shown: frozenset[str], now: datetime) -> None:
        """Take note of what was shown, behind what the same search showed before."""
        self._held[asked] = (now, shown | self.find_shown(asked, now))
        self._held.move_to_end(asked)
        if len(self._held) > MOST:
            self._held.popitem(last=False)

    def find_shown(self, asked: bytes, now: datetime) -> frozenset[str]:
        """What was shown to the same person for the same search on the same grounds within LIFE."""
        at, shown = self._held.get(asked, (now, frozenset[str]()))
        return shown if timedelta() <= now - at <= LIFE else frozenset()


def digest_search(who: Requester, grounds: Grounds, question: str, country: str, filters: Filters) -> bytes:
    """What tells a search, whoever asks it and on whichever grounds."""
    asked = (who.agency, who.subject, grounds.purpose, grounds.case_reference, question, country, filters)
    return hashlib.sha256(msgspec.json.encode(asked)).digest()
