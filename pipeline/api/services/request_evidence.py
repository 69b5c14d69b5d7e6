"""Beside a request what its owner may see: the record that is asked for, and its links to the asking agency's cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.release import CaseMeta, LinkView
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import BandedHit, RequestedLink, RequestedRecord, RequestEvidenceAnswer
from pipeline.api.problems import NotFoundError
from pipeline.api.services.disclosures import NO_THREAD, require_owned_thread
from pipeline.api.services.linked_things import NAMING, name_entities, name_side, things_of
from pipeline.api.services.links import SeenLink, Surroundings, find_other_case, find_surroundings
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.matching.explain.wording import agreeing_things, plain_summary, strongest_pair

MOST_LINKS: Final = 5
"""Links that are shown beside a request: the strongest, the others are on the case's page."""


async def read_request_evidence(session: Session, name: str) -> RequestEvidenceAnswer:
    """The record that a request is for, and its links to the asking agency's cases. Raises NotFoundError.

    Links are read under the owner's own rights, so that it learns nothing here that its case's page would not say.
    """
    async with session.answer(ActKind.READ, {"request": name}) as answer:
        disclosure, case = await require_owned_thread(answer, name)
        answer.about = disclosure.id
        reader = session.runtime.reader
        asked = await reader.read_cases([case.case], NAMING)
        around = await find_surroundings(answer, case.case)
        about = [seen for seen in around.links if _other_side(seen, case, around).agency == disclosure.requester]
        met = [seen for seen in about if seen.view is not LinkView.FULL][:MOST_LINKS]
        theirs = [seen.link.link for seen in about if seen.view is LinkView.FULL][:MOST_LINKS]
        held = list((await reader.live_links(theirs)).values())
        cases = await answer.weigh(
            (await reader.read_cases((key for link in held for key in link.head.cases), NAMING) | asked).values()
        )
        document = cases.get(case.case)
        if document is None:
            await answer.refuse(NotFoundError(NO_THREAD), kind=ActKind.DISCLOSURE, about=disclosure.id)
        links = {link.link: link for link in answer.weigh_links(held)}
        rows = tuple(_describe_link(session, links[name], case.case, cases) for name in theirs if name in links)
        hits = tuple(_tell_hit(answer, _other_side(seen, case, around), seen, around) for seen in met)
        answer.show((case.case, *(row.case for row in rows), *(_other_side(seen, case, around).case for seen in met)))
        record = RequestedRecord(document.case, document.title, name_entities(document))
        return RequestEvidenceAnswer(*session.moment, record, rows, hits, len(about) > len(rows) + len(hits))


def _other_side(seen: SeenLink, case: CaseMeta, around: Surroundings) -> CaseMeta:
    return around.cases[find_other_case(seen.link.cases, case.case)].head


def _tell_hit(answer: RecordedAnswer, other: CaseMeta, seen: SeenLink, around: Surroundings) -> BandedHit:
    hit = answer.redact(around.cases[other.case])
    return BandedHit(**msgspec.structs.asdict(hit), band=seen.sight.band)


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
