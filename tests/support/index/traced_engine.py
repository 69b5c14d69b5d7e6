"""The real Elasticsearch behind the face of MemoryIndex: the same calls, the same trace of them."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterable
from typing import Any

import orjson
from elasticsearch import AsyncElasticsearch

from pipeline.index.documents import DocumentWrite, card_of
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices
from support.index.memory import IndexCall, brought_by


class TracedEngine:
    """Holds exactly the documents it is given. Give it to Reader as its client; `calls` is what it was asked since."""

    def __init__(self, client: AsyncElasticsearch, names: Indices) -> None:
        self._client, self._names = client, names
        self._held: dict[tuple[str, str], bytes] = {}
        self._versions: dict[str, int] = {}
        self.calls: list[IndexCall] = []
        self._kinds = {name: kind for kind in CATALOGUE for name in (names.read_alias(kind), names.write_alias(kind))}
        self._points: dict[str, str] = {}
        self.indices = self

    async def hold(self, actions: Iterable[DocumentWrite]) -> None:
        """Bring the index to these documents, found at once.

        Only what differs is written, and without the bulk writer's external versions: a deleted one would be refused.
        """
        given = list(actions)
        wanted = {(action.kind, action.id): action.body for action in given}
        self._versions = {action.id: action.version for action in given if action.version is not None}
        steps: list[Any] = [{"delete": self._place(*key)} for key in self._held.keys() - wanted.keys()]
        for key in (key for key, body in wanted.items() if self._held.get(key) != body):
            steps += [{"index": self._place(*key)}, orjson.loads(wanted[key])]
        if steps:
            answer = await self._client.bulk(operations=steps, refresh=True)
            assert not answer["errors"], answer
        self._held, self.calls = wanted, []

    def _place(self, kind: str, id_: str) -> dict[str, str]:
        return {"_index": self._names.write_alias(kind), "_id": id_}

    async def refresh(self, index: str) -> Any:
        self.calls.append(IndexCall("refresh", self._kinds[index]))
        return await self._client.indices.refresh(index=index)

    async def open_point_in_time(self, **asked: Any) -> Any:
        answer = await self._client.open_point_in_time(**asked)
        self._points[answer["id"]] = self._kinds[asked["index"]]
        self.calls.append(IndexCall("open", self._kinds[asked["index"]]))
        return answer

    async def close_point_in_time(self, **asked: Any) -> Any:
        self.calls.append(IndexCall("close", self._points.pop(asked["id"])))
        return await self._client.close_point_in_time(**asked)

    async def mget(self, **asked: Any) -> Any:
        """The answer with the versions that the bulk writer would have given the documents."""
        answer = await self._client.mget(**asked)
        for doc in answer["docs"]:
            doc |= {"_version": self._versions.get(doc["_id"], 0)} if doc.get("found") else {}
        ids = tuple(doc["_id"] for doc in answer["docs"] if doc["found"])
        self.calls.append(IndexCall("get", self._kinds[asked["index"]], ids))
        return answer

    async def search(self, **asked: Any) -> Any:
        answer = await self._client.search(**asked)
        where = self._points[asked["pit"]["id"]] if "pit" in asked else self._kinds[asked["index"]]
        hits = (*answer["hits"]["hits"], *brought_by(answer.body))
        self.calls.append(IndexCall("search", where, tuple(map(_id, hits))))
        return answer


def _id(hit: dict[str, Any]) -> str:
    """Which document a hit is: one that came without its id has its card, or its key as what it is sorted by."""
    if "card" in hit.get("fields", {}):
        return card_of(a2b_base64(hit["fields"]["card"][0])).case
    return str(hit.get("_id") or hit["sort"][0])
