"""The links of a case, each as its requester may see it, strongest first."""

from __future__ import annotations

import msgspec

from pipeline.access.audience import requester_words
from pipeline.access.audit import Kind
from pipeline.access.policy import LinkView, View, link_view
from pipeline.access.redaction import Ends, Row, link_for
from pipeline.api.services.cases import readable
from pipeline.api.session import Session, meta, shown
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.exports import link_row

MOST = 100
"""Links of one page."""


class LinksAnswer(msgspec.Struct, frozen=True):
    """A page of links; `next` is the cursor of the following page, None on the last one. No total, by design."""

    as_of: str
    links: tuple[Row, ...]
    next: str | None = None


async def links(session: Session, key: str, limit: int = 20) -> LinksAnswer:
    """The links of case `key`. Raises NotFound for a case that is not there or not to be read."""
    session.require_reader()
    await readable(session, key)
    who = session.requester
    words = None if who.operates else requester_words(who.agency, who.country)
    found = await session.runtime.reader.links_of(key, min(limit, MOST), words)
    cases = await session.runtime.reader.cases(case for link in found for case in link.cases)
    views = await session.views(cases)
    rows = [row for link in found if (row := link_shown(session, link, cases, views)) is not None]
    seen = {case: views[case] for link in found for case in link.cases if case in views}
    await session.audit(Kind.READ, {"links": key}, shown(seen))
    return LinksAnswer(session.now.isoformat(), tuple(rows))


def link_shown(
    session: Session, link: LinkDocument, cases: dict[str, CaseDocument], views: dict[str, View]
) -> Row | None:
    """The link as the requester may see it, or None."""
    if not all(case in cases for case in link.cases):
        return None
    a, b = link.cases
    how: LinkView = link_view(views[a], views[b])
    return link_for(how, Ends(meta(cases[a]), meta(cases[b])), link_row(link), session.reference)
