"""A generation built beside the active one while records flow, switched to and back, and dropped."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from pipeline.access.hit_ledger import HitLedger
from pipeline.access.release import release_counterpart
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.runtime import open_runtime
from pipeline.api.services.links import list_links
from pipeline.api.session import Session
from pipeline.correlation.claims import Claim
from pipeline.correlation.projection import UNCLAIMED, advance_link
from pipeline.index.engine import IndexAwayError
from pipeline.matching.bands import Band
from pipeline.matching.model import Model, load_model
from pipeline.matching.model_file import Prior, encode_model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.stages.hit_publisher import ViewChange, decode_former_claim
from support.access.requesters import make_requester
from support.installation.command import RunLiaison
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(1800), pytest.mark.rare]

Links = dict[str, tuple[int, int, int]]

BETWEEN_READS_S = 0.1
"""A reader that never pauses takes half of the machine from the switch that it watches."""

STRICTER = 1800
"""Hundredths of a bit off the prior: a name and a birth date no longer make a link, with a passport they do."""


@pytest.fixture
def stricter(tmp_path: Path) -> tuple[Path, Model]:
    """Another model, in a file and loaded."""
    file = load_model().file
    prior = Prior(file.prior.bits - STRICTER, {kind: bits - STRICTER for kind, bits in file.prior.companions.items()})
    made = msgspec.structs.replace(file, version="stricter", prior=prior)
    path = tmp_path / "stricter.json"
    path.write_bytes(encode_model(made))
    return path, Model(made)


def pairs(records: RecordMaker, first: int, count: int) -> list[Any]:
    """Pairs of cases that both models link, and pairs that only the laxer one does; the last pair is amended."""
    made: list[Any] = []
    for number in range(first, first + count):
        passport = {"type": "passport", "value": f"{70 + number}KX{number:05d}", "country": "FR"}
        strong, weak = records.person(identifiers=[passport]), records.person()
        made += [
            records.message(agency, f"{kind}{number}", 1, [one])
            for kind, one in (("strong", strong), ("weak", weak))
            for agency in ("fr-pj", "be-fp")
        ]
    return [*made, records.message("fr-pj", f"strong{first}", 2, [records.person(phones=[])])]


def told(installation: Installation) -> dict[tuple[str, str, str], str]:
    """What each agency knows of its cases after all hits: the band by case and reference."""
    hits = installation.hits()
    assert len({hit["id"] for hit in hits}) == len(hits)
    known: dict[tuple[str, str, str], str] = {}
    for hit in hits:
        key = hit["receiver"], hit["case"], hit["reference"]
        assert (key in known) == (hit["kind"] != "new")
        known.pop(key, None)
        if hit["kind"] != "retracted":
            known[key] = hit.get("band", "")
    return known


@contextmanager
def answers(installation: Installation) -> Iterator[list[Links]]:
    """What a reader sees who asks ever again meanwhile; raises what was met."""
    ended, seen = threading.Event(), [installation.visible_links()]

    def ask() -> None:
        while not ended.wait(BETWEEN_READS_S):
            seen.append(installation.visible_links())

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield seen
        finally:
            ended.set()
        asking.result()


def at_rest(installation: Installation, sent: list[Any]) -> Callable[[], bool]:
    return lambda: installation.at_rest() and installation.accounting().decided == len(sent)


def test_built_with_more_partitions_switched_to_and_back_while_records_flow(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    liaison: RunLiaison,
    stricter: Any,
    wait_for: WaitFor,
) -> None:
    path, other = stricter
    building = "generation", "build", "--model", str(path), "--partitions", "7"
    old = installation.generation
    start_stage("intake")
    for stage in ("derive", "correlate", "project"):
        start_stage(stage, "--generation", old)
    sent = pairs(records, 0, 3)
    installation.push(sent)
    wait_for(at_rest(installation, sent), deadline_s=300)
    lax = installation.batch_links(sent)
    assert len(told(installation)) == 2 * len(lax)

    new = json.loads(liaison(*building, "--json").stdout)["generation"]
    pinned = [start_stage(stage, "--generation", new) for stage in ("derive", "correlate", "project")]
    more = pairs(records, 10, 3)
    sent += more
    installation.push(more)
    assert liaison(*building, "--wait").returncode == 0
    wait_for(at_rest(installation, sent), deadline_s=300)
    assert installation.visible_links() == installation.batch_links(sent), "a generation being built shows nothing"
    before = installation.hits()

    strict = installation.batch_links(sent, other)
    assert 0 < len(strict) < len(installation.batch_links(sent))
    with answers(installation) as seen:
        done = liaison("generation", "switch", new)
        assert done.returncode == 0, done.stderr
        wait_for(lambda: len(told(installation)) == 2 * len(strict))
        wait_for(lambda: seen[-1] == strict)  # a slow read may have begun before the switch
    lax = installation.batch_links(sent)
    assert all(links in (lax, strict) for links in seen), "readers see the one or the other, and are never sent away"
    assert seen[0] == lax
    wait_for(at_rest(installation, sent), deadline_s=300)
    assert installation.visible_links() == strict
    switched = [hit for hit in installation.hits() if hit not in before]
    retracted = 2 * (len(installation.batch_links(sent)) - len(strict))
    assert Counter(hit["kind"] for hit in switched)["retracted"] == retracted
    assert all(hit["kind"] != "new" for hit in switched), "what both see the same is not told again"

    more = pairs(records, 20, 3)
    sent += more
    installation.push(more)
    wait_for(at_rest(installation, sent), deadline_s=300)
    assert installation.visible_links() == installation.batch_links(sent, other)
    assert len(told(installation)) == 2 * len(installation.batch_links(sent, other))

    more = pairs(records, 30, 3)
    sent += more
    installation.push(more)
    done = liaison("generation", "switch", old, "--force")
    assert done.returncode == 0, done.stderr
    wait_for(at_rest(installation, sent), deadline_s=300)
    lax = installation.batch_links(sent)
    wait_for(lambda: len(told(installation)) == 2 * len(lax))
    assert installation.visible_links() == lax
    assert installation.accounting().balanced

    def listed(generation: str) -> dict[str, Any]:
        told: list[dict[str, Any]] = json.loads(liaison("generation", "status", "--json").stdout)
        return {one["id"]: one for one in told}[generation]

    assert listed(old)["active"]
    assert listed(new)["derived"] == 1.0
    each_once = {"derive": 1, "correlate": 1, "project": 1}
    wait_for(lambda: listed(new)["workers"] == each_once)  # the switch made all workers start anew
    assert "is active; switch to another generation first" in liaison("generation", "drop", old).stderr
    dropped = liaison("generation", "drop", new)
    assert dropped.returncode == 0, dropped.stderr
    assert [worker.wait(PATIENCE_S) for worker in pinned] == [1, 1, 1]
    assert installation.left_of(new) == []
    assert liaison("generation", "switch", new).returncode == 1
    wait_for(at_rest(installation, sent), deadline_s=300)
    assert installation.visible_links() == lax

    assert json.loads(liaison(*building, "--json").stdout)["generation"] == new
    for stage in ("derive", "correlate", "project"):
        start_stage(stage, "--generation", new)
    assert liaison(*building, "--wait").returncode == 0
    assert liaison("generation", "switch", new, "--force").returncode == 0
    wait_for(at_rest(installation, sent), deadline_s=300)
    assert installation.visible_links() == installation.batch_links(sent, other), "what its former life took in as well"


ANNA = make_requester("fr-pj", subject="anna")
HIT_ONLY = {"code": "H2", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]}
EQUAL, NEAR = "fr-pj:equal", "fr-pj:near"


async def shown(settings: Settings) -> dict[str, list[str]]:
    """The bands in which the asker sees links of its cases, by case."""
    async with open_runtime(settings.model_copy(update={"max_index_lag": 0})) as runtime:
        session = Session(runtime, ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"))
        return {case: [row.band for row in (await list_links(session, case)).links] for case in (EQUAL, NEAR)}


def count_links(installation: Installation, generation: str) -> int:
    """The visible links in a generation's own indices; 0 until its project stage has made them."""
    try:
        return len(installation.visible_links(generation))
    except IndexAwayError:
        return 0


