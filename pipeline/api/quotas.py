"""What one person may ask: requests a minute, and how many costly or lasting things at a time.

Requests are counted in a sliding window of one minute. Several servers count together, by the library `limits`, where
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
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, cast
from weakref import WeakValueDictionary

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage, Storage
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


MINUTE_S: Final = 60
"""The window, which begins with the clock's minute."""


class OwnCounters:
    """Counters in this process's memory, by the rule of the library's sliding windows.

    What was asked in the minute before counts by the share of it that is within the last 60 s. Counters of earlier
    minutes go all at once: the library's own store in memory looks through all of them at every request, which is a
    tenth of a search's time with 6,000 persons.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._minute = 0.0
        self._now, self._before = Counter[tuple[str, str]](), Counter[tuple[str, str]]()

    @property
    def held(self) -> int:
        """How many counters there are."""
        return len(self._now) + len(self._before)

    def count_request(self, agency: str, subject: str) -> int:
        """0 and one request more if the person may ask now, else the seconds until it may."""
        minute, into_s = divmod(self._clock(), MINUTE_S)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else Counter()
            self._now, self._minute = Counter(), minute
        who, left_s = (agency, subject), MINUTE_S - into_s
        before = self._before[who]
        if math.floor(before * left_s / MINUTE_S + self._now[who]) < self._per_minute:
            self._now[who] += 1
            return 0
        return max(1, math.ceil(left_s % (MINUTE_S / before) if before else left_s))


class RequestRates:
    """Counts by agency and subject; `namespace` keeps installations apart that share a store."""

    def __init__(self, per_minute: int, store: Storage | None = None, namespace: str = "") -> None:
        self._limit = RateLimitItemPerMinute(per_minute, namespace=f"{namespace}liaison")
        self._own = OwnCounters(per_minute)
        self._shared = SlidingWindowCounterRateLimiter(store) if store is not None else None
        self._away_until = 0.0

    async def count_request(self, agency: str, subject: str) -> int:
        """0 and one request more if the person may ask now, else the seconds until it may."""
        if self._shared is None or time.monotonic() < self._away_until:
            return self._own.count_request(agency, subject)
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                return await self._count_in(self._shared, agency, subject)
        except (StorageError, TimeoutError) as error:
            RATE_STORE_FAILURES.inc()
            log.warning("the store of LIAISON_RATE_STORE does not answer: %s", type(error).__name__)
            self._away_until = time.monotonic() + RETRY_S
        return self._own.count_request(agency, subject)

    async def _count_in(self, limiter: SlidingWindowCounterRateLimiter, agency: str, subject: str) -> int:
        if await limiter.hit(self._limit, agency, subject):
            return 0
        stats = await limiter.get_window_stats(self._limit, agency, subject)
        return max(1, math.ceil(stats.reset_time - time.time()))


MOST_COSTLY: Final = 2
"""What one person may have under way at a time that takes long (lists, exports, charts, statistics, timelines and what
else `Endpoint.costly` says): one in each of two windows."""

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


class PersonTurns:
    """Lets one piece of work of each person go on at a time; another one of theirs waits, others' do not."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        """Of those who work or wait."""

    @asynccontextmanager
    async def take(self, agency: str, subject: str) -> AsyncIterator[None]:
        """The person's turn, until the end of the block."""
        holder = agency, subject
        turn = self._turns.get(holder) or self._turns.setdefault(holder, asyncio.Lock())
        async with turn:
            yield

    def __len__(self) -> int:
        """How many persons have work under way."""
        return len(self._turns)


def costly_slots() -> PersonSlots:
    """Those of what costs much, all kinds together."""
    return PersonSlots(
        MOST_COSTLY,
        N_("two things of yours that take long are under way; try again when one of them is done"),
        COSTLY_AGAIN_S,
    )


def stream_slots() -> PersonSlots:
    """Those of live streams."""
    return PersonSlots(MOST_STREAMS, N_("you have five live streams open; close one first"), STREAM_AGAIN_S)
