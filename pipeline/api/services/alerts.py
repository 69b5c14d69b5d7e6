"""Alerts of the requester's agency: made, renewed, ended, listed. Their matches are notices."""

from __future__ import annotations

import uuid
from contextlib import suppress

import msgspec

from pipeline.access import alerts
from pipeline.access.alerts import Alert, is_active
from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.text_limits import LABEL
from pipeline.api.answers import AlertAnswer, AlertRow, AlertsAnswer
from pipeline.api.problems import ConflictError, NotFoundError, UnprocessableError
from pipeline.api.services.search import count_question, require_bounded
from pipeline.api.session import Session, record_decision, require_short
from pipeline.errors import LiaisonError
from pipeline.search.probes import make_query_probe
from pipeline.search.questions import parse_question
from pipeline.streams.audit.guess_log import GuessError
from pipeline.streams.catalogues import topics

MOST = 100
"""Active alerts of one agency: each is held against every case that comes."""

NO_ALERT = "alert not found, or not your agency's"


async def create_alert(
    session: Session,
    question: str,
    country: str = "",
    filters: Filters = NO_FILTERS,
    *,
    share: bool = False,
    label: str = "",
) -> AlertAnswer:
    """Ask a question of every case held and to come, for ninety days; its filters narrow what of it is told.

    Raises UnprocessableError, ConflictError, UnavailableError.

    With `share`, agencies that ask the same and share that too are told of each other. `label` is what the agency
    calls it.
    """
    session.require_reader()
    require_bounded(filters)
    _require_matchable(question)
    if len(await session.runtime.decisions.list_alerts(session.requester.agency, MOST)) >= MOST:
        raise ConflictError(LiaisonError("your agency has {most} alerts already; stop one first", most=MOST))
    name = uuid.uuid4().hex
    counted = await count_question(session, parse_question(question), country, f"{alerts.PREFIX}{name}")
    who, why = session.requester, session.grounds
    made = alerts.make_alert(
        name, question, country, who, why, session.now, shared=share, filters=filters, label=_plain_label(label)
    )
    saved = await _record_alert(session, made)
    return msgspec.structs.replace(saved, not_asked=counted.not_asked)


def _require_matchable(question: str) -> None:
    """Raises UnprocessableError for a question that no case could be held against as it comes."""
    try:
        asked = parse_question(question)
    except LiaisonError as error:
        raise UnprocessableError(error, "question") from error
    if not make_query_probe(asked, ""):
        raise UnprocessableError(
            "an alert needs a name, date of birth, number, phone, e-mail address or plate", "question"
        )


async def renew_alert(session: Session, name: str) -> AlertAnswer:
    """Ninety more days from now, on this request's purpose and case reference.

    Raises NotFoundError, UnavailableError.
    """
    return await _record_alert(
        session, alerts.extend_alert(await _require_own(session, name), session.grounds, session.now)
    )


async def label_alert(session: Session, name: str, label: str) -> AlertAnswer:
    """Call it something else, or nothing. Raises NotFoundError, UnprocessableError, UnavailableError."""
    held = await _require_own(session, name)
    return await _record_alert(session, alerts.label_alert(held, _plain_label(label), session.now))


def _plain_label(label: str) -> str:
    """A label in one line. Raises UnprocessableError for one that is too long."""
    plain = " ".join(label.split())
    require_short(LABEL, plain)
    return plain


async def end_alert(session: Session, name: str) -> AlertAnswer:
    """End it; what it asked is kept no longer. Raises NotFoundError, UnavailableError."""
    ended = await _record_alert(session, alerts.close_alert(await _require_own(session, name), session.now))
    with suppress(GuessError):  # then it is asked again when there is room, and then forgotten
        await session.runtime.guesses.forget(session.requester.agency, f"{alerts.PREFIX}{name}")
    return ended


async def list_alerts(session: Session) -> AlertsAnswer:
    """What the requester's agency asks, those made last first, with what has run out and awaits renewal."""
    session.require_reader()
    found = await session.runtime.decisions.list_alerts(session.requester.agency, MOST)
    await session.record(ActKind.SUBSCRIPTION, {"listed": len(found)})
    return AlertsAnswer(*session.moment, tuple(_make_row(session, alert) for alert in found))


async def _require_own(session: Session, name: str) -> Alert:
    session.require_reader()
    alert = (await session.runtime.decisions.alerts_of([name])).get(name)
    if alert is None or alert.agency != session.requester.agency or alert.state is not alerts.AlertState.ACTIVE:
        await session.record(ActKind.SUBSCRIPTION, {"subscription": name}, rule=RequestRule.NOT_SHOWN)
        raise NotFoundError(NO_ALERT)
    return alert


async def _record_alert(session: Session, alert: Alert) -> AlertAnswer:
    asked: dict[str, object] = {"question": alert.question, "state": alert.state}
    if alert.label:
        asked["label"] = alert.label
    if not alert.filters.empty:
        asked["filters"] = msgspec.to_builtins(alert.filters)
    await session.record(ActKind.SUBSCRIPTION, asked, about=alert.id)
    await record_decision(session, topics.SUBSCRIPTIONS, alert.id, alert)
    return AlertAnswer(*session.moment, _make_row(session, alert))


def _make_row(session: Session, alert: Alert) -> AlertRow:
    return AlertRow(
        id=alert.id,
        active=is_active(alert, session.now),
        label=alert.label or None,
        question=alert.question or None,
        country=alert.dialled or None,
        filters=alert.filters,
        shared=alert.shared,
        owner=alert.owner or None,
        purpose=alert.purpose or None,
        case_reference=alert.case_reference or None,
        time=alert.time.isoformat(),
        until=None if alert.until is None else alert.until.isoformat(),
    )
