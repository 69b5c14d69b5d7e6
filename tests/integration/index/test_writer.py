from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.backoff import LONGEST_PAUSE_S
from pipeline.index import writer as writer_module
from pipeline.index.documents import DocumentWrite
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings
from pipeline.index.writer import BulkWriter
from pipeline.settings import Settings

pytestmark = pytest.mark.engines


def case(key: str, version: int, **fields: object) -> DocumentWrite:
    document = {"case": key, "agency": "fr-pj", "country": "FR", "version": version, "state": "live", **fields}
    return DocumentWrite("cases", key, 2 * version, msgspec.json.encode(document))


async def held(client: AsyncElasticsearch, indices: Indices) -> dict[str, int]:
    """Version by case key of everything in the index."""
    await client.indices.refresh(index=indices.write_alias("cases"))
    found = await client.search(index=indices.write_alias("cases"), size=10_000)
    return {hit["_id"]: hit["_source"]["version"] for hit in found["hits"]["hits"]}


async def test_any_order_and_repetition_ends_with_the_highest_version(
    client: AsyncElasticsearch, indices: Indices, writer: BulkWriter
) -> None:
    chance = random.Random(7)
    actions = [case(f"fr-pj:{number}", version) for number in range(20) for version in (1, 2, 3)] * 2
    chance.shuffle(actions)
    written = stale = 0
    for at in range(0, len(actions), 17):
        outcome = await writer.write(actions[at : at + 17])
        written, stale = written + outcome.written, stale + outcome.stale
        assert outcome.refused == []
    assert written + stale == len(actions)
    assert stale > 0
    assert await held(client, indices) == {f"fr-pj:{number}": 3 for number in range(20)}


async def test_a_tombstone_stays_when_an_older_version_comes_late(
    client: AsyncElasticsearch, indices: Indices, writer: BulkWriter
) -> None:
    gone = {"case": "fr-pj:1", "agency": "fr-pj", "country": "FR", "version": 2, "state": "withdrawn"}
    tombstone = DocumentWrite("cases", "fr-pj:1", 4, msgspec.json.encode(gone))
    await writer.write([case("fr-pj:1", 1, text="canary"), tombstone])
    assert (await writer.write([case("fr-pj:1", 1, text="canary")])).stale == 1
    assert (await client.get(index=indices.write_alias("cases"), id="fr-pj:1"))["_source"] == gone


async def test_refused_documents_come_back_and_the_others_are_written(
    client: AsyncElasticsearch, indices: Indices, writer: BulkWriter
) -> None:
    wrong_type = case("fr-pj:2", 1, opened="canary")
    unknown_field = case("fr-pj:3", 1, stranger="canary")
    outcome = await writer.write([case("fr-pj:1", 1), wrong_type, unknown_field, case("fr-pj:4", 1)])
    assert (outcome.written, outcome.stale) == (2, 0)
    assert [refusal.action for refusal in outcome.refused] == [wrong_type, unknown_field]
    assert outcome.refused[0].error == "document_parsing_exception in field opened"
    assert "canary" not in " ".join(refusal.error for refusal in outcome.refused)
    assert await held(client, indices) == {"fr-pj:1": 1, "fr-pj:4": 1}


async def test_a_body_that_spoils_its_whole_request_is_found_and_the_others_are_written(
    client: AsyncElasticsearch, indices: Indices, writer: BulkWriter
) -> None:
    spoilt = DocumentWrite("cases", "fr-pj:2", 2, b'{"case":\n"torn"}')
    outcome = await writer.write([case("fr-pj:1", 1), spoilt, case("fr-pj:3", 1), case("fr-pj:4", 1)])
    assert [refusal.action.id for refusal in outcome.refused] == ["fr-pj:2"]
    assert await held(client, indices) == {"fr-pj:1": 1, "fr-pj:3": 1, "fr-pj:4": 1}


async def test_requests_stay_within_their_size(
    client: AsyncElasticsearch, indices: Indices, writer: BulkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "BULK_BYTES", 300)
    outcome = await writer.write([case(f"fr-pj:{number}", 1) for number in range(10)])
    assert outcome.written == 10
    assert len(await held(client, indices)) == 10


async def test_nothing_given_writes_nothing(writer: BulkWriter) -> None:
    assert (await writer.write([])).written == 0


@dataclass
class Line:
    """A TCP line to Elasticsearch that a test can cut and mend."""

    host: str
    port: int
    open: bool = True
    wires: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.close()
            return
        there, back = await asyncio.open_connection(self.host, self.port)
        self.wires += [writer, back]
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    def cut(self) -> None:
        self.open = False
        for wire in self.wires:
            wire.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


@pytest.fixture
async def line(engine_settings: Settings) -> AsyncIterator[tuple[Line, Settings]]:
    """The line, and settings that go through it."""
    there = urlsplit(engine_settings.elasticsearch_url)
    made = Line(there.hostname or "", there.port or 0)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield made, engine_settings.model_copy(update={"elasticsearch_url": f"http://127.0.0.1:{port}"})
    made.cut()
    server.close()
    await server.wait_closed()


async def test_an_outage_of_any_length_is_waited_out(
    line: tuple[Line, Settings], client: AsyncElasticsearch, indices: Indices
) -> None:
    wire, through_it = line
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert writer.waiting
        if len(pauses) == 12:
            wire.open = True
        await asyncio.sleep(0)

    async with connect(through_it) as connected:
        writer = BulkWriter(connected, indices, pause)
        assert (await writer.write([case("fr-pj:1", 1)])).written == 1
        wire.cut()
        outcome = await writer.write([case("fr-pj:1", 2), case("fr-pj:2", 1)])
    assert (outcome.written, len(pauses)) == (2, 12)
    assert not writer.waiting
    assert max(pauses) <= LONGEST_PAUSE_S
    assert pauses[-1] > pauses[0]
    assert await held(client, indices) == {"fr-pj:1": 2, "fr-pj:2": 1}


async def test_a_missing_index_is_waited_for_and_never_made_by_a_write(
    client: AsyncElasticsearch, namespace: str
) -> None:
    indices = Indices(namespace, "g1")

    async def pause(_seconds: float) -> None:
        assert not await client.indices.exists(index=indices.write_alias("cases"))
        await apply_mappings(client, indices)

    outcome = await BulkWriter(client, indices, pause).write([case("fr-pj:1", 1)])
    assert outcome.written == 1
    assert await held(client, indices) == {"fr-pj:1": 1}


async def test_a_blocked_index_is_waited_for(client: AsyncElasticsearch, indices: Indices) -> None:
    index = indices.first_index("cases")

    async def pause(_seconds: float) -> None:
        await client.indices.put_settings(index=index, settings={"index.blocks.write": None})

    await client.indices.put_settings(index=index, settings={"index.blocks.write": True})
    outcome = await BulkWriter(client, indices, pause).write([case("fr-pj:1", 1)])
    assert outcome.written == 1
