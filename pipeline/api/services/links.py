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

from pipeline.access.audit import ActKind
from pipeline.access.redaction import HitRow, LinkRow
from pipeline.access.release import LinkSight, LinkView
from pipeline.access.reviews import ReviewSummary
from pipeline.api.answering import RecordedAnswer
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
from pipeline.api.sealed import LinkHead, SealedCase, SealedLink, SealedListed
from pipeline.api.services.cases import show_case, show_case_row
from pipeline.api.services.disclosures import read_hit_requests
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side, things_of
from pipeline.api.services.reviews import NO_LINK, ReviewableLink, describe_reviews, read_colours, require_sides
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument, LinkDocument, entities_of, link_row
from pipeline.index.engine import PointInTime
from pipeline.index.reading import RANKED, STATE_FIELDS
from pipeline.matching.bands import Band
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explanation import EntityEvidence, Explanation
from pipeline.matching.explain.wording import agreeing_things, plain_summary, strongest_pair
from pipeline.matching.score.scoring import judge_score, score_cases

MOST = 100
"""Links of one page."""


class SeenLink(msgspec.Struct, frozen=True):
    """A link without its evidence, and how it is seen; `content` is what it says to those who see it in full."""

    link: LinkHead
    sealed: SealedLink
    sight: LinkSight
    content: LinkDocument | None
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
    """The links of a case that the requester sees, in order, with all their cases; `full` are those seen in full."""

    links: list[SeenLink]
    cases: dict[str, SealedCase]
    full: dict[str, CaseDocument]


async def list_links(session: Session, key: str, limit: int = 20, cursor: str = "") -> LinksAnswer:
    """The links of case `key`. Raises NotFoundError for a case that is not there or not to be read."""
    session.require_reader()
    listing = MovingList(
        session, "links", key, cursor=cursor, point=partial(session.runtime.reader.open_point, "links")
    )
    async with session.answer(ActKind.READ, {"links": key}) as answer:
        await show_case(answer, key, STATE_FIELDS)
        around = await find_surroundings(answer, key, listing.at)
        behind = (
            around.links if listing.after is None else [link for link in around.links if link.place > (*listing.after,)]
        )
        left = [link for link in behind if not listing.was_shown(link.link.link)]
        page = left[: min(limit, MOST)]
        rows = await make_link_rows(answer, page, around)
        answer.show(case for link in page for case in link.link.cases)
    place = list(page[-1].place) if len(left) > len(page) else None
    end = await listing.next_cursor((link.link.link for link in page), place)
    return LinksAnswer(*session.moment, tuple(rows), end)


async def find_surroundings(
    answer: RecordedAnswer, key: str, at: PointInTime | None = None, *, ties: bool = False
) -> Surroundings:
    """All links of a case that the requester reads in full, as far as they see them, as listed at `at`.

    `ties`: of their evidence they bring which entities they tie, and by how much.
    """
    session = answer.session
    found, cases = await session.runtime.reader.every_link_of(key, await session.scope_links(), at, ties=ties)
    full = await answer.weigh(cases.values())
    sights = await answer.see_links(one.link for one in found)
    seen = [(one, sights[one.link.head.link]) for one in found]
    kept = [_make_seen_link(answer, one, sight) for one, sight in seen if sight.view is not LinkView.NOTHING]
    return Surroundings(sorted(kept, key=lambda link: link.place), cases, full)


async def preview_case(session: Session, key: str) -> CasePreview:
    """The case `key` with the number of its links, read and recorded as any view of a case.

    Raises NotFoundError where there is none, or none to be read: the two are one answer.
    """
    session.require_reader()
    async with session.answer(ActKind.READ, {"preview": key}) as answer:
        row = await show_case_row(answer, key)
        around = await find_surroundings(answer, key)
        answer.count(find_other_case(seen.link.cases, key) for seen in around.links)
        return CasePreview(*session.moment, row, len(around.links))


