"""Several addresses: a node that is dead or hangs costs a moment, and none at all an error in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.index import engine as client_module
from pipeline.index.documents import DocumentWrite
from pipeline.index.engine import NO_INDEX, PointInTime, connect, connect_for_reading, fetch_documents
from pipeline.index.mappings import Indices
from pipeline.index.queries import BY_CASE, page_body
from pipeline.index.writer import BulkWriter
from pipeline.settings import Settings
from support.ports import own_port

pytestmark = [pytest.mark.engines, pytest.mark.rare]

PROMPT_S = client_module.READ_TIMEOUT_S
"""What a read may take, where tests elsewhere wait for longer; here a write too."""

DEADLINE_S = 120.0
"""By which a call that must end has ended, on a machine however busy."""

Listed = Callable[..., Settings]


@pytest.fixture
async def frozen() -> AsyncIterator[str]:
    """The address of a node that takes connections and never answers, as one does that was stopped."""
    ended = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    ended.set()
    server.close()
    await server.wait_closed()


@pytest.fixture
def dead() -> str:
    """The address of a node that refuses connections."""
    return f"http://127.0.0.1:{own_port()}"


@pytest.fixture
def listed(engine_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Listed:
    """Settings with a list of addresses."""
    monkeypatch.setattr(client_module, "READ_TIMEOUT_S", PROMPT_S)
    monkeypatch.setattr(client_module, "REQUEST_TIMEOUT_S", PROMPT_S)
    return lambda *urls: engine_settings.model_copy(update={"elasticsearch_url": ",".join(urls)})


def case(number: int) -> DocumentWrite:
    key = f"fr-pj:{number}"
    body = {"case": key, "agency": "fr-pj", "country": "FR", "version": 1, "state": "live"}
    return DocumentWrite("cases", key, 2, msgspec.json.encode(body))


async def test_reads_go_on_beside_nodes_that_are_dead_or_hang(
    listed: Listed, engine_settings: Settings, frozen: str, dead: str, indices: Indices, writer: BulkWriter
) -> None:
    await writer.write([case(number) for number in range(5)])
    settings = listed(dead, frozen, engine_settings.elasticsearch_url)
    query = page_body({"match_all": {}}, BY_CASE, 3)
    async with asyncio.timeout(DEADLINE_S), connect_for_reading(settings) as client:
        for _ in range(6):
            assert len(await fetch_documents(client, indices.read_alias("cases"), ["fr-pj:1", "fr-pj:2", "x:1"])) == 2
        point = PointInTime(client, indices.read_alias("cases"), "")
        await point.refresh()
        first = await point.hits(**query)
        rest = await point.hits(**query, search_after=first[-1].sort)
        await point.close()
    assert [hit.id for hit in [*first, *rest]] == [f"fr-pj:{number}" for number in range(5)]


async def test_one_read_at_a_time_still_finds_the_node_that_answers(
    listed: Listed, engine_settings: Settings, frozen: str, indices: Indices
) -> None:
    """Whichever node it tries first."""
    settings = listed(frozen, engine_settings.elasticsearch_url)
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(4):
            async with connect_for_reading(settings) as client:
                assert await fetch_documents(client, indices.read_alias("cases"), ["fr-pj:1"]) == []


@pytest.mark.parametrize("count", [1, 2])
async def test_without_a_node_that_answers_a_read_fails_in_bounded_time(
    listed: Listed, frozen: str, dead: str, indices: Indices, count: int
) -> None:
    async with asyncio.timeout(DEADLINE_S), connect_for_reading(listed(*[frozen, dead][:count])) as client:
        with pytest.raises(LiaisonError, match="is not responding"):
            await fetch_documents(client, indices.read_alias("cases"), ["fr-pj:1"])


async def test_writes_wait_for_a_node_that_takes_them(
    listed: Listed, engine_settings: Settings, frozen: str, dead: str, indices: Indices
) -> None:
    async def pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    async with asyncio.timeout(DEADLINE_S), connect(listed(frozen, dead, engine_settings.elasticsearch_url)) as client:
        outcome = await BulkWriter(client, indices, pause).write([case(number) for number in range(3)])
        assert outcome.written == 3


async def test_an_index_that_is_missing_is_no_dead_node(
    listed: Listed, engine_settings: Settings, dead: str, namespace: str
) -> None:
    async with connect_for_reading(listed(dead, engine_settings.elasticsearch_url)) as client:
        for _ in range(3):
            with pytest.raises(LiaisonError, match=NO_INDEX):
                await fetch_documents(client, Indices(namespace, "none").read_alias("cases"), ["fr-pj:1"])
