"""How long a second user waits while the first asks for what costs much, or while somebody opens sockets: p95.

    PYTHONPATH=tests .venv/bin/python tests/benchmarks/attacks/costs.py [--only costly] [--seconds 10]

The server is `liaison serve`'s own over cases in memory, in a process of its own; the attacker has another. Quiet and
attacked rounds take turns. A scenario holds where the second user gets every answer, and its p95 is at most twice that
of quiet rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from pipeline.access.requester import Requester
from pipeline.access.token_keys import issue_token
from pipeline.engines.ports import LOOPBACK
from pipeline.settings import Settings
from pipeline.times import now
from pipeline.web.csrf import COOKIE
from support.access.requesters import ANNA, BERT
from support.api.runtime import GROUNDS
from support.ports import own_port

ROUNDS: Final = 4
PERIOD_S: Final = 0.02
"""Between two requests of the second user."""

MOST: Final = 2.0
"""Times its own p95 that a second user may wait."""

WORKERS: Final = 8
"""Requests that the attacker has under way at once."""

POLLING: Final = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
TABLE: Final = b"Nom;Phone\n" + b"".join(b"Ivan Petrov %d;+33612%06d\n" % (row, row) for row in range(10_000))
TARGETS: Final = (["name", "phone"], ["alias", "phone"])

Attack = Callable[[httpx.AsyncClient, int], Awaitable[object]]


async def ask_costly(client: httpx.AsyncClient, turn: int) -> None:
    """A list of 10,000 rows that is mapped anew again and again, files, networks."""
    drafts = (await client.get("/v1/list-drafts")).json().get("drafts", [])
    if not drafts:
        await client.post("/v1/list-drafts", content=TABLE, headers={"Idempotency-Key": "one"})
        return
    await client.put(f"/v1/list-drafts/{drafts[0]['id']}", json={"targets": TARGETS[turn % 2]})
    await client.get("/v1/export/cases")
    await client.get("/v1/graph?case=fr-pj:1&depth=3")


async def open_sockets(client: httpx.AsyncClient, turn: int) -> None:
    """Connections of nobody, each with a body of 990 kB; the browser's secret is made up."""
    headers = {"Cookie": f"{COOKIE}={turn}", "Authorization": ""}
    answer = await client.get(POLLING, headers=headers)
    if answer.is_success:
        sid = json.loads(answer.text[1:])["sid"]
        await client.post(f"{POLLING}&sid={sid}", content=b"6" * 990_000, headers=headers)


SCENARIOS: Final[dict[str, Attack]] = {"costly": ask_costly, "sockets": open_sockets}


def attack(url: str, headers: dict[str, str], name: str, attacked: Path) -> None:
    """The first user, as long as the file is there."""
    turns = itertools.count()

    async def work(client: httpx.AsyncClient) -> None:
        while True:
            await asyncio.sleep(0.01)
            if attacked.exists():
                with suppress(httpx.HTTPError, ValueError):
                    await SCENARIOS[name](client, next(turns))

    async def all_of_it() -> None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            await asyncio.gather(*(work(client) for _ in range(WORKERS)))

    asyncio.run(all_of_it())


def ask(client: httpx.Client, seconds: float) -> tuple[list[float], Counter[int]]:
    """The second user: how long each answer took, and of which status it was."""
    took, answered = list[float](), Counter[int]()
    until = time.monotonic() + seconds
    while (start := time.monotonic()) < until:
        answered[client.get("/v1/cases/fr-pj:1").status_code] += 1
        took.append(time.monotonic() - start)
        time.sleep(max(0.0, PERIOD_S - took[-1]))
    return took, answered


def headers_of(settings: Settings, who: Requester) -> dict[str, str]:
    """A token and grounds."""
    return {"Authorization": f"Bearer {issue_token(settings, who, now(), timedelta(hours=1))}", **GROUNDS}


def measure(name: str, home: Path, seconds: float) -> tuple[float, float, Counter[int]]:
    """The second user's p95 in quiet and in attacked rounds (ms), and its answers' statuses in the latter."""
    port, settings, attacked = own_port(), Settings(home=home), home / "attacked"
    url = f"http://{LOOPBACK}:{port}"
    environment = {**os.environ, "LIAISON_HOME": str(home), "LIAISON_REQUEST_RATE": "1000000"}
    command = [sys.executable, "-m", "support.api.server_process", str(port)]
    quiet, loud, answered = list[float](), list[float](), Counter[int]()
    context = multiprocessing.get_context("spawn")
    attacker = context.Process(target=attack, args=(url, headers_of(settings, BERT), name, attacked), daemon=True)
    server = subprocess.Popen(command, env=environment)
    try:
        with httpx.Client(base_url=url, headers=headers_of(settings, ANNA), timeout=60) as client:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                with suppress(httpx.HTTPError):
                    if client.get("/v1/cases/fr-pj:1").is_success:
                        break
                time.sleep(0.1)
            attacker.start()
            ask(client, 2)
            for _ in range(ROUNDS):
                quiet += ask(client, seconds / ROUNDS)[0]
                attacked.touch()
                took, statuses = ask(client, seconds / ROUNDS)
                loud += took
                answered += statuses
                attacked.unlink()
                ask(client, 1)
    finally:
        if attacker.pid is not None:
            attacker.kill()
            attacker.join()
        server.kill()
        server.wait()
    return p95_of(quiet), p95_of(loud), answered


def p95_of(took: list[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(took, n=20)[-1] * 1000


def main() -> int:
    """Print what each scenario costs the second user; 1 where one costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=20.0, help="of quiet, and of attack")
    given = parser.parse_args()
    failed = False
    for name in [given.only] if given.only else SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
            quiet, loud, answered = measure(name, Path(folder), given.seconds)
        held = set(answered) == {200} and loud <= MOST * quiet
        failed = failed or not held
        print(f"{name}: p95 {quiet:.1f} ms in quiet, {loud:.1f} ms under attack ({loud / quiet:.2f} times); "
              f"answers {dict(answered)}: {'holds' if held else 'FAILS'}")  # fmt: skip
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
