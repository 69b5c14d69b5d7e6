"""The inbox: links of the agency's own cases that it has not judged, strongest first, and who is to judge them.

A pair judged different comes back only with other evidence, and says what changed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from pipeline.access.audience import Viewer, requester_words
from pipeline.access.audit import ActKind
from pipeline.access.policy import View
from pipeline.access.requester import Role
from pipeline.access.reviews import Assignment, is_due, summarise_reviews
from pipeline.api.cursors import Place
from pipeline.api.paging import MovingList, fill_page
from pipeline.api.problems import ForbiddenError
from pipeline.api.services.deciding import record_decision
from pipeline.api.services.reviews import ReviewsAnswer, compare_evidence, find_own_review, read_reviews
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.reading import SHOWN
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics

MOST = 100
"""Links of one page, and asked of the index at once."""

Row = dict[str, Any]


class InboxAnswer(msgspec.Struct, frozen=True):
    """A page of links to judge, strongest first; `next` is the cursor of the following page."""

    as_of: str
    links: tuple[Row, ...]
    next: str | None = None


async def list_inbox(
    session: Session, band: Band = Band.NONE, assignee: str | None = None, limit: int = 50, cursor: str | None = None
) -> InboxAnswer:
    """What the requester's agency has to judge: of one band (NONE: of all), of one assignee ("" nobody's), or all."""
    session.require_reader()
    who, reader = session.requester, session.runtime.reader
    listing = MovingList(session, "inbox", band, assignee, cursor=cursor, point=partial(reader.open_point, "links"))
    words = requester_words(Viewer(who.agency, who.country, session.grounds.purpose))

    async def fetch(after: Place | None) -> list[tuple[LinkDocument | None, Place]]:
        return await reader.links_to_judge(who.agency, words, band, MOST, after, listing.at)

    async def show(found: list[LinkDocument | None]) -> list[Row | None]:
        rows = await _select_due_links(session, [link for link in found if link and not listing.was_shown(link.link)])
        kept = {row["link_id"]: row for row in rows if assignee is None or (row["assignee"] or "") == assignee}
        return [kept.get(link.link) if link else None for link in found]

    rows, place = await fill_page(fetch, show, min(limit, MOST), MOST, listing.after)
    seen = {key: View.FULL for row in rows for key in (row["case_a"], row["case_b"])}
    await session.audit(ActKind.READ, {"inbox": band, "assignee": assignee}, session.make_shown(seen))
    following = await listing.next_cursor((row["link_id"] for row in rows), place)
    return InboxAnswer(session.now.isoformat(), tuple(rows), following)


async def assign_link(session: Session, link: str, assignee: str) -> ReviewsAnswer:
    """Say who of the agency is to judge a link ("" nobody). Investigators speak for themselves, supervisors for all.

    Raises NotFoundError unless the requester sees both sides in full, ForbiddenError, UnavailableError.
    """
    session.require_reader()
    who = session.requester
    if assignee not in ("", who.subject) and Role.SUPERVISOR not in who.roles:
        raise ForbiddenError("only a supervisor can assign links to others")
    await read_reviews(session, link)
    made = Assignment(link, who.agency, assignee, who.subject, session.now)
    await session.audit(ActKind.REVIEW, {"assignee": assignee}, about=link)
    await record_decision(session, topics.ASSIGNMENTS, made.id, made)
    return await read_reviews(session, link)


async def _select_due_links(session: Session, links: list[LinkDocument]) -> list[Row]:
    """Those of the links whose two sides are seen in full and that await the agency's judgement."""
    decisions, agency = session.runtime.decisions, session.requester.agency
    cases = await session.runtime.reader.read_cases((key for link in links for key in link.cases), SHOWN)
    views = await session.decide_views(cases)
    links = [link for link in links if all(views.get(key) is View.FULL for key in link.cases)]
    given = await decisions.reviews_of(link.link for link in links)
    assignees = await decisions.read_assignees(agency, given)
    rows = []
    for link in links:
        own = find_own_review(given[link.link], agency)
        found = compare_evidence(session, link, own)
        if is_due(own, found):
            held = summarise_reviews(given[link.link])
            rows.append(
                _make_row(link, cases)
                | {
                    "assignee": assignees.get(link.link),
                    "colour": held.colour.value,
                    "disputed": held.disputed,
                    "judged_different": own is not None,
                    "new_evidence": [list(each) for each in found.new] if found else [],
                    "gone_evidence": found.gone if found else 0,
                }
            )
    return rows


def _make_row(link: LinkDocument, cases: dict[str, CaseDocument]) -> Row:
    a, b = (cases[key] for key in link.cases)
    return {
        "link_id": link.link,
        "case_a": a.case,
        "case_b": b.case,
        "country_a": a.country,
        "country_b": b.country,
        "title_a": (a.data or {}).get("title"),
        "title_b": (b.data or {}).get("title"),
        "band": link.band,
        "basis": link.basis,
        "probability": link.probability,
        "score": link.score,
    }
