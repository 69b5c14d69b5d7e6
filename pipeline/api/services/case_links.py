"""The links of a case by its own people and things: narrowed, in pages by number, each within reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.redaction import Row
from pipeline.access.release import LinkView, View
from pipeline.api.answers import IndexAnswer
from pipeline.api.services.cases import require_readable
from pipeline.api.services.hit_requests import attach_requests, hits_among
from pipeline.api.services.linked_things import NAMING, name_side, things_of
from pipeline.api.services.links import SeenLink, Surroundings, find_surroundings, make_link_rows
from pipeline.api.services.reviews import read_colours
from pipeline.api.session import Session
from pipeline.index.reading import STATE_FIELDS
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import EntityEvidence, Explanation
from pipeline.matching.explain.wording import agreeing_things

MOST: Final = 1000
"""Links of one page: what somebody prints at once."""

OF_BOTH_SIDES: Final[Row] = {"entity": None, "entities": (), "other": None, "agrees": ()}
"""Of a link with a hit-only side: what it is about is for those who see both sides."""


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


class CaseLinksAnswer(IndexAnswer, frozen=True):
    """Page `page` of `pages` of the links that a filter keeps, `kept` in number, of `whole` that the requester sees.

    `links` are rows as in a list of links, each with `entity`, the own entity that it speaks most about, `entities`,
    all that it ties, `other`, the other side's case and entity, and `agrees`, what the two have in common. `entities`
    counts the links of each own entity, `countries` are those of the other sides: both of all that is seen in full.
    """

    links: tuple[Row, ...]
    page: int
    pages: int
    kept: int
    whole: int
    entities: dict[str, int]
    countries: tuple[str, ...]


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
    size = min(size, MOST)
    pages = max(1, -(-len(ordered) // size))
    page = min(max(page, 1), pages)
    shown = ordered[(page - 1) * size : page * size]
    rows = await _make_rows(session, key, shown, around, wanted.entity)
    seen = {row["other"]["case"]: View.FULL for row in rows if row["other"]}
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


def _own_side(cases: Sequence[str], key: str) -> str:
    return "a" if cases[0] == key else "b"


def find_own_entities(seen: SeenLink, key: str) -> tuple[str, ...]:
    """The entities of a case that a link ties to something, the strongest first."""
    pairs: list[dict[str, Any]] = (seen.link.evidence or {}).get("entities", [])
    ranked = sorted(pairs, key=lambda pair: -int(pair["bits"]))
    tied = [pair for pair in ranked if pair["bits"] > 0] or ranked[:1]
    return tuple(dict.fromkeys(pair[f"entity_{_own_side(seen.link.cases, key)}"] for pair in tied))


async def _keep_wanted(
    session: Session, key: str, around: Surroundings, ties: Mapping[str, Sequence[str]], wanted: CaseLinkFilter
) -> list[SeenLink]:
    kept = [link for link in around.links if wanted.band in (Band.NONE, _shown_band(link))]
    if wanted.asks_content:
        kept = [link for link in kept if link.view is LinkView.FULL]
    if wanted.entity:
        kept = [link for link in kept if wanted.entity in ties[link.link.link]]
    if wanted.country:
        kept = [link for link in kept if around.cases[find_other_case(link.link.cases, key)].country == wanted.country]
    if wanted.colour:
        judged = await read_colours(session, [link.link.link for link in kept])
        kept = [link for link in kept if judged[link.link.link]["colour"] == wanted.colour]
    return kept


def _shown_band(seen: SeenLink) -> Band:
    return seen.link.band if seen.view is LinkView.FULL else seen.sight.band


def _put_together(kept: Sequence[SeenLink], ties: Mapping[str, Sequence[str]], entity: str) -> list[SeenLink]:
    """Links of one own entity one after the other; those of none, being hits, last."""
    groups: dict[str, list[SeenLink]] = {}
    hits = [link for link in kept if link.view is not LinkView.FULL]
    for link in kept:
        if link.view is LinkView.FULL:
            groups.setdefault(entity or ties[link.link.link][0], []).append(link)
    return [link for group in groups.values() for link in group] + hits


async def _make_rows(session: Session, key: str, shown: list[SeenLink], around: Surroundings, entity: str) -> list[Row]:
    """The rows; of those seen in full with the names of both sides, as far as the other one is still to be read."""
    rows = await make_link_rows(session, shown, around.cases)
    hits = (row["hit"] for row in rows if row["hit"])
    await attach_requests(session, hits, hits_among(session, around.cases.values(), around.views))
    others = {find_other_case((row["case_a"], row["case_b"]), key) for row in rows if not row["hit"]}
    cases = await session.runtime.reader.read_cases(sorted(others), NAMING)
    views = await session.decide_views(cases)
    made = []
    for row in rows:
        if row["hit"]:
            made.append(row | OF_BOTH_SIDES)
            continue
        other = find_other_case((row["case_a"], row["case_b"]), key)
        if views.get(other) is View.FULL:
            pair, own = _speaking_pair(row, key, entity)
            thing = things_of(pair)[0 if own == "b" else 1]
            made.append(
                row
                | {
                    "entity": getattr(pair, f"entity_{own}", None),
                    "other": name_side(cases[other], thing),
                    "agrees": agreeing_things(pair, session.language) if pair else (),
                }
            )
    return made


def _speaking_pair(row: Row, key: str, entity: str) -> tuple[EntityEvidence | None, str]:
    """The two entities that speak most for a link, or most for that one of the own, and which side is the own."""
    own = "a" if row["case_a"] == key else "b"
    found = msgspec.convert(row["evidence"], Explanation)
    about = [pair for pair in found.entities if entity in ("", getattr(pair, f"entity_{own}"))]
    return max(about, key=lambda pair: pair.bits, default=None), own
