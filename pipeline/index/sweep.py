"""The sweep: no evidence about a withdrawn or expired case stays in the index.

Such a link is not visible, but its document is there until the judge's retraction comes. The sweep writes a
tombstone in its place under the same external version: a later claim about either case is higher and still wins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch

from pipeline.correlation.claims import Claim, ClaimState, external_version
from pipeline.index.documents import LIVE, LinkDocument, link_document
from pipeline.index.engine import PointInTime, fetch_documents
from pipeline.index.mappings import PER_GENERATION, Indices
from pipeline.index.queries import BY_LINK, all_links, page_body
from pipeline.index.writer import BulkWriter
from pipeline.records.messages import EXPIRED

PAGE = 500
"""Links a request, with twice as many cases to look at."""

FIELDS = ("case", "version", "state")


class _Case(msgspec.Struct):
    case: str
    version: int
    state: str


async def sweep_generation(client: AsyncElasticsearch, indices: Indices) -> int:
    """Clear one generation's links, and what deleted versions left in the segments; returns how many were cleared.

    Raises LiaisonError, elasticsearch's ApiError and TransportError; it may be interrupted and repeated at any time.
    """
    writer, swept = BulkWriter(client, indices), 0
    async for links in _live_links(client, indices):
        gone = await _gone_versions(client, indices, {case for link in links for case in link.cases})
        ended = [
            Claim(link.link, ClaimState.RETRACTED, 0, link.generation, link.a, link.b)
            for link in links
            # at the version claimed or a later one: a case that came back is not over
            if any(gone.get(side.case, -1) >= side.order for side in (link.a, link.b))
        ]
        swept += (await writer.write(list(map(link_document, ended)))).written
    for kind in sorted(PER_GENERATION):
        await client.indices.forcemerge(index=indices.write_alias(kind), only_expunge_deletes=True)
    return swept


async def _live_links(client: AsyncElasticsearch, indices: Indices) -> AsyncIterator[list[LinkDocument]]:
    """All live links at one point in time, without their evidence."""
    point = PointInTime(client, indices.write_alias("links"), "")
    await point.refresh()
    after: list[Any] | None = None
    try:
        while hits := await point.hits(
            source_excludes=["evidence"], **page_body(all_links(None, hits=True), BY_LINK, PAGE, after)
        ):
            yield [hit.read_as(LinkDocument) for hit in hits]
            after = hits[-1].sort
    finally:
        await point.close()


async def _gone_versions(client: AsyncElasticsearch, indices: Indices, cases: set[str]) -> dict[str, int]:
    """The external versions of those cases that are withdrawn or expired."""
    found = await fetch_documents(client, indices.write_alias("cases"), sorted(cases), source_includes=FIELDS)
    documents = [item.read_as(_Case) for item in found]
    return {
        document.case: external_version(document.version, document.state == EXPIRED)
        for document in documents
        if document.state != LIVE
    }
