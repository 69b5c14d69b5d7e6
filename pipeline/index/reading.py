"""Reading cases and links: what the index holds, held against the realtime documents before anyone sees it.

A link is held against the documents of both its cases (invariant I1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any, Final, Literal, NamedTuple, Self

import msgspec

from pipeline.access.release import LinkScope, Viewer
from pipeline.correlation.claims import CaseState, Claim, ClaimState, is_expired, is_visible
from pipeline.correlation.key_ring import digest_name
from pipeline.index import queries
from pipeline.index.documents import LIVE, CaseDocument, LinkDocument, card_of, document_of_card, entities_of
from pipeline.index.engine import (
    PAGE,
    WHOLE,
    FoundDocument,
    PointInTime,
    SearchEngine,
    bring,
    fetch_documents,
    find_documents,
    read_all_pages,
    read_pages,
    search_all_shards,
)
from pipeline.index.filters import FacetsFound, read_facets
from pipeline.index.mappings import Indices, PinnedIndices
from pipeline.loop_turns import Compute, LoopTurns, compute_apart
from pipeline.matching.bands import Band
from pipeline.search.ranking import Candidate, CaseCard
from pipeline.times import Clock, now

STATE_FIELDS = ("case", "agency", "country", "version", "state", "hash", "retain_until", "handling", "contact")
"""What deciding on a case needs; the record itself stays in Elasticsearch."""

NAMED = ("data.title", "caveat_translations", "language")
"""What is shown of a case beside its state, wherever it is listed."""

RANKED = (*STATE_FIELDS, *NAMED, "card", "entities")
"""What ranking a case and showing it in a list takes."""

SHOWN = (*STATE_FIELDS, *NAMED)
"""What a list of cases shows."""

COUNTED = (*SHOWN, "status", "closed", "offences", "policing_goals")
"""What cases are counted and told apart by."""

MOST_BRIEF: Final = 25
"""Cases that are asked for at once where of each only what COUNTED holds is brought. Elasticsearch parses a document
to bring a part of it: one of 1 MB takes it 5 to 100 ms, the most where `extensions` have many fields. Of 200 such none
came in READ_TIMEOUT_S, nobody else had an answer meanwhile, and it went on after nobody waited any more."""

MOST_LONG: Final = 10
"""The same where more is brought, such as names: of a case of 1 MB they may be nearly all."""

FIRST_WHOLE: Final = 2
"""Cases that are asked for first where their size decides."""

MOST_WHOLE: Final = 32
"""And at the most, however small those before were: of the largest they are 32 MB, undecoded."""

PART_BYTES: Final = 500_000
"""What a part of these is to hold, by the one before it; it has at most twice as many."""


class _Parts:
    """How many cases are asked for at once, so that not much is decoded, or in memory, at once.

    Their size decides only where all of them are `readable`: what is hidden has no part in what the index is asked.
    """

    def __init__(self, fields: Sequence[str] | None, *, readable: bool) -> None:
        is_brief = fields is not None and {*fields} <= {*COUNTED}
        self._by_size = readable and not is_brief
        self.size = FIRST_WHOLE if self._by_size else MOST_BRIEF if is_brief else MOST_LONG

    def note(self, found: Sequence[FoundDocument]) -> None:
        """Go by what the last part held."""
        if self._by_size and found:
            each = sum(len(item.source) for item in found) / len(found)
            self.size = max(1, min(2 * self.size, MOST_WHOLE, int(PART_BYTES / each)))


LARGE: Final = 10
"""Operations that it takes to look at a case which is too large for its card, and how many such are read at once: the
largest is some 30 times as large as a card, and most of it are texts."""


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
        return {document.case: document async for part in self.read_parts(keys, fields) for document in part}

    async def read_parts(
        self, keys: Iterable[str], fields: Sequence[str] | None = STATE_FIELDS, *, readable: bool = False
    ) -> AsyncIterator[list[CaseDocument]]:
        """The same in parts, for who keeps little of each.

        `readable`: whoever asks may read all of them, so that their size may decide how many come at once.
        """
        wanted, parts, at = list(dict.fromkeys(keys)), _Parts(fields, readable=readable), 0
        turns = LoopTurns()
        while batch := wanted[at : at + parts.size]:
            items = await fetch_documents(self._client, self._cases, batch, source_includes=fields)
            at += len(batch)
            parts.note(items)
            part, size = list[CaseDocument](), 0
            for item in items:
                document = item.read_as(CaseDocument)
                size += len(item.source)
                if self._is_live(document):
                    part.append(document)
                await turns.rest()
                if size >= PART_BYTES:
                    yield part
                    part, size = [], 0
            if part:
                yield part

    async def may_be_read(self, key: str, viewer: Viewer, *, granted: bool) -> bool:
        """Whether a case was readable as it was indexed, about a second ago; nothing of it is fetched."""
        return bool(await self._find_keys(queries.named_case(key, self._today(), viewer, granted=granted), 1))

    async def find_readable(self, keys: Sequence[str], granted: Sequence[str], viewer: Viewer) -> list[str]:
        """Those of some cases that were readable as they were indexed, about a second ago; nothing of any is fetched.

        `granted` are those that the viewer may read where they show as hits.
        """
        found: list[str] = []
        for at in range(0, len(keys), PAGE):
            batch = keys[at : at + PAGE]
            query = queries.named_cases(batch, [key for key in granted if key in batch], self._today(), viewer)
            found += await self._find_keys(query, len(batch))
        return found

    async def find_by_terms(self, terms: Sequence[str], viewer: Viewer | None, size: int) -> list[str]:
        """Keys of the first `size` cases by key that `viewer` may read and that have one of these search terms."""
        if not terms:
            return []
        return await self._find_keys(queries.cases_with_terms(terms, queries.QueryLimits(self._today(), viewer)), size)

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
        return await self._find_keys(queries.digested_cases(digests, country, purpose, self._today()), len(digests))

    async def _find_keys(self, query: queries.Body, size: int) -> list[str]:
        """The first cases by key, as indexed about a second ago; nothing of any is fetched."""
        body = {**queries.page_body(query, queries.BY_CASE, size), **queries.KEYS_ALONE}
        return _keys_of(await find_documents(self._client, self._cases, **body))

    async def find_candidates(
        self, body: queries.Body, at: PointInTime | None = None, compute: Compute = compute_apart
    ) -> list[Candidate]:
        """What a candidate query selects, in its order; of large cases the entities are read in real time.

        `compute` decodes these: each takes some 10 ms.
        """
        hits = await (at or self.open_point("cases", None)).hits(**body)
        packed = msgspec.convert([hit.fields["card"][0] for hit in hits], list[bytes])  # a quarter of binascii's time
        found = [(card_of(card), hit) for card, hit in zip(packed, hits, strict=True)]
        large = [card.case for card, _ in found if card.entities is None]
        documents = await self.read_cases(large, RANKED) if large else {}
        return await _make_candidates(found, documents, compute)

    async def find_owned(
        self, body: queries.Body, operations: int, at: PointInTime | None = None, compute: Compute = compute_apart
    ) -> AsyncIterator[list[Candidate]]:
        """What an owned_body selects, a part at a time, of each owner as many as that many operations allow.

        To look at a case is one operation, and LARGE of them where its entities are read in real time.
        """
        answer = await (at or self.open_point("cases", None)).search(**body)
        large: list[tuple[CaseCard, FoundDocument]] = []
        found: list[tuple[CaseCard, FoundDocument]] = []
        for owner in answer["aggregations"][queries.OWNERS]["buckets"]:
            left = operations
            for hit in map(FoundDocument.of_item, owner[queries.FIRST]["hits"]["hits"]):
                card = card_of(msgspec.convert(hit.fields["card"][0], bytes))
                left -= LARGE if card.entities is None else 1
                if left < 0:
                    break
                (large if card.entities is None else found).append((card, hit))
        yield [_make_candidate(card, hit, {}) for card, hit in found]
        for start in range(0, len(large), LARGE):
            some = large[start : start + LARGE]
            documents = await self.read_cases((card.case for card, _ in some), RANKED)
            yield await _make_candidates(some, documents, compute)

    async def read_current(self, cards: Iterable[CaseCard]) -> dict[str, CaseDocument]:
        """The live cases among these in real time: what their cards say where they are as they were indexed, else read.

        Versions alone are asked for first: a document's external version tells all of its content.
        """
        held = {card.case: card for card in cards}
        items = await fetch_documents(self._client, self._cases, list(held), source=False)  # tombstones included
        versions = {item.id: item.version for item in items}
        changed = [case for case, card in held.items() if versions.get(case) != card.external_version]
        read = await self.read_cases(changed, RANKED) if changed else {}
        same = (document_of_card(card) for case, card in held.items() if versions.get(case) == card.external_version)
        return {document.case: document for document in same if self._is_live(document)} | read

    async def count_facets(self, body: queries.Body) -> FacetsFound:
        """The counts that a query of facets asks for, as indexed about a second ago."""
        return read_facets((await search_all_shards(self._client, index=self._cases, **body))["aggregations"])

    async def browse_cases(self, limits: queries.QueryLimits, size: int, after: str = "") -> list[CaseDocument]:
        """The first live cases behind the key `after` that a query is limited to, by case key, filled up to `size`."""
        kept: list[CaseDocument] = []
        point, query = self.open_point("cases", None), queries.all_cases(limits)
        pages = read_pages(point, query, queries.BY_CASE, size, after=[after], brought=queries.KEYS_ALONE)
        async for batch in pages:
            kept += (await self.read_cases(_keys_of(batch), SHOWN)).values()
            if len(kept) >= size:
                break
        return kept[:size]

    async def every_case(
        self, limits: queries.QueryLimits, fields: Sequence[str] | None = None
    ) -> AsyncIterator[list[CaseDocument]]:
        """All live cases, by case key, from one point in time of the index, in parts; by default with their records."""
        point, query = self.open_point("cases", ""), queries.all_cases(limits)
        async for batch in read_all_pages(point, query, queries.BY_CASE, queries.KEYS_ALONE):
            async for part in self.read_parts(_keys_of(batch), fields, readable=True):
                yield part

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _is_live(self, case: CaseDocument) -> bool:
        return case.state == LIVE and not is_expired(case.retain_until or "", self._clock())


def _keys_of(found: Iterable[FoundDocument]) -> list[str]:
    """The keys of cases that were found in the order BY_CASE."""
    return [one.sort[0] for one in found]


async def _make_candidates(
    found: Sequence[tuple[CaseCard, FoundDocument]], documents: Mapping[str, CaseDocument], compute: Compute
) -> list[Candidate]:
    """The candidates of cards; where whole cases are decoded for some, by `compute`."""
    if not documents:
        return [_make_candidate(card, hit, documents) for card, hit in found]
    return await compute(lambda: [_make_candidate(card, hit, documents) for card, hit in found])


def _make_candidate(card: CaseCard, hit: FoundDocument, documents: Mapping[str, CaseDocument]) -> Candidate:
    """A candidate; of a large case that has gone since there are no entities, nor is it there to be shown."""
    entities = card.entities
    if entities is None:
        entities = entities_of(documents[card.case]) if card.case in documents else ()
    score = hit.sort[0]
    return Candidate(card, entities, score, queries.match_reasons(hit.matched_queries, score))


LISTED_FIELDS = tuple(field for field in LinkDocument.__struct_encode_fields__ if field != "evidence")
"""What listing links takes: of their evidence nothing."""

TIES = (*LISTED_FIELDS, *(f"evidence.entities.{field}" for field in ("entity_a", "entity_b", "bits")))
"""What ranking the links of an entity takes: which entities they tie, and by how much."""

TYPED_TIES = (*TIES, "evidence.entities.type_a", "evidence.entities.type_b")
"""What resolving an entity takes."""

LISTED = 100
"""Links with their evidence that are asked for at once."""


class ListedLink(NamedTuple):
    """A visible link of a case without its evidence, and as which document it stood in the list that was read."""

    link: LinkDocument
    listed: LinkDocument


class IndexReader(CaseReader):
    """Reads links as well; one is visible at this moment by the state and time of both of its cases."""

    async def read_link(self, name: str) -> LinkDocument | None:
        """One visible link, read in real time; the index is asked the same where there is none."""
        batch = await self._fetch_links([name])
        if not batch:
            await self.read_cases([name])
        return next((link for link in await self._keep_visible(batch) if link.band), None)

    async def links_to_judge(
        self,
        agency: str,
        scope: LinkScope,
        band: Band,
        size: int,
        after: list[Any] | None,
        at: PointInTime,
        case: str = "",
    ) -> list[tuple[LinkDocument | None, list[Any]]]:
        """The next `size` links of an agency's cases, strongest first as listed at `at`, each with its place there.

        What is said of them holds now; None: not visible now, or not of the band any more. `case` narrows to one.
        """
        query = queries.links_to_judge(agency, self._today(), scope, band, case)
        hits = await at.hits(source=False, **queries.page_body(query, queries.STRONGEST_FIRST, size, after))
        seen = await self.read_links(hit.id for hit in hits)
        kept = {name: link for name, link in seen.items() if band in (Band.NONE, link.band)}
        return [(kept.get(hit.id), hit.sort) for hit in hits]

    async def list_links_to_judge(
        self, agency: str, scope: LinkScope, size: int, after: list[Any] | None = None
    ) -> list[tuple[str, list[Any]]]:
        """The ids of the next `size` links of an agency's cases as they were indexed, each with its place in line.

        Nothing of them is brought: who counts them reads what they are now.
        """
        query = queries.links_to_judge(agency, self._today(), scope)
        body = queries.page_body(query, queries.STRONGEST_FIRST, size, after)
        return [(hit.id, hit.sort) for hit in await self.open_point("links", None).hits(source=False, **body)]

    async def every_link_of(
        self,
        case: str,
        scope: LinkScope | None = None,
        at: PointInTime | None = None,
        *,
        ties: bool = False,
    ) -> tuple[list[ListedLink], dict[str, CaseDocument]]:
        """All visible links of a case, strongest first as listed at `at`, and what is SHOWN of their cases.

        Among them is what is told as a hit alone, without a band. They bring TIES where these are asked for, else
        nothing of their evidence.
        """
        query = queries.links_of(case, self._today(), scope, hits=True)
        point = at or self.open_point("links", None)
        listed: list[ListedLink] = []
        cases: dict[str, CaseDocument] = {}
        brought = bring(TIES if ties else LISTED_FIELDS)
        async for batch in read_pages(point, query, queries.STRONGEST_FIRST, PAGE, brought=brought):
            found = _to_links(batch)
            cases |= await self.read_cases((key for link in found for key in link.cases), SHOWN)
            seen = {link.link: link for link in self._visible_among(found, cases)}
            if point.is_steady:
                # Of links that are not visible as they were listed some time ago, those that are as they are now.
                gone = [
                    link.link for link in found if link.link not in seen and all(case in cases for case in link.cases)
                ]
                now_live = (await self.live_links(gone)).values()
                seen |= {link.link: link for link in self._visible_among(now_live, cases)}
            listed += [ListedLink(seen[document.link], document) for document in found if document.link in seen]
        return listed, cases

    async def next_links_of(
        self, cases: Sequence[str], scope: LinkScope | None, after: list[Any] | None = None
    ) -> tuple[list[LinkDocument], dict[str, CaseDocument], list[Any] | None]:
        """The next PAGE links of several cases, by link id: those visible, their cases' states, and where they end.

        They bring no evidence. Among them is what is told as a hit alone, without a band. None: no more come.
        """
        body = queries.page_body(queries.links_of_any(cases, self._today(), scope), queries.BY_LINK, PAGE, after)
        batch = await self.open_point("links", None).hits(source_includes=LISTED_FIELDS, **body)
        found = _to_links(batch)
        held = await self.read_cases(key for link in found for key in link.cases)
        return list(self._visible_among(found, held)), held, batch[-1].sort if len(batch) == PAGE else None

    async def read_named_links(self, ids: Sequence[str]) -> dict[str, LinkDocument]:
        """The visible links of ids that somebody names; the index is asked the same where there are none."""
        batch = await self._fetch_links(ids)
        found = {link.link for link in batch}
        keys = [key for link in batch for key in link.cases] + [name for name in ids if name not in found]
        cases = await self.read_cases(keys)
        return {link.link: link for link in self._visible_among(batch, cases) if link.band}

    async def read_links(self, ids: Iterable[str]) -> dict[str, LinkDocument]:
        """The visible links of these ids with their evidence, in real time; not what is told as a hit alone."""
        return {link.link: link for link in await self._keep_visible(await self._fetch_links(ids)) if link.band}

    async def read_ties(self, ids: Iterable[str], cases: Mapping[str, CaseDocument]) -> dict[str, LinkDocument]:
        """The visible links of these ids between some cases that were read; of their evidence they bring TIES."""
        found = await fetch_documents(self._client, self._links, list(dict.fromkeys(ids)), source_includes=TIES)
        links = [link for link in _to_links(found) if all(case in cases for case in link.cases)]
        return {link.link: link for link in self._visible_among(links, cases) if link.band}

    async def read_typed_ties(self, ids: Iterable[str]) -> list[LinkDocument]:
        """The visible links of these ids, in real time; of their evidence they bring TYPED_TIES."""
        return [link for link in await self._keep_visible(await self._fetch_links(ids, TYPED_TIES)) if link.band]

    async def live_links(self, ids: Iterable[str]) -> dict[str, LinkDocument]:
        """The same whether they are visible or not: for who holds their hashes against visible ones."""
        return {link.link: link for link in await self._fetch_links(ids) if link.state is ClaimState.LIVE}

    async def _fetch_links(self, ids: Iterable[str], fields: Sequence[str] | None = None) -> list[LinkDocument]:
        wanted, found = list(dict.fromkeys(ids)), list[LinkDocument]()
        for at in range(0, len(wanted), LISTED):
            some = wanted[at : at + LISTED]
            found += _to_links(await fetch_documents(self._client, self._links, some, source_includes=fields))
        return found

    async def links_of(self, case: str, limit: int, scope: LinkScope | None = None) -> list[LinkDocument]:
        """The visible links of a case, strongest first, filled up to `limit`."""
        found: list[LinkDocument] = []
        query = queries.links_of(case, self._today(), scope)
        pages = read_pages(self.open_point("links", None), query, queries.STRONGEST_FIRST, LISTED)
        async for link in self._visible_links(pages):
            found.append(link)
            if len(found) == limit:
                break
        return found

    async def ranked_links_of(
        self, case: str, scope: LinkScope | None, size: int, after: list[Any] | None
    ) -> tuple[list[tuple[LinkDocument | None, list[Any]]], dict[str, CaseDocument]]:
        """The next `size` links of a case, strongest first, each with its place, and their cases; None: not visible.

        Of their evidence they bring which entities they tie, and by how much.
        """
        query = queries.links_of(case, self._today(), scope)
        body = queries.page_body(query, queries.STRONGEST_FIRST, size, after)
        hits = await self.open_point("links", None).hits(source_includes=TIES, **body)
        links = _to_links(hits)
        cases = await self.read_cases((key for link in links for key in link.cases), STATE_FIELDS)
        visible = {link.link for link in self._visible_among(links, cases)}
        ranked = zip(links, hits, strict=True)
        return [(link if link.link in visible else None, hit.sort) for link, hit in ranked], cases

    async def every_link(
        self, scope: LinkScope | None = None, *, hits: bool = False, evidence: bool = True
    ) -> AsyncIterator[LinkDocument]:
        """All visible links, by link id, from one point in time of the index; `hits`: and what is told as one alone.

        Without `evidence` they bring none of it.
        """
        query = queries.all_links(self._today(), scope, hits=hits)
        point, brought = self.open_point("links", ""), WHOLE if evidence else bring(LISTED_FIELDS)
        async for link in self._visible_links(read_all_pages(point, query, queries.BY_LINK, brought)):
            yield link

    async def _visible_links(self, pages: AsyncIterator[list[FoundDocument]]) -> AsyncIterator[LinkDocument]:
        async for batch in pages:
            for link in await self._keep_visible(_to_links(batch)):
                yield link

    async def _keep_visible(self, links: Sequence[LinkDocument]) -> list[LinkDocument]:
        return self._visible_among(links, await self.read_cases(key for link in links for key in link.cases))

    def _visible_among(self, links: Iterable[LinkDocument], cases: Mapping[str, CaseDocument]) -> list[LinkDocument]:
        states = {
            key: CaseState(document.hash, retain_until=document.retain_until or "") for key, document in cases.items()
        }
        at = self._clock()
        return [
            link
            for link in links
            if is_visible(
                Claim(link.link, link.state, 0, link.generation, link.a, link.b),
                states.get(link.a.case),
                states.get(link.b.case),
                at,
            )
        ]


def _to_links(batch: Iterable[FoundDocument]) -> list[LinkDocument]:
    return [found.read_as(LinkDocument) for found in batch]
