"""What the API counts of requests, and what it keeps out of its labels."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest
from starlette.staticfiles import StaticFiles

from pipeline.api.metrics import INDEX_AGE, REGISTRY, RequestMetrics, show_index_age
from support.access.requesters import ANNA
from support.api.runtime import NOW, Api
from support.records.builder import record


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def requests(route: str, status: int, method: str = "GET") -> float:
    return value("liaison_http_requests_total", method=method, route=route, status=str(status))


async def test_a_request_counts_under_its_template_and_status(api: Api) -> None:
    api.hold(record("fr-pj"))
    before = requests("/v1/cases/{key}", 200), requests("/v1/cases/{key}", 404)
    timed = value("liaison_http_answer_seconds_count", route="/v1/cases/{key}")
    for case in ("fr-pj:1", "fr-pj:canary", "fr-pj:canary2"):
        await api.get(f"/v1/cases/{case}")
    assert (requests("/v1/cases/{key}", 200), requests("/v1/cases/{key}", 404)) == (before[0] + 1, before[1] + 2)
    assert value("liaison_http_answer_seconds_count", route="/v1/cases/{key}") == timed + 3


async def test_no_label_holds_what_a_caller_wrote(api: Api) -> None:
    before = requests("unmatched", 404), requests("unmatched", 404, "other")
    await api.get("/v1/cases/fr-pj:canary-case")
    await api.get("/v1/links?case=fr-pj:canary-query")
    await api.get("/canary-path/x")
    await api.request("CANARY", "/canary-path")
    await api.post("/v1/search", {"question": "canary person"})
    assert (requests("unmatched", 404), requests("unmatched", 404, "other")) == (before[0] + 1, before[1] + 1)
    assert b"anary" not in generate_latest(REGISTRY)
    assert b"CANARY" not in generate_latest(REGISTRY)


async def test_what_fails_without_an_answer_counts_as_500_and_a_mounted_file_under_its_folder(tmp_path: Any) -> None:
    app = FastAPI()
    app.add_middleware(RequestMetrics)
    (tmp_path / "one.css").write_text("p {}", encoding="utf-8")
    app.mount("/metrics-test-static", StaticFiles(directory=tmp_path))

    @app.get("/metrics-test/{number}")
    async def fails(number: int) -> None:
        raise RuntimeError(str(number))

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://liaison") as client:
        assert (await client.get("/metrics-test/7")).status_code == 500
        assert (await client.get("/metrics-test-static/one.css")).status_code == 200
    assert requests("/metrics-test/{number}", 500) == 1
    assert requests("/metrics-test-static/{path}", 200) == 1


async def test_a_request_that_could_not_be_recorded_is_an_audit_failure(api: Api) -> None:
    api.hold(record("fr-pj"))
    before = value("liaison_audit_failures_total")
    api.audit.away = True
    assert (await api.get("/v1/cases/fr-pj:1", who=ANNA)).status_code == 503
    assert value("liaison_audit_failures_total") == before + 1


def test_the_age_of_the_index_is_told_from_both_ends() -> None:
    show_index_age(lambda: NOW - timedelta(hours=1), lambda: None, lambda: NOW)
    assert value("liaison_index_age_seconds", behind="pushed") == 3600
    assert value("liaison_index_age_seconds", behind="derived") == math.inf
    INDEX_AGE.clear()


@pytest.mark.parametrize("instrument", list(REGISTRY.collect()), ids=lambda family: family.name)
def test_every_metric_bears_our_name_and_a_sentence(instrument: Any) -> None:
    assert instrument.name.startswith(("liaison_", "process_"))
    assert instrument.documentation.endswith(".") or instrument.name.startswith("process_")
