"""People who add to, order and open case folders on real engines while records stream in: `make bench-folders`.

    PYTHONPATH=tests python tests/benchmarks/folders/run.py [--people 50] [--seconds 60] [--cases 3000] [--rate 20]

Folders of some SIZES, records among their items, each shared by all people. Each person does one thing after the other
over HTTP, with a pause of THINK_S: half of the time they open a folder as its page does, else they add a record or move
an item behind another. Meanwhile records come in at `rate` a second through two workers of intake and one of each other
stage. Engines, workers, one server and the people share this machine. Prints JSON: by size and act how many there were,
seconds at the median and the 95th percentile; CPU milliseconds an act by process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import Any, Final, NamedTuple

import httpx
import psutil

from benchmarks.figures import write_figures
from benchmarks.stream.engines import engines, environment_of
from benchmarks.stream.live import message, prepared_stages, wait_until
from benchmarks.stream.population import Population, agency_of
from pipeline.access.folders import ItemKind, KeptSearch, Reference
from pipeline.access.requester import Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.engines.ports import LOOPBACK, any_free
from pipeline.index.engine import connect
from pipeline.records.intake import SourceMessage
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import count_members
from support.installation.installation import Installation
from support.processes.starting import started

SIZES: Final = (10, 100, 1000, 9_500)
"""Items of a folder at the beginning: 10,000 is the limit, and people add some."""

RECORDS_SHARE: Final = 4
"""One item in so many is a record, the others are searches: there are not as many records."""

THINK_S: Final = 2.0
TOGETHER: Final = 500
WORKERS: Final = {"intake": 2, "correlate": 1, "project": 1, "notify": 1, "attest": 1}
SERVER_PROCESS: Final = "support.web.server_process"
AGENCY: Final = agency_of("FR")


class Act(NamedTuple):
    """What somebody did in a folder of a size, and seconds until it was answered; `refused` by a conflict."""

    what: str
    size: int
    seconds: float
    refused: bool


class Person:
    """Somebody of the agency at the API."""

    def __init__(self, client: httpx.AsyncClient, token: str, seed: int) -> None:
        grounds = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "1"}
        self._client, self._headers = client, {"Authorization": f"Bearer {token}", **grounds}
        self._random = random.Random(seed)

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One request. Raises SystemExit for an answer that is neither one nor a conflict."""
        answer = await self._client.request(method, f"/v1{path}", json=body, headers=self._headers, timeout=60)
        if answer.status_code >= 400 and answer.status_code != httpx.codes.CONFLICT:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    async def work(self, folders: Mapping[int, str], cases: Sequence[str], until: float) -> list[Act]:
        """Do one thing after the other until a time."""
        done: list[Act] = []
        seen: dict[int, list[str]] = {}
        await asyncio.sleep(self._random.uniform(0, THINK_S))
        while time.monotonic() < until:
            size = self._random.choice(SIZES)
            what = self._random.choice(("open", "open", "add", "move")) if size in seen else "open"
            path, begun = f"/folders/{folders[size]}", time.perf_counter()
            if what == "open":
                answer = await self.ask("POST", f"{path}/visit")
            elif what == "add":
                answer = await self.ask("POST", f"{path}/items", {"items": [f"record {self._random.choice(cases)}"]})
            else:
                item, after = self._random.sample(seen[size], 2)
                answer = await self.ask("PUT", f"{path}/items/{item}/place", {"after": after})
            done.append(Act(what, size, time.perf_counter() - begun, answer.is_error))
            if what == "open":
                seen[size] = [row["id"] for row in answer.json()["items"]]
            await asyncio.sleep(self._random.uniform(0, 2 * THINK_S))
        return done


async def fill(person: Person, names: Sequence[str], cases: Sequence[str]) -> dict[int, str]:
    """Make a folder of each size, shared by all; ids by size."""

    async def make(size: int) -> str:
        made: str = (await person.ask("POST", "/folders", {"title": f"{size} items"})).json()["folder"]["id"]
        for name in names:
            await person.ask("PUT", f"/folders/{made}/members", {"subject": name, "role": "member"})
        items = [_reference(at, cases) for at in range(size)]
        for at in range(0, size, TOGETHER):
            await person.ask("POST", f"/folders/{made}/items", {"items": items[at : at + TOGETHER]})
        return made

    return dict(zip(SIZES, await asyncio.gather(*map(make, SIZES)), strict=True))


def _reference(at: int, cases: Sequence[str]) -> str:
    number, rest = divmod(at, RECORDS_SHARE)
    if not rest and number < len(cases):
        return f"record {cases[number]}"
    return Reference(ItemKind.SEARCH, search=KeptSearch(f"person {at}")).text


