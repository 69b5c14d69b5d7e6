"""Decisions that one server commits on a real Kafka, how many and how long each takes: `make bench-decisions`.

    make bench-decisions [BENCH_ARGS="--seconds 5 --turns 2 --writers 1,10,50 --log FILE --figures FILE"]

A broker of its own; `writers` write one decision after the other, all through one DecisionLog as in a server. With
`replaces` each names the value that it was made on, which its own key holds, so that what is committed below is read.
`--log` measures another version of pipeline/streams/audit/decision_log.py by turns with this one. Prints JSON:
decisions a second, milliseconds at the median and the 95th percentile, and of CPU a decision here and in Kafka.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from statistics import quantiles
from types import ModuleType
from typing import Any, Final, NamedTuple

import msgspec
import psutil

from benchmarks.figures import write_figures
from pipeline.localstack import stack
from pipeline.settings import Settings
from pipeline.streams.audit import decision_log
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.topic_plans import apply_plan

WARM_UP_S: Final = 5.0
"""By each kind of load: until then Kafka compiles what it does."""


class Decision(msgspec.Struct, frozen=True):
    """As long as a review."""

    writer: int
    number: int
    text: str = "x" * 300


async def write(log: Any, writer: int, replaces: bool, until: float) -> list[float]:
    """Seconds that each decision of a writer took."""
    took: list[float] = []
    before: Decision | None = None
    while (begun := time.perf_counter()) < until:
        value = Decision(writer, len(took))
        await log.write(topics.REVIEWS, f"{until} {writer}", value, before)
        before = value if replaces else None
        took.append(time.perf_counter() - begun)
    return took


async def measure(module: ModuleType, settings: Settings, writers: int, replaces: bool, seconds: float) -> list[float]:
    """Seconds of each decision of all writers, once the connection stands."""
    async with module.DecisionLog(settings) as log:
        await log.write(topics.REVIEWS, "first", Decision(0, 0))
        until = time.perf_counter() + seconds
        done = await asyncio.gather(*(write(log, writer, replaces, until) for writer in range(writers)))
    return [took for some in done for took in some]


def run(
    versions: Mapping[str, ModuleType], settings: Settings, kafka: psutil.Process, asked: argparse.Namespace
) -> dict[str, Any]:
    """All loads, each on all versions by turns; what came of each."""
    figures: dict[str, Any] = {}
    for replaces, writers in product((False, True), map(int, asked.writers.split(","))):
        costs: dict[str, list[_Cost]] = {name: [] for name in versions}
        for _, (name, module) in product(range(asked.turns), versions.items()):
            before = (time.perf_counter(), time.process_time(), sum(kafka.cpu_times()[:2]))
            took = asyncio.run(measure(module, settings, writers, replaces, asked.seconds))
            after = (time.perf_counter(), time.process_time(), sum(kafka.cpu_times()[:2]))
            costs[name].append(_Cost(took, *(end - start for start, end in zip(before, after, strict=True))))
        for name, turns in costs.items():
            figures[f"{name}{writers} at once{', replacing' if replaces else ''}"] = describe(turns)
    return figures


class _Cost(NamedTuple):
    """Seconds of each decision of a turn, of the turn, and of CPU in this process and in Kafka."""

    took: list[float]
    lasted: float
    own: float
    theirs: float


def describe(turns: Sequence[_Cost]) -> dict[str, float]:
    """What all turns of a load come to."""
    took = [seconds for turn in turns for seconds in turn.took]
    cuts = quantiles(took, n=20)
    return {
        "a second": round(len(took) / sum(turn.lasted for turn in turns), 1),
        "p50, ms": round(1000 * cuts[9], 1),
        "p95, ms": round(1000 * cuts[18], 1),
        "CPU of the server, ms": round(1000 * sum(turn.own for turn in turns) / len(took), 2),
        "CPU of Kafka, ms": round(1000 * sum(turn.theirs for turn in turns) / len(took), 2),
    }


@contextmanager
def broker() -> Iterator[tuple[Settings, psutil.Process]]:
    """A Kafka of this run's own."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), kafka_url="", elasticsearch_url="http://127.0.0.1:1", kafka_port=0)
        found = stack.start_engines(settings)
        try:
            pid = next(status.pid for status in stack.engine_statuses(settings) if status.name == "kafka")
            at = settings.model_copy(update={"kafka_url": found.kafka})
            apply_plan(at, topics.plan_topics(at, [], []))
            yield at, psutil.Process(pid)
        finally:
            stack.stop_engines(settings)


def load(path: Path) -> ModuleType:
    """A version of the module from a file."""
    spec = importlib.util.spec_from_file_location("another_decision_log", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--writers", default="1,10,50")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--figures", type=Path)
    asked = parser.parse_args()
    versions = {"": decision_log} | ({"before: ": load(asked.log)} if asked.log else {})
    with broker() as (settings, kafka):
        for replaces, writers in product((True, False), (10, 1)):
            asyncio.run(measure(decision_log, settings, writers, replaces, WARM_UP_S))
        figures = run(versions, settings, kafka, asked)
    print(json.dumps(figures, indent=2))
    if asked.figures:
        write_figures(asked.figures, "make bench-decisions", figures, {"seconds": asked.seconds, "turns": asked.turns})


if __name__ == "__main__":
    main()
