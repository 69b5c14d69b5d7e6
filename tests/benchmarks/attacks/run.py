"""How long a second user waits while the first attacks: p95 of a case's page over HTTP, with the attack and without.

    make bench-attacks [BENCH_ARGS="--only audit --seconds 20"]
    make bench-attacks BENCH_ARGS="--only indexed --seconds 9 --home DIR [--kind statistics --kind 'cases as csv']"

The second is of a real index of 1,000 cases of 1 MB, which DIR keeps for the next run; indexed.py says how. All other
scenarios are of `liaison serve`'s own server over cases in memory, in a process of its own; its audit is written to a
real Kafka. The attacker has another process, and sends ten requests a second, which is what the rates let by; sockets,
which nobody's rate counts alike, as fast as it can. Quiet and attacked rounds take turns, so that what else the machine
does meets both; a quiet one begins when all that was asked for is answered. A scenario passes where the second user
gets every answer, and its p95 is at most twice what it is in quiet rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import multiprocessing
import os
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import cache
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import uvicorn

from benchmarks.attacks.indexed import measure_indexed
from benchmarks.attacks.second_user import MOST, ask, headers_of, p95_of, wait_until_up
from pipeline.access.audit import Act, ActKind, RequestRule, ShownCase, ShownForm
from pipeline.api.application import create_app
from pipeline.api.runtime import Runtime
from pipeline.engines.ports import LOOPBACK
from pipeline.localstack import stack
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import AuditError, AuditLog, KafkaSender
from pipeline.streams.catalogues.topics import plan_topics
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.times import now
from pipeline.web.app import mount_pages
from pipeline.web.csrf import COOKIE
from pipeline.web.serving import make_config
from pipeline.web.site import PREPARED
from support.access.requesters import ANNA, BERT
from support.api.server_process import ServedApi
from support.feeds.workbooks import write_workbook
from support.index.documents import PureStages
from support.ports import own_port
from support.records.builder import record
from support.records.worst_cases import fit, worst_case

ROUNDS: Final = 4

INDEXED: Final = "indexed"
"""The scenario that asks a real index, which has a module of its own."""
POLLING: Final = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
TABLE: Final = b"Nom;Phone\n" + b"".join(b"Ivan Petrov %d;+33612%06d\n" % (row, row) for row in range(10_000))
TARGETS: Final = (["name", "phone"], ["alias", "phone"])

HOSTILE_ROWS, LAST_COLUMN = 12_000, "FD"
"""A cell at either end of each row: nearly as many cells from the first to the last as a sheet may have, all of which
its reader makes, and then more rows than a list may have. Packed it takes 80 kB."""

Attack = Callable[[httpx.AsyncClient, int], Awaitable[object]]
"""What is sent; the number counts how often."""


class Scenario(NamedTuple):
    """An attack: requests over HTTP, or what the server itself is brought to write to its audit."""

    what: str
    requests: tuple[Attack, ...] = ()
    acts: tuple[Act, ...] = ()
    pace: int = 4
    """Requests under way at once, each of which waits `pace * pause_s` before the next one."""
    pause_s: float = 0.1
    large: bool = False
    """Whether cases of 1 MB are held."""


async def _search_at_length(client: httpx.AsyncClient, _: int) -> httpx.Response:
    return await client.post("/v1/search", json={"question": "x" * 900_000})


async def _list_countries(client: httpx.AsyncClient, _: int) -> httpx.Response:
    asked = {"case": "fr-pj:1", "releasable_to": ["FR"] * 300}
    return await client.get("/v1/visibility", params=asked)


async def _ask_costly(client: httpx.AsyncClient, turn: int) -> None:
    """A list of 10,000 rows that is mapped anew again and again, files, networks."""
    drafts = (await client.get("/v1/list-drafts")).json().get("drafts", [])
    if not drafts:
        await client.post("/v1/list-drafts", content=TABLE, headers={"Idempotency-Key": "one"})
        return
    answer = await client.put(f"/v1/list-drafts/{drafts[0]['id']}", json={"targets": TARGETS[turn % 2]})
    if answer.status_code not in (200, 429):
        raise AssertionError(f"what should cost much did not: {answer.status_code}")
    await client.get("/v1/export/cases")
    await client.get("/v1/graph?case=fr-pj:1&depth=3")


LARGE_CASES: Final = 20
"""Cases of as much as a message may hold, with relations of every entity; each is linked to the next."""

LOOKED_AT: Final = (
    "/v1/statistics", "/v1/timeline?case=fr-pj:large-0", "/v1/graph?case=fr-pj:large-0&depth=3",
    "/v1/entities?case=fr-pj:large-0&entity=e0", "/v1/deconfliction?case=be-fp:large-1",
)  # fmt: skip


async def _look_at_large_cases(client: httpx.AsyncClient, turn: int) -> None:
    """What reads many whole cases, each as soon as one has an answer, and a search that ranks them."""
    answer = await client.get(LOOKED_AT[turn % len(LOOKED_AT)])
    if answer.status_code not in (200, 429):
        raise AssertionError(f"what should cost much did not: {answer.status_code} for {answer.url}")
    await client.post("/v1/search", json={"question": "maraka vilami"})


def _hold_large_cases(api: ServedApi) -> None:
    for at in range(LARGE_CASES):
        agency = ("fr-pj", "be-fp")[at % 2]
        notes = {"notes": [f"{line:04000}" for line in range(230)]}
        data = fit({**worst_case("dense relations", seed=at), "extensions": notes})
        api.hold({**data, "agency": agency, "country": agency[:2].upper(), "case_id": f"large-{at}"})
    for at in range(0, LARGE_CASES, 2):
        api.link(f"fr-pj:large-{at}", f"be-fp:large-{at + 1}")


@cache
def _hostile_workbook() -> bytes:
    row = f'<row r="{{0}}"><c r="A{{0}}"><v>1</v></c><c r="{LAST_COLUMN}{{0}}"><v>1</v></c></row>'
    rows = "".join(row.format(number) for number in range(3, HOSTILE_ROWS))
    made = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = write_workbook(Path(folder) / "book.xlsx", {"List": [["name"], ["Ivan"]]})
        with zipfile.ZipFile(path) as plain, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in plain.namelist():
                content = plain.read(name).decode()
                packed.writestr(name, content.replace("</sheetData>", f"{rows}</sheetData>"))
    return made.getvalue()


async def _upload_workbook(client: httpx.AsyncClient, turn: int) -> None:
    headers = {"Idempotency-Key": f"{turn}"}
    answer = await client.post("/v1/list-drafts", content=_hostile_workbook(), headers=headers)
    if answer.status_code not in (422, 429):
        raise AssertionError(f"a hostile workbook was answered {answer.status_code}")


async def _open_sockets(client: httpx.AsyncClient, turn: int) -> None:
    """Connections of nobody, each with a body of 990 kB; the browser's secret is made up."""
    headers = {"Cookie": f"{COOKIE}={turn}", "Authorization": ""}
    answer = await client.get(POLLING, headers=headers)
    if answer.is_success:
        sid = json.loads(answer.text[1:])["sid"]
        await client.post(f"{POLLING}&sid={sid}", content=b"6" * 990_000, headers=headers)