async def find_links_of(answer: RecordedAnswer, keys: Sequence[str], most: int) -> dict[str, dict[str, str] | None]:
    """The links that the requester sees of each of several cases that they read in full, each with its other case.

    None: of a case with more than `most`. Of those the requester sees so many are read and what is in one page with
    them, however many there are.
    """
    session = answer.session
    scope = await session.scope_links()
    linked: dict[str, dict[str, str] | None] = {key: {} for key in keys}
    after: SortValues | None = None
    while asked := [key for key, held in linked.items() if held is not None]:
        found, cases, after = await session.runtime.reader.next_links_of(asked, scope, after)
        await answer.decide(cases.values())
        sights = await answer.see_links(found)
        for link in (sealed.head for sealed in found):
            if sights[link.link].view is not LinkView.NOTHING:
                for case, other in (link.cases, link.cases[::-1]):
                    if (held := linked.get(case)) is not None:
                        held[link.link] = other
        linked = {key: held if len(held or ()) <= most else None for key, held in linked.items()}
        if after is None:
            break
    return linked


def _make_seen_link(answer: RecordedAnswer, found: SealedListed, sight: LinkSight) -> SeenLink:
    sealed, listed = found
    head = sealed.head
    if sight.view is not LinkView.FULL:
        place = (sight.band.rank, True, 0, answer.session.make_reference(head.link))
        return SeenLink(head, sealed, sight, None, place)
    was = answer.open(listed)
    return SeenLink(
        head, sealed, sight, answer.open(sealed), ((was.band or sight.band).rank, False, -was.score, head.link)
    )


