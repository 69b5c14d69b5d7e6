"""Elasticsearch's part in this system, in memory: the few calls and query words that pipeline/index uses.

tests/contract/test_memory_index.py holds it to the real one. `calls` is the trace of what was asked and how many
documents came back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, total_ordering
from itertools import count
from typing import Any, NamedTuple

import msgspec
import orjson
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import (
    ConnectionError,  # noqa: A004 - what its client raises
    NotFoundError,
)

from pipeline.index.documents import DocumentWrite
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import PER_GENERATION, Indices
from pipeline.index.queries import FIRST, OWNERS

WORD = re.compile(r"\w+")

Document = dict[str, Any]


class SearchAnswer(NamedTuple):
    """What the client wraps its answers in."""

    body: dict[str, Any]


class IndexCall(NamedTuple):
    """One call to the engine, to which kind of index, and the ids of the documents that it brought."""

    kind: str
    where: str = ""
    ids: tuple[str, ...] = ()


class MemoryIndex:
    """Holds documents by index and id. Give it to Reader as its client."""

    def __init__(self, indices: Indices) -> None:
        self._names = {kind: indices.write_alias(kind) for kind in CATALOGUE}
        self._leads = {indices.read_alias(kind): name for kind, name in self._names.items()}
        self._kinds = {name: kind for kind, name in self._names.items()}
        self._held: dict[str, dict[str, tuple[int, Document]]] = {name: {} for name in self._kinds}
        self._points: dict[str, tuple[str, dict[str, tuple[int, Document]]]] = {}
        self._opened = count()
        self.calls: list[IndexCall] = []
        self.away = False
        """Whether nothing is answered, as by a cluster that can't be reached."""
        self.indices = self

    def add_generation(self, indices: Indices) -> None:
        """Another generation's indices beside the first one's, to which readers are not led."""
        for kind in PER_GENERATION:
            self._kinds[indices.write_alias(kind)] = kind
            self._held[indices.write_alias(kind)] = {}

    def lead_readers(self, indices: Indices) -> None:
        """Let the readers' aliases lead to a generation's indices."""
        self._leads |= {indices.read_alias(kind): indices.write_alias(kind) for kind in PER_GENERATION}

    def write(self, actions: Iterable[DocumentWrite], indices: Indices | None = None) -> None:
        """Take documents as the bulk writer would, to the first generation's indices or these.

        A lower external version is refused.
        """
        for action in actions:
            held = self._held[indices.write_alias(action.kind) if indices else self._names[action.kind]]
            version = action.version or 0
            if action.id not in held or held[action.id][0] <= version:
                held[action.id] = (version, _parse(action.body))

    async def refresh(self, index: str) -> SearchAnswer:
        self._note("refresh", index)
        return SearchAnswer({})

    async def open_point_in_time(self, index: str, keep_alive: str) -> SearchAnswer:
        self._note("open", index)
        name = f"point-{next(self._opened)}"
        self._points[name] = index, dict(self._documents(index))
        return SearchAnswer({"id": name})

    async def close_point_in_time(self, id: str) -> SearchAnswer:  # noqa: A002 - the client's name
        self._note("close", self._point(id)[0])
        del self._points[id]
        return SearchAnswer({})

    async def mget(
        self,
        index: str,
        ids: list[str],
        source_includes: Iterable[str] | None = None,
        source: bool = True,
        realtime: bool = True,
        preference: str = "",
    ) -> SearchAnswer:
        held = self._documents(index)
        docs: list[Document] = [
            {"_id": one, "found": one in held}
            | ({"_version": held[one][0]} if one in held else {})
            | ({"_source": _encode(_included(held[one][1], source_includes))} if one in held and source else {})
            for one in ids
        ]
        self._note("get", index, [doc["_id"] for doc in docs if doc["found"]])
        return SearchAnswer({"docs": docs})

    async def search(
        self,
        query: Document,
        size: int,
        sort: Iterable[Document] = (),
        index: str = "",
        pit: Document | None = None,
        search_after: list[Any] | None = None,
        docvalue_fields: Iterable[str] = (),
        source_includes: Iterable[str] | None = None,
        aggs: Document | None = None,
        source: bool = True,
        _source: bool = True,
        **_: Any,
    ) -> SearchAnswer:
        sort, included = list(sort), source_includes if source and _source else ()
        where, held = self._point(pit["id"]) if pit else (index, self._documents(index))
        found = [
            _Found(id_, source, met)
            for id_, (_version, source) in held.items()
            if (met := _match(query, source)) is not None
        ]
        hits = _sorted_hits(found, sort, docvalue_fields, included)
        if search_after is not None:
            hits = [hit for hit in hits if _order(sort, hit["sort"]) > _order(sort, search_after)]
        counted = {"aggregations": {name: _count(one, found) for name, one in aggs.items()}} if aggs else {}
        brought = [hit["_id"] for hit in (*hits[:size], *brought_by(counted))]
        self._note("search", where, brought)
        return SearchAnswer({"hits": {"hits": hits[:size]}, **counted})

    def forget_documents(self, kind: str) -> None:
        """Lose all documents of a kind, as where indices are deleted to be made anew."""
        for name in (name for name, held in self._kinds.items() if held == kind):
            self._held[name].clear()

    def forget_points(self) -> None:
        """Lose all points in time, as a restart of Elasticsearch does."""
        self._points.clear()

    def _point(self, name: str) -> tuple[str, dict[str, tuple[int, Document]]]:
        if name not in self._points:
            meta = ApiResponseMeta(404, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "memory", 9200))
            raise NotFoundError("search_context_missing_exception", meta, {})
        return self._points[name]

    def _note(self, kind: str, index: str, ids: Iterable[str] = ()) -> None:
        if self.away:
            raise ConnectionError("http://elastic-7.internal:9200 refused")
        self.calls.append(IndexCall(kind, self._kinds[self._leads.get(index, index)], tuple(ids)))

    def _documents(self, index: str) -> dict[str, tuple[int, Document]]:
        return self._held[self._leads.get(index, index)]


