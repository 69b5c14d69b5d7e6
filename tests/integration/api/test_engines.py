"""The API on the real engines: what is disclosed, what is recorded first, and what happens when an engine is away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import get_args

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from pipeline.access.audit import FACTS_FORMAT, Act, ActKind, AuditEntry, Chain, ShownForm
from pipeline.access.audit_verification import TrailFault
from pipeline.access.requester import Role, parse_grounds
from pipeline.access.token_keys import issue_token
from pipeline.api import metrics
from pipeline.api.application import create_app
from pipeline.api.problems import UnavailableError
from pipeline.api.runtime import Runtime, open_runtime
from pipeline.api.services.audit import verify_trail
from pipeline.api.services.exports import ExportFormat, What
from pipeline.api.services.links import list_links
from pipeline.api.services.result_tables import tabulate
from pipeline.api.services.search import Search, search
from pipeline.api.session import Session
from pipeline.cli.main import build_cli
from pipeline.index.documents import case_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import AuditLog, KafkaSender, audit_log
from pipeline.streams.audit.audit_tail import FRESH, TrailCheck, read_entries
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from support.access.requesters import ANNA, make_requester
from support.api.bad_questions import BODIES, QUESTIONS
from support.api.index import beside, write_documents
from support.api.runtime import GROUNDS
from support.index.documents import PureStages
from support.processes import warm
from support.records.builder import person, record
from support.waiting import PATIENCE_S

pytestmark = pytest.mark.engines


READ = ("/v1/cases/fr-pj:1", "/v1/links?case=fr-pj:1", "/v1/export/cases", "/v1/statistics")


def client_of(runtime: Runtime) -> httpx.AsyncClient:
    app = create_app(lambda: open_runtime(runtime.settings))
    app.state.runtime = runtime
    token = issue_token(runtime.settings, ANNA, runtime.clock(), timedelta(hours=1))
    headers = {**GROUNDS, "Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://liaison", headers=headers)


async def recorded(runtime: Runtime) -> list[AuditEntry]:
    return [entry async for entry in read_entries(runtime.settings)]


async def test_what_moves_between_pages_comes_once(runtime: Runtime, stages: PureStages) -> None:
    async def write(number: int, born: str, version: int = 1) -> None:
        man = person("Anna Nowak", id="p1", birth_date=born)
        given = record("be-fp", str(number), version=version, entities=[man])
        await write_documents(runtime.settings, stages, [case_document(stages.accepted(given))])

    async def page(cursor: str | None) -> tuple[list[str], str | None]:
        reader = Session(runtime, ANNA, parse_grounds("investigation", "2026/1"))
        found = await search(reader, Search("anna nowak 1980-05-01", limit=2, cursor=cursor or ""))
        return [row.case for row in found.results], found.next

    for number in range(10, 16):
        await write(number, "1980-05-01" if number < 12 else "1980-05")
    first, cursor = await page(None)
    await write(10, "1980", 2)
    await write(15, "1980-05-01", 2)
    second, cursor = await page(cursor)
    await write(12, "1980", 2)
    await write(14, "1980-05-01", 2)
    third, cursor = await page(cursor)
    assert [first, second, third, cursor] == [
        ["be-fp:10", "be-fp:11"], ["be-fp:15", "be-fp:12"], ["be-fp:13", "be-fp:14"], None,
    ]  # fmt: skip


async def test_the_trail_is_verified_from_where_it_was_left(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.api.services.audit.PATIENCE_S", 60.0)  # who asks again adds an entry of their own
    auditor = Session(runtime, make_requester("be-fp", Role.AUDITOR), parse_grounds("investigation", "2026/1"))
    first = await verify_trail(auditor)
    assert (first.findings, first.entries) == ((), len(await recorded(runtime)))
    at = runtime.clock()
    check = TrailCheck(runtime.settings, lambda: at)
    assert (await check.check_trail(60)).entries == first.entries
    await verify_trail(auditor)
    assert (await check.check_trail(60)).entries == first.entries
    at += FRESH
    assert (await check.check_trail(60)).entries == len(await recorded(runtime)) > first.entries


async def test_what_is_shown_is_in_the_topic_by_then(runtime: Runtime) -> None:
    async with client_of(runtime) as client:
        found = await client.post("/v1/search", json={"question": "Иван Петров 1980-05"})
        assert [row["case"] for row in found.json()["results"]] == ["be-fp:1", "fr-pj:1"]
        assert (await recorded(runtime))[-1].kind is ActKind.SEARCH
        shown = await client.get("/v1/links", params={"case": "fr-pj:1"})
        assert {row["case_b"] or row["hit"]["agency"] for row in shown.json()["links"]} == {"fr-pj:1", "nl-np"}
    entry = (await recorded(runtime))[-1]
    assert {case.case: case.form for case in entry.shown} == {
        "fr-pj:1": ShownForm.FULL, "be-fp:1": ShownForm.FULL, "nl-np:1": ShownForm.HIT,
    }  # fmt: skip
    assert entry.request == shown.headers["x-request-id"]


EXPORTED = [f"/v1/export/{what}?form={form}" for what, form in product(get_args(What), get_args(ExportFormat))]
SHOWING = (
    "/v1/cases/fr-pj:1", "/v1/links?case=fr-pj:1", "/v1/graph?case=fr-pj:1&depth=2", "/v1/timeline?case=fr-pj:1",
    "/v1/entities?case=fr-pj:1&entity=p1", "/v1/inbox", *EXPORTED,
)  # fmt: skip


async def test_what_each_form_shows_is_in_the_topic_whichever_server_gave_it(
    runtime: Runtime, engine_settings: Settings
) -> None:
    """Over two servers and after a restart of one: each key that leaves is there in full, each reference as a hit."""
    keys, another = ("fr-pj:1", "be-fp:1", "nl-np:1", "es-cnp:1"), beside(engine_settings)
    hit = runtime.opaque.make_reference(ANNA.agency, "nl-np:1")

    async def ask(at: Runtime) -> dict[str, tuple[set[str], set[str]]]:
        """By path what is named, and what the trail, which is read once, has of that request."""
        async with client_of(at) as client:
            answers = {path: await client.get(path) for path in SHOWING}
        entries, found = await recorded(runtime), {}
        for path, answer in answers.items():
            assert answer.status_code == httpx.codes.OK, path
            named = {key for key in keys if key in answer.text} | ({hit} if hit in answer.text else set())
            own = (entry for entry in entries if entry.request == answer.headers["x-request-id"])
            shown = [one for entry in own for one in entry.shown]
            told = {one.case for one in shown if one.form is ShownForm.FULL}
            found[path] = named, told | ({hit} if any(one.form is ShownForm.HIT for one in shown) else set())
        return found

    async with open_runtime(another) as second:
        first = await ask(runtime)
        others = [await ask(second)]
    async with open_runtime(another) as restarted:
        others.append(await ask(restarted))
    for path, (named, told) in first.items():
        assert named <= told, path
        assert named.isdisjoint({"es-cnp:1", "nl-np:1"}), path
    assert others == [first] * 2


@pytest.mark.parametrize("form", ["", "xlsx"])
async def test_hits_of_a_search_in_any_form_are_spent_at_every_server_and_after_a_restart(
    runtime: Runtime, engine_settings: Settings, form: str
) -> None:
    another, grounds = beside(engine_settings), parse_grounds("investigation", "2026/1")
    daily = engine_settings.hit_budget
    asked = Search("Иван Петров 1980-05-01")

    async def ask(at: Runtime) -> None:
        session = Session(at, ANNA, grounds, file_form=form)
        await (tabulate(session, "search", msgspec.json.encode(asked).decode()) if form else search(session, asked))

    async with open_runtime(another) as second:
        await ask(runtime)
        async with asyncio.timeout(PATIENCE_S):
            while second.hits.remaining(ANNA, second.clock()) != daily - 1:
                await asyncio.sleep(0.05)
        await ask(second)
        async with asyncio.timeout(PATIENCE_S):
            while runtime.hits.remaining(ANNA, runtime.clock()) != daily - 2:
                await asyncio.sleep(0.05)
    async with open_runtime(another) as restarted:
        assert restarted.hits.remaining(ANNA, restarted.clock()) == daily - 2


async def test_what_is_no_audit_entry_is_told_and_keeps_no_server_from_counting_what_follows(
    runtime: Runtime, engine_settings: Settings, engine_environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Damaged, of a time that makes no sense, and nothing at all."""
    entry = Chain("host|0").make_entry(Act(ActKind.SEARCH, "anna", "fr-pj"), runtime.clock())
    strange = (b"poison", msgspec.json.encode(msgspec.structs.replace(entry, time="soon")), None)
    another, daily = beside(engine_settings), engine_settings.hit_budget

    def count() -> float:
        return metrics.REGISTRY.get_sample_value("liaison_audit_unreadable_entries_total") or 0.0

    before = count()
    topic = topics.topic_name(engine_settings, topics.AUDIT)
    async with AIOKafkaProducer(**client_options(engine_settings)) as producer:
        sent = [(await producer.send_and_wait(topic, value, key=b"host|0")).offset for value in strange]
    async with open_runtime(another) as second:
        session = Session(second, ANNA, parse_grounds("investigation", "2026/1"))
        await search(session, Search("Иван Петров 1980-05-01"))
        async with asyncio.timeout(PATIENCE_S):
            while runtime.hits.remaining(ANNA, runtime.clock()) != daily - 1:
                await asyncio.sleep(0.05)
    assert count() == before + 2 * len(strange), "each server has counted each of them"
    told = {f"{topic}-0-{at} is no audit entry" for at in sent}
    assert told <= {line.getMessage() for line in caplog.records if line.levelname == "ERROR"}
    auditor = Session(runtime, make_requester("be-fp", Role.AUDITOR), parse_grounds("investigation", "2026/1"))
    found = (await verify_trail(auditor)).findings
    assert [(one.chain, one.fault, one.told) for one in found] == [
        ("host|0", TrailFault.ALTERED, line) for line in sorted(told)
    ]
    done = await asyncio.to_thread(warm.run, ["ops", "audit", "verify"], engine_environment)
    assert (done.returncode, done.stdout.count("is no audit entry\n")) == (1, len(strange))


