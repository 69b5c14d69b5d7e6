from __future__ import annotations

import asyncio

import msgspec
import pytest
from elasticsearch import AsyncElasticsearch, BadRequestError

from pipeline.access.alerts import Alert, AlertState
from pipeline.access.case_filters import Filters
from pipeline.index.decisions import alert_document
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import DEFAULT_LAYOUTS, IndexLayout, Indices, apply_mappings, index_body, set_replicas
from pipeline.index.writer import BulkWriter
from pipeline.times import now

pytestmark = pytest.mark.engines


async def test_applying_again_changes_nothing_and_finds_no_difference(
    client: AsyncElasticsearch, indices: Indices
) -> None:
    before = await client.indices.get(index=f"{indices.namespace}*")
    assert await apply_mappings(client, indices) == []
    assert await client.indices.get(index=f"{indices.namespace}*") == before


async def test_workers_that_start_at_once_make_one_set_of_indices(client: AsyncElasticsearch, namespace: str) -> None:
    made = Indices(namespace, "g1")
    assert await asyncio.gather(*(apply_mappings(client, made) for _ in range(4))) == [[]] * 4
    assert len(await client.indices.get(index=f"{namespace}*")) == len(CATALOGUE)


async def test_a_field_that_differs_is_named(client: AsyncElasticsearch, namespace: str) -> None:
    made, body = Indices(namespace, "g1"), index_body("cases")
    body["mappings"]["properties"]["agency"] = {"type": "text"}
    await client.indices.create(index=made.first_index("cases"), aliases={made.write_alias("cases"): {}}, **body)
    differs = f"{made.first_index('cases')}: agency is type=text, should be type=keyword"
    assert await apply_mappings(client, made) == [f"{differs} (`liaison ops reindex --kind cases`)"]


async def test_what_an_index_of_an_earlier_version_lacks_is_added_and_said_once(
    client: AsyncElasticsearch, namespace: str
) -> None:
    """An alert with a name was refused until somebody ran a reindex."""
    made, body = Indices(namespace, "g1"), index_body("subscriptions")
    for field in ("label", "filters"):
        del body["mappings"]["properties"][field]
    index = made.first_index("subscriptions")
    await client.indices.create(index=index, aliases={made.write_alias("subscriptions"): {}}, **body)
    said = f"{index}: added filters, label; documents from before lack them"
    assert await apply_mappings(client, made) == [f"{said} until `liaison ops reindex --kind subscriptions`"]
    assert await apply_mappings(client, made) == []
    alert = Alert("s1", "fr-pj", AlertState.ACTIVE, now(), 1)
    named = msgspec.structs.replace(alert, label="Petrov", filters=Filters(roles=("suspect",)))
    written = await BulkWriter(client, made).write([alert_document(msgspec.json.encode(named), 0)])
    assert written.refused == []


async def test_a_field_within_another_is_added(client: AsyncElasticsearch, namespace: str) -> None:
    made, body = Indices(namespace, "g1"), index_body("cases")
    del body["mappings"]["properties"]["handling"]["properties"]["caveat"]
    await client.indices.create(index=made.first_index("cases"), aliases={made.write_alias("cases"): {}}, **body)
    (said,) = await apply_mappings(client, made)
    assert "added handling.caveat;" in said
    assert await apply_mappings(client, made) == []


async def test_shards_and_copies_that_differ_are_named_and_copies_set_in_place(
    client: AsyncElasticsearch, namespace: str
) -> None:
    made = Indices(namespace, "g1")
    wanted = {**DEFAULT_LAYOUTS, "cases": IndexLayout(3, "0")}
    assert await apply_mappings(client, made, wanted) == []
    assert await apply_mappings(client, made, wanted) == []
    index = made.first_index("cases")
    assert await apply_mappings(client, made) == [
        f"{index}: shards are 3, should be 1 (liaison ops reindex)",
        f"{index}: replicas are 0, should be 0-1 (liaison ops reindex --replicas-only)",
    ]
    assert await set_replicas(client, made, "cases", DEFAULT_LAYOUTS) == index
    assert await apply_mappings(client, made) == [f"{index}: shards are 3, should be 1 (liaison ops reindex)"]


async def test_a_second_generation_does_not_take_over_the_readers(client: AsyncElasticsearch, indices: Indices) -> None:
    second = Indices(indices.namespace, "g2")
    assert await apply_mappings(client, second) == []
    active = await client.indices.get_alias(name=indices.read_alias("cases"))
    assert list(active) == [indices.first_index("cases")]
    assert await client.indices.exists_alias(name=second.write_alias("cases"))


@pytest.mark.parametrize("kind", CATALOGUE)
async def test_an_unknown_field_is_refused(client: AsyncElasticsearch, indices: Indices, kind: str) -> None:
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        await client.index(index=indices.write_alias(kind), id="x", document={"stranger": 1})
