"""The links of a case, each as its requester may see it, strongest first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.redaction import LinkEnds, Row, link_for
from pipeline.access.release import LinkSight, LinkView, View, requester_words
from pipeline.api.answers import IndexAnswer
from pipeline.api.paging import MovingList
from pipeline.api.services.cases import require_readable
from pipeline.api.services.hit_requests import attach_requests, hits_among
from pipeline.api.services.reviews import read_colours
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument, LinkDocument, link_row
from pipeline.index.engine import PointInTime
from pipeline.index.reading import STATE_FIELDS, ListedLink
from pipeline.matching.bands import Band
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explanation import Explanation

MOST = 100
"""Links of one page."""

FOR_BOTH_SIDES: Final[Row] = dict.fromkeys(
    ("title_a", "title_b", "country_a", "country_b", "explanation", "colour", "disputed")
)
"""Of a link with a hit-only side: why it is there and how it was judged is for those who see both sides."""


class LinksAnswer(IndexAnswer, frozen=True):
    """A page of links; `next` is the cursor of the following page, None on the last one. No total, by design."""

    links: tuple[Row, ...]
    next: str | None = None


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
    rows = await make_link_rows(session, page, around.cases)
    hits = (row["hit"] for row in rows if row["hit"])
    await attach_requests(session, hits, hits_among(session, around.cases.values(), around.views))
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
    viewer, reader = session.viewer, session.runtime.reader
    words = None if viewer is None else requester_words(viewer, granted=True)
    found, cases = await reader.every_link_of(key, words, at, ties=ties)
    views = await session.decide_views(cases)
    sights = await session.see_links([link.link for link in found], views)
    seen = [_make_seen_link(session, link, sights[link.link.link]) for link in found]
    kept = sorted((link for link in seen if link.view is not LinkView.NOTHING), key=lambda link: link.place)
    return Surroundings(kept, cases, views)


def _make_seen_link(session: Session, found: ListedLink, sight: LinkSight) -> SeenLink:
    link, listed = found
    if sight.view is LinkView.NOTHING:
        return SeenLink(link, sight, (Band.NONE.rank, True, 0, ""))
    hit = sight.view is not LinkView.FULL
    band = sight.band if hit else listed.band or sight.band
    name = session.make_reference(link.link) if hit else link.link
    return SeenLink(link, sight, (band.rank, hit, 0 if hit else -listed.score, name))


async def make_link_rows(session: Session, page: list[SeenLink], cases: Mapping[str, CaseDocument]) -> list[Row]:
    """The links as they may be shown, with explanation, colour and dispute of those seen in full.

    One that has changed since it was listed is left out: its evidence would speak of other versions.
    """
    full = [seen.link.link for seen in page if seen.view is LinkView.FULL]
    current = await session.runtime.reader.live_links(full)
    judged = await read_colours(session, full)
    rows = []
    for seen in page:
        link = current.get(seen.link.link) if seen.view is LinkView.FULL else seen.link
        if link is not None and (link.a.hash, link.b.hash) == (seen.link.a.hash, seen.link.b.hash):
            ends = LinkEnds(*(meta(cases[case]) for case in link.cases))
            row = link_for(seen.sight, ends, link_row(link), session.make_reference) or {}
            both = (
                _make_full_fields(session, link, cases) | judged[link.link] if link.link in current else FOR_BOTH_SIDES
            )
            rows.append(row | both)
    return rows


def _make_full_fields(session: Session, link: LinkDocument, cases: Mapping[str, CaseDocument]) -> Row:
    """What those may know who see both sides."""
    a, b = (cases[case] for case in link.cases)
    return {
        "title_a": (a.data or {}).get("title"),
        "title_b": (b.data or {}).get("title"),
        "country_a": a.country,
        "country_b": b.country,
        "explanation": text(msgspec.convert(link.evidence, Explanation), session.language),
    }
