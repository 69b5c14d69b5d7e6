"""The second user of an attacked server, who asks for one small case again and again, and how long answers take."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from datetime import timedelta
from typing import Final

import httpx

from pipeline.access.requester import Requester
from pipeline.access.token_keys import issue_token
from pipeline.settings import Settings
from pipeline.times import now
from support.api.runtime import GROUNDS

PERIOD_S: Final = 0.02
"""Between two requests of the second user."""

MOST: Final = 2.0
"""Times its own p95 that a second user may wait."""

START_S: Final = 300.0


def ask(client: httpx.Client, seconds: float) -> tuple[list[float], Counter[int]]:
    """How long each answer took, and how many there were of each status."""
    took, answered = list[float](), Counter[int]()
    until = time.monotonic() + seconds
    while (start := time.monotonic()) < until:
        answered[client.get("/v1/cases/fr-pj:1").status_code] += 1
        took.append(time.monotonic() - start)
        time.sleep(max(0.0, PERIOD_S - took[-1]))
    return took, answered


def headers_of(settings: Settings, who: Requester) -> dict[str, str]:
    """What a requester sends with each request, for an hour."""
    return {"Authorization": f"Bearer {issue_token(settings, who, now(), timedelta(hours=1))}", **GROUNDS}


def wait_until_up(client: httpx.Client) -> None:
    """Return once the server answers. Raises SystemExit where it does not start."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            answer = client.get("/v1/cases/fr-pj:1")
            if answer.is_success:
                return
            told = answer.text
        except httpx.HTTPError as error:
            told = repr(error)
        if time.monotonic() > deadline:
            raise SystemExit(f"the server did not start: {told}")
        time.sleep(0.1)


def p95_of(took: list[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(took, n=20)[-1] * 1000
