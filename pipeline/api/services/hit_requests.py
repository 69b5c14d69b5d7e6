"""Beside a hit what its reader's agency has asked of the owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.access import disclosures as threads
from pipeline.access.disclosure_threads import Disclosure, Move
from pipeline.access.redaction import Row
from pipeline.access.release import View
from pipeline.api.services.disclosures import make_thread_row
from pipeline.api.session import Session, meta
from pipeline.index.documents import CaseDocument


def hits_among(
    session: Session, documents: Iterable[CaseDocument], views: Mapping[str, View]
) -> dict[str, CaseDocument]:
    """The cases that are seen as hits, by the reader's references."""
    return {
        session.make_reference(document.case): document
        for document in documents
        if views.get(document.case) is View.HIT
    }


async def attach_requests(session: Session, rows: Iterable[Row], hits: Mapping[str, CaseDocument]) -> None:
    """Put `request` into each row of a hit: what the reader's agency asked of its owner; None where it did not ask.

    `hits` are their cases by reference. Only of hits that are shown is anything read, so that a hidden case makes no
    difference.
    """
    shown = [(row, hits[row["reference"]]) for row in rows]
    if not shown:
        return
    ring, agency = session.runtime.opaque.ring, session.requester.agency
    ids = {document.case: threads.thread_ids(ring, agency, document.case) for _, document in shown}
    found = await session.runtime.decisions.read_threads(name for names in ids.values() for name in names)
    for row, document in shown:
        held = [found[name] for name in ids[document.case] if name in found]
        last = max(held, key=lambda disclosure: disclosure.last.time, default=None)
        row["request"] = None if last is None else _summarise_request(session, last, document)


def _summarise_request(session: Session, disclosure: Disclosure, document: CaseDocument) -> Row:
    return summarise_request(make_thread_row(session, disclosure, meta(document), View.HIT))


def summarise_request(row: Row) -> Row:
    """What stands beside a hit of a thread as its asking agency sees it; `time` is that of its last step."""
    asked = next((step for step in reversed(row["steps"]) if step["move"] == Move.REQUEST), None)
    return {
        "id": row["id"],
        "state": row["state"],
        "overdue": row["overdue"],
        "time": row["steps"][-1]["time"],
        "deadline": row["deadline"],
        "until": row["until"],
        "subject": asked["subject"] if asked else None,
        "label": row["label"],
    }
