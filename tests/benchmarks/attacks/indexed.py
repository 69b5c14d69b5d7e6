"""One account asks each costly thing of a real index that holds 1,000 cases of 1 MB: what another one waits meanwhile.

Kafka, Elasticsearch, the stage that indexes folders and two servers are processes of their own, as in an installation;
the servers are `liaison serve`'s, with a task that notes by how much the loop is late. Rounds take turns: quiet, the
attack on the second user's own server, and the same attack on the other server. What the second user waits in the third
is what the machine's processors, the index and Kafka cost it; what it waits more in the second is its server's.

The cases go into the index by the bulk writer, as documents that intake and project make (`case_document`), not through
Kafka: each of CONTENTS contents stands under as many case numbers as are needed.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import msgspec
import psutil
import uvicorn

from benchmarks.attacks.second_user import MOST, ask, headers_of, p95_of, wait_until_up
from pipeline.api.application import create_app
from pipeline.api.runtime import Runtime, open_runtime
from pipeline.correlation.claims import Claim, link_id
from pipeline.engines.ports import LOOPBACK
from pipeline.heap import freeze_heap
from pipeline.index.documents import DocumentWrite, case_document, link_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings, switch_aliases
from pipeline.index.writer import BulkWriter
from pipeline.localstack import stack
from pipeline.matching.model import generation_id, load_model
from pipeline.records.agencies import Agency
from pipeline.records.messages import AcceptedRecord
from pipeline.records.validation import MAX_BYTES
from pipeline.settings import Settings
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.registry import register_agency
from pipeline.web.app import mount_pages
from pipeline.web.serving import make_config
from support.access.requesters import ANNA, BERT
from support.index.documents import PureStages
from support.ports import own_port
from support.records.builder import RawCase, record
from support.records.worst_cases import fit, worst_bytes, worst_case

CASES: Final = 1_000
CONTENTS: Final = 12
AGENCIES: Final = ("fr-pj", "be-fp")

HUBS, LINKS_EACH = 50, 25
"""The first cases, and the later ones that each of them is linked to: as many as are followed of one case."""

KEPT: Final = 500
"""Cases that the attacker's folder and chart keep."""

MOST_BYTES: Final = 1_000_000_000
"""That a server may take at its peak."""

BATCH: Final = 20
"""Documents that are made, and held, before they are written."""

ROUNDS: Final = 3
PERIOD_S: Final = 0.005
"""After which the task that notes the loop's lateness wants to be woken."""

PACE, PAUSE_S = 4, 0.4
"""Requests of the attacker under way at once, and the pause before each: ten a second, as the rates let by."""


