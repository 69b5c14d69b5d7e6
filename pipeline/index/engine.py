"""What is asked of Elasticsearch while reading, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from elasticsearch import ApiError, NotFoundError, TransportError

from pipeline.errors import LiaisonError

NO_INDEX = "no search index yet; start a worker, or `liaison demo`"
OWN_COPIES = "_local"
SILENT = "Elasticsearch is not responding ({kind}); try again"


class IndexAwayError(LiaisonError):
    """The index gives no answer now; its message is for those who operate, and pages say it in words of their own."""


class SearchEngine(Protocol):
    """What reading needs of the Elasticsearch client; an in-memory one does as well for tests."""

    @property
    def mget(self) -> Callable[..., Any]:
        """Read documents by id."""

    @property
    def search(self) -> Callable[..., Any]:
        """Search documents."""

    @property
    def open_point_in_time(self) -> Callable[..., Any]:
        """Open a view that later changes do not touch."""

    @property
    def close_point_in_time(self) -> Callable[..., Any]:
        """Close such a view."""

    @property
    def indices(self) -> Any:
        """What is asked about indices, not documents."""


async def call_engine(call: Callable[..., Any], **arguments: Any) -> Any:
    """The body of what a client call answers. Raises IndexAwayError without an answer, or without such an index."""
    try:
        return (await call(**arguments)).body
    except NotFoundError as error:
        raise IndexAwayError(NO_INDEX) from error
    except (ApiError, TransportError) as error:
        raise IndexAwayError(SILENT, kind=type(error).__name__) from error


async def search_all_shards(client: SearchEngine, **what: Any) -> Any:
    """The body of a search of every shard. Raises IndexAwayError where one is away.

    By default Elasticsearch leaves out what it can't reach, and an answer without it would be taken for all there is.
    """
    return await call_engine(client.search, allow_partial_search_results=False, **what)


async def refresh_indices(client: SearchEngine, indices: Sequence[str]) -> None:
    """Let searches of every copy show all that was written. Raises IndexAwayError where one did not follow."""
    for index in indices:
        answer = await call_engine(client.indices.refresh, index=index)
        if answer.get("_shards", {}).get("failed"):
            raise IndexAwayError(SILENT, kind="refresh")


async def fetch_documents(client: SearchEngine, index: str, ids: Sequence[str], **what: Any) -> list[dict[str, Any]]:
    """Those of some documents that are there, in real time; `what` says what to bring of each. Raises IndexAwayError.

    The node that is asked reads its own copies where it has any: otherwise it would ask others at random, one that
    hangs too, until the cluster has put that out.
    """
    if not ids:
        return []
    answer = await call_engine(client.mget, index=index, ids=ids, realtime=True, preference=OWN_COPIES, **what)
    return [item for item in answer["docs"] if _is_found(item)]


def _is_found(item: dict[str, Any]) -> bool:
    """Whether a document is there; one that cannot be looked at (its shard is away) is not taken for absent."""
    if error := item.get("error"):
        raise IndexAwayError(NO_INDEX if error["type"] == "index_not_found_exception" else SILENT, kind=error["type"])
    return bool(item["found"])