def _large_acts() -> tuple[Act, ...]:
    """As many words as a session may say, more than an entry holds, and an export of 20,000 hit-only records."""
    who = Act(ActKind.READ, "bert", "be-fp", "BE", ("investigator",), "investigation", "BX/12", rule=RequestRule.ROLE)
    shown = tuple(ShownCase(f"nl-np:{at:08}", ShownForm.HIT, "hit_only") for at in range(20_000))
    return tuple(
        Act(who.kind, who.subject, who.agency, who.country, who.roles, who.purpose, who.case_reference, query=words,
            shown=records, rule=who.rule)
        for words, records in (("x" * 90_000, ()), ("x" * 1_200_000, ()), ("x", shown))
    )  # fmt: skip


SCENARIOS: Final = {
    "audit": Scenario(
        "ten acts a second of 90 kB, of more words than an entry holds, and of 20,000 records; requests to match",
        requests=(_search_at_length, _list_countries),
        acts=_large_acts(),
    ),
    "costly": Scenario(
        "a list of 10,000 rows that is mapped anew in a loop, exports and networks",
        (_ask_costly,),
        pace=8,
        pause_s=0.4,
    ),
    "workbook": Scenario(
        "a workbook of two million cells that is refused, and uploaded again and again", (_upload_workbook,)
    ),
    "large": Scenario(
        f"statistics, timelines, networks, things and searches over {LARGE_CASES} cases of 1 MB",
        (_look_at_large_cases,),
        large=True,
    ),
    "sockets": Scenario("sockets of nobody, each with 990 kB", (_open_sockets,), pace=8, pause_s=0.001),
}


async def _write_acts(log: AuditLog, acts: tuple[Act, ...], pause_s: float, attacked: Path) -> None:
    """What the attack makes the server write, while the file is there."""
    while acts:
        for act in acts:
            await asyncio.sleep(pause_s)
            if attacked.exists():
                with suppress(AuditError):
                    await log.write(act)