async def read_claims(settings: Settings, generation: str) -> list[ConsumerRecord]:
    """All claims of a generation."""
    topic = topics.topic_name(settings, topics.LINKS, generation=generation)
    starts = {TopicPartition(topic, at): 0 for at in range(topics.partition_count(settings, topics.LINKS))}
    return [record async for records in read_partitions(settings, starts) for record in records]


async def write_as_before_equality(settings: Settings, old: str, new: str) -> None:
    """Make the old generation's claims of the new one's, as SCORING 3 wrote them, and what the gate then told.

    Both links were told of in the band of a likeness.
    """
    before, claims = topics.topic_name(settings, topics.LINKS, generation=old), await read_claims(settings, new)
    ring, now, gate = key_ring(settings), datetime.now(UTC), HitLedger(100)
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url) as producer:
        for record in claims:
            former = msgspec.json.decode(record.value) | {"generation": old}
            asks = "a" if former["a"]["agency"] == ANNA.agency else "b"
            former.pop(f"equal_{asks}", None)
            former[f"exact_{asks}"] = "certain"
            value = msgspec.json.encode(former)
            await producer.send_and_wait(before, value, key=record.key, partition=record.partition)
            told = decode_former_claim(value)
            assert told is not None
            step = advance_link(UNCLAIMED, told, ring, release_counterpart)
            (question,) = (
                ViewChange(hit, told, UNCLAIMED, step.seen).gate_question(now)
                for hit in step.hits
                if hit.receiver == ANNA.agency
            )
            content = msgspec.json.decode(record.value, type=Claim)
            own = content.a if asks == "a" else content.b
            answers = gate.submit_question(msgspec.structs.replace(question, asks=own.hash), now)
            for topic, values in (
                (topics.topic_name(settings, topics.HITS, agency=ANNA.agency), answers.hits),
                (topics.topic_name(settings, topics.HIT_ADMISSIONS), answers.admissions),
            ):
                for one in values:
                    banded = msgspec.structs.replace(one, band=Band.CERTAIN) if one.band else one
                    await producer.send_and_wait(topic, msgspec.json.encode(banded), key=one.id.encode(), partition=0)


