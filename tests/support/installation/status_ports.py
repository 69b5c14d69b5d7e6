"""The status ports of a test's workers: one of each stage, on consecutive free ports of loopback."""

from __future__ import annotations

import random
import socket

import httpx
from prometheus_client.parser import text_string_to_metric_families

STAGES = ("intake", "correlate", "project")


NOT_FOR_CONNECTIONS = range(20_000, 32_000)
"""Below the ports that Linux gives to connections: a scrape that nobody answers yet would take one that is wanted."""


def free_ports(count: int) -> int:
    """The first of as many consecutive ports that are free now."""
    while True:
        first = random.choice(NOT_FOR_CONNECTIONS)
        if all(_free(first + n) for n in range(count)):
            return first


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Ports:
    """What each worker answers."""

    def __init__(self, first: int) -> None:
        self.of = {stage: f"http://127.0.0.1:{first + n}" for n, stage in enumerate(STAGES)}

    def status(self, stage: str, path: str) -> int:
        """The HTTP status of a path; 0 where nobody answers."""
        try:
            return httpx.get(self.of[stage] + path).status_code
        except httpx.TransportError:
            return 0

    def total(self, stage: str, sample: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        families = text_string_to_metric_families(httpx.get(self.of[stage] + "/metrics").text)
        return sum(
            one.value
            for family in families
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        )
