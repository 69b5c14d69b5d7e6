"""Reading cases: what the index holds, held against the realtime documents before anyone sees it (invariant I1)."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date
from itertools import islice
from typing import Any, Literal, NamedTuple, Self

import msgspec

from pipeline.access.audience import Viewer
from pipeline.correlation.references import digest_name
from pipeline.correlation.visibility import is_expired
from pipeline.index import queries
from pipeline.index.documents import LIVE, CaseCard, CaseDocument, card_of, entities_of
from pipeline.index.engine import SearchEngine, fetch_documents, search_all_shards
from pipeline.index.facets import FacetsFound, read_facets
from pipeline.index.mappings import Indices, PinnedIndices
from pipeline.index.paging import PAGE, read_all_pages, read_pages
from pipeline.index.points import PointInTime
from pipeline.matching.fingerprint import EntityPrint
from pipeline.times import Clock, now

STATE_FIELDS = ("case", "agency", "country", "version", "state", "hash", "retain_until", "handling", "contact")
"""What deciding on a case needs; the record itself stays in Elasticsearch."""

RANKED = (*STATE_FIELDS, "card", "entities", "data.title")
"""What ranking a case and showing it in a list takes."""

SHOWN = (*STATE_FIELDS, "data.title")
"""What a list of cases shows."""


class Candidate(NamedTuple):
    """A case that a query selected, as indexed: its card, its entities, its constant score, the clauses that it met."""

    card: CaseCard
    entities: tuple[EntityPrint, ...]
    score: float
    met: tuple[str, ...]


class CaseReader:
    """Reads the active indices; every case that it returns is visible at this moment by its own state and time.

    Who may see it is decided elsewhere. Raises LiaisonError when Elasticsearch does not answer or knows no such index.
    """

    def __init__(self, client: SearchEngine, indices: Indices, clock: Clock = now) -> None:
        self._client, self._namespace = client, indices.namespace
        self._cases, self._links = indices.read_alias("cases"), indices.read_alias("links")
        self._clock = clock

    def of_generation(self, generation: str) -> Self:
        """The same on one generation's indices, whichever readers are led to."""
        return type(self)(self._client, PinnedIndices(self._namespace, generation), self._clock)

    def open_point(self, kind: Literal["cases", "links"], held: str | None) -> PointInTime:
        """Where a list of cases or of links is read: see PointInTime."""
        return PointInTime(self._client, self._cases if kind == "cases" else self._links, held)

    async def read_case(self, key: str, fields: Sequence[str] | None = None) -> CaseDocument | None:
        """One case, by default with its record, read in real time; None if there is none to see."""
        return (await self.read_cases([key], fields)).get(key)

    async def read_cases(
        self, keys: Iterable[str], fields: Sequence[str] | None = STATE_FIELDS
    ) -> dict[str, CaseDocument]:
        """The live cases among `keys`, read in real time; `fields` None brings all of each."""
        wanted = iter(dict.fromkeys(keys))
        found: dict[str, CaseDocument] = {}
        while batch := list(islice(wanted, PAGE)):
            items = await fetch_documents(self._client, self._cases, batch, source_includes=fields)
            documents = [_to_case(item) for item in items]
            found |= {document.case: document for document in documents if self._is_live(document)}
        return found

    async def may_be_read(self, key: str, viewer: Viewer, *, granted: bool) -> bool:
        """Whether a case was readable as it was indexed, about a second ago; nothing of it is fetched."""
        body = queries.page_body(queries.named_case(key, self._today(), viewer, granted=granted), queries.BY_CASE, 1)
        found = await search_all_shards(self._client, index=self._cases, source=False, **body)
        return bool(found["hits"]["hits"])

    async def find_digested(self, named: str, country: str, purpose: str) -> CaseDocument | None:
        """The case that an opaque reference stands for, if its handling shows it to a country for a purpose.

        A case is found about a second after it was written.
        """
        keys = await self._find_digests([named], country, purpose)
        return await self.read_case(keys[0]) if keys else None

    async def find_all_digested(
        self, digests: Iterable[str], country: str, purpose: str, fields: Sequence[str] = STATE_FIELDS
    ) -> dict[str, CaseDocument]:
        """The cases, by digest, that opaque references stand for, where their handling shows them for a purpose."""
        wanted = list(dict.fromkeys(digests))[:PAGE]
        found = await self.read_cases(await self._find_digests(wanted, country, purpose) if wanted else (), fields)
        return {digest_name(key): document for key, document in found.items()}

    async def _find_digests(self, digests: list[str], country: str, purpose: str) -> list[str]:
        query = queries.digested_cases(digests, country, purpose, self._today())
        body = queries.page_body(query, queries.BY_CASE, len(digests))
        hits = (await search_all_shards(self._client, index=self._cases, source=False, **body))["hits"]["hits"]
        return [hit["_id"] for hit in hits]

    async def find_candidates(self, body: queries.Body, at: PointInTime | None = None) -> list[Candidate]:
        """What a candidate query selects, in its order; of large cases the entities are read in real time."""
        hits = await (at or self.open_point("cases", None)).hits(**body)
        found = [(card_of(a2b_base64(hit["fields"]["card"][0])), hit) for hit in hits]
        large = [card.case for card, _ in found if card.entities is None]
        documents = await self.read_cases(large, RANKED) if large else {}
        return [_make_candidate(card, hit, documents) for card, hit in found]

    async def read_current(self, cards: Iterable[CaseCard]) -> dict[str, CaseDocument]:
        """The live cases among these in real time: what their cards say where they are as they were indexed, else read.

        Versions alone are asked for first: a document's external version tells all of its content.
        """
        held = {card.case: card for card in cards}
        versions = await self._read_versions(held)
        changed = [case for case, card in held.items() if versions.get(case) != card.external_version]
        read = await self.read_cases(changed, RANKED) if changed else {}
        same = (card.as_document() for case, card in held.items() if versions.get(case) == card.external_version)
        return {document.case: document for document in same if self._is_live(document)} | read

    async def _read_versions(self, cases: Iterable[str]) -> dict[str, int]:
        """The external versions of case documents, tombstones included, in real time."""
        items = await fetch_documents(self._client, self._cases, list(cases), source=False)
        return {item["_id"]: item["_version"] for item in items}

    async def count_facets(self, body: queries.Body) -> FacetsFound:
        """The counts that a query of facets asks for, as indexed about a second ago."""
        return read_facets((await search_all_shards(self._client, index=self._cases, **body))["aggregations"])

    async def browse_cases(self, limits: queries.QueryLimits, size: int, after: str = "") -> list[CaseDocument]:
        """The first live cases behind the key `after` that a query is limited to, by case key, filled up to `size`."""
        found: list[CaseDocument] = []
        pages = read_pages(
            self.open_point("cases", None), queries.all_cases(limits), queries.BY_CASE, size, after=[after]
        )
        async for batch in pages:
            current = await self.read_cases((source["case"] for source in batch), SHOWN)
            found += current.values()
            if len(found) >= size:
                break
        return found[:size]

    async def every_case(self, limits: queries.QueryLimits) -> AsyncIterator[CaseDocument]:
        """All live cases with their records, by case key, from one point in time of the index."""
        async for batch in read_all_pages(self.open_point("cases", ""), queries.all_cases(limits), queries.BY_CASE):
            current = await self.read_cases((source["case"] for source in batch), fields=None)
            for document in current.values():
                yield document

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _is_live(self, case: CaseDocument) -> bool:
        return case.state == LIVE and not is_expired(case.retain_until or "", self._clock())


def _to_case(item: dict[str, Any]) -> CaseDocument:
    return msgspec.convert(item["_source"], CaseDocument)


def _make_candidate(card: CaseCard, hit: dict[str, Any], documents: Mapping[str, CaseDocument]) -> Candidate:
    """A candidate; of a large case that has gone since there are no entities, nor is it there to be shown."""
    entities = card.entities
    if entities is None:
        entities = entities_of(documents[card.case]) if card.case in documents else ()
    score = hit["sort"][0]
    return Candidate(card, entities, score, queries.match_reasons(tuple(hit.get("matched_queries", ())), score))
