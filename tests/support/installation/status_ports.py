"""The status ports of a test's workers: one of each stage, on consecutive free ports of loopback."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from support.waiting import PATIENCE_S

STAGES = ("intake", "correlate", "project")


class Ports:
    """What each worker answers."""

    def __init__(self, first: int) -> None:
        self.of = {stage: f"http://127.0.0.1:{first + n}" for n, stage in enumerate(STAGES)}

    def status(self, stage: str, path: str) -> int:
        """The HTTP status of a path; 0 where nobody answers."""
        try:
            return httpx.get(self.of[stage] + path, timeout=PATIENCE_S).status_code
        except httpx.TransportError:
            return 0

    def why_restart(self, stage: str) -> str:
        """What /healthz says of a worker that is to be started again; "" of one that lives, or where nobody answers."""
        try:
            answer = httpx.get(f"{self.of[stage]}/healthz", timeout=PATIENCE_S)
        except httpx.TransportError:
            return ""
        return answer.text if answer.status_code == 503 else ""

    def metrics(self, stage: str) -> str:
        """All that it shows."""
        return httpx.get(self.of[stage] + "/metrics", timeout=PATIENCE_S).text

    def total(self, stage: str, sample: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        families = text_string_to_metric_families(self.metrics(stage))
        return sum(
            one.value
            for family in families
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        )