async def test_an_entry_of_a_later_version_stops_a_server_that_would_count_wrongly(
    runtime: Runtime, engine_settings: Settings, engine_environment: dict[str, str]
) -> None:
    """It answers no search, is not ready and says why, within seconds; who verifies the trail judges none of it."""
    entry = Chain("host|0").make_entry(Act(ActKind.SEARCH, "anna", "fr-pj"), runtime.clock())
    later = msgspec.json.encode(msgspec.to_builtins(entry) | {"format": FACTS_FORMAT + 1, "kind": "later"})
    topic = topics.topic_name(engine_settings, topics.AUDIT)
    async with AIOKafkaProducer(**client_options(engine_settings)) as producer:
        sent = await producer.send_and_wait(topic, later, key=b"host|0")
    said = f"{topic}-0-{sent.offset} has format {FACTS_FORMAT + 1}, which a later version of Liaison writes"
    async with client_of(runtime) as client:
        async with asyncio.timeout(PATIENCE_S):
            while (ready := await client.get("/readyz")).status_code == httpx.codes.OK:
                await asyncio.sleep(0.05)
        assert ready.json()["status"].startswith(f"the audit trail can't be followed: {said}")
        assert (await client.get("/v1/cases/fr-pj:1")).status_code == httpx.codes.SERVICE_UNAVAILABLE
    auditor = Session(runtime, make_requester("be-fp", Role.AUDITOR), parse_grounds("investigation", "2026/1"))
    with pytest.raises(UnavailableError, match="a later version of Liaison"):
        await verify_trail(auditor)
    done = await asyncio.to_thread(warm.run, ["ops", "audit", "verify"], engine_environment)
    assert (done.returncode, said in done.stderr) == (1, True)


