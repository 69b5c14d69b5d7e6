"""Whatever steps are taken in whatever order: a record is open to who asked alone, and somebody else looks at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from pipeline.access import break_glass as glass
from pipeline.access.break_glass import GlassReason, Oversight, oversight_of
from pipeline.access.disclosure_threads import Disclosure, GlassVerdict, Move, NotDueError, find_unreviewed, grant_of
from pipeline.access.disclosures import add_revocation, new_thread
from pipeline.access.release import CaseMeta, View, decide, may_break_glass, may_confirm_glass
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.matching.handling import Handling
from support.access.requesters import make_requester
from support.correlation.key_rings import RING

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WHY = Grounds(Purpose.INVESTIGATION, "be 2026/7")
REVIEW_TIME = timedelta(hours=24)
CHIEF, SECOND = (Requester(subject, "be-fp", "BE", frozenset({Role.SUPERVISOR})) for subject in ("chief", "second"))
DUTY = make_requester("fr-pj", Role.SUPERVISOR, subject="duty")
HANDLINGS = [
    Handling(code, countries, ("investigation",))
    for code, countries in (("H2", ("BE", "DE")), ("H2", ("BE",)), ("H2", ("DE",)), ("H3", ("BE", "DE")))
]


class Moment(NamedTuple):
    """When a step is tried, under which handling, for how many hours."""

    now: datetime
    case: CaseMeta
    hours: int

    def seen(self, disclosure: Disclosure, who: Requester) -> View:
        found = grant_of(disclosure) if disclosure.steps else None
        return decide(self.case, who, Purpose.INVESTIGATION, self.now, [] if found is None else [found]).view


Try = Callable[[Disclosure, Moment], Disclosure]


def _request(disclosure: Disclosure, at: Moment) -> Disclosure:
    _require(may_break_glass(at.case, CHIEF, at.seen(disclosure, CHIEF)))
    return glass.request_opening(disclosure, at.case, CHIEF, WHY, GlassReason("a life", at.hours), at.now)


def _alone(disclosure: Disclosure, at: Moment) -> Disclosure:
    _require(may_break_glass(at.case, CHIEF, at.seen(disclosure, CHIEF)))
    return glass.open_alone(disclosure, at.case, CHIEF, WHY, GlassReason("a life", at.hours), REVIEW_TIME, at.now)


def _confirm_as(who: Requester) -> Try:
    def confirm(disclosure: Disclosure, at: Moment) -> Disclosure:
        _require(may_confirm_glass(at.case, who, at.seen(disclosure, who), disclosure.subject))
        return glass.add_confirmation(disclosure, at.case, who, at.now)

    return confirm


def _review_as(verdict: GlassVerdict) -> Try:
    return lambda disclosure, at: glass.add_review(disclosure, DUTY, verdict, "because", at.now)


def _require(allowed: bool) -> None:
    if not allowed:
        raise NotDueError("not allowed")


TRIES: list[Try] = [
    _request,
    _alone,
    _confirm_as(SECOND),
    _confirm_as(CHIEF),
    _review_as(GlassVerdict.JUSTIFIED),
    _review_as(GlassVerdict.NOT_JUSTIFIED),
    lambda disclosure, at: glass.add_withdrawal(disclosure, CHIEF, at.now),
    lambda disclosure, at: add_revocation(disclosure, DUTY, "", at.now),
]
tries = st.lists(
    st.tuples(
        st.sampled_from(TRIES), st.sampled_from((0, 1, 3, 30)), st.sampled_from(HANDLINGS), st.sampled_from((1, 8))
    ),
    max_size=12,
)


@given(tries)
def test_it_is_open_to_who_asked_alone_and_never_unseen(steps: list[tuple[Try, int, Handling, int]]) -> None:
    now, disclosure = NOW, new_thread(RING, CaseMeta("fr-pj:1", "fr-pj", HANDLINGS[0]), CHIEF, CHIEF.subject)
    for step, hours, handling, asked in steps:
        now += timedelta(hours=hours)
        at = Moment(now, CaseMeta("fr-pj:1", "fr-pj", handling), asked)
        before = disclosure
        try:
            disclosure = step(disclosure, at) if disclosure.steps or step in (_request, _alone) else disclosure
        except NotDueError:
            assert disclosure is before
        if disclosure.steps:
            _check(disclosure, at)


def _check(disclosure: Disclosure, at: Moment) -> None:
    assert at.seen(disclosure, SECOND) is not View.FULL
    owed = [step for step in disclosure.steps if step.move is Move.BREAK_GLASS]
    reviews = [place for place, step in enumerate(disclosure.steps) if step.move is Move.REVIEW]
    behind = disclosure.steps[reviews[-1] + 1 if reviews else 0 :]
    assert (find_unreviewed(disclosure) is None) == (Move.BREAK_GLASS not in {step.move for step in behind})
    if at.seen(disclosure, CHIEF) is not View.FULL:
        return
    assert at.case.handling.code == "H2"
    looked = oversight_of(disclosure, at.now)
    assert looked in {Oversight.CONFIRMED, Oversight.AWAITING_REVIEW, Oversight.OVERDUE, Oversight.JUSTIFIED}
    assert owed or disclosure.last.move is Move.CONFIRMATION
    if disclosure.last.move is Move.CONFIRMATION:
        assert disclosure.last.subject != disclosure.subject
    assert disclosure.last.until is not None
    assert disclosure.last.until - timedelta(hours=8) <= at.now < disclosure.last.until
