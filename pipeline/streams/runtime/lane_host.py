"""What a worker gives to each of its lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from pipeline.streams.runtime.faults import FaultCount
from pipeline.streams.runtime.processor import After
from pipeline.streams.runtime.source_queues import FetchControl


class LaneHost(NamedTuple):
    """The parts of a worker that its lanes share.

    Lanes decide one at a time, under `cpu_lock`. `note_lost` is called when a lane's index belongs to another worker,
    `after` behind each effect. `flow` pauses and resumes fetching, and `faults` counts records that failed inside.
    `erase_after_s` is how long after its erasure content may stay in a store's file.
    """

    cpu_lock: asyncio.Lock
    note_lost: Callable[[], None]
    after: After
    erase_after_s: float
    flow: FetchControl
    faults: FaultCount
