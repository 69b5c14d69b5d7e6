"""Points in time: the later pages of a list are read from one, so that nothing written meanwhile moves in it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from elasticsearch import ApiError

from pipeline.errors import LiaisonError
from pipeline.index.engine import SearchEngine, call_engine, search_all_shards

KEEP_ALIVE = "2m"
"""How long a page may take to be asked for the next one, before its point in time goes by itself."""


class PointInTime:
    """Where an index is read: as it is now (`held` None), or at a point in time, opened when first asked (`held` "").

    One that has gone is opened anew, and the reader goes on by what it sorts: a point is lost when nobody read it for
    KEEP_ALIVE, when Elasticsearch was restarted, or with its index, which each answer with another error.
    """

    def __init__(self, client: SearchEngine, index: str, held: str | None = None) -> None:
        self._client, self._index = client, index
        self.held = held

    @property
    def is_steady(self) -> bool:
        """Whether it stays as it is while others write."""
        return self.held is not None

    async def hits(self, **body: Any) -> list[dict[str, Any]]:
        """The hits of a search. Raises LiaisonError."""
        if self.held is None:
            return _hits_of(await search_all_shards(self._client, index=self._index, **body))
        if self.held:
            try:
                return await self._hits_then(self.held, body)
            except LiaisonError as error:
                if not isinstance(error.__cause__, ApiError):
                    raise
        opened = await call_engine(self._client.open_point_in_time, index=self._index, keep_alive=KEEP_ALIVE)
        return await self._hits_then(opened["id"], body)

    async def _hits_then(self, held: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await search_all_shards(self._client, pit={"id": held, "keep_alive": KEEP_ALIVE}, **body)
        self.held = answer.get("pit_id", held)
        return _hits_of(answer)

    async def refresh(self) -> None:
        """Let what was written a moment ago be found. Raises LiaisonError."""
        await call_engine(self._client.indices.refresh, index=self._index)

    async def close(self) -> None:
        """Let go of the point in time; one that can't be closed goes by itself."""
        if self.held:
            with suppress(LiaisonError):
                await call_engine(self._client.close_point_in_time, id=self.held)
            self.held = ""


def _hits_of(answer: Any) -> list[dict[str, Any]]:
    return list(answer["hits"]["hits"])
