from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from elasticsearch import AsyncElasticsearch, BadRequestError

from pipeline.access import folders
from pipeline.access.alerts import Alert, AlertState
from pipeline.access.case_filters import Filters
from pipeline.access.folders import ItemKind, Reference
from pipeline.access.requester import Grounds, Purpose
from pipeline.index.decisions import DecisionReader, alert_document, folder_document, folder_item_document
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import DEFAULT_LAYOUTS, IndexLayout, Indices, apply_mappings, index_body, set_replicas
from pipeline.index.writer import BulkWriter
from pipeline.times import now
from support.access.requesters import make_requester
from support.correlation.key_rings import RING

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


async def test_an_installation_from_before_case_folders_goes_on_with_what_it_has(
    client: AsyncElasticsearch, namespace: str
) -> None:
    made = Indices(namespace, "g1")
    for kind in (kind for kind in CATALOGUE if not kind.startswith("folder")):
        aliases: dict[str, Any] = {made.write_alias(kind): {"is_write_index": True}, made.read_alias(kind): {}}
        await client.indices.create(index=made.first_index(kind), aliases=aliases, **index_body(kind))
    alert = Alert("s1", "fr-pj", AlertState.ACTIVE, now(), 1)
    writer = BulkWriter(client, made)
    assert (await writer.write([alert_document(msgspec.json.encode(alert), 0)])).refused == []
    assert await apply_mappings(client, made) == []
    who, why = make_requester("fr-pj", subject="anna"), Grounds(Purpose.INVESTIGATION, "2026/1")
    folder = folders.make_folder("f1", "Kestrel", who, why, now())
    item = folders.make_item("ab" * 8, folder, Reference(ItemKind.RECORD, case="be-fp:1"), who, now())
    written = await writer.write([
        folder_document(msgspec.json.encode(folder), 0),
        folder_item_document(msgspec.json.encode(msgspec.structs.replace(item, place="V")), 0),
    ])  # fmt: skip
    assert written.refused == []
    reader = DecisionReader(client, made, RING)
    await client.indices.refresh(index=f"{namespace}*")
    assert await reader.list_folders("fr-pj", "anna") == [folder]
    assert await reader.count_folder_items(["f1"]) == {"f1": 1}
    assert [one.id for one in await reader.list_folder_items("f1", 10, last=True)] == [item.id]
    assert await reader.list_alerts("fr-pj", 10) == [alert]


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
