"""What it takes to find the links of a folder's records on a real index, where one of them has thousands.

    PYTHONPATH=tests python tests/benchmarks/folders/hub.py [--links 100,1000,5000,10000] [--turns 5]

An Elasticsearch of its own holds a record for each number of links, and the records that it is linked with. Prints for
each the seconds until its links are known as who reads it sees them, and milliseconds of CPU in this process and in
Elasticsearch: medians of turns.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psutil
from elasticsearch import AsyncElasticsearch

from pipeline.access.folders import MOST_LINKS
from pipeline.api.services.links import find_links_of
from pipeline.correlation.claims import link_id
from pipeline.index.documents import case_document, link_document
from pipeline.index.engine import connect
from pipeline.index.mappings import DEFAULT_LAYOUTS, Indices, apply_mappings
from pipeline.localstack import stack
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from support.access.requesters import make_requester
from support.api.runtime import Api, look
from support.index.documents import PureStages
from support.index.traced_engine import TracedEngine
from support.records.builder import record

NAMES = Indices("hub-", "g1")
WHO = make_requester("be-fp")


async def fill(client: AsyncElasticsearch, stages: PureStages, count: int) -> str:
    """A record that so many others are linked with; returns its key."""
    own, other = (stages.accepted(record(agency)) for agency in ("be-fp", "fr-pj"))
    case, linked = (orjson.loads(case_document(one).body) for one in (own, other))
    link = orjson.loads(link_document(stages.claim(own, other)).body)
    hub = f"be-fp:hub{count}"
    await _write(client, "cases", {hub: case | {"case": hub}})
    for first in range(0, count, 1000):
        keys = {at: f"fr-pj:{count}-{at}" for at in range(first, min(count, first + 1000))}
        await _write(client, "cases", {key: linked | {"case": key} for key in keys.values()})
        sides = {key: {"cases": [hub, key], "a": link["a"] | {"case": hub}, "b": link["b"] | {"case": key}}
                 for key in keys.values()}  # fmt: skip
        await _write(client, "links", {
            link_id(hub, key): link | {"link": link_id(hub, key)} | side for key, side in sides.items()
        })  # fmt: skip
    return hub


async def _write(client: AsyncElasticsearch, kind: str, documents: dict[str, Any]) -> None:
    steps = [step for name, body in documents.items() for step in ({"index": {"_id": name}}, body)]
    answer = await client.bulk(index=NAMES.write_alias(kind), operations=steps)
    assert not answer["errors"], answer


async def measure(settings: Settings, engine: psutil.Process, counts: list[int], turns: int, home: Path) -> None:
    """Print a line for each number of links."""
    stages = PureStages(load_model())
    async with connect(settings) as client:
        assert await apply_mappings(client, NAMES, DEFAULT_LAYOUTS) == []
        hubs = {count: await fill(client, stages, count) for count in counts}
        await client.indices.refresh(index=NAMES.write_alias("links"))
        api = Api(stages, home, TracedEngine(client, NAMES), NAMES)
        print(" links    most   found  seconds  own CPU, ms  Elasticsearch, ms")
        for (count, hub), most in product(hubs.items(), (MOST_LINKS, 1_000_000)):
            rows, found = [], 0
            for _ in range(turns):
                before = time.perf_counter(), time.process_time(), sum(engine.cpu_times()[:2])
                found = len((await look(api.session(WHO), find_links_of, [hub], most))[hub] or ())
                after = time.perf_counter(), time.process_time(), sum(engine.cpu_times()[:2])
                rows.append([b - a for a, b in zip(before, after, strict=True)])
            wall, own, theirs = (median(column) for column in zip(*rows, strict=True))
            print(f"{count:6} {most:7}  {found:6}  {wall:7.2f}  {own * 1000:11.0f}  {theirs * 1000:17.0f}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", default="100,1000,5000,10000")
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        own = Settings(home=Path(home), kafka_url="http://unused", elasticsearch_url="", elasticsearch_port=0)
        found = stack.start_engines(own)
        try:
            engine = next(psutil.Process(one.pid) for one in stack.engine_statuses(own) if one.name == "elasticsearch")
            settings = own.model_copy(update={"elasticsearch_url": found.elasticsearch})
            counts = [int(count) for count in asked.links.split(",")]
            asyncio.run(measure(settings, engine, counts, asked.turns, Path(home)))
        finally:
            stack.stop_engines(own)


if __name__ == "__main__":
    main()
