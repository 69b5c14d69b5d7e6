"""Beside a request what its owner may see: the record that is asked for, and its links to the asking agency's cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.redaction import Row, hit_for
from pipeline.access.release import LinkView, View
from pipeline.api.answers import IndexAnswer
from pipeline.api.services.disclosures import require_owned_thread
from pipeline.api.services.linked_things import NAMING, name_entities, name_side, things_of
from pipeline.api.services.links import Surroundings, find_surroundings
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import agreeing_things, plain_summary, strongest_pair

MOST_LINKS: Final = 5
"""Links that are shown beside a request: the strongest, the others are on the case's page."""


class RequestEvidenceAnswer(IndexAnswer, frozen=True):
    """What an owner sees beside a request: its own record, and why it and the asking agency's cases are linked.

    `links` are those that the owner sees in full, the strongest first: the other case, band, what agrees, a sentence.
    `hits` are those to a hit-only case of theirs, as the gate tells of them: reference, contact and band, and nothing
    of what agrees. `more` says that there are others. Nothing is told of what was searched.
    """

    record: Row
    links: tuple[Row, ...]
    hits: tuple[Row, ...]
    more: bool


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
    hits = tuple(hit_for(meta(around.cases[key]), session.make_reference) | {"band": band} for key, band in met.items())
    shown = {case.case: View.FULL} | {row["case"]: View.FULL for row in rows} | dict.fromkeys(met, View.HIT)
    await session.audit(ActKind.READ, {"request": name}, session.make_shown(shown), about=disclosure.id)
    record = {"case": document.case, "title": (document.data or {}).get("title"), "entities": name_entities(document)}
    return RequestEvidenceAnswer(*session.moment, record, rows, hits, len(about) > len(rows) + len(hits))


def _other_side(link: LinkDocument, case: str, around: Surroundings) -> CaseDocument:
    return around.cases[next(key for key in link.cases if key != case)]


def _describe_link(session: Session, link: LinkDocument, case: str, cases: Mapping[str, CaseDocument]) -> Row:
    """The other side of a link, and why it is there."""
    other = cases[next(key for key in link.cases if key != case)]
    found = msgspec.convert(link.evidence, Explanation)
    pair = strongest_pair(found)
    a, b = things_of(pair)
    return name_side(other, b if link.a.case == case else a) | {
        "link_id": link.link,
        "band": link.band,
        "basis": link.basis,
        "agrees": list(agreeing_things(pair, session.language)) if pair else [],
        "summary": plain_summary(found, session.language),
    }
