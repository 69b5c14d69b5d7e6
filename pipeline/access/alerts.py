"""Alerts: a question that every new or changed case is held against, for ninety days. Pure.

In the stream it is a fingerprint under the key `sub:<id>`, silent and without a country, so that it meets cases of
every country and no other alert; its matches are notices, never links.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.hit_ledger import HitQuestion, searched_question
from pipeline.access.notices import Asker, Notice, NoticeKind, hit_told_notice, searched_notice
from pipeline.access.release import asks_gate, is_silent, release_match
from pipeline.access.requester import Grounds, Requester
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.key_ring import KeyRing, KeyUse, keyed_id, make_reference
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.handling import Handling, OwnerScope
from pipeline.records.model import SILENT

LASTS: Final = timedelta(days=90)
"""Then its owner says again for which purpose and case they need it, or it ends."""

PREFIX: Final = "sub:"

TELLING_BANDS: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands in which the owner of a silent case is told of an alert that met it."""


class AlertState(StrEnum):
    """`ended`: nothing of what it asked is kept."""

    ACTIVE = "active"
    ENDED = "ended"


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `subscriptions`, key = id. `version` grows with every renewal; ended, it asks nothing.

    `dialled` is the country where the question's phones are dialled. `shared`: others who ask the same, and share that
    they do, are told of each other. `filters` narrow which matches are told of. `label` is what its agency calls it,
    `labelled` when that was last said after its making: such a value asks nothing new. `made` is when it was made, None
    of one that no version with that field has touched yet.
    """

    id: str
    agency: str
    state: AlertState
    time: datetime
    version: int
    country: str = ""
    owner: str = ""
    purpose: str = ""
    case_reference: str = ""
    question: str = ""
    dialled: str = ""
    until: datetime | None = None
    shared: bool = False
    filters: Filters = NO_FILTERS
    label: str = ""
    labelled: datetime | None = None
    made: datetime | None = None

    @property
    def place(self) -> tuple[datetime, str]:
        """What orders an agency's alerts: when each was made, else when last renewed; no two are alike."""
        return self.made or self.time, self.id

    @property
    def asker(self) -> Asker:
        """Who asks by it, where it is shared."""
        return Asker(self.agency, self.purpose, self.id, self.id)


def make_alert(
    name: str,
    question: str,
    dialled: str,
    by: Requester,
    why: Grounds,
    now: datetime,
    *,
    shared: bool = False,
    filters: Filters = NO_FILTERS,
    label: str = "",
) -> Alert:
    """A new alert of the requester's agency."""
    blank = Alert(name, by.agency, AlertState.ACTIVE, now, 0, by.country, by.subject, label=label, made=now)
    made = msgspec.structs.replace(blank, question=question, dialled=dialled, shared=shared, filters=filters)
    return extend_alert(made, why, now)


def extend_alert(alert: Alert, why: Grounds, now: datetime) -> Alert:
    """The alert for another ninety days, on these grounds."""
    purpose, stated = why.purpose.value, why.case_reference
    made = alert.made or alert.time
    later = {"time": now, "version": alert.version + 1, "until": now + LASTS, "made": made}
    return msgspec.structs.replace(alert, purpose=purpose, case_reference=stated, **later)


def label_alert(alert: Alert, label: str, now: datetime) -> Alert:
    """The same alert under another name; its version stays, since nothing else is asked."""
    return msgspec.structs.replace(alert, label=label, labelled=now)


def close_alert(alert: Alert, now: datetime) -> Alert:
    """The mark that an alert has ended, without what it asked."""
    return Alert(alert.id, alert.agency, AlertState.ENDED, now, alert.version + 1)


def is_active(alert: Alert, now: datetime) -> bool:
    """Whether it is matched and read at the aware time `now`."""
    return alert.state is AlertState.ACTIVE and alert.until is not None and now < alert.until


