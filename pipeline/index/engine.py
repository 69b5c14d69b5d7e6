"""How Elasticsearch is reached and read: clients, what its answers mean, points in time, and pages.

A client goes by the addresses, credentials and certificate authority of the settings. Requests go round the nodes. One
that refuses or times out is left alone for a pause that grows; while all are, one is tried nevertheless. Nodes are
those that the settings name and no others: what a cluster tells of itself (sniffing) are the addresses by which its
nodes know each other, which often can't be reached, or may not be, from outside.

The later pages of a list are read from a point in time, so that nothing written meanwhile moves in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol, Self, TypedDict, TypeVar

import msgspec
import orjson
from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError, OrjsonSerializer, TransportError

from pipeline.engines.endpoints import ELASTICSEARCH, engine_url
from pipeline.errors import LiaisonError
from pipeline.index.queries import Body, page_body
from pipeline.search_addresses import split_addresses
from pipeline.settings import Settings

REQUEST_TIMEOUT_S: Final = 30.0
"""For a node's answer where nobody waits: bulk requests and operations. A node that hangs is left for another after
this."""

READ_TIMEOUT_S: Final = 7.5
"""What somebody waits for a read in all, over every node that is tried."""

READ_TRIES: Final = 3
"""Tries of a read: one node may hang, and the next may wait for the one that hangs."""

FIRST_REST_S, LONGEST_REST_S = 2.0, 30.0
"""How long a node that failed is left alone, at first and at the most. A node that hangs costs one time-out a rest."""


def connect(settings: Settings) -> AsyncElasticsearch:
    """A client for the Elasticsearch that the settings name, or else the local one; close it after use.

    No request is made yet. Raises LiaisonError if there is neither, ValueError for addresses that can't be used.
    """
    credentials: dict[str, Any] = {}
    if settings.elasticsearch_username:
        credentials["basic_auth"] = settings.elasticsearch_username, settings.elasticsearch_password.get_secret_value()
    if settings.elasticsearch_ca_file is not None:
        credentials["ca_certs"] = str(settings.elasticsearch_ca_file)
    return AsyncElasticsearch(
        cluster_addresses(settings),
        serializer=_AnswerSerializer(),
        request_timeout=REQUEST_TIMEOUT_S,
        dead_node_backoff_factor=FIRST_REST_S,
        max_dead_node_backoff=LONGEST_REST_S,
        **credentials,
    )


def connect_for_reading(settings: Settings) -> AsyncElasticsearch:
    """A client for reads that somebody waits for: each tries other nodes, and ends within READ_TIMEOUT_S.

    A node without another beside it has all of that time; it is asked again only where a connection broke.
    Raises as `connect` does.
    """
    client = connect(settings)
    several = len(client.transport.node_pool) > 1
    patience_s = READ_TIMEOUT_S / READ_TRIES if several else READ_TIMEOUT_S
    return client.options(request_timeout=patience_s, max_retries=READ_TRIES - 1, retry_on_timeout=several)


def cluster_addresses(settings: Settings) -> list[str]:
    """The cluster's addresses: the settings', else the local stack's. Raises LiaisonError without any."""
    return list(split_addresses(engine_url(ELASTICSEARCH, settings)))


class _Item(TypedDict, total=False):
    """One document of an answer to a read by ids."""

    _id: str
    _version: int
    _source: msgspec.Raw
    found: bool
    error: dict[str, Any]


class _Documents(TypedDict):
    docs: list[_Item]


_documents = msgspec.json.Decoder(_Documents)


class _AnswerSerializer(OrjsonSerializer):
    """Leaves the documents that were read by their ids as they came, to be decoded one by one (FoundDocument.read_as).

    All of an answer decoded at once would keep the loop from everybody for 1 to 5 ms a megabyte, and take some ten
    times its bytes.
    """

    def json_loads(self, data: bytes) -> Any:
        return _documents.decode(data) if data.startswith(b'{"docs":') else orjson.loads(data)


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


T = TypeVar("T")


