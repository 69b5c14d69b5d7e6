from __future__ import annotations

from pipeline.demo.latency import Latency


def test_latency_is_by_nearest_rank() -> None:
    latency = Latency.of([number / 100 for number in range(100, 0, -1)])
    assert (latency.p50, latency.p95, latency.cases) == (0.51, 0.96, 100)
    assert Latency.of([]) == Latency(0.0, 0.0, 0)