def _serve(settings: Settings, port: int, scenario: Scenario) -> None:
    api = ServedApi(PureStages(load_model()), settings.home)
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    if scenario.large:
        _hold_large_cases(api)

    @asynccontextmanager
    async def opening() -> AsyncIterator[Runtime]:
        sender = KafkaSender(settings)
        async with AuditLog(sender, now, dict) as log:
            api.runtime.audit = log
            task = asyncio.create_task(_write_acts(log, scenario.acts, scenario.pause_s, settings.home / "attacked"))
            yield api.runtime
            task.cancel()
        await sender.stop()

    app = create_app(opening)
    mount_pages(app, PREPARED)
    uvicorn.Server(make_config(app, settings, LOOPBACK, port)).run()


def _attack(url: str, headers: dict[str, str], scenario: Scenario, attacked: Path, idle: Event) -> None:
    """The first user, as long as the file is there; `idle` is set while all that it asked for is answered."""
    sending = 0
    turns = itertools.count()

    async def work(client: httpx.AsyncClient) -> None:
        nonlocal sending
        while True:
            for send in scenario.requests:
                await asyncio.sleep(scenario.pace * scenario.pause_s)
                if attacked.exists():
                    idle.clear()
                    sending += 1
                    with suppress(httpx.HTTPError, ValueError):  # ValueError: the answer is another than JSON
                        await send(client, next(turns))
                    sending -= 1
                elif not sending:
                    idle.set()

    async def all_of_it() -> None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            await asyncio.gather(*(work(client) for _ in range(scenario.pace)))

    asyncio.run(all_of_it())


def measure(settings: Settings, scenario: Scenario, seconds: float) -> tuple[float, float, Counter[int]]:
    """The second user's p95 in quiet and in attacked rounds (ms), and its answers' statuses in the latter."""
    port, attacked = own_port(), settings.home / "attacked"
    url = f"http://{LOOPBACK}:{port}"
    quiet, loud, answered = list[float](), list[float](), Counter[int]()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(settings, port, scenario), daemon=True)
    server.start()
    idle = context.Event()
    given = url, headers_of(settings, BERT), scenario, attacked, idle
    attacker = context.Process(target=_attack, args=given, daemon=True)
    try:
        with httpx.Client(base_url=url, headers=headers_of(settings, ANNA), timeout=30) as client:
            wait_until_up(client)
            attacker.start()
            ask(client, 2)
            for _ in range(ROUNDS):
                quiet += ask(client, seconds / ROUNDS)[0]
                attacked.touch()
                took, statuses = ask(client, seconds / ROUNDS)
                loud += took
                answered += statuses
                if not attacker.is_alive():
                    raise SystemExit("the attack broke off")
                attacked.unlink()
                idle.wait(60)
                ask(client, 1)
    finally:
        for process in (attacker, server):
            if process.pid is not None:
                process.kill()
                process.join()
    return p95_of(quiet), p95_of(loud), answered


def main() -> int:
    """Print what each scenario costs the second user; 1 where one costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted([*SCENARIOS, INDEXED]))
    parser.add_argument("--seconds", type=float, default=20.0, help="of quiet, and of attack")
    parser.add_argument("--kind", action="append", default=[], help="of what is asked of an index, this alone")
    parser.add_argument("--home", type=Path, help="of a filled index that is kept for reuse")
    given = parser.parse_args()
    os.environ["LIAISON_REQUEST_RATE"] = "1000000"
    wanted = [given.only] if given.only else [*SCENARIOS, INDEXED]
    held = _measure_scenarios([name for name in wanted if name != INDEXED], given.seconds)
    if INDEXED in wanted:
        with nullcontext(given.home) if given.home else tempfile.TemporaryDirectory(prefix="attacks-") as home:
            held = measure_indexed(Path(home).absolute(), given.seconds, given.kind) and held
    return int(not held)


def _measure_scenarios(names: Sequence[str], seconds: float) -> bool:
    """Print what each of these costs the second user; whether none costs too much."""
    if not names:
        return True
    held = True
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        settings = Settings(
            home=Path(folder), kafka_url="", elasticsearch_url="http://127.0.0.1:1", kafka_port=own_port()
        )
        os.environ["LIAISON_HOME"] = folder
        stack.start_engines(settings)
        try:
            apply_plan(settings, plan_topics(settings, [], []))
            for name in names:
                quiet, loud, answered = measure(settings, SCENARIOS[name], seconds)
                holds = set(answered) == {200} and loud <= MOST * quiet
                held = held and holds
                print(f"{name}: {SCENARIOS[name].what}")
                print(f"  p95 {quiet:.1f} ms in quiet, {loud:.1f} ms under attack ({loud / quiet:.2f} times); "
                      f"answers {dict(answered)}: {'holds' if holds else 'FAILS'}")  # fmt: skip
        finally:
            stack.stop_engines(settings)
    return held


if __name__ == "__main__":
    sys.exit(main())
