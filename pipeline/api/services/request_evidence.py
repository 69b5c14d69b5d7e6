"""Beside a request what its owner may see: the record that is asked for, and its links to the asking agency's cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.redaction import hit_for
from pipeline.access.release import LinkView, View
from pipeline.api.answers import BandedHit, RequestedLink, RequestedRecord, RequestEvidenceAnswer
from pipeline.api.services.disclosures import require_owned_thread
from pipeline.api.services.linked_things import NAMING, name_entities, name_side, things_of
from pipeline.api.services.links import Surroundings, find_surroundings
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.matching.explain.wording import agreeing_things, plain_summary, strongest_pair

MOST_LINKS: Final = 5
"""Links that are shown beside a request: the strongest, the others are on the case's page."""


async def read_request_evidence(session: Session, name: str) -> RequestEvidenceAnswer:
    """The record that a request is for, and its links to the asking agency's cases. Raises NotFoundError.

    Links are read under the owner's own rights, so that it learns nothing here that its case's page would not say.
    """
    disclosure, case = await require_owned_thread(session, name)
    document = (await session.runtime.reader.read_cases([case.case], NAMING))[case.case]
    around = await find_surroundings(session, case.case)
    about = [seen for seen in around.links if _other_side(seen.link, case.case, around).agency == disclosure.requester]
    theirs = [seen.link for seen in about if seen.view is LinkView.FULL]
    met = {
        _other_side(seen.link, case.case, around).case: seen.sight.band
        for seen in [seen for seen in about if seen.view is not LinkView.FULL][:MOST_LINKS]
    }
    current = await session.runtime.reader.live_links(link.link for link in theirs[:MOST_LINKS])
    held = [current[link.link] for link in theirs[:MOST_LINKS] if link.link in current]
    cases = await session.runtime.reader.read_cases((key for link in held for key in link.cases), NAMING)
    views = await session.decide_views(cases | {document.case: document})
    rows = tuple(
        _describe_link(session, link, case.case, cases)
        for link in held
        if all(views.get(key) is View.FULL for key in link.cases)
    )
    told = {key: hit_for(meta(around.cases[key]), session.make_reference) for key in met}
    hits = tuple(BandedHit(**msgspec.structs.asdict(hit), band=met[key]) for key, hit in told.items())
    shown = {case.case: View.FULL} | {row.case: View.FULL for row in rows} | dict.fromkeys(met, View.HIT)
    await session.audit(ActKind.READ, {"request": name}, session.make_shown(shown), about=disclosure.id)
    record = RequestedRecord(document.case, document.title, name_entities(document))
    return RequestEvidenceAnswer(*session.moment, record, rows, hits, len(about) > len(rows) + len(hits))


def _other_side(link: LinkDocument, case: str, around: Surroundings) -> CaseDocument:
    return around.cases[next(key for key in link.cases if key != case)]


def _describe_link(session: Session, link: LinkDocument, case: str, cases: Mapping[str, CaseDocument]) -> RequestedLink:
    """The other side of a link, and why it is there."""
    other = cases[next(key for key in link.cases if key != case)]
    found = link.explanation
    pair = strongest_pair(found)
    a, b = things_of(pair)
    return RequestedLink(
        **msgspec.structs.asdict(name_side(other, b if link.a.case == case else a, session.language)),
        link_id=link.link,
        band=link.band,
        basis=link.basis,
        agrees=agreeing_things(pair, session.language) if pair else (),
        summary=plain_summary(found, session.language),
    )
