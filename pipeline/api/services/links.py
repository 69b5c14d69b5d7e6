"""The links of a case, each as its requester may see it, and one link with its evidence.

`list_links` has them strongest first, behind a cursor; `list_case_links` by the case's own people and things, narrowed,
in pages by number; `preview_case` counts them beside the case; `read_evidence` explains one, with the next best
candidate: who else could be meant, and by how much less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.redaction import HitRow, LinkEnds, LinkRow, link_for
from pipeline.access.release import LinkSight, LinkView, View
from pipeline.access.reviews import ReviewSummary
from pipeline.api.answers import (
    CaseLinkRow,
    CaseLinksAnswer,
    CasePreview,
    EvidenceSide,
    ExplainedLink,
    HitRequest,
    LinkEvidenceAnswer,
    LinkHit,
    LinkListRow,
    LinksAnswer,
    NextBestCandidate,
)
from pipeline.api.paging import MovingList, SortValues, fill_page
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import make_case_row, require_readable
from pipeline.api.services.disclosures import hits_among, read_hit_requests
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side, things_of
from pipeline.api.services.reviews import NO_LINK, ReviewableLink, describe_reviews, read_colours, require_sides
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument, LinkDocument, entities_of, link_row
from pipeline.index.engine import PointInTime
from pipeline.index.reading import RANKED, STATE_FIELDS, ListedLink
from pipeline.matching.bands import Band
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explanation import EntityEvidence, Explanation
from pipeline.matching.explain.wording import agreeing_things, plain_summary, strongest_pair
from pipeline.matching.score.scoring import judge_score, score_cases

MOST = 100
"""Links of one page."""


class SeenLink(msgspec.Struct, frozen=True):
    """A link without its evidence, and how it is seen."""

    link: LinkDocument
    sight: LinkSight
    place: tuple[int, bool, int, str]
    """Sorts: by band; within a band full links first by score, then those with a hit-only side by their reference.

    Band and score are those with which it was listed, which may be minutes ago. A hit-only side's place says nothing
    beyond its band, as its link says nothing beyond it.
    """

    @property
    def view(self) -> LinkView:
        """What the requester sees of the link."""
        return self.sight.view


class Surroundings(msgspec.Struct, frozen=True):
    """The links of a case that the requester sees, in order, with all their cases."""

    links: list[SeenLink]
    cases: dict[str, CaseDocument]
    views: dict[str, View]


async def list_links(session: Session, key: str, limit: int = 20, cursor: str = "") -> LinksAnswer:
    """The links of case `key`. Raises NotFoundError for a case that is not there or not to be read."""
    session.require_reader()
    listing = MovingList(
        session, "links", key, cursor=cursor, point=partial(session.runtime.reader.open_point, "links")
    )
    await require_readable(session, key, STATE_FIELDS)
    around = await find_surroundings(session, key, listing.at)
    behind = (
        around.links if listing.after is None else [link for link in around.links if link.place > (*listing.after,)]
    )
    left = [link for link in behind if not listing.was_shown(link.link.link)]
    page = left[: min(limit, MOST)]
    rows = await make_link_rows(session, page, around)
    seen = {case: around.views[case] for link in page for case in link.link.cases}
    await session.audit(ActKind.READ, {"links": key}, session.make_shown({key: View.FULL} | seen))
    place = list(page[-1].place) if len(left) > len(page) else None
    end = await listing.next_cursor((link.link.link for link in page), place)
    return LinksAnswer(*session.moment, tuple(rows), end)


async def find_surroundings(
    session: Session, key: str, at: PointInTime | None = None, *, ties: bool = False
) -> Surroundings:
    """All links of a case that the requester reads in full, as far as they see them, as listed at `at`.

    `ties`: of their evidence they bring which entities they tie, and by how much.
    """
    found, cases = await session.runtime.reader.every_link_of(key, await session.scope_links(), at, ties=ties)
    views = await session.decide_views(cases)
    sights = await session.see_links([link.link for link in found], views)
    seen = [_make_seen_link(session, link, sights[link.link.link]) for link in found]
    kept = sorted((link for link in seen if link.view is not LinkView.NOTHING), key=lambda link: link.place)
    return Surroundings(kept, cases, views)


async def preview_case(session: Session, key: str) -> CasePreview:
    """The case `key` with the number of its links, read and recorded as any view of a case.

    Raises NotFoundError where there is none, or none to be read: the two are one answer.
    """
    session.require_reader()
    document = await require_readable(session, key)
    until = (await session.read_access_ends({key: document})).get(key)
    row = make_case_row(session, document, until)
    around = await find_surroundings(session, key)
    counted = session.make_counted(find_other_case(seen.link.cases, key) for seen in around.links)
    await session.audit(ActKind.READ, {"preview": key}, (*session.make_shown({key: View.FULL}), *counted))
    return CasePreview(*session.moment, row, len(around.links))


async def find_links_of(session: Session, keys: Sequence[str], most: int) -> dict[str, dict[str, str] | None]:
    """The links that the requester sees of each of several cases that they read in full, each with its other case.

    None: of a case with more than `most`. Of those the requester sees so many are read and what is in one page with
    them, however many there are.
    """
    scope = await session.scope_links()
    linked: dict[str, dict[str, str] | None] = {key: {} for key in keys}
    after: SortValues | None = None
    while asked := [key for key, held in linked.items() if held is not None]:
        found, cases, after = await session.runtime.reader.next_links_of(asked, scope, after)
        sights = await session.see_links(found, await session.decide_views(cases))
        for link in found:
            if sights[link.link].view is not LinkView.NOTHING:
                for case, other in (link.cases, link.cases[::-1]):
                    if (held := linked.get(case)) is not None:
                        held[link.link] = other
        linked = {key: held if len(held or ()) <= most else None for key, held in linked.items()}
        if after is None:
            break
    return linked


def _make_seen_link(session: Session, found: ListedLink, sight: LinkSight) -> SeenLink:
    link, listed = found
    if sight.view is LinkView.NOTHING:
        return SeenLink(link, sight, (Band.NONE.rank, True, 0, ""))
    hit = sight.view is not LinkView.FULL
    band = sight.band if hit else listed.band or sight.band
    name = session.make_reference(link.link) if hit else link.link
    return SeenLink(link, sight, (band.rank, hit, 0 if hit else -listed.score, name))


async def make_link_rows(session: Session, page: list[SeenLink], around: Surroundings) -> list[LinkListRow]:
    """The links as they may be shown: those seen in full with explanation, colour and dispute, hits with requests.

    One that has changed since it was listed is left out: its evidence would speak of other versions.
    """
    full = [seen.link.link for seen in page if seen.view is LinkView.FULL]
    current = await session.runtime.reader.live_links(full)
    judged = await read_colours(session, full)
    rows: list[tuple[LinkDocument, LinkRow]] = []
    for seen in page:
        link = current.get(seen.link.link) if seen.view is LinkView.FULL else seen.link
        if link is not None and (link.a.hash, link.b.hash) == (seen.link.a.hash, seen.link.b.hash):
            ends = LinkEnds(*(meta(around.cases[case]) for case in link.cases))
            if row := link_for(seen.sight, ends, link_row(link), session.make_reference):
                rows.append((link, row))
    hits = [row.hit for _, row in rows if row.hit]
    requests = await read_hit_requests(session, hits, hits_among(session, around.cases.values(), around.views))
    return [
        _list_full_link(session, row, [around.cases[case] for case in link.cases], judged[link.link])
        if row.hit is None
        else _list_hit(row, row.hit, requests.get(row.hit.reference))
        for link, row in rows
    ]


def _list_full_link(session: Session, row: LinkRow, cases: list[CaseDocument], judged: ReviewSummary) -> LinkListRow:
    """A link with what those may know who see both sides."""
    a, b = cases
    evidence = msgspec.convert(row.evidence, Explanation)
    return LinkListRow(
        **msgspec.structs.asdict(row)
        | {
            "evidence": evidence,
            "title_a": a.title,
            "title_b": b.title,
            "country_a": a.country,
            "country_b": b.country,
            "explanation": text(evidence, session.language),
            "colour": judged.colour.value,
            "disputed": judged.disputed,
        }
    )


def _list_hit(row: LinkRow, hit: HitRow, request: HitRequest | None) -> LinkListRow:
    """A link with a hit-only side: why it is there and how it was judged is for those who see both sides."""
    shown = LinkHit(**msgspec.structs.asdict(hit), request=request)
    untold: dict[str, Any] = dict.fromkeys(LinkListRow.__struct_fields__)
    return LinkListRow(**untold | msgspec.structs.asdict(row) | {"hit": shown})


MOST_PRINTED: Final = 1000
"""Links of one page: what somebody prints at once."""


class CaseLinkFilter(msgspec.Struct, frozen=True):
    """What the links of a case are narrowed to; "" and NONE are all.

    `entity` is an id of the case's own, `country` the other side's, `colour` what reviews give. A link with a hit-only
    side has none of these, so each leaves it out; its band is told.
    """

    band: Band = Band.NONE
    entity: str = ""
    country: str = ""
    colour: str = ""

    @property
    def asks_content(self) -> bool:
        """Whether only a link that is seen in full can be meant."""
        return bool(self.entity or self.country or self.colour)


async def list_case_links(
    session: Session,
    key: str,
    wanted: CaseLinkFilter = CaseLinkFilter(),  # noqa: B008 - frozen
    page: int = 1,
    size: int = 25,
    *,
    by_entity: bool = True,
) -> CaseLinksAnswer:
    """A page of the links of case `key`, or the last one where there are fewer.

    Strongest first; `by_entity`: those of an own entity together, in the order of its strongest, hits at the end.
    Counts and pages are of what the requester sees. Raises NotFoundError for a case that is not to be read.
    """
    session.require_reader()
    await require_readable(session, key, STATE_FIELDS)
    around = await find_surroundings(session, key, ties=True)
    ties = {seen.link.link: find_own_entities(seen, key) for seen in around.links if seen.view is LinkView.FULL}
    kept = await _keep_wanted(session, key, around, ties, wanted)
    ordered = _put_together(kept, ties, wanted.entity) if by_entity else kept
    size = min(size, MOST_PRINTED)
    pages = max(1, -(-len(ordered) // size))
    page = min(max(page, 1), pages)
    shown = ordered[(page - 1) * size : page * size]
    rows = await _make_rows(session, key, shown, around, wanted.entity)
    seen = {row.other.case: View.FULL for row in rows if row.other}
    seen |= {case: around.views[case] for link in shown if link.view is not LinkView.FULL for case in link.link.cases}
    asked = {"links": key, "filter": msgspec.to_builtins(wanted), "page": page}
    others = (find_other_case(link.link.cases, key) for link in around.links)
    counted = session.make_counted(others, seen)
    await session.audit(ActKind.READ, asked, (*session.make_shown({key: View.FULL} | seen), *counted))
    return CaseLinksAnswer(
        *session.moment, tuple(rows), page, pages, len(ordered), len(around.links),
        dict(Counter(entity for tied in ties.values() for entity in tied)),
        tuple(sorted({around.cases[find_other_case(link.link.cases, key)].country for link in around.links
                      if link.view is LinkView.FULL})),
    )  # fmt: skip


def find_other_case(cases: Sequence[str], key: str) -> str:
    """The case at the other end of a link of case `key`."""
    return next(case for case in cases if case != key)


def find_own_entities(seen: SeenLink, key: str) -> tuple[str, ...]:
    """The entities of a case that a link ties to something, the strongest first."""
    ranked = sorted(seen.link.ties, key=lambda pair: -pair.bits)
    tied = [pair for pair in ranked if pair.bits > 0] or ranked[:1]
    is_a = seen.link.cases[0] == key
    return tuple(dict.fromkeys(pair.entity_a if is_a else pair.entity_b for pair in tied))


async def _keep_wanted(
    session: Session, key: str, around: Surroundings, ties: Mapping[str, Sequence[str]], wanted: CaseLinkFilter
) -> list[SeenLink]:
    kept = [
        seen
        for seen in around.links
        if wanted.band in (Band.NONE, seen.link.band if seen.view is LinkView.FULL else seen.sight.band)
    ]
    if wanted.asks_content:
        kept = [link for link in kept if link.view is LinkView.FULL]
    if wanted.entity:
        kept = [link for link in kept if wanted.entity in ties[link.link.link]]
    if wanted.country:
        kept = [link for link in kept if around.cases[find_other_case(link.link.cases, key)].country == wanted.country]
    if wanted.colour:
        judged = await read_colours(session, [link.link.link for link in kept])
        kept = [link for link in kept if judged[link.link.link].colour == wanted.colour]
    return kept


def _put_together(kept: Sequence[SeenLink], ties: Mapping[str, Sequence[str]], entity: str) -> list[SeenLink]:
    """Links of one own entity one after the other; those of none, being hits, last."""
    groups: dict[str, list[SeenLink]] = {}
    hits = [link for link in kept if link.view is not LinkView.FULL]
    for link in kept:
        if link.view is LinkView.FULL:
            groups.setdefault(entity or ties[link.link.link][0], []).append(link)
    return [link for group in groups.values() for link in group] + hits


async def _make_rows(
    session: Session, key: str, shown: list[SeenLink], around: Surroundings, entity: str
) -> list[CaseLinkRow]:
    """The rows; of those seen in full with the names of both sides, as far as the other one is still to be read."""
    rows = await make_link_rows(session, shown, around)
    others = {find_other_case((row.case_a, row.case_b or ""), key) for row in rows if not row.hit}
    cases = await session.runtime.reader.read_cases(sorted(others), NAMING)
    views = await session.decide_views(cases)
    made = []
    for row in rows:
        if row.evidence is None:  # what a hit is about is for those who see both sides
            made.append(CaseLinkRow(**msgspec.structs.asdict(row)))
            continue
        other = find_other_case((row.case_a, row.case_b or ""), key)
        if views.get(other) is View.FULL:
            pair, own = _speaking_pair(row, row.evidence, key, entity)
            thing = things_of(pair)[0 if own == "b" else 1]
            made.append(
                CaseLinkRow(
                    **msgspec.structs.asdict(row),
                    entity=getattr(pair, f"entity_{own}", None),
                    other=name_side(cases[other], thing, session.language),
                    agrees=agreeing_things(pair, session.language) if pair else (),
                )
            )
    return made


def _speaking_pair(row: LinkListRow, evidence: Explanation, key: str, entity: str) -> tuple[EntityEvidence | None, str]:
    """The two entities that speak most for a link, or most for that one of the own, and which side is the own."""
    own = "a" if row.case_a == key else "b"
    about = [pair for pair in evidence.entities if entity in ("", getattr(pair, f"entity_{own}"))]
    return max(about, key=lambda pair: pair.bits, default=None), own


MOST_LOOKED_AT = 100
"""Links of a case that are asked of the index at once while its next best candidate is looked for."""


_STRONG: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands in which two records are taken for one person or thing."""