def test_claims_of_before_equality_are_made_anew_and_no_way_back_leaks_or_tells_twice(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    liaison: RunLiaison,
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    """What rested on a likeness is taken back at the switch; on the way back all is, until claims are made anew."""
    settings, old, path = installation.settings, installation.generation, tmp_path / "anew.json"
    path.write_bytes(encode_model(msgspec.structs.replace(load_model().file, version="anew")))
    people = [records.person(), records.person()]
    asked = [people[0], people[1] | {"birth_date": people[1]["birth_date"][:4]}]
    start_stage("intake")

    def known() -> dict[str, str]:
        return {key[1]: band for key, band in told(installation).items() if key[0] == ANNA.agency}

    sent = [records.message("nl-np", str(at), people=[one], handling=HIT_ONLY) for at, one in enumerate(people)]
    sent += [
        records.message("fr-pj", case.partition(":")[2], people=[one])
        for case, one in zip((EQUAL, NEAR), asked, strict=True)
    ]
    installation.push(sent)
    wait_for(lambda: installation.accounting().decided == len(sent))
    new = json.loads(liaison("generation", "build", "--model", str(path), "--json").stdout)["generation"]
    for stage in ("derive", "correlate", "project"):
        start_stage(stage, "--generation", new)
    assert liaison("generation", "build", "--model", str(path), "--wait").returncode == 0
    wait_for(lambda: len(asyncio.run(read_claims(settings, new))) == 2)
    asyncio.run(write_as_before_equality(settings, old, new))
    assert known() == {EQUAL: "certain", NEAR: "certain"}
    start_stage("project", "--generation", old)
    # Readers are led to the new generation's indices, which were made first, until those of the active one are there.
    wait_for(lambda: count_links(installation, old) == 2)
    assert asyncio.run(shown(settings)) == {EQUAL: [], NEAR: []}, "bands are no equality"

    done = liaison("generation", "switch", new, "--force")
    assert done.returncode == 0, done.stderr
    wait_for(lambda: known() == {EQUAL: "probable"})
    wait_for(lambda: asyncio.run(shown(settings)) == {EQUAL: ["probable"], NEAR: []})
    kinds = Counter(hit["kind"] for hit in installation.hits() if hit["receiver"] == ANNA.agency)
    assert kinds == {"new": 2, "changed": 1, "retracted": 1}

    done = liaison("generation", "switch", old, "--force")
    assert done.returncode == 0, done.stderr
    wait_for(lambda: known() == {})
    wait_for(lambda: asyncio.run(shown(settings)) == {EQUAL: [], NEAR: []})

    done = liaison("generation", "switch", new, "--force")
    assert done.returncode == 0, done.stderr
    wait_for(lambda: known() == {EQUAL: "probable"})
    wait_for(lambda: asyncio.run(shown(settings)) == {EQUAL: ["probable"], NEAR: []})