class _Met(NamedTuple):
    score: float
    names: tuple[str, ...]


class _Found(NamedTuple):
    """A document that meets a query, and how."""

    id: str
    source: Document
    met: _Met


def _sorted_hits(
    found: Iterable[_Found], sort: list[Document], docvalue_fields: Iterable[str], included: Iterable[str] | None
) -> list[Document]:
    hits: list[Document] = [
        {
            "_id": one.id,
            "_source": _included(one.source, included),
            "sort": _sort_values(sort, one.met.score, one.source),
            "matched_queries": one.met.names,
            "fields": {name: [one.source[name]] for name in docvalue_fields if name in one.source},
        }
        for one in found
    ]
    return sorted(hits, key=lambda hit: _order(sort, hit["sort"]))


def brought_by(counted: Document) -> list[Document]:
    """The hits that an answer brings within its counts by owner."""
    counts = counted.get("aggregations", {}).get(OWNERS, {"buckets": ()})
    return [hit for owner in counts["buckets"] for hit in owner[FIRST]["hits"]["hits"]]


def _count(asked: Document, found: list[_Found]) -> Document:
    """What an aggregation says of documents: a filter with others within, terms with others, years, or the first."""
    within = asked.get("aggs", {})
    if "filter" in asked:
        kept = [one for one in found if _match(asked["filter"], one.source) is not None]
        return {"doc_count": len(kept)} | {name: _count(one, kept) for name, one in within.items()}
    [(kind, inner)] = [(kind, inner) for kind, inner in asked.items() if kind != "aggs"]
    if kind == "top_hits":
        source = inner["_source"] or ()
        hits = _sorted_hits(found, inner.get("sort", []), inner.get("docvalue_fields", ()), source)
        return {"hits": {"hits": hits[: inner["size"]]}}
    held: dict[str, list[_Found]] = {}
    for one in found:
        values = {
            str(value)[: 4 if kind == "date_histogram" else None] for value in _values(one.source, [inner["field"]])
        }
        for value in values:
            held.setdefault(value, []).append(one)
    if kind == "date_histogram":
        return {"buckets": [{"key": 0, "key_as_string": year, "doc_count": len(held[year])} for year in sorted(held)]}
    by_key = "_key" in inner.get("order", ())
    ordered = sorted(held.items(), key=lambda one: (0 if by_key else -len(one[1]), one[0]))[: inner["size"]]
    return {
        "buckets": [
            {"key": key, "doc_count": len(some)} | {name: _count(one, some) for name, one in within.items()}
            for key, some in ordered
        ]
    }