async def make_link_rows(answer: RecordedAnswer, page: list[SeenLink], around: Surroundings) -> list[LinkListRow]:
    """The links as they may be shown: those seen in full with explanation, colour and dispute, hits with requests.

    One that has changed since it was listed is left out: its evidence would speak of other versions.
    """
    session = answer.session
    full = [seen.link.link for seen in page if seen.view is LinkView.FULL]
    current = await session.runtime.reader.live_links(full)
    judged = await read_colours(session, full)
    rows: list[tuple[LinkHead, LinkRow]] = []
    for seen in page:
        sealed = current.get(seen.link.link) if seen.view is LinkView.FULL else seen.sealed
        if sealed is None or (sealed.head.a.hash, sealed.head.b.hash) != (seen.link.a.hash, seen.link.b.hash):
            continue
        if row := answer.redact_link(sealed, around.cases):
            rows.append((sealed.head, row))
    hits = [row.hit for _, row in rows if row.hit]
    requests = await read_hit_requests(answer, hits, around.cases.values())
    return [
        _list_full_link(session, row, [around.full[case] for case in link.cases], judged[link.link])
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
    async with session.answer(ActKind.READ) as answer:
        await show_case(answer, key, STATE_FIELDS)
        around = await find_surroundings(answer, key, ties=True)
        ties = {seen.link.link: find_own_entities(seen.content, key) for seen in around.links if seen.content}
        kept = await _keep_wanted(session, key, around, ties, wanted)
        ordered = _put_together(kept, ties, wanted.entity) if by_entity else kept
        size = min(size, MOST_PRINTED)
        pages = max(1, -(-len(ordered) // size))
        page = min(max(page, 1), pages)
        shown = ordered[(page - 1) * size : page * size]
        rows = await _make_rows(answer, key, shown, around, wanted.entity)
        answer.show(row.other.case for row in rows if row.other)
        answer.show(case for link in shown if link.view is not LinkView.FULL for case in link.link.cases)
        answer.count(find_other_case(link.link.cases, key) for link in around.links)
        answer.query = {"links": key, "filter": msgspec.to_builtins(wanted), "page": page}
        return CaseLinksAnswer(
            *session.moment, tuple(rows), page, pages, len(ordered), len(around.links),
            dict(Counter(entity for tied in ties.values() for entity in tied)),
            tuple(sorted({_country_behind(link, key, around) for link in around.links if link.content})),
        )  # fmt: skip


def _country_behind(seen: SeenLink, key: str, around: Surroundings) -> str:
    """Of the other case of a link that is seen in full."""
    return around.full[find_other_case(seen.link.cases, key)].country


def find_other_case(cases: Sequence[str], key: str) -> str:
    """The case at the other end of a link of case `key`."""
    return next(case for case in cases if case != key)


def find_own_entities(link: LinkDocument, key: str) -> tuple[str, ...]:
    """The entities of a case that a link ties to something, the strongest first."""
    ranked = sorted(link.ties, key=lambda pair: -pair.bits)
    tied = [pair for pair in ranked if pair.bits > 0] or ranked[:1]
    is_a = link.cases[0] == key
    return tuple(dict.fromkeys(pair.entity_a if is_a else pair.entity_b for pair in tied))


async def _keep_wanted(
    session: Session, key: str, around: Surroundings, ties: Mapping[str, Sequence[str]], wanted: CaseLinkFilter
) -> list[SeenLink]:
    kept = [seen for seen in around.links if wanted.band in (Band.NONE, seen.sight.band)]
    if wanted.asks_content:
        kept = [link for link in kept if link.view is LinkView.FULL]
    if wanted.entity:
        kept = [link for link in kept if wanted.entity in ties[link.link.link]]
    if wanted.country:
        kept = [link for link in kept if _country_behind(link, key, around) == wanted.country]
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
    answer: RecordedAnswer, key: str, shown: list[SeenLink], around: Surroundings, entity: str
) -> list[CaseLinkRow]:
    """The rows; of those seen in full with the names of both sides, as far as the other one is still to be read."""
    session = answer.session
    rows = await make_link_rows(answer, shown, around)
    others = {find_other_case((row.case_a, row.case_b or ""), key) for row in rows if not row.hit}
    cases = await answer.weigh((await session.runtime.reader.read_cases(sorted(others), NAMING)).values())
    made = []
    for row in rows:
        if row.evidence is None:  # what a hit is about is for those who see both sides
            made.append(CaseLinkRow(**msgspec.structs.asdict(row)))
            continue
        other = find_other_case((row.case_a, row.case_b or ""), key)
        if other in cases:
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
    session.require_reader()
    async with session.answer(ActKind.READ, {"link": link}, about=link) as answer:
        sides = await require_sides(answer, link, fields=NAMING)
        if sides.link is None:
            await answer.refuse(NotFoundError(NO_LINK), {"link": link})
        found = sides.link.explanation
        pair = strongest_pair(found)
        own = _own_case(session, sides, come_from)
        entity, other = _entity_of(pair, sides.link, own), next(key for key in sides.link.cases if key != own)
        rival = await _find_next_best(answer, sides.link, own, entity)
        if rival is not None:
            met = (other, _entity_of(pair, sides.link, other)), (rival.case, rival.entity or "")
            rival = msgspec.structs.replace(rival, same=await _are_same(answer, *met))
        judged = await describe_reviews(session, sides)
        answer.show((*sides.link.cases, *([rival.case] if rival else [])))
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


async def _find_next_best(
    answer: RecordedAnswer, link: LinkDocument, own: str, entity: str
) -> NextBestCandidate | None:
    """The strongest other link of an entity, of those that the requester sees in full.

    What is not seen is passed over without a trace: the list is filled until there is one.
    """
    session = answer.session
    reader, scope = session.runtime.reader, await session.scope_links()

    async def fetch(after: SortValues | None) -> list[tuple[SealedLink | None, SortValues]]:
        found, cases = await reader.ranked_links_of(own, scope, MOST_LOOKED_AT, after)
        await answer.decide(cases.values())
        return found

    async def show(found: list[SealedLink | None]) -> list[LinkDocument | None]:
        full = answer.weigh_links(other for other in found if other and other.head.link != link.link)
        kept = {other.link: other for other in full if _ties_of(other, own, entity)}
        return [kept.get(other.head.link) if other else None for other in found]

    rows, _ = await fill_page(fetch, show, 1, MOST_LOOKED_AT, None)
    return await _make_candidate(answer, rows[0], (own, entity), link.score) if rows else None


async def _are_same(answer: RecordedAnswer, *things: tuple[str, str]) -> bool:
    """Whether the matcher takes two entities (case, id) for one; both of the cases are seen in full."""
    session = answer.session
    cases = await answer.weigh((await session.runtime.reader.read_cases((case for case, _ in things), RANKED)).values())
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
    answer: RecordedAnswer, link: LinkDocument, own: tuple[str, str], score: int
) -> NextBestCandidate | None:
    """Who a link ties an own entity (case, id) to, and how much more it scores than `score`; None where it has gone."""
    session, (case, entity) = answer.session, own
    other = next(key for key in link.cases if key != case)
    cases = await answer.weigh((await session.runtime.reader.read_cases([other], NAMING)).values())
    if other not in cases:
        return None
    ties = _ties_of(link, case, entity)
    side = name_side(cases[other], LinkedThing(max(ties, key=ties.__getitem__)), session.language)
    return NextBestCandidate(
        **msgspec.structs.asdict(side), link_id=link.link, band=link.band, bits=link.score - score, same=False
    )