async def read_evidence(session: Session, link: str, come_from: str = "") -> LinkEvidenceAnswer:
    """The evidence of a link, as come to from one of its cases, if from any.

    Raises NotFoundError unless both sides are seen in full and a score links them.
    """
    sides = await require_sides(session, link, fields=NAMING)
    if sides.link is None:
        await session.audit(ActKind.READ, {"link": link}, rule=RequestRule.NOT_SHOWN)
        raise NotFoundError(NO_LINK)
    found = sides.link.explanation
    pair = strongest_pair(found)
    own = _own_case(session, sides, come_from)
    entity, other = _entity_of(pair, sides.link, own), next(key for key in sides.link.cases if key != own)
    rival = await _find_next_best(session, sides.link, own, entity)
    if rival is not None:
        met = (other, _entity_of(pair, sides.link, other)), (rival.case, rival.entity or "")
        rival = msgspec.structs.replace(rival, same=await _are_same(session, *met))
    judged = await describe_reviews(session, sides)
    views = dict.fromkeys((*sides.link.cases, *([rival.case] if rival else [])), View.FULL)
    await session.audit(ActKind.READ, {"link": link}, session.make_shown(views), about=link)
    row, (a, b) = link_row(sides.link), things_of(pair)
    shown = {name: getattr(row, name) for name in ExplainedLink.__struct_fields__ if hasattr(row, name)}
    link_shown = ExplainedLink(
        **shown | {"evidence": found},
        explanation=text(found, session.language),
        summary=plain_summary(found, session.language),
    )
    return LinkEvidenceAnswer(
        *session.moment,
        link_shown,
        (_describe_side(session, sides.a, a), _describe_side(session, sides.b, b)),
        own,
        rival,
        judged,
    )