def make_content(seed: int) -> RawCase:
    """A case of as much as a message may hold: texts that nobody reads, names, or many small values, by turns."""
    event = {"id": "met", "type": "event", "start": "2026-01-01", "latitude": 48.85, "longitude": 2.35}
    shape = ("dense relations", "most names of two words", "wide extensions")[seed % 3]
    data = worst_case(shape, seed=seed, words=9) if seed % 3 == 1 else worst_case(shape, seed=seed)
    last = data["entities"][-1]["id"]  # makes room for the event
    relations = [one for one in data.get("relations", []) if last not in (one["from"], one["to"])]
    related = {"relations": relations} if relations else {}
    data = fit({**data, **related, "entities": [event, *data["entities"][:-1]]}, MAX_BYTES - 100_000)
    room = MAX_BYTES - 10_000 - len(worst_bytes(data))
    texts = {"texts": [f"{line:04000}" for line in range(room // 4_003)]}
    return {**data, "extensions": {**data.get("extensions", {}), **texts}}


def name_case(at: int) -> str:
    """The key of one of the large cases."""
    return f"{AGENCIES[at % 2]}:large-{at}"


def make_documents(stages: PureStages) -> Iterator[DocumentWrite]:
    """A small case, the large ones, and links of the first of these."""
    a, b = (stages.accepted(record(agency)) for agency in AGENCIES)
    yield from (case_document(a), case_document(b))
    told = stages.claim(a, b)
    yield link_document(told)
    held: list[AcceptedRecord] = []
    for at in range(CASES):
        key = name_case(at)
        agency, _, number = key.partition(":")
        if at < CONTENTS:
            data = {**make_content(at), "agency": agency, "country": agency[:2].upper(), "case_id": number}
            held.append(stages.accepted(data))
        of = held[at % CONTENTS]
        renamed = bytes(of.data).replace(f'"large-{at % CONTENTS}"'.encode(), f'"{number}"'.encode(), 1)
        yield case_document(msgspec.structs.replace(of, case=key, data=msgspec.Raw(renamed)))
    hashes = [one.hash for one in held]
    for at in range(HUBS):
        for other in range(at + 1, at + 1 + LINKS_EACH):
            yield link_document(_link(told, hashes, at, other))


def _link(told: Claim, hashes: Sequence[str], at: int, other: int) -> Claim:
    """The claim `told` as one about two of the large cases."""
    first, second = sorted((at, other), key=name_case)
    sides = [
        msgspec.structs.replace(
            told.a, case=name_case(one), hash=hashes[one % CONTENTS], agency=AGENCIES[one % 2],
            country=AGENCIES[one % 2][:2].upper(),
        )
        for one in (first, second)
    ]  # fmt: skip
    return msgspec.structs.replace(told, link=link_id(name_case(at), name_case(other)), a=sides[0], b=sides[1])


async def fill(settings: Settings) -> None:
    """Agencies, topics and an index that holds the cases."""
    model = load_model(settings.model)
    indices = Indices(settings.namespace, generation_id(model, settings.correlate_partitions))
    for agency in AGENCIES:
        await register_agency(settings, Agency(agency, agency[:2].upper()))
    await apply_all(settings)
    async with connect(settings) as client:
        await apply_mappings(client, indices)
        await switch_aliases(client, indices)
        writer = BulkWriter(client, indices)
        documents = make_documents(PureStages(model))
        while batch := list(itertools.islice(documents, BATCH)):
            outcome = await writer.write(batch)
            if outcome.refused:
                raise SystemExit(f"Elasticsearch refuses a document: {outcome.refused[0].error}")
        await client.indices.refresh(index=[indices.write_alias("cases"), indices.write_alias("links")])


def serve(settings: Settings, port: int, noted: Path) -> None:
    """`liaison serve`, which writes to a file when its loop was asked to go on, and by how much it was late."""

    async def note_lateness() -> None:
        with noted.open("w") as file:
            while True:
                due = time.monotonic() + PERIOD_S
                await asyncio.sleep(PERIOD_S)
                file.write(f"{due} {time.monotonic() - due}\n")
                file.flush()

    @asynccontextmanager
    async def opening() -> AsyncIterator[Runtime]:
        async with open_runtime(settings) as runtime:
            task = asyncio.create_task(note_lateness())
            yield runtime
            task.cancel()

    app = create_app(opening)
    mount_pages(app, ())
    freeze_heap()
    uvicorn.Server(make_config(app, settings, LOOPBACK, port)).run()


class Request(NamedTuple):
    """One thing that the attacker asks."""

    method: str
    path: str
    body: Any = None


def _place(at: int, entity: str = "") -> dict[str, str]:
    return {"case": name_case(at), **({"entity": entity} if entity else {})}


def attacks(folder: str) -> Mapping[str, tuple[Request, ...]]:
    """What costs much, by kind; `folder` keeps KEPT of the cases."""
    of_hub, things = [{"places": [_place(0)]}], [{"places": [_place(at)]} for at in range(KEPT)]
    words = {"question": "maraka vilami"}
    return {
        "statistics": (Request("GET", "/v1/statistics"),),
        "deconfliction": (Request("GET", f"/v1/deconfliction?case={name_case(0)}"),),
        "timeline": (Request("GET", f"/v1/timeline?case={name_case(0)}"),),
        "network": (Request("GET", f"/v1/graph?case={name_case(0)}&depth=3"),),
        "entities": (Request("GET", f"/v1/entities?case={name_case(0)}&entity=e0"),),
        "expand": (
            Request("POST", "/v1/chart/expand", {**of_hub[0], "more": 100, "entities": True}),
            Request("POST", "/v1/chart/hubs", {"cases": [name_case(at) for at in range(HUBS)]}),
        ),
        "chart": (Request("POST", "/v1/chart/open", {"items": things}),),
        "folder": (
            Request("GET", f"/v1/folders/{folder}/entities"),
            Request("GET", f"/v1/folders/{folder}/file"),
            Request("POST", f"/v1/folders/{folder}/visit"),
        ),
        **{
            f"cases as {form}": (Request("GET", f"/v1/export/cases?form={form}"),)
            for form in ("ndjson", "ftm", "csv", "excel", "stix")
        },
        "links": tuple(Request("GET", f"/v1/export/links?form={form}") for form in ("ndjson", "ftm", "csv", "stix")),
        "search": (Request("POST", "/v1/search", words), Request("POST", "/v1/search/facets", words)),
    }  # fmt: skip


class Attacker(NamedTuple):
    """The first user's process: attacks the server whose event is set; `idle` while nothing of it is under way."""

    urls: tuple[str, ...]
    going: tuple[Event, ...]
    idle: Event
    answered: Any
    """A queue of pairs: what was asked, and what became of it."""

    def run(self, headers: Mapping[str, str], requests: Sequence[Request]) -> None:
        """Ask until the process ends."""
        asyncio.run(self._run(headers, requests))

    async def _run(self, headers: Mapping[str, str], requests: Sequence[Request]) -> None:
        turns, under_way = itertools.cycle(requests), Counter[str]()

        async def send(client: httpx.AsyncClient, going: Event, asked: Request) -> None:
            brought, status = 0, 0
            async with client.stream(asked.method, asked.path, json=asked.body) as answer:
                status = answer.status_code
                async for part in answer.aiter_raw():
                    brought += len(part)
                    if not going.is_set():
                        break
            self.answered.put((status, brought))

        async def work(clients: Sequence[httpx.AsyncClient]) -> None:
            while True:
                await asyncio.sleep(PACE * PAUSE_S / 4)
                at = next((at for at, going in enumerate(self.going) if going.is_set()), None)
                if at is None:
                    if not under_way.total():
                        self.idle.set()
                    continue
                self.idle.clear()
                under_way["all"] += 1
                with suppress(httpx.HTTPError):
                    await send(clients[at], self.going[at], next(turns))
                under_way["all"] -= 1

        clients = [httpx.AsyncClient(base_url=url, headers=headers, timeout=120) for url in self.urls]
        await asyncio.gather(*(work(clients) for _ in range(PACE)))


class Round(NamedTuple):
    """What was measured in one kind of rounds: the second user's times, the loop's lateness in ms, CPU by process."""

    took: list[float]
    late_ms: list[float]
    cpu: Counter[str]

    @property
    def p95_ms(self) -> float:
        return p95_of(self.took)

    @property
    def p95_late_ms(self) -> float:
        return p95_of([late / 1000 for late in self.late_ms])


class Bench(NamedTuple):
    """A filled installation with two servers; the second user asks the first one."""

    settings: Settings
    client: httpx.Client
    urls: tuple[str, ...]
    noted: Path
    processes: Mapping[str, psutil.Process]

    def measure(self, requests: Sequence[Request], seconds: float) -> tuple[list[Round], Counter[int], Counter[int]]:
        """Quiet, attacked and elsewhere attacked; the second user's and the attacker's answers by status."""
        context = multiprocessing.get_context("spawn")
        attacker = Attacker(self.urls, (context.Event(), context.Event()), context.Event(), context.Queue())
        process = context.Process(
            target=attacker.run, args=(headers_of(self.settings, BERT), requests), daemon=True
        )  # fmt: skip
        rounds = [Round([], [], Counter()) for _ in range(3)]
        statuses, asked = Counter[int](), Counter[int]()
        process.start()
        try:
            attacker.idle.wait(60)
            ask(self.client, 1)
            for number in range(ROUNDS):
                for kind in ((0, 1, 2), (2, 0, 1), (1, 2, 0))[number % 3]:
                    going = attacker.going[kind - 1] if kind else None
                    if going:
                        going.set()
                        ask(self.client, 1)
                    statuses += self._ask_for(rounds[kind], seconds / ROUNDS)
                    if not process.is_alive():
                        raise SystemExit("the attack broke off")
                    if going:
                        going.clear()
                        time.sleep(0.2)
                        attacker.idle.wait(120)
                        ask(self.client, 0.5)
            while not attacker.answered.empty():
                asked[attacker.answered.get()[0]] += 1
        finally:
            process.kill()
            process.join()
        return rounds, statuses, asked

    def _ask_for(self, noted: Round, seconds: float) -> Counter[int]:
        before, began = self._cpu(), time.monotonic()
        took, statuses = ask(self.client, seconds)
        ended = time.monotonic()
        noted.took.extend(took)
        noted.cpu.update(
            {name: spent - before[name] for name, spent in self._cpu().items()} | {"seconds": ended - began}
        )
        with self.noted.open() as lines:
            told = (line.split() for line in lines if line.endswith("\n"))
            noted.late_ms.extend(float(late) * 1000 for due, late in told if began <= float(due) < ended)
        return statuses

    def _cpu(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self.processes.items()}

    def peak_bytes(self) -> int:
        """The most memory that the first server has held at a time, since `forget_peak`."""
        told = Path(f"/proc/{self.processes['server'].pid}/status").read_text()
        return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM:")) * 1024

    def forget_peak(self) -> None:
        """Let the peak be what it holds now."""
        Path(f"/proc/{self.processes['server'].pid}/clear_refs").write_text("5")


def _settings_of(home: Path) -> Settings:
    """A home for each generation within `home`: what one has filled another does not read."""
    settings = Settings(home=home, kafka_url="", elasticsearch_url="", kafka_port=0, elasticsearch_port=0)
    name = generation_id(load_model(settings.model), settings.correlate_partitions)
    return settings.model_copy(update={"home": home / name})


@contextmanager
def installation(home: Path) -> Iterator[Bench]:
    """Engines, filled unless they are, with all that the attack needs beside them; all that it starts it ends."""
    settings = _settings_of(home)
    os.environ["LIAISON_HOME"] = str(settings.home)
    with ExitStack() as ends:
        if not all(status.healthy for status in stack.engine_statuses(settings)):
            stack.start_engines(settings, open_index=True)
            ends.callback(stack.stop_engines, settings)
        if not (filled := settings.home / "filled").exists():
            asyncio.run(fill(settings))
            filled.touch()
        yield ends.enter_context(_running(settings))


@contextmanager
def _running(settings: Settings) -> Iterator[Bench]:
    context = multiprocessing.get_context("spawn")
    ports, noted = [own_port(), own_port()], [settings.home / f"lateness-{at}" for at in range(2)]
    servers = [
        context.Process(target=serve, args=(settings, port, file), daemon=True)
        for port, file in zip(ports, noted, strict=True)
    ]
    worker = subprocess.Popen(
        [Path(sys.executable).parent / "liaison", "worker", "project"],
        env=os.environ | {"LIAISON_METRICS_PORT": "0"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    urls = tuple(f"http://{LOOPBACK}:{port}" for port in ports)
    try:
        for server in servers:
            server.start()
        for url in urls:
            with httpx.Client(base_url=url, headers=headers_of(settings, ANNA), timeout=30) as client:
                wait_until_up(client)
        with httpx.Client(base_url=urls[0], headers=headers_of(settings, ANNA), timeout=120) as client:
            engines = {status.name: psutil.Process(status.pid) for status in stack.engine_statuses(settings)}
            running = {"server": psutil.Process(servers[0].pid), "other": psutil.Process(servers[1].pid)}
            yield Bench(settings, client, urls, noted[0], running | engines)
    finally:
        for server in servers:
            if server.pid is not None:
                server.kill()
                server.join()
        worker.terminate()
        worker.wait()


def make_folder(bench: Bench) -> str:
    """A folder of the attacker's that keeps KEPT cases."""
    headers = headers_of(bench.settings, BERT)
    with httpx.Client(base_url=bench.urls[0], headers=headers, timeout=120) as client:
        made = client.post("/v1/folders", json={"title": "large"})
        made.raise_for_status()
        folder = str(made.json()["folder"]["id"])
        for at in range(0, KEPT, 100):
            keys = [f"record {name_case(one)}" for one in range(at, at + 100)]
            client.post(f"/v1/folders/{folder}/items", json={"items": keys}).raise_for_status()
    return folder


def measure_indexed(home: Path, seconds: float, kinds: Sequence[str]) -> bool:
    """Print what each kind of attack costs the second user; whether all hold."""
    held = True
    with installation(home) as bench:
        asked = attacks(make_folder(bench))
        print(f"indexed: {CASES:,} cases of 1 MB; a server at rest holds {bench.peak_bytes() / 1e6:,.0f} MB at most")
        for kind in kinds or asked:
            bench.forget_peak()
            (quiet, attacked, elsewhere), statuses, answers = bench.measure(asked[kind], seconds)
            peak, ratio = bench.peak_bytes(), attacked.p95_ms / quiet.p95_ms
            holds = set(statuses) == {200} and ratio <= MOST and peak < MOST_BYTES and answers[200] > 0
            held = held and holds
            print(f"  {kind}: {'holds' if holds else 'FAILS'}; answers {dict(answers)}")
            print(f"    p95 {quiet.p95_ms:.1f} ms in quiet, {attacked.p95_ms:.1f} attacked ({ratio:.2f} times), "
                  f"{elsewhere.p95_ms:.1f} while the other server is ({elsewhere.p95_ms / quiet.p95_ms:.2f} times); "
                  f"peak {peak / 1e6:,.0f} MB")  # fmt: skip
            for name, one in (("quiet", quiet), ("attacked", attacked), ("elsewhere", elsewhere)):
                spent = ", ".join(f"{who} {one.cpu[who] / one.cpu['seconds']:.2f}" for who in bench.processes)
                print(f"    {name}: loop late by {one.p95_late_ms:.1f} ms (p95); cores: {spent}")
    return held