async def run_people(
    settings: Settings, url: str, asked: argparse.Namespace, cases: Sequence[str], processes: Mapping[str, Any]
) -> dict[str, Any]:
    """Fill the folders, then let all work while records come in; what came of it."""
    names = [f"person{number}" for number in range(asked.people)]
    async with httpx.AsyncClient(base_url=url, limits=httpx.Limits(max_connections=asked.people)) as client:
        people = [
            Person(client, issue_token(settings, _requester(name), datetime.now(UTC), timedelta(hours=2)), at)
            for at, name in enumerate(names)
        ]
        folders = await fill(people[0], names[1:], cases)
        before, begun = _cpu(processes), time.monotonic()
        until = begun + asked.seconds
        streaming = asyncio.create_task(asyncio.to_thread(_stream, settings, asked.rate, asked.seconds))
        done = await asyncio.gather(*(one.work(folders, cases, until) for one in people))
        acts = [act for some in done for act in some]
        took = time.monotonic() - begun
        await streaming
        cpu = {name: round(1000 * (after - before[name]) / len(acts), 1) for name, after in _cpu(processes).items()}
    return {"acts": len(acts), "acts_s": round(len(acts) / took, 1), "cpu_ms_an_act": cpu, "seconds": _table(acts)}


def _stream(settings: Settings, rate: int, seconds: int) -> None:
    """Send further records at a rate."""
    messages = Population(2).messages()
    for _ in range(seconds):
        begun = time.monotonic()
        _push(settings, messages, rate)
        time.sleep(max(0.0, 1 - (time.monotonic() - begun)))


def _push(settings: Settings, messages: Iterator[SourceMessage], count: int) -> None:
    """Send records, which investigators may read: those of the population are for correlation alone."""
    readable = b'"purposes":["correlation","investigation"]'
    sent = [message(one) for one in islice(messages, count)]
    Installation(settings).push(
        one._replace(value=(one.value or b"").replace(b'"purposes":["correlation"]', readable)) for one in sent
    )


def _table(acts: Sequence[Act]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    refused = Counter((act.what, act.size) for act in acts if act.refused)
    for what in ("open", "add", "move"):
        for size in SIZES:
            took = [act.seconds for act in acts if (act.what, act.size) == (what, size)]
            if len(took) > 1:
                cuts = quantiles(took, n=20)
                held = {"count": len(took), "p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}
                table[f"{what} {size}"] = held | {"refused": refused[what, size]}
    return table


def _requester(name: str) -> Requester:
    return Requester(name, AGENCY, "FR", frozenset({Role.INVESTIGATOR}))


def _cpu(processes: Mapping[str, Sequence[psutil.Process]]) -> dict[str, float]:
    return {name: sum(sum(one.cpu_times()[:2]) for one in some) for name, some in processes.items()}


async def _list_cases(settings: Settings, most: int) -> list[str]:
    """Keys of records that are indexed and that everybody may read."""
    async with connect(settings) as client:
        query = {"bool": {"filter": [{"term": {"handling.code": "H0"}}]}}
        found = await client.search(index=f"{settings.namespace}cases", query=query, size=most, source=False)
    return [hit["_id"] for hit in found["hits"]["hits"]]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--figures", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, engines(Path(home)) as (given, own):
        settings = given.model_copy(update={"request_rate": 1_000_000, "max_index_lag": 0})
        with prepared_stages(settings) as start:
            processes = {
                stage: [psutil.Process(start(stage).pid) for _ in range(count)] for stage, count in WORKERS.items()
            } | {name: [process] for name, process in own.items()}
            groups = [f"{settings.namespace}intake"]
            wait_until(lambda: count_members(settings, groups)[groups[0]] == WORKERS["intake"])
            _push(settings, Population(1).messages(), asked.cases)
            wait_until(Installation(settings).at_rest)
            environment = environment_of(settings) | {"LIAISON_REQUEST_RATE": "1000000", "LIAISON_MAX_INDEX_LAG": "0"}
            port = any_free()
            with started(SERVER_PROCESS, environment, settings.home / "logs") as serve:
                processes["api"] = [psutil.Process(serve(str(port)).pid)]
                url = f"http://{LOOPBACK}:{port}"
                wait_until(lambda: _is_ready(url))
                cases = asyncio.run(_list_cases(settings, 2500))
                figures = asyncio.run(run_people(settings, url, asked, cases, processes))
    print(json.dumps(figures, indent=2))
    if asked.figures:
        conditions = {name: getattr(asked, name) for name in ("people", "seconds", "cases", "rate")}
        write_figures(asked.figures, "make bench-folders", figures, conditions)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
