"""Reads what a query selects page by page, each page behind the last document of the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pipeline.index.points import PointInTime
from pipeline.index.queries import Body, page_body

PAGE = 1000
"""Documents a request while reading all of an index."""


async def read_pages(
    point: PointInTime,
    query: Body,
    sort: list[Body],
    size: int,
    after: list[Any] | None = None,
    fields: Sequence[str] = (),
) -> AsyncIterator[list[dict[str, Any]]]:
    """The documents behind the sort values `after`, `size` a page; of each `fields`, by default all.

    The point is not closed. Raises LiaisonError.
    """
    included = {"source_includes": fields} if fields else {}
    while True:
        hits = await point.hits(**included, **page_body(query, sort, size, after))
        if hits:
            yield [hit["_source"] for hit in hits]
            after = hits[-1]["sort"]
        if len(hits) < size:
            return


async def read_all_pages(point: PointInTime, query: Body, sort: list[Body]) -> AsyncIterator[list[dict[str, Any]]]:
    """All documents at one point in time, what was written a moment ago included; the point is closed at the end.

    Raises LiaisonError.
    """
    await point.refresh()
    try:
        async for batch in read_pages(point, query, sort, PAGE):
            yield batch
    finally:
        await point.close()
