"""A histogram of the blocks that cases meet, counted many at once: one by one cost more than the lookup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from pipeline.correlation.key_kinds import HASH_BITS, KIND_NUMBERS, KeyKind


class BlockSizes(Collector):
    """Sizes by the kind of key: the key itself would tell of a person."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[int], registry: CollectorRegistry) -> None:
        self._name, self._documentation, self._bounds = name, documentation, bounds
        self._counts = np.zeros((KIND_NUMBERS, len(bounds) + 1), np.int64)
        self._sums = np.zeros(KIND_NUMBERS, np.int64)
        registry.register(self)

    def observe(self, keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
        """Count blocks by their keys and sizes."""
        kinds = (keys >> np.uint64(HASH_BITS)).astype(np.intp)
        np.add.at(self._counts, (kinds, np.searchsorted(self._bounds, sizes)), 1)
        np.add.at(self._sums, kinds, sizes)

    def collect(self) -> Iterator[Metric]:
        """As Prometheus wants it: cumulative, with the bounds as labels."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=["kind"])
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for kind in KeyKind:
            counts = np.cumsum(self._counts[kind]).tolist()
            family.add_metric([kind.name.lower()], list(zip(bounds, counts, strict=True)), float(self._sums[kind]))
        yield family
