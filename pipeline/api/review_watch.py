"""What owners have not reviewed in time, counted from the index once a minute, so that it alerts.

Every server counts all of it, so that one that is alone says all; Prometheus takes the most that any says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from pipeline.access.break_glass import Oversight, oversight_of
from pipeline.api.metrics import BREAK_GLASS_OVERDUE
from pipeline.index.decisions import DecisionReader
from pipeline.index.reading import IndexReader

PAUSE_S: Final = 60.0
"""A review has a day: a minute more changes nothing, and a search a minute costs nothing."""


async def count_overdue_reviews(decisions: DecisionReader, reader: IndexReader, now: datetime) -> Mapping[str, int]:
    """Threads with an opening by one that has not been reviewed in time, counted by the owner of the case.

    What was opened of a case that is gone is not counted: nobody can review it.
    """
    late = [
        disclosure
        async for disclosure in decisions.late_reviews(now)
        if oversight_of(disclosure, now) is Oversight.OVERDUE
    ]
    live = await reader.read_cases(disclosure.case for disclosure in late)
    return Counter(disclosure.owner for disclosure in late if disclosure.case in live)


async def watch_reviews(decisions: DecisionReader, reader: IndexReader, clock: Callable[[], datetime]) -> None:
    """Keep the gauge as the index has it; never ends."""
    while True:
        show_overdue(await count_overdue_reviews(decisions, reader, clock()))
        await asyncio.sleep(PAUSE_S)


def show_overdue(counted: Mapping[str, int]) -> None:
    """Let the gauge say this and nothing else: an owner that has reviewed all is not named any more."""
    BREAK_GLASS_OVERDUE.clear()
    for owner, count in counted.items():
        BREAK_GLASS_OVERDUE.labels(owner).set(count)