def _describe_side(session: Session, case: CaseDocument, thing: LinkedThing) -> EvidenceSide:
    code, side = case.handling.code if case.handling else "H0", name_side(case, thing, session.language)
    return EvidenceSide(**msgspec.structs.asdict(side), handling=code, version=case.version)


def _own_case(session: Session, sides: ReviewableLink, come_from: str) -> str:
    """The key of the case that is the requester's own."""
    both = (sides.a, sides.b)
    own = [case.case for case in both if case.agency == session.requester.agency]
    if len(own) == 1:
        return own[0]
    return come_from if come_from in (case.case for case in both) else sides.a.case


def _entity_of(pair: EntityEvidence | None, link: LinkDocument, case: str) -> str:
    """Which entity of a case the strongest evidence is about."""
    if pair is None:
        return ""
    return pair.entity_a if link.a.case == case else pair.entity_b


async def _find_next_best(session: Session, link: LinkDocument, own: str, entity: str) -> NextBestCandidate | None:
    """The strongest other link of an entity, of those that the requester sees in full.

    What is not seen is passed over without a trace: the list is filled until there is one.
    """
    reader, scope = session.runtime.reader, await session.scope_links()

    async def fetch(after: SortValues | None) -> list[tuple[LinkDocument | None, SortValues]]:
        return await reader.ranked_links_of(own, scope, MOST_LOOKED_AT, after)

    async def show(found: list[LinkDocument | None]) -> list[LinkDocument | None]:
        kept = [other for other in found if other and other.link != link.link and _ties_of(other, own, entity)]
        cases = await reader.read_cases((key for other in kept for key in other.cases), STATE_FIELDS)
        views = await session.decide_views(cases)
        full = {other.link for other in kept if all(views.get(key) is View.FULL for key in other.cases)}
        return [other if other and other.link in full else None for other in found]

    rows, _ = await fill_page(fetch, show, 1, MOST_LOOKED_AT, None)
    return await _make_candidate(session, rows[0], (own, entity), link.score) if rows else None


