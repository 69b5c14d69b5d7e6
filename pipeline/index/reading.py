"""Reading links beside cases: each is held against the realtime documents of both its cases (invariant I1)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from pipeline.correlation.claims import Claim, ClaimState
from pipeline.correlation.visibility import CaseState, is_visible
from pipeline.index import queries
from pipeline.index.case_reading import SHOWN, STATE_FIELDS, CaseReader
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.engine import fetch_documents
from pipeline.index.paging import PAGE, read_all_pages, read_pages
from pipeline.index.points import PointInTime
from pipeline.matching.bands import Band

LISTED_FIELDS = tuple(field for field in LinkDocument.__struct_encode_fields__ if field != "evidence")
"""What listing links takes: of their evidence nothing."""

TIES = (*LISTED_FIELDS, *(f"evidence.entities.{field}" for field in ("entity_a", "entity_b", "bits")))
"""What ranking the links of an entity takes: which entities they tie, and by how much."""

LISTED = 100
"""Links a request while listing those of one case."""


class ListedLink(NamedTuple):
    """A visible link of a case without its evidence, and as which document it stood in the list that was read."""

    link: LinkDocument
    listed: LinkDocument


class IndexReader(CaseReader):
    """Reads links as well; one is visible at this moment by the state and time of both of its cases."""

    async def read_link(self, name: str) -> LinkDocument | None:
        """One visible link, read in real time; the index is asked the same where there is none."""
        batch = await self._fetch_sources([name])
        if not batch:
            await self.read_cases([name])
        return next((link for link in await self._keep_visible(batch) if link.band), None)

    async def links_to_judge(
        self,
        agency: str,
        audience: Sequence[str],
        band: Band,
        size: int,
        after: list[Any] | None,
        at: PointInTime,
        case: str = "",
    ) -> list[tuple[LinkDocument | None, list[Any]]]:
        """The next `size` links of an agency's cases, strongest first as listed at `at`, each with its place there.

        What is said of them holds now; None: not visible now, or not of the band any more. `case` narrows to one.
        """
        query = queries.links_to_judge(agency, self._today(), audience, band, case)
        hits = await at.hits(source=False, **queries.page_body(query, queries.STRONGEST_FIRST, size, after))
        seen = await self.read_links(hit["_id"] for hit in hits)
        kept = {name: link for name, link in seen.items() if band in (Band.NONE, link.band)}
        return [(kept.get(hit["_id"]), hit["sort"]) for hit in hits]

    async def every_link_of(
        self,
        case: str,
        audience: Sequence[str] | None = None,
        at: PointInTime | None = None,
        *,
        ties: bool = False,
    ) -> tuple[list[ListedLink], dict[str, CaseDocument]]:
        """All visible links of a case, strongest first as listed at `at`, and what is SHOWN of their cases.

        Among them is what is told as a hit alone, without a band. They bring TIES where these are asked for, else
        nothing of their evidence.
        """
        query = queries.links_of(case, self._today(), audience, hits=True)
        point = at or self.open_point("links", None)
        listed: list[ListedLink] = []
        cases: dict[str, CaseDocument] = {}
        fields = TIES if ties else LISTED_FIELDS
        async for batch in read_pages(point, query, queries.STRONGEST_FIRST, PAGE, fields=fields):
            found = _to_links(batch)
            cases |= await self.read_cases((key for link in found for key in link.cases), SHOWN)
            seen = {link.link: link for link in self._visible_among(found, cases)}
            if point.is_steady:
                seen |= await self._reread_changed_links(found, seen, cases)
            listed += [ListedLink(seen[document.link], document) for document in found if document.link in seen]
        return listed, cases

    async def _reread_changed_links(
        self, found: Iterable[LinkDocument], seen: Collection[str], cases: Mapping[str, CaseDocument]
    ) -> dict[str, LinkDocument]:
        """Of links that were listed some time ago and are not visible as they were then, those visible as they are."""
        gone = [link.link for link in found if link.link not in seen and all(case in cases for case in link.cases)]
        now = (await self.live_links(gone)).values()
        return {link.link: link for link in self._visible_among(now, cases)}

    async def read_links(self, ids: Iterable[str]) -> dict[str, LinkDocument]:
        """The visible links of these ids with their evidence, in real time; not what is told as a hit alone."""
        return {link.link: link for link in await self._keep_visible(await self._fetch_sources(ids)) if link.band}

    async def live_links(self, ids: Iterable[str]) -> dict[str, LinkDocument]:
        """The same whether they are visible or not: for who holds their hashes against visible ones."""
        return {link.link: link for link in _to_links(await self._fetch_sources(ids)) if link.state is ClaimState.LIVE}

    async def _fetch_sources(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        return [item["_source"] for item in await fetch_documents(self._client, self._links, list(dict.fromkeys(ids)))]

    async def links_of(self, case: str, limit: int, audience: Sequence[str] | None = None) -> list[LinkDocument]:
        """The visible links of a case, strongest first, filled up to `limit`."""
        found: list[LinkDocument] = []
        query = queries.links_of(case, self._today(), audience)
        pages = read_pages(self.open_point("links", None), query, queries.STRONGEST_FIRST, LISTED)
        async for link in self._visible_links(pages):
            found.append(link)
            if len(found) == limit:
                break
        return found

    async def ranked_links_of(
        self, case: str, audience: Sequence[str] | None, size: int, after: list[Any] | None
    ) -> list[tuple[LinkDocument | None, list[Any]]]:
        """The next `size` links of a case, strongest first, each with its place; None: not visible now.

        Of their evidence they bring which entities they tie, and by how much.
        """
        query = queries.links_of(case, self._today(), audience)
        body = queries.page_body(query, queries.STRONGEST_FIRST, size, after)
        hits = await self.open_point("links", None).hits(source_includes=TIES, **body)
        links = _to_links(hit["_source"] for hit in hits)
        cases = await self.read_cases((key for link in links for key in link.cases), STATE_FIELDS)
        visible = {link.link for link in self._visible_among(links, cases)}
        return [(link if link.link in visible else None, hit["sort"]) for link, hit in zip(links, hits, strict=True)]

    async def every_link(
        self, audience: Sequence[str] | None = None, *, hits: bool = False
    ) -> AsyncIterator[LinkDocument]:
        """All visible links, by link id, from one point in time of the index; `hits`: and what is told as one alone."""
        query = queries.all_links(self._today(), audience, hits=hits)
        async for link in self._visible_links(read_all_pages(self.open_point("links", ""), query, queries.BY_LINK)):
            yield link

    async def _visible_links(self, pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[LinkDocument]:
        async for batch in pages:
            for link in await self._keep_visible(batch):
                yield link

    async def _keep_visible(self, batch: Iterable[dict[str, Any]]) -> list[LinkDocument]:
        links = _to_links(batch)
        return self._visible_among(links, await self.read_cases(key for link in links for key in link.cases))

    def _visible_among(self, links: Iterable[LinkDocument], cases: Mapping[str, CaseDocument]) -> list[LinkDocument]:
        states = {
            key: CaseState(document.hash, retain_until=document.retain_until or "") for key, document in cases.items()
        }
        at = self._clock()
        return [
            link for link in links if is_visible(_claim_of(link), states.get(link.a.case), states.get(link.b.case), at)
        ]


def _to_links(batch: Iterable[dict[str, Any]]) -> list[LinkDocument]:
    return [msgspec.convert(source, LinkDocument) for source in batch]


def _claim_of(link: LinkDocument) -> Claim:
    return Claim(link.link, link.state, 0, link.generation, link.a, link.b)