def saved_search_print(alert: Alert, keys: tuple[int, ...], entities: tuple[EntityPrint, ...]) -> Fingerprint:
    """What correlate matches; of an ended one a mark without content."""
    over = alert.state is AlertState.ENDED
    asked = hashlib.blake2b(f"{alert.id} {alert.question} {over}".encode(), digest_size=16).hexdigest()
    return Fingerprint(
        case=f"{PREFIX}{alert.id}",
        version=alert.version,
        hash=asked,
        agency=alert.agency,
        country="",
        withdrawn=over,
        retain_until="" if alert.until is None else alert.until.date().isoformat(),
        handling=Handling(SILENT, (alert.country,), (alert.purpose,)),
        keys=() if over else keys,
        entities=() if over else entities,
        scope=alert.filters.scope,
    )


def is_saved_search(side: ClaimSide | Fingerprint) -> bool:
    """Whether it is an alert and no case: its key begins so, and it is of no country, where each case is of one.

    The key alone would be that of a case of an agency called `sub`.
    """
    return side.case.startswith(PREFIX) and not side.country


def match_notice(claim: Claim, scope: OwnerScope, ring: KeyRing, now: datetime) -> Notice | None:
    """Whom a match concerns: the asking agency, where the case's handling shows it; the owner of a silent one.

    The latter is told only through the gate, and only where the search names somebody of the case: see
    pipeline.access.notices.searched_notice.

    The asking agency is told of cases within the search's `scope` alone: a match tells whose the case is, hit-only or
    not. All else that narrows it is held against what its reader may read of the case (pipeline.api.services.notices).
    The owner of a silent case is told whatever the search was narrowed to, as of searches.
    """
    query, case, exact = _order_sides(claim)
    if claim.state is not ClaimState.LIVE:
        return None
    own = case.agency == query.agency
    if not own and is_silent(case.handling) and claim.band in TELLING_BANDS:
        # once for each content, and without which alert it was
        return searched_notice(case.case, query.agency, _purpose_of(query), now, ring, query.case, case.hash)
    band = release_match(query, case, exact, claim.band, scope)
    if not band:
        return None
    found = _make_match_notice(ring, query, case, band, now, own=case.case if own else "")
    if own:
        return found
    return msgspec.structs.replace(found, reference=make_reference(ring, ring.current, query.agency, case.case))


def match_question(claim: Claim, notice: Notice, now: datetime) -> HitQuestion | None:
    """What the gate is asked before anybody is told of a match; None where the case is neither hit-only nor silent."""
    if notice.kind is NoticeKind.SILENT_SEARCH:
        return searched_question(notice, now)
    query, case, exact = _order_sides(claim)
    if not asks_gate(case.handling) or notice.agency != query.agency or case.agency == query.agency:
        return None
    owner_notice = hit_told_notice(case.case, notice.id, query.agency, notice.purpose, now)
    return HitQuestion(notice.id, query.agency, case.agency, notice=notice, owner_notice=owner_notice, exact=exact)


def _order_sides(claim: Claim) -> tuple[ClaimSide, ClaimSide, ExactMatch]:
    """The alert, the case that it met, and by what it met a hit-only one."""
    if is_saved_search(claim.a):
        return claim.a, claim.b, claim.exact_a
    return claim.b, claim.a, claim.exact_b


def _make_match_notice(
    ring: KeyRing, query: ClaimSide, case: ClaimSide, band: Band, now: datetime, own: str = ""
) -> Notice:
    """To the agency that asks; `own` is the case's key where it is that agency's."""
    kind = NoticeKind.SUBSCRIPTION_MATCH
    return Notice(
        _make_id(ring, kind, query, case),
        query.agency,
        kind,
        now,
        case=own,
        subscription=query.case.removeprefix(PREFIX),
        other_agency=case.agency,
        purpose=_purpose_of(query),
        band=band,
    )


def _make_id(ring: KeyRing, kind: NoticeKind, query: ClaimSide, case: ClaimSide) -> str:
    """One id for each content of a case.

    It is keyed: whoever guesses a hit-only case's key and content could otherwise test the guess by it.
    """
    return keyed_id(ring, KeyUse.NOTICE_IDS, kind, query.case, case.case, case.hash)


def _purpose_of(query: ClaimSide) -> str:
    (purpose,) = query.handling.purposes
    return purpose
