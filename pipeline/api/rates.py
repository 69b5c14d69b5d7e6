"""Requests a minute for each person, counted by the library `limits` in a sliding window of one minute.

Several servers count together where LIAISON_RATE_STORE names a store that they share. While that does not answer, each
server counts for itself: a person may then ask as often of each of them, and reading goes on.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool

from pipeline.api.metrics import RATE_STORE_FAILURES
from pipeline.errors import LiaisonError

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


class RequestRates:
    """Counts by agency and subject; `namespace` keeps installations apart that share a store."""

    def __init__(self, per_minute: int, store: Storage | None = None, namespace: str = "") -> None:
        self._limit = RateLimitItemPerMinute(per_minute, namespace=f"{namespace}liaison")
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
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
