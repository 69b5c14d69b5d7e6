"""What one person may ask: requests a minute, and how many costly or lasting things at a time.

Requests are counted by the library `limits` in a sliding window of one minute. Several servers count together where
LIAISON_RATE_STORE names a store that they share. While that does not answer, each server counts for itself: a person
may then ask as often of each of them, and reading goes on.

A rate says nothing of what each request costs. Whoever has as many costly things under way as there may be is told to
come back, and never waits in a queue. Each server process counts these for itself.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, cast

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool

from pipeline.api.metrics import RATE_STORE_FAILURES
from pipeline.api.problems import TooManyRequestsError
from pipeline.errors import LiaisonError
from pipeline.locale import N_

SCHEMES: Final = ("redis://", "rediss://")
STORE_TIMEOUT_S: Final = 0.5
"""A store that answers later than this counts as away: it stands before every request."""

RETRY_S: Final = 5.0
"""For this long after a failure the shared store is not asked."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_rates(per_minute: int, address: str, namespace: str) -> AsyncIterator[RequestRates]:
    """Rates counted at a Redis (redis://host:6379/0); with an empty address in this process's memory.

    Raises LiaisonError for an address that names none.
    """
    if not address:
        yield RequestRates(per_minute, namespace=namespace)
        return
    if not address.startswith(SCHEMES):
        raise LiaisonError("LIAISON_RATE_STORE must be a Redis address, such as redis://host:6379/0")
    pool = ConnectionPool.from_url(address)
    store = RedisStorage(address, wrap_exceptions=True, implementation="redispy", connection_pool=cast(Any, pool))
    try:
        yield RequestRates(per_minute, store, namespace)
    finally:
        await pool.aclose()


SWEEP_S: Final = 10.0
"""Between two looks at the counters of all persons for those that are over, of which each has two."""


class OwnCounters(MemoryStorage):
    """Counters in this process's memory. Those that are over do not count, and go with the next sweep.

    As it is, MemoryStorage looks through all of them at every request: 1 per cent of a search's time with 600 persons,
    a tenth with 6,000. This changes limits 5 from within, which requirements.lock pins.
    """

    next_sweep = 0.0
    """By the monotonic clock."""

    async def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802 - as Python calls it outside of that class
        if time.monotonic() >= self.next_sweep:
            self.next_sweep = time.monotonic() + SWEEP_S
            self.timer = asyncio.create_task(self._MemoryStorage__expire_events())  # type: ignore[attr-defined]


class RequestRates:
    """Counts by agency and subject; `namespace` keeps installations apart that share a store."""

    def __init__(self, per_minute: int, store: Storage | None = None, namespace: str = "") -> None:
        self._limit = RateLimitItemPerMinute(per_minute, namespace=f"{namespace}liaison")
        self._own = SlidingWindowCounterRateLimiter(OwnCounters())
        self._shared = SlidingWindowCounterRateLimiter(store) if store is not None else self._own
        self._away_until = 0.0

    async def count_request(self, agency: str, subject: str) -> int:
        """0 and one request more if the person may ask now, else the seconds until it may."""
        if self._shared is self._own or time.monotonic() < self._away_until:
            return await self._count_in(self._own, agency, subject)
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                return await self._count_in(self._shared, agency, subject)
        except (StorageError, TimeoutError) as error:
            RATE_STORE_FAILURES.inc()
            log.warning("the store of LIAISON_RATE_STORE does not answer: %s", type(error).__name__)
            self._away_until = time.monotonic() + RETRY_S
        return await self._count_in(self._own, agency, subject)

    async def _count_in(self, limiter: SlidingWindowCounterRateLimiter, agency: str, subject: str) -> int:
        if await limiter.hit(self._limit, agency, subject):
            return 0
        stats = await limiter.get_window_stats(self._limit, agency, subject)
        return max(1, math.ceil(stats.reset_time - time.time()))


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