class FoundDocument(NamedTuple):
    """A document as Elasticsearch brings it; what was not asked for is empty.

    `version` is its external version and `source` JSON as it came, of one read by id. Of one that a search found,
    `source` is decoded, `sort` its place in the order, `fields` are doc values, and `matched_queries` the names of the
    clauses that it meets.
    """

    id: str
    version: int
    source: Any
    sort: list[Any]
    fields: Mapping[str, Any]
    matched_queries: tuple[str, ...]

    @classmethod
    def of_item(cls, item: Mapping[str, Any]) -> Self:
        """One of an answer's `hits` or `docs`."""
        return cls(
            item.get("_id", ""), item.get("_version", -1), item.get("_source"), item.get("sort", []),
            item.get("fields", {}), tuple(item.get("matched_queries", ())),
        )  # fmt: skip

    def read_as(self, struct: type[T]) -> T:
        """Its content. Raises msgspec.ValidationError for a document of another kind."""
        raw = isinstance(self.source, msgspec.Raw)
        return msgspec.convert(orjson.loads(memoryview(self.source)) if raw else self.source, struct)


async def fetch_documents(client: SearchEngine, index: str, ids: Sequence[str], **what: Any) -> list[FoundDocument]:
    """Those of some documents that are there, in real time; `what` says what to bring of each. Raises IndexAwayError.

    The node that is asked reads its own copies where it has any: otherwise it would ask others at random, one that
    hangs too, until the cluster has put that out.
    """
    if not ids:
        return []
    answer = await call_engine(client.mget, index=index, ids=ids, realtime=True, preference=OWN_COPIES, **what)
    for item in answer["docs"]:
        if error := item.get("error"):  # its shard is away: it is not taken for absent
            kind = error["type"]
            raise IndexAwayError(NO_INDEX if kind == "index_not_found_exception" else SILENT, kind=kind)
    return [FoundDocument.of_item(item) for item in answer["docs"] if item["found"]]


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

    async def hits(self, **body: Any) -> list[FoundDocument]:
        """The hits of a search. Raises LiaisonError."""
        return _hits_of(await self.search(**body))

    async def search(self, **body: Any) -> Any:
        """What a search answers. Raises LiaisonError."""
        if self.held is None:
            return await search_all_shards(self._client, index=self._index, **body)
        if self.held:
            try:
                return await self._search_then(self.held, body)
            except LiaisonError as error:
                if not isinstance(error.__cause__, ApiError):
                    raise
        opened = await call_engine(self._client.open_point_in_time, index=self._index, keep_alive=KEEP_ALIVE)
        return await self._search_then(opened["id"], body)

    async def _search_then(self, held: str, body: Body) -> Any:
        answer = await search_all_shards(self._client, pit={"id": held, "keep_alive": KEEP_ALIVE}, **body)
        self.held = answer.get("pit_id", held)
        return answer

    async def refresh(self) -> None:
        """Let what was written a moment ago be found. Raises LiaisonError."""
        await call_engine(self._client.indices.refresh, index=self._index)

    async def close(self) -> None:
        """Let go of the point in time; one that can't be closed goes by itself."""
        if self.held:
            with suppress(LiaisonError):
                await call_engine(self._client.close_point_in_time, id=self.held)
            self.held = ""


async def find_documents(client: SearchEngine, index: str, **body: Any) -> list[FoundDocument]:
    """The hits of a search of an index as it is now. Raises IndexAwayError."""
    return _hits_of(await search_all_shards(client, index=index, **body))


def _hits_of(answer: Mapping[str, Any]) -> list[FoundDocument]:
    return [FoundDocument.of_item(hit) for hit in answer["hits"]["hits"]]


PAGE = 1000
"""Documents a request while reading all of an index."""

WHOLE: Final[Body] = {}
"""Brings all of each document."""


def bring(fields: Sequence[str]) -> Body:
    """What brings of each document these fields."""
    return {"source_includes": fields}


async def read_pages(
    point: PointInTime,
    query: Body,
    sort: list[Body],
    size: int,
    after: list[Any] | None = None,
    brought: Body = WHOLE,
) -> AsyncIterator[list[FoundDocument]]:
    """The documents behind the sort values `after`, `size` a page; `brought` says what of each.

    The point is not closed. Raises LiaisonError.
    """
    while True:
        hits = await point.hits(**brought, **page_body(query, sort, size, after))
        if hits:
            yield hits
            after = hits[-1].sort
        if len(hits) < size:
            return


async def read_all_pages(
    point: PointInTime, query: Body, sort: list[Body], brought: Body = WHOLE
) -> AsyncIterator[list[FoundDocument]]:
    """All documents at one point in time, what was written a moment ago included; the point is closed at the end.

    Raises LiaisonError.
    """
    await point.refresh()
    try:
        async for batch in read_pages(point, query, sort, PAGE, brought=brought):
            yield batch
    finally:
        await point.close()
