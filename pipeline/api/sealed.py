"""Documents of the index under seal: who may see one can be decided on, and what it says can't be read.

A service reads the index through `SealedReader` alone. What a document says is given by a `RecordedAnswer`
(pipeline.api.answering), to those who see it, and for an act that is recorded. So no service can show what nobody has
decided on, and a type checker says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar

from pipeline.access.release import CaseMeta, LinkScope, Viewer
from pipeline.correlation.claims import ClaimSide
from pipeline.index.documents import CaseDocument, LinkDocument, case_meta
from pipeline.index.engine import PointInTime
from pipeline.index.filters import FacetCounts
from pipeline.index.queries import Body, QueryLimits
from pipeline.index.reading import STATE_FIELDS, IndexReader
from pipeline.index.searching import find_hits
from pipeline.loop_turns import Compute
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.model import Model
from pipeline.records.messages import KnownVersion
from pipeline.search.questions import Question
from pipeline.search.ranking import Candidate

Head = TypeVar("Head", covariant=True)
Content = TypeVar("Content", covariant=True)


class Sealed(Generic[Head, Content]):
    """A document whose `head` alone is open: what deciding on it needs."""

    __slots__ = ("_content", "head")

    def __init__(self, head: Head, content: Content) -> None:
        self.head = head
        self._content = content

    def __repr__(self) -> str:
        return f"Sealed({self.head!r})"


class LinkHead(NamedTuple):
    """What deciding on a link needs: which cases it is of, and which of them meets the other exactly."""

    link: str
    cases: tuple[str, str]
    a: ClaimSide
    b: ClaimSide
    band: Band
    exact_a: ExactMatch
    exact_b: ExactMatch


SealedCase = Sealed[CaseMeta, CaseDocument]
SealedLink = Sealed[LinkHead, LinkDocument]
SealedMatch = Sealed[CaseMeta, tuple[Candidate, CaseDocument]]
"""A case that a question meets exactly, and what of it does."""


class SealedListed(NamedTuple):
    """A link of a case, and as which document it stood in the list that was read."""

    link: SealedLink
    listed: SealedLink


class SealedFacets(NamedTuple):
    """Counts, and for each different set of cases that they are over the first records of other agencies."""

    counts: FacetCounts
    few: tuple[tuple[SealedCase, ...], ...]


def seal_case(document: CaseDocument) -> SealedCase:
    """The document of a case under seal."""
    return Sealed(case_meta(document), document)


def seal_link(link: LinkDocument) -> SealedLink:
    """The document of a link under seal."""
    return Sealed(LinkHead(link.link, link.cases, link.a, link.b, link.band, link.exact_a, link.exact_b), link)


def unseal(sealed: Sealed[object, Content]) -> Content:
    """What a document says. For a `RecordedAnswer` alone, which has decided on it."""
    return sealed._content  # noqa: SLF001 - this is the one place


def _seal_cases(documents: Mapping[str, CaseDocument]) -> dict[str, SealedCase]:
    return {key: seal_case(document) for key, document in documents.items()}


def _seal_links(links: Mapping[str, LinkDocument]) -> dict[str, SealedLink]:
    return {key: seal_link(link) for key, link in links.items()}


class SealedReader:
    """The index as services read it: each method as `IndexReader` has it, with documents under seal."""

    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader

    def open_point(self, kind: Literal["cases", "links"], held: str | None) -> PointInTime:
        """Where a list of cases or of links is read."""
        return self._reader.open_point(kind, held)

    def of_generation(self, generation: str) -> Self:
        """The same on one generation's indices, whichever readers are led to."""
        return type(self)(self._reader.of_generation(generation))

    # ── cases ──

    async def may_be_read(self, key: str, viewer: Viewer, *, granted: bool) -> bool:
        """Whether a case was readable as it was indexed."""
        return await self._reader.may_be_read(key, viewer, granted=granted)

    async def find_readable(self, keys: Sequence[str], granted: Sequence[str], viewer: Viewer) -> list[str]:
        """Those of some cases that were readable as they were indexed."""
        return await self._reader.find_readable(keys, granted, viewer)

    async def find_by_terms(self, terms: Sequence[str], viewer: Viewer | None, size: int) -> list[str]:
        """Keys of the first cases that a viewer may read and that have one of these search terms."""
        return await self._reader.find_by_terms(terms, viewer, size)

    async def read_cases(
        self, keys: Iterable[str], fields: Sequence[str] | None = STATE_FIELDS
    ) -> dict[str, SealedCase]:
        """The live cases among `keys`, by key."""
        return _seal_cases(await self._reader.read_cases(keys, fields))

    async def read_parts(
        self, keys: Iterable[str], fields: Sequence[str] | None = STATE_FIELDS, *, readable: bool = False
    ) -> AsyncIterator[list[SealedCase]]:
        """The same in parts."""
        async for part in self._reader.read_parts(keys, fields, readable=readable):
            yield [seal_case(document) for document in part]

    async def read_versions(self, keys: Iterable[str]) -> dict[str, KnownVersion]:
        """Version and content hash of what is indexed of these cases: nothing of what they say."""
        found = await self._reader.read_cases(keys, (*STATE_FIELDS, "provenance"))
        return {
            key: KnownVersion(document.version, document.provenance.content_hash)
            for key, document in found.items()
            if document.provenance is not None
        }

    async def find_digested(self, named: str, country: str, purpose: str) -> SealedCase | None:
        """The case that an opaque reference stands for."""
        found = await self._reader.find_digested(named, country, purpose)
        return None if found is None else seal_case(found)

    async def find_all_digested(
        self, digests: Iterable[str], country: str, purpose: str, fields: Sequence[str] = STATE_FIELDS
    ) -> dict[str, SealedCase]:
        """The cases that several stand for, by digest."""
        return _seal_cases(await self._reader.find_all_digested(digests, country, purpose, fields))

    async def find_hits(
        self, question: Question, country: str, model: Model, limits: QueryLimits, compute: Compute
    ) -> list[SealedMatch]:
        """The hit-only cases that a question may tell of, and those of them that a grant has opened."""
        found = await find_hits(self._reader, question, country, model, limits, compute=compute)
        return [Sealed(case_meta(document), (candidate, document)) for candidate, document in found]

    async def count_facets(self, body: Body) -> SealedFacets:
        """The counts that a query of facets asks for."""
        found = await self._reader.count_facets(body)
        return SealedFacets(found.counts, tuple(tuple(map(seal_case, few)) for few in found.few))

    async def browse_cases(self, limits: QueryLimits, size: int, after: str = "") -> list[SealedCase]:
        """The first live cases behind a key."""
        return [seal_case(document) for document in await self._reader.browse_cases(limits, size, after)]

    async def every_case(
        self, limits: QueryLimits, fields: Sequence[str] | None = None
    ) -> AsyncIterator[list[SealedCase]]:
        """All live cases, in parts."""
        async for part in self._reader.every_case(limits, fields):
            yield [seal_case(document) for document in part]

    # ── links ──

    async def read_link(self, name: str) -> SealedLink | None:
        """One visible link."""
        found = await self._reader.read_link(name)
        return None if found is None else seal_link(found)

    async def read_links(self, ids: Iterable[str]) -> dict[str, SealedLink]:
        """The visible links of these ids with their evidence."""
        return _seal_links(await self._reader.read_links(ids))

    async def read_named_links(self, ids: Sequence[str]) -> dict[str, SealedLink]:
        """The visible links of ids that somebody names."""
        return _seal_links(await self._reader.read_named_links(ids))

    async def read_ties(self, ids: Iterable[str], cases: Mapping[str, SealedCase]) -> dict[str, SealedLink]:
        """The visible links of these ids between some cases."""
        return _seal_links(await self._reader.read_ties(ids, {key: unseal(case) for key, case in cases.items()}))

    async def read_typed_ties(self, ids: Iterable[str]) -> list[SealedLink]:
        """The visible links of these ids, with what they tie by type."""
        return [seal_link(link) for link in await self._reader.read_typed_ties(ids)]

    async def live_links(self, ids: Iterable[str]) -> dict[str, SealedLink]:
        """The live links of these ids, visible or not."""
        return _seal_links(await self._reader.live_links(ids))

    async def every_link_of(
        self, case: str, scope: LinkScope | None = None, at: PointInTime | None = None, *, ties: bool = False
    ) -> tuple[list[SealedListed], dict[str, SealedCase]]:
        """All visible links of a case, strongest first, with their cases."""
        found, cases = await self._reader.every_link_of(case, scope, at, ties=ties)
        return [SealedListed(seal_link(one.link), seal_link(one.listed)) for one in found], _seal_cases(cases)

    async def next_links_of(
        self, cases: Sequence[str], scope: LinkScope | None, after: list[Any] | None = None
    ) -> tuple[list[SealedLink], dict[str, SealedCase], list[Any] | None]:
        """The next links of several cases, with their cases, and where they end."""
        found, held, end = await self._reader.next_links_of(cases, scope, after)
        return list(map(seal_link, found)), _seal_cases(held), end

    async def links_to_judge(
        self,
        agency: str,
        scope: LinkScope,
        band: Band,
        size: int,
        after: list[Any] | None,
        at: PointInTime,
        case: str = "",
    ) -> list[tuple[SealedLink | None, list[Any]]]:
        """The next links of an agency's cases, each with its place."""
        found = await self._reader.links_to_judge(agency, scope, band, size, after, at, case)
        return [(None if link is None else seal_link(link), place) for link, place in found]

    async def ranked_links_of(
        self, case: str, scope: LinkScope | None, size: int, after: list[Any] | None
    ) -> tuple[list[tuple[SealedLink | None, list[Any]]], dict[str, SealedCase]]:
        """The next links of a case, strongest first, each with its place, and their cases."""
        found, cases = await self._reader.ranked_links_of(case, scope, size, after)
        return [(None if link is None else seal_link(link), place) for link, place in found], _seal_cases(cases)

    async def list_links_to_judge(
        self, agency: str, scope: LinkScope, size: int, after: list[Any] | None = None
    ) -> list[tuple[str, list[Any]]]:
        """The ids of the next links of an agency's cases, each with its place in line."""
        return await self._reader.list_links_to_judge(agency, scope, size, after)

    async def every_link(
        self, scope: LinkScope | None = None, *, hits: bool = False, evidence: bool = True
    ) -> AsyncIterator[SealedLink]:
        """All visible links, by link id."""
        async for link in self._reader.every_link(scope, hits=hits, evidence=evidence):
            yield seal_link(link)
