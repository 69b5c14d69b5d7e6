"""One link with its evidence, and the next best candidate: who else could be meant, and by how much less."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.redaction import Row
from pipeline.access.release import View, requester_words
from pipeline.api.answers import IndexAnswer
from pipeline.api.cursors import SortValues
from pipeline.api.paging import fill_page
from pipeline.api.problems import NotFoundError
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side, things_of
from pipeline.api.services.reviews import NO_LINK, LinkJudgement, ReviewableLink, make_judgement, require_sides
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument, LinkDocument, entities_of, link_row
from pipeline.index.reading import RANKED, STATE_FIELDS
from pipeline.matching.bands import Band
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explanation import EntityEvidence, Explanation
from pipeline.matching.explain.wording import plain_summary, strongest_pair
from pipeline.matching.score.scoring import judge_score, score_cases

MOST = 100
"""Links of a case that are asked of the index at once while its next best candidate is looked for."""


_STRONG: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands in which two records are taken for one person or thing."""


class LinkEvidenceAnswer(IndexAnswer, frozen=True):
    """A link of which the requester sees both sides in full.

    `link` is as in a list of links, with `summary`, one sentence for a layman. `sides` are a and b: case, title and
    the entity that the link is about. `own` is the case whose candidates are compared: the requester's agency's; where
    both sides are, or neither is, the one come from, else a. `next_best` is the strongest other link of that entity
    which the requester sees in full; `bits` (hundredths) is how much more it scores than this one, mostly negative,
    and `same` says that the matcher takes it for the same as this link's other side; null where there is none.
    """

    link: Row
    sides: tuple[Row, Row]
    own: str
    next_best: Row | None
    judged: LinkJudgement


async def read_evidence(session: Session, link: str, come_from: str = "") -> LinkEvidenceAnswer:
    """The evidence of a link, as come to from one of its cases, if from any.

    Raises NotFoundError unless both sides are seen in full and a score links them.
    """
    sides = await require_sides(session, link, fields=NAMING)
    if sides.link is None:
        await session.audit(ActKind.READ, {"link": link}, rule=RequestRule.NOT_SHOWN)
        raise NotFoundError(NO_LINK)
    found = msgspec.convert(sides.link.evidence, Explanation)
    pair = strongest_pair(found)
    own = _own_side(session, sides, come_from)
    entity, other = _entity_of(pair, sides.link, own), next(key for key in sides.link.cases if key != own)
    rival = await _find_next_best(session, sides.link, own, entity)
    if rival is not None:
        met = (other, _entity_of(pair, sides.link, other)), (rival["case"], rival["entity"])
        rival |= {"same": await _are_same(session, *met)}
    judged = await make_judgement(session, sides)
    views = dict.fromkeys((*sides.link.cases, *([rival["case"]] if rival else [])), View.FULL)
    await session.audit(ActKind.READ, {"link": link}, session.make_shown(views), about=link)
    said = {"explanation": text(found, session.language), "summary": plain_summary(found, session.language)}
    a, b = things_of(pair)
    return LinkEvidenceAnswer(
        *session.moment,
        link_row(sides.link) | said,
        (_describe_side(sides.a, a), _describe_side(sides.b, b)),
        own,
        rival,
        judged,
    )


def _describe_side(case: CaseDocument, thing: LinkedThing) -> Row:
    code = case.handling.code if case.handling else "H0"
    return name_side(case, thing) | {"handling": code, "version": case.version}


def _own_side(session: Session, sides: ReviewableLink, come_from: str) -> str:
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


async def _find_next_best(session: Session, link: LinkDocument, own: str, entity: str) -> Row | None:
    """The strongest other link of an entity, of those that the requester sees in full.

    What is not seen is passed over without a trace: the list is filled until there is one.
    """
    viewer, reader = session.viewer, session.runtime.reader
    words = None if viewer is None else requester_words(viewer, granted=True)

    async def fetch(after: SortValues | None) -> list[tuple[LinkDocument | None, SortValues]]:
        return await reader.ranked_links_of(own, words, MOST, after)

    async def show(found: list[LinkDocument | None]) -> list[LinkDocument | None]:
        kept = [other for other in found if other and other.link != link.link and _is_about(other, own, entity)]
        cases = await reader.read_cases((key for other in kept for key in other.cases), STATE_FIELDS)
        views = await session.decide_views(cases)
        full = {other.link for other in kept if all(views.get(key) is View.FULL for key in other.cases)}
        return [other if other and other.link in full else None for other in found]

    rows, _ = await fill_page(fetch, show, 1, MOST, None)
    return await _make_candidate(session, rows[0], (own, entity), link.score) if rows else None


async def _are_same(session: Session, *things: tuple[str, str]) -> bool:
    """Whether the matcher takes two entities (case, id) for one; both of the cases are seen in full."""
    cases = await session.runtime.reader.read_cases((case for case, _ in things), RANKED)
    found = [
        tuple(one for one in (entities_of(cases[case]) if case in cases else ()) if one.id == entity)
        for case, entity in things
    ]
    return all(found) and judge_score(score_cases(found[0], found[1], session.runtime.model)).band in _STRONG


def _is_about(link: LinkDocument, case: str, entity: str) -> bool:
    """Whether an entity of a case is one that a link ties to something."""
    return bool(_ties_of(link, case, entity))


def _ties_of(link: LinkDocument, case: str, entity: str) -> dict[str, int]:
    """The entities of the other side that a link ties an entity of a case to, with their bits."""
    own, other = ("a", "b") if link.a.case == case else ("b", "a")
    pairs: list[dict[str, Any]] = (link.evidence or {}).get("entities", [])
    about = [pair for pair in pairs if pair[f"entity_{own}"] == entity and pair["bits"] > 0]
    return {pair[f"entity_{other}"]: pair["bits"] for pair in about}


async def _make_candidate(session: Session, link: LinkDocument, own: tuple[str, str], score: int) -> Row | None:
    """Who a link ties an own entity (case, id) to, and how much more it scores than `score`; None where it has gone."""
    case, entity = own
    other = next(key for key in link.cases if key != case)
    cases = await session.runtime.reader.read_cases([other], NAMING)
    if (await session.decide_views(cases)).get(other) is not View.FULL:
        return None
    ties = _ties_of(link, case, entity)
    return name_side(cases[other], LinkedThing(max(ties, key=ties.__getitem__))) | {
        "link_id": link.link,
        "band": link.band,
        "bits": link.score - score,
    }
