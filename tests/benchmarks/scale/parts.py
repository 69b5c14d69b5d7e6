"""The measurements of bench-scale: a case's CPU, bytes and messages by partitions and cases held, and on engines."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
from elasticsearch import AsyncElasticsearch

from benchmarks.stream.engines import engines, unused_namespace
from benchmarks.stream.filling import fill
from benchmarks.stream.live import Live, installed, message, prepared_stages, wait_until
from benchmarks.stream.measuring import Measured, Row, measure_by_turns, run_all
from benchmarks.stream.populations import MADE_UP, open_population
from benchmarks.stream.stages import CHUNK, Stages, Stopwatch
from pipeline.correlation.claims import Claim, ClaimState, link_id
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.training.run import key_rarity
from pipeline.records.intake import SourceMessage
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client
from support.installation.installation import Installation

STAGES: Final = ("intake", "correlate", "project")

FEW: Final = 4

RECORD_BYTES: Final = 9
"""Of Kafka's own in each record, beside key and value: lengths, differences of time and offset, headers."""

Figures = dict[str, float]

Change = Callable[[dict[str, Any]], None]


def measure_stages(partitions: Sequence[int], held: int, cases: int) -> dict[str, Figures]:
    """What a case costs in the stages' own work, without clients, by partitions: a chunk of cases by turns.

    With the bytes that it puts on Kafka and on local disks.
    """
    with tempfile.TemporaryDirectory() as folder:
        some = [_fill(Path(folder) / str(count), count, held, cases) for count in partitions]
        rows = measure_by_turns(some)
    return {f"{count} partitions": _sum_up(row) for count, row in zip(partitions, rows, strict=True)}


def measure_held(folder: Path, held: int, cases: int) -> Figures:
    """The same at FEW partitions, in a folder that stays; stores that are there are not filled again."""
    return _sum_up(measure_by_turns([_fill(folder, FEW, held, cases)])[0])


def _fill(folder: Path, partitions: int, held: int, cases: int) -> Measured:
    rarity = key_rarity(held)
    folder.mkdir(exist_ok=True)
    if not (folder / "applied").exists():
        fill(folder, MADE_UP, partitions, held, rarity)
    return Measured(folder, MADE_UP, partitions, held, cases, rarity)


def _sum_up(row: Row) -> Figures:
    row["all"] = sum(row[stage] for stage in STAGES)
    row["kafka bytes"] = sum(
        row.get(f"{name} bytes", 0.0) + RECORD_BYTES * row.get(f"{name} records", 0.0)
        for name in ("accepted", "fingerprints", "postings", "asks", "answers", "watches", "links")
    )
    row["store bytes"] = row["homes bytes"] + row["places bytes"]
    return row


def check_links(folder: Path, held: int, skipped: int, cases: int) -> Figures:
    """Put `cases` more through the stages, `skipped` cases behind those held, and hold their links to what batch finds.

    Batch is done by hand: every case of every home is read, and each that shares a key with one of these cases is
    judged, whatever screens, meeting places and messages would make of it.
    """
    stages = Stages(folder, FEW, key_rarity(held), Stopwatch())
    messages = list(islice(open_population(MADE_UP, held, made=held).messages(), skipped, skipped + cases))
    claims = [msgspec.json.decode(value, type=Claim) for value in run_all(stages, iter(messages), cases, Stopwatch())]
    claimed = {claim.link for claim in claims if claim.state is ClaimState.LIVE}
    checked = stages.get_versions([(message.key or b"").decode() for message in messages])
    by_key: dict[int, list[Fingerprint]] = defaultdict(list)
    for version in checked:
        for key in version.fingerprint.keys:
            by_key[key].append(version.fingerprint)
    linked, judged, matcher = set[str](), 0, stages.make_matcher()
    for version in stages.read_versions():
        sharing = {one.case: one for key in by_key.keys() & set(version.outline.keys) for one in by_key[key]}
        for one in sharing.values():
            other = version.fingerprint
            if one.case != other.case and one.country != other.country:
                judged += 1
                if matcher.find_link(*sorted((one, other), key=lambda side: side.case)) is not None:
                    linked.add(link_id(*sorted((one.case, other.case))))
    stages.close()
    return {
        "cases": len(checked),
        "pairs judged": judged,
        "links": len(linked),
        "missed": len(linked - claimed),
        "too many": len(claimed - linked),
    }


def measure_workers(counts: Sequence[int], cases: int) -> Figures:
    """CPU of a case in all stages by workers a stage, on real engines, and what their throughput is of one worker's.

    By CPU: as if each had a core of its own and the engines others.
    """
    found: Figures = {}
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as (settings, own):
        for count in counts:
            settings = settings.model_copy(
                update={"namespace": unused_namespace(), "correlate_partitions": max(counts)}
            )
            with installed(settings, count, own, warm_up=cases) as some:
                load = some.backlog(cases)
            found[f"us all, {count} workers"] = sum(load.cpu[stage] for stage in STAGES)
            one = found[f"us all, {counts[0]} workers"]
            found[f"throughput, {count} workers"] = count * one / found[f"us all, {count} workers"]
    return found