async def _are_same(session: Session, *things: tuple[str, str]) -> bool:
    """Whether the matcher takes two entities (case, id) for one; both of the cases are seen in full."""
    cases = await session.runtime.reader.read_cases((case for case, _ in things), RANKED)
    found = [
        tuple(one for one in (entities_of(cases[case]) if case in cases else ()) if one.id == entity)
        for case, entity in things
    ]
    if not all(found):
        return False
    model = session.runtime.model
    score = await session.compute(lambda: score_cases(found[0], found[1], model))
    return judge_score(score).band in _STRONG


def _ties_of(link: LinkDocument, case: str, entity: str) -> dict[str, int]:
    """The entities of the other side that a link ties an entity of a case to, with their bits."""
    tied = [pair for pair in link.ties if pair.bits > 0]
    if link.a.case == case:
        return {pair.entity_b: pair.bits for pair in tied if pair.entity_a == entity}
    return {pair.entity_a: pair.bits for pair in tied if pair.entity_b == entity}


async def _make_candidate(
    session: Session, link: LinkDocument, own: tuple[str, str], score: int
) -> NextBestCandidate | None:
    """Who a link ties an own entity (case, id) to, and how much more it scores than `score`; None where it has gone."""
    case, entity = own
    other = next(key for key in link.cases if key != case)
    cases = await session.runtime.reader.read_cases([other], NAMING)
    if (await session.decide_views(cases)).get(other) is not View.FULL:
        return None
    ties = _ties_of(link, case, entity)
    side = name_side(cases[other], LinkedThing(max(ties, key=ties.__getitem__)), session.language)
    return NextBestCandidate(
        **msgspec.structs.asdict(side), link_id=link.link, band=link.band, bits=link.score - score, same=False
    )