async def test_readers_share_a_round_trip_and_the_trail_verifies(
    runtime: Runtime, engine_environment: dict[str, str]
) -> None:
    async with audit_log(runtime.settings, runtime.clock) as log:
        mine = replace(runtime, audit=log)
        who = make_requester("fr-pj", Role.SUPERVISOR)
        await asyncio.gather(
            *(list_links(Session(mine, who, parse_grounds("investigation", "1")), "fr-pj:1") for _ in range(20))
        )
    command = asyncio.to_thread(CliRunner().invoke, build_cli(), ["ops", "audit", "verify"], env=engine_environment)
    done = await command
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "22 entries, 0 faults")


@pytest.mark.parametrize(
    "away", [{"elasticsearch_url": "http://127.0.0.1:1"}, {"kafka_url": "127.0.0.1:1"}], ids=["index", "audit"]
)
async def test_nothing_is_disclosed_while_an_engine_is_away(runtime: Runtime, away: dict[str, str]) -> None:
    settings = runtime.settings.model_copy(update=away)
    indices = Indices(settings.namespace, "")
    async with connect(settings) as index, AuditLog(KafkaSender(settings), runtime.clock, dict) as log:
        parts = replace(runtime, unsealed=IndexReader(index, indices), audit=log)
        async with client_of(parts) as client:
            answers = [await client.get(path) for path in READ]
            answers.append(await client.post("/v1/search", json={"question": "petrov"}))
            ready = await client.get("/readyz")
    for answer in answers:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "application/problem+json"
        assert b"fr-pj" not in answer.content
    assert ready.status_code == (503 if "elasticsearch_url" in away else 200)


async def test_no_question_breaks_the_search(runtime: Runtime) -> None:
    async with client_of(runtime) as client:
        answers = [await client.post("/v1/search", json={"question": question}) for question in QUESTIONS]
        answers += [await client.post("/v1/search", content=body) for body in BODIES]
    assert {answer.status_code for answer in answers} == {200, 422}
