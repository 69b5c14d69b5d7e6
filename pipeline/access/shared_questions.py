"""Someone else asked: two agencies that ask for the same, and both share that they do, are told of each other. Pure.

Neither is told what the other asks, only that it asks for the same, and for which purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.subscriptions import Subscription
from pipeline.matching.exact_match import HIT_BAND


class Asker(NamedTuple):
    """An agency that asks: by a search, or by the alert `subscription`. `once` names what is told once."""

    agency: str
    purpose: str
    once: str
    subscription: str = ""


def asker_of(subscription: Subscription) -> Asker:
    """Who asks by an alert."""
    return Asker(subscription.agency, subscription.purpose, subscription.id, subscription.id)


def shared_notices(a: Asker, b: Asker, now: datetime) -> Iterator[Notice]:
    """Both sides' notices, where two agencies ask for the same."""
    if a.agency == b.agency:
        return
    for receiver, other in ((a, b), (b, a)):
        yield Notice(
            notice_id("shared interest", receiver.agency, receiver.once, other.once),
            receiver.agency,
            NoticeKind.SHARED_INTEREST,
            now,
            subscription=receiver.subscription,
            other_agency=other.agency,
            purpose=other.purpose,
            band=HIT_BAND,
        )