def _match(query: Document, source: Document) -> _Met | None:
    """How a document meets a query, or None."""
    [(kind, inner)] = query.items()
    if kind == "bool":
        return _match_bool(inner, source)
    if kind == "constant_score":
        met = _match(inner["filter"], source) is not None
        return _Met(inner["boost"], (inner["_name"],) if "_name" in inner else ()) if met else None
    [(field, value)] = [(inner["field"], None)] if kind == "exists" else inner.items()
    held = list(_values(source, field.split(".")))
    return _Met(0.0, ()) if _TESTS[kind](held, value) else None


def _match_bool(inner: Document, source: Document) -> _Met | None:
    if any(_match(one, source) is None for one in _listed(inner.get("filter", ()))):
        return None
    if any(_match(one, source) is not None for one in _listed(inner.get("must_not", ()))):
        return None
    met = [found for one in inner.get("should", ()) if (found := _match(one, source)) is not None]
    if len(met) < inner.get("minimum_should_match", 0):
        return None
    return _Met(sum(one.score for one in met), tuple(name for one in met for name in one.names))


def _listed(queries: Any) -> Iterable[Document]:
    return [queries] if isinstance(queries, dict) else queries


def _matches_text(held: list[Any], value: Document) -> bool:
    words = {word for text in held for word in WORD.findall(str(text).lower())}
    return bool(asked := set(WORD.findall(value["query"].lower()))) and asked <= words


def _in_range(held: list[Any], value: Document) -> bool:
    return any(
        ("lte" not in value or one <= value["lte"])
        and ("lt" not in value or one < value["lt"])
        and ("gte" not in value or one >= value["gte"])
        and ("gt" not in value or one > value["gt"])
        for one in held
    )


_TESTS: dict[str, Callable[[list[Any], Any], bool]] = {
    "term": lambda held, value: str(value) in map(str, held),
    "terms": lambda held, value: not {str(one) for one in value}.isdisjoint(map(str, held)),
    "prefix": lambda held, value: any(str(one).startswith(value) for one in held),
    "range": _in_range,
    "match": _matches_text,
    "exists": lambda held, value: bool(held),
}


def _values(source: Any, path: list[str]) -> Iterator[Any]:
    """All values at a dotted path, through lists."""
    if isinstance(source, list):
        for one in source:
            yield from _values(one, path)
    elif path:
        if isinstance(source, dict) and path[0] in source:
            yield from _values(source[path[0]], path[1:])
    elif source is not None:
        yield source


def _sort_values(sort: list[Document], score: float, source: Document) -> list[Any]:
    return [
        score if field == "_score" else source.get(field, way["missing"] if isinstance(way, dict) else None)
        for one in sort
        for field, way in one.items()
    ]


def _order(sort: list[Document], values: list[Any]) -> tuple[Any, ...]:
    ways = [way for one in sort for way in one.values()]
    directions = [way["order"] if isinstance(way, dict) else way for way in ways]
    return tuple(_Backwards(value) if way == "desc" else value for way, value in zip(directions, values, strict=True))


@total_ordering
class _Backwards:
    """A sort value, the other way round."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and bool(self.value == other.value)

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.value < self.value)

    def __hash__(self) -> int:
        return hash(self.value)


@lru_cache(maxsize=4096)
def _parse(body: bytes) -> Document:
    """A document as it is held, which nobody changes: laws write the same ones in each example."""
    document: Document = orjson.loads(body)
    return document


def _encode(source: Document) -> msgspec.Raw:
    """A document that is read by its id, as the client's serializer leaves it."""
    return msgspec.Raw(orjson.dumps(source))


def _included(source: Document, fields: Iterable[str] | None) -> Document:
    if fields is None:
        return source
    kept: Document = {}
    for field in fields:
        _keep(kept, source, field.split("."))
    return kept


def _keep(kept: Document, source: Document, path: list[str]) -> None:
    head, *rest = path
    if head not in source:
        return
    if not rest:
        kept[head] = source[head]
    elif isinstance(source[head], list):
        for place, one in zip(kept.setdefault(head, [{} for _ in source[head]]), source[head], strict=True):
            _keep(place, one, rest)
    else:
        _keep(kept.setdefault(head, {}), source[head], rest)
