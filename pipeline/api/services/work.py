"""My work: how much waits in each of a requester's lists, over what they may see now, in one answer."""

from __future__ import annotations

import asyncio
from typing import Final

from pipeline.access.alerts import is_active
from pipeline.access.audit import ActKind
from pipeline.access.folders import is_current
from pipeline.api.answers import WorkAnswer
from pipeline.api.services.alerts import MOST as MOST_ALERTS
from pipeline.api.services.disclosures import count_requests
from pipeline.api.services.inbox import count_inbox
from pipeline.api.services.list_checks import describe_lists
from pipeline.api.session import Session

MOST: Final = 500
"""Beyond so many nothing is counted: whoever has as many needs no exact number."""


async def read_work(session: Session, most: int = MOST) -> WorkAnswer:
    """What waits for the requester, each list counted up to `most`. Raises ForbiddenError, UnavailableError.

    Whatever list is behind a count would show: so each is over what the requester may read, or know of, now. Where one
    is over few records of other agencies, the audit names these.
    """
    session.require_reader()
    runtime, who = session.runtime, session.requester
    async with session.answer(ActKind.READ, {"work": most}) as answer:
        links, received, sent, alerts, folders = await asyncio.gather(
            count_inbox(answer, most),
            count_requests(answer, most, mine=False),
            count_requests(answer, most, mine=True),
            runtime.decisions.list_alerts(who.agency, MOST_ALERTS),
            runtime.decisions.list_folders(who.agency, who.subject),
        )
        lists, drafts = await describe_lists(session), await asyncio.to_thread(runtime.lists.list_drafts, who)
        for cases in (*links.cases, received.cases, sent.cases):
            answer.count(sorted(cases))
    running = sum(is_active(alert, session.now) for alert in alerts)
    return WorkAnswer(
        *session.moment,
        to_review=links.to_review,
        assigned=links.assigned,
        unsure=links.unsure,
        decided=links.decided,
        received=received.waiting,
        received_overdue=received.overdue,
        sent=sent.waiting,
        sent_overdue=sent.overdue,
        alerts=running,
        alerts_ended=len(alerts) - running,
        lists=lists,
        drafts=sum(session.now < draft.expires for draft in drafts),
        folders=sum(is_current(folder, session.now) for folder in folders),
    )