def measure_engines(partitions: int, cases: int, turns: int) -> Figures:
    """CPU of a case in each worker with its clients, on real engines; bytes of each topic and of the index."""
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as (settings, own):
        settings = settings.model_copy(update={"correlate_partitions": partitions})
        with installed(settings, 1, own, warm_up=cases) as one:
            before = _topic_bytes(one)
            loads = [one.backlog(cases) for _ in range(turns)]
            after, memory = _topic_bytes(one), one.memory()
            index = asyncio.run(_index_bytes(settings, one.installation.generation))
    found: Figures = {f"us {name}": min(load.cpu[name] for load in loads) for name in loads[0].cpu}
    found["us all"] = min(sum(load.cpu[stage] for stage in STAGES) for load in loads)
    found["cases/s"] = max(load.rate for load in loads)
    found |= {f"kafka bytes, {name}": (after[name] - before[name]) / (turns * cases) for name in after}
    found |= {f"memory MB, {stage}": size for stage, size in memory.items()}
    return found | {"index bytes": index}


def measure_waiting(partitions: int, cases: int) -> Figures:
    """CPU of a case in correlate, clients included, where all cases wait for it: then each lane has many at a time.

    At a live rate one worker with all partitions seldom has that; workers with a few partitions each have it. Its start
    is counted.
    """
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as (settings, _):
        settings = settings.model_copy(update={"correlate_partitions": partitions})
        with prepared_stages(settings) as start:
            installation = Installation(settings)
            start("intake")
            start("project")
            installation.push(map(message, islice(open_population(MADE_UP, 1, made=0).messages(), cases)))
            wait_until(lambda: installation.accounting().decided == cases)
            worker = psutil.Process(start("correlate").pid)
            wait_until(installation.at_rest)
            return {"us correlate": sum(worker.cpu_times()[:2]) / cases * 1e6}


def _topic_bytes(one: Live) -> Counter[str]:
    """Bytes of each topic's log, by its name without namespace, agency and generation."""
    found: Counter[str] = Counter()
    with admin_client(one.settings) as client:
        for broker in client.describe_log_dirs():
            for folder in broker["log_dirs"]:
                for topic in folder["topics"]:
                    name = topic["name"].removeprefix(one.settings.namespace)
                    if name != topic["name"]:
                        found[name.partition(".")[0]] += sum(part["partition_size"] for part in topic["partitions"])
    return found


async def _index_bytes(settings: Settings, generation: str) -> float:
    """Bytes of one copy of the index, cases and links, by case."""
    async with connect(settings) as client:
        names = [Indices(settings.namespace, generation).write_alias(kind) for kind in ("cases", "links")]
        sizes = [await _store_bytes(client, name) for name in names]
        count = int((await client.count(index=names[0]))["count"])
    return sum(sizes) / count


async def _store_bytes(client: AsyncElasticsearch, name: str) -> int:
    await client.indices.forcemerge(index=name, max_num_segments=1)
    await client.indices.refresh(index=name)
    stats = await client.indices.stats(index=name, metric="store")
    return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])


def measure_amendments(partitions: int, held: int) -> dict[str, Figures]:
    """Messages that an amendment of a case leads to, by what it changes: postings, asks, answers and watches."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), MADE_UP, partitions, held, key_rarity(held))
        stages = Stages(Path(folder), partitions, key_rarity(held), Stopwatch())
        population = open_population(MADE_UP, held, made=held)
        messages = list(islice(population.messages(), 5 * CHUNK))
        run_all(stages, iter(messages), len(messages), Stopwatch())
        for version, (name, change) in enumerate(CHANGES.items(), start=2):
            before = stages.counts()
            run_all(stages, (amend(one, version, change) for one in messages), len(messages), Stopwatch())
            sent = stages.counts()
            kinds = ("fingerprints", "postings", "asks", "answers", "watches", "links")
            found[name] = {
                kind: (sent[f"{kind} records"] - before[f"{kind} records"]) / len(messages) for kind in kinds
            }
        stages.close()
    return found


def _change_title(data: dict[str, Any]) -> None:
    data["title"] += " (suite)"


def _change_phone(data: dict[str, Any]) -> None:
    person = data["entities"][0]
    person["phones"] = [*person.get("phones", ()), f"+337{int(data['case_id']) * 7919 % 10**8:08d}"]


CHANGES: Final[dict[str, Change]] = {"of other fields": _change_title, "that adds a phone": _change_phone}


def amend(message: SourceMessage, version: int, change: Change) -> SourceMessage:
    """A message with the next version of its case."""
    event = msgspec.json.decode(message.value or b"")
    event["data"]["version"] = version
    change(event["data"])
    return msgspec.structs.replace(message, value=msgspec.json.encode(event))
