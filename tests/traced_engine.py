"""The real Elasticsearch behind the face of MemoryIndex: the same calls, the same trace of them."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any

import orjson
from elasticsearch import AsyncElasticsearch
from memory_index import Call

from pipeline.index.documents import Action
from pipeline.index.mappings import Indices


class TracedEngine:
    """Holds exactly the documents it is given. Give it to Reader as its client; `calls` is what it was asked since."""

    def __init__(self, client: AsyncElasticsearch, names: Indices) -> None:
        self._client, self._names = client, names
        self._held: dict[tuple[str, str], bytes] = {}
        self.calls: list[Call] = []
        self.indices = self

    async def hold(self, actions: Iterable[Action]) -> None:
        """Bring the index to these documents, found at once.

        Only what differs is written, and without the bulk writer's external versions: a deleted one would be refused.
        """
        wanted = {(action.kind, action.id): action.body for action in actions}
        steps: list[Any] = [{"delete": self._place(*key)} for key in self._held.keys() - wanted.keys()]
        for key in (key for key, body in wanted.items() if self._held.get(key) != body):
            steps += [{"index": self._place(*key)}, orjson.loads(wanted[key])]
        if steps:
            answer = await self._client.bulk(operations=steps, refresh=True)
            assert not answer["errors"], answer
        self._held, self.calls = wanted, []

    def _place(self, kind: str, id_: str) -> dict[str, str]:
        return {"_index": self._names.own(kind), "_id": id_}

    async def refresh(self, index: str) -> Any:
        return await self._noted("refresh", self._client.indices.refresh(index=index))

    async def open_point_in_time(self, **asked: Any) -> Any:
        return await self._noted("open", self._client.open_point_in_time(**asked))

    async def close_point_in_time(self, **asked: Any) -> Any:
        return await self._noted("close", self._client.close_point_in_time(**asked))

    async def mget(self, **asked: Any) -> Any:
        answer = await self._client.mget(**asked)
        self.calls.append(Call("get", sum(doc["found"] for doc in answer["docs"])))
        return answer

    async def search(self, **asked: Any) -> Any:
        answer = await self._client.search(**asked)
        self.calls.append(Call("search", len(answer["hits"]["hits"])))
        return answer

    async def _noted(self, kind: str, answer: Awaitable[Any]) -> Any:
        told = await answer
        self.calls.append(Call(kind, 0))
        return told
