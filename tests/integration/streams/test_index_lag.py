"""Reads are refused while the index is too far behind what Kafka holds, and answered again once it has followed."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from api_runtime import ANNA, GROUNDS

from pipeline.access.token_keys import issue
from pipeline.api.application import create_app
from pipeline.api.runtime import opened

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]

LAG_S = 3.0


async def answered(client: httpx.AsyncClient, status: int, deadline_s: float = 90) -> httpx.Response:
    """The first answer of this status."""
    deadline = time.monotonic() + deadline_s
    while (answer := await client.get("/v1/cases/fr-pj:1")).status_code != status:
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.2)
    return answer


async def test_reads_wait_for_the_index(
    records: Any, installation: Any, start_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.streams.freshness.LOOK_S", 0.2)
    settings = installation.settings.model_copy(update={"max_index_lag": LAG_S})
    for stage in ("intake", "correlate"):
        start_stage(stage)
    project = start_stage("project")
    await asyncio.to_thread(installation.push, [records.message("fr-pj", "1")])
    async with opened(settings) as runtime:
        app = create_app(lambda: opened(settings))
        app.state.runtime = runtime
        token = issue(settings, ANNA, runtime.clock(), timedelta(hours=1))
        headers = {**GROUNDS, "Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://liaison", headers=headers) as client:
            await answered(client, 200)
            project.kill()
            project.wait()
            await asyncio.to_thread(installation.push, [records.message("fr-pj", "2")])
            late = await answered(client, 503)
            assert (late.headers["retry-after"], late.json()["detail"]) == ("30", "the index is too far behind")
            start_stage("project")
            await answered(client, 200)
