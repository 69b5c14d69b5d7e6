"""The status port of a running server: requests of the API and of pages, the index's age, nothing of a caller's."""

from __future__ import annotations

import functools
import math
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.streams.monitoring.status_port import API_PLACE
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.ports import own_port, own_ports
from support.waiting import PATIENCE_S, WaitFor

pytestmark = pytest.mark.engines


class Served:
    """A server's two ports."""

    def __init__(self, port: int, status_port: int) -> None:
        self.url, self.status_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{status_port}"

    def alive(self) -> bool:
        try:
            return self.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=PATIENCE_S)

    def status(self, path: str) -> str:
        """What the status port answers."""
        return httpx.get(self.status_url + path, timeout=PATIENCE_S).text

    def total(self, sample: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.status("/metrics"))
        return sum(
            one.value
            for family in families
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        )


@pytest.fixture
def served(
    installation: Installation, engine_environment: dict[str, str], tmp_path: Path, wait_for: WaitFor
) -> Iterator[Served]:
    first = own_ports(API_PLACE + 1).start
    port = own_port()
    environment = engine_environment | {"LIAISON_METRICS_PORT": str(first)}
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen([LIAISON, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log)
    try:
        found = Served(port, first + API_PLACE)
        wait_for(found.alive, 90)
        yield found
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def test_requests_and_the_indexs_age_are_told_on_a_port_of_their_own(served: Served, wait_for: WaitFor) -> None:
    paths = ("/v1/cases/fr-pj:canary", "/sign-in", "/case/fr-pj:canary", "/canary", "/v1/canary?q=canary")
    status = {path: served.get(path).status_code for path in paths}
    assert (status["/v1/cases/fr-pj:canary"], status["/sign-in"], status["/canary"]) == (401, 200, 404)

    def requests(route: str, **labels: str) -> float:
        return served.total("liaison_http_requests_total", route=route, **labels)

    assert requests("/v1/cases/{key}", status="401") == 1
    assert requests("/sign-in", status="200") == 1
    assert requests("unmatched", status="404") >= 2
    assert served.total("liaison_http_answer_seconds_count", route="/sign-in") == 1
    ages = [functools.partial(served.total, "liaison_index_age_seconds", behind=of) for of in ("derived", "pushed")]
    wait_for(lambda: all(0 <= age() < math.inf for age in ages))
    assert served.total("liaison_audit_failures_total") == 0
    assert "canary" not in served.status("/metrics")
    assert served.get("/metrics").status_code == 404, "not on the public port"
    assert served.status("/readyz") == "/metrics\n"
