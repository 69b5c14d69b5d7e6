"""Alerts of the requester's agency: made, renewed, ended, listed. Their matches are notices."""

from __future__ import annotations

import uuid
from contextlib import suppress

import msgspec

from pipeline.access import subscriptions as queries
from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.subscriptions import Subscription, is_active
from pipeline.access.text_limits import LABEL
from pipeline.api.answers import SubscriptionAnswer, SubscriptionRow, SubscriptionsAnswer
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

NO_SUBSCRIPTION = "alert not found, or not your agency's"


async def create_subscription(
    session: Session,
    question: str,
    country: str = "",
    filters: Filters = NO_FILTERS,
    *,
    share: bool = False,
    label: str = "",
) -> SubscriptionAnswer:
    """Ask a question of every case held and to come, for ninety days; its filters narrow what of it is told.

    Raises UnprocessableError, ConflictError, UnavailableError.

    With `share`, agencies that ask the same and share that too are told of each other. `label` is what the agency
    calls it.
    """
    session.require_reader()
    require_bounded(filters)
    _require_matchable(question)
    if len(await session.runtime.decisions.list_subscriptions(session.requester.agency, MOST)) >= MOST:
        raise ConflictError(LiaisonError("your agency has {most} alerts already; stop one first", most=MOST))
    name = uuid.uuid4().hex
    counted = await count_question(session, parse_question(question), country, f"{queries.PREFIX}{name}")
    who, why = session.requester, session.grounds
    made = queries.make_subscription(
        name, question, country, who, why, session.now, shared=share, filters=filters, label=_plain_label(label)
    )
    saved = await _record_subscription(session, made)
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


async def renew_subscription(session: Session, name: str) -> SubscriptionAnswer:
    """Ninety more days from now, on this request's purpose and case reference.

    Raises NotFoundError, UnavailableError.
    """
    return await _record_subscription(
        session, queries.extend_subscription(await _require_own(session, name), session.grounds, session.now)
    )


async def label_subscription(session: Session, name: str, label: str) -> SubscriptionAnswer:
    """Call it something else, or nothing. Raises NotFoundError, UnprocessableError, UnavailableError."""
    held = await _require_own(session, name)
    return await _record_subscription(session, queries.label_subscription(held, _plain_label(label), session.now))


def _plain_label(label: str) -> str:
    """A label in one line. Raises UnprocessableError for one that is too long."""
    plain = " ".join(label.split())
    require_short(LABEL, plain)
    return plain


async def end_subscription(session: Session, name: str) -> SubscriptionAnswer:
    """End it; what it asked is kept no longer. Raises NotFoundError, UnavailableError."""
    ended = await _record_subscription(
        session, queries.close_subscription(await _require_own(session, name), session.now)
    )
    with suppress(GuessError):  # then it is asked again when there is room, and then forgotten
        await session.runtime.guesses.forget(session.requester.agency, f"{queries.PREFIX}{name}")
    return ended


async def list_subscriptions(session: Session) -> SubscriptionsAnswer:
    """What the requester's agency asks, those made last first, with what has run out and awaits renewal."""
    session.require_reader()
    found = await session.runtime.decisions.list_subscriptions(session.requester.agency, MOST)
    await session.audit(ActKind.SUBSCRIPTION, {"listed": len(found)})
    return SubscriptionsAnswer(*session.moment, tuple(_make_row(session, subscription) for subscription in found))


async def _require_own(session: Session, name: str) -> Subscription:
    session.require_reader()
    subscription = (await session.runtime.decisions.subscriptions_of([name])).get(name)
    if (
        subscription is None
        or subscription.agency != session.requester.agency
        or subscription.state is not queries.SubscriptionState.ACTIVE
    ):
        await session.audit(ActKind.SUBSCRIPTION, {"subscription": name}, rule=RequestRule.NOT_SHOWN)
        raise NotFoundError(NO_SUBSCRIPTION)
    return subscription


async def _record_subscription(session: Session, subscription: Subscription) -> SubscriptionAnswer:
    asked: dict[str, object] = {"question": subscription.question, "state": subscription.state}
    if subscription.label:
        asked["label"] = subscription.label
    if not subscription.filters.empty:
        asked["filters"] = msgspec.to_builtins(subscription.filters)
    await session.audit(ActKind.SUBSCRIPTION, asked, about=subscription.id)
    await record_decision(session, topics.SUBSCRIPTIONS, subscription.id, subscription)
    return SubscriptionAnswer(*session.moment, _make_row(session, subscription))


def _make_row(session: Session, subscription: Subscription) -> SubscriptionRow:
    return SubscriptionRow(
        id=subscription.id,
        active=is_active(subscription, session.now),
        label=subscription.label or None,
        question=subscription.question or None,
        country=subscription.dialled or None,
        filters=subscription.filters,
        shared=subscription.shared,
        owner=subscription.owner or None,
        purpose=subscription.purpose or None,
        case_reference=subscription.case_reference or None,
        time=subscription.time.isoformat(),
        until=None if subscription.until is None else subscription.until.isoformat(),
    )
