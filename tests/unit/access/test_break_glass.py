"""Break-glass needs two: every path through its steps, and what each opens to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.access.break_glass import (
    CONFIRMATION_TIME,
    LONGEST_HOURS,
    GlassReason,
    Oversight,
    add_confirmation,
    add_review,
    add_withdrawal,
    open_alone,
    oversight_of,
    request_opening,
    verdict_of,
)
from pipeline.access.disclosure_threads import (
    MOST_STEPS,
    Disclosure,
    GlassVerdict,
    Move,
    NotDueError,
    ThreadState,
    ThreadStep,
    find_unreviewed,
    grant_of,
    thread_state,
)
from pipeline.access.disclosures import add_revocation, disclosure_for, new_thread
from pipeline.access.release import CaseMeta, View, decide, may_confirm_glass
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.matching.handling import Handling
from support.access.requesters import make_requester
from support.correlation.key_rings import RING

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
H2 = Handling("H2", ("BE", "DE"), ("investigation",))
CASE = CaseMeta("fr-pj:1", "fr-pj", H2)
WHY = Grounds(Purpose.INVESTIGATION, "be 2026/7")
WANTED = GlassReason("a life", 3)
REVIEW_TIME = 24 * HOUR
JUSTIFIED, NOT_JUSTIFIED = GlassVerdict.JUSTIFIED, GlassVerdict.NOT_JUSTIFIED


CHIEF, SECOND = (
    make_requester("be-fp", Role.SUPERVISOR, subject="chief"),
    make_requester("be-fp", Role.SUPERVISOR, subject="second"),
)
DUTY = make_requester("fr-pj", Role.SUPERVISOR, subject="duty")
BLANK = new_thread(RING, CASE, CHIEF, CHIEF.subject)


def requested(before: Disclosure = BLANK, now: datetime = NOW) -> Disclosure:
    return request_opening(before, CASE, CHIEF, WHY, WANTED, now)


def confirmed() -> Disclosure:
    return add_confirmation(requested(), CASE, SECOND, NOW)


def alone(before: Disclosure = BLANK, now: datetime = NOW) -> Disclosure:
    return open_alone(before, CASE, CHIEF, WHY, WANTED, REVIEW_TIME, now)


def seen(disclosure: Disclosure, who: Requester = CHIEF, case: CaseMeta = CASE, now: datetime = NOW) -> View:
    found = grant_of(disclosure)
    return decide(case, who, Purpose.INVESTIGATION, now, [] if found is None else [found]).view


def test_a_request_opens_nothing_and_a_confirmation_opens_to_the_requester_alone_for_the_time_asked() -> None:
    assert seen(requested()) is View.HIT
    assert [seen(confirmed(), who) for who in (CHIEF, SECOND)] == [View.FULL, View.HIT]
    assert seen(confirmed(), now=NOW + 3 * HOUR) is View.HIT
    late = add_confirmation(requested(), CASE, SECOND, NOW + HOUR)
    assert seen(late, now=NOW + 4 * HOUR - timedelta(seconds=1)) is View.FULL
    assert (thread_state(confirmed(), H2, NOW), oversight_of(confirmed(), NOW)) == (
        ThreadState.GRANTED,
        Oversight.CONFIRMED,
    )


def test_a_request_expires_unconfirmed() -> None:
    end = NOW + CONFIRMATION_TIME
    assert thread_state(requested(), H2, NOW) is ThreadState.AWAITING_CONFIRMATION
    assert oversight_of(requested(), NOW) is Oversight.AWAITING_CONFIRMATION
    assert (thread_state(requested(), H2, end), oversight_of(requested(), end)) == (ThreadState.EXPIRED, None)
    with pytest.raises(NotDueError, match="no longer"):
        add_confirmation(requested(), CASE, SECOND, end)
    assert thread_state(requested(requested(), end), H2, end) is ThreadState.AWAITING_CONFIRMATION


def test_nobody_confirms_the_own_request_in_whatever_role_nor_a_silent_case() -> None:
    def may(who: Requester, how: View = View.HIT, case: CaseMeta = CASE) -> bool:
        return may_confirm_glass(case, who, how, CHIEF.subject)

    assert may(SECOND)
    assert may(SECOND, View.FULL)
    assert not may(CHIEF)
    assert not may(make_requester("be-fp", Role.SUPERVISOR, Role.OPERATOR, subject="chief"))
    assert not may(make_requester("be-fp", Role.INVESTIGATOR, subject="third"))
    assert not may(SECOND, View.NOTHING)
    for code in ("H0", "H3"):
        assert not may(SECOND, View.FULL, CaseMeta("fr-pj:1", "fr-pj", Handling(code, ("BE",), ("investigation",))))


def test_a_withdrawn_request_is_not_confirmed_and_a_confirmed_one_not_withdrawn() -> None:
    gone = add_withdrawal(requested(), CHIEF, NOW)
    assert (thread_state(gone, H2, NOW), seen(gone), oversight_of(gone, NOW)) == (ThreadState.WITHDRAWN, View.HIT, None)
    with pytest.raises(NotDueError):
        add_confirmation(gone, CASE, SECOND, NOW)
    with pytest.raises(NotDueError):
        add_withdrawal(confirmed(), CHIEF, NOW)


@pytest.mark.parametrize(
    "stricter", [Handling("H3", ("BE", "DE"), ("investigation",)), Handling("H2", ("BE",), ("investigation",))]
)
def test_stricter_handling_suspends_what_is_open_and_what_is_requested(stricter: Handling) -> None:
    tightened = CaseMeta(CASE.case, CASE.agency, stricter)
    for disclosure in (confirmed(), alone(), add_review(alone(), DUTY, JUSTIFIED, "yes", NOW)):
        assert seen(disclosure, case=tightened) is not View.FULL
        assert thread_state(disclosure, stricter, NOW) is ThreadState.SUSPENDED
    assert thread_state(requested(), stricter, NOW) is ThreadState.SUSPENDED
    with pytest.raises(NotDueError, match="no longer"):
        add_confirmation(requested(), tightened, SECOND, NOW)


def test_one_alone_opens_at_once_and_the_owner_is_to_review_it() -> None:
    assert (seen(alone()), seen(alone(), now=NOW + 3 * HOUR)) == (View.FULL, View.HIT)
    due = NOW + REVIEW_TIME
    late = due + timedelta(seconds=1)
    assert [oversight_of(alone(), now) for now in (NOW, due, late)] == [
        Oversight.AWAITING_REVIEW, Oversight.AWAITING_REVIEW, Oversight.OVERDUE,
    ]  # fmt: skip
    row = disclosure_for(alone(), CASE, "fr-pj", View.FULL, late)
    assert (row.oversight, row.overdue, row.deadline) == ("overdue", True, due.isoformat())


def test_a_verdict_leaves_open_what_is_justified_and_closes_what_is_not() -> None:
    good, bad = (add_review(alone(), DUTY, verdict, "because", NOW + HOUR) for verdict in (JUSTIFIED, NOT_JUSTIFIED))
    assert [seen(disclosure, now=NOW + HOUR) for disclosure in (good, bad)] == [View.FULL, View.HIT]
    assert seen(good, now=NOW + 3 * HOUR) is View.HIT
    assert [thread_state(disclosure, H2, NOW + HOUR) for disclosure in (good, bad)] == [
        ThreadState.GRANTED,
        ThreadState.REVOKED,
    ]
    assert [verdict_of(disclosure) for disclosure in (good, bad, alone(), confirmed())] == [
        JUSTIFIED,
        NOT_JUSTIFIED,
        None,
        None,
    ]
    assert [oversight_of(disclosure, NOW + 99 * HOUR) for disclosure in (good, bad)] == [
        Oversight.JUSTIFIED,
        Oversight.NOT_JUSTIFIED,
    ]
    theirs = disclosure_for(bad, CASE, "be-fp", View.HIT, NOW + HOUR)
    told = theirs.steps[-1]
    assert (told.verdict, told.reason, told.subject) == ("not_justified", "because", None)
    with pytest.raises(NotDueError):
        add_revocation(bad, DUTY, "", NOW)


def test_a_late_review_opens_nothing_again() -> None:
    after = add_review(alone(), DUTY, JUSTIFIED, "because", NOW + 48 * HOUR)
    assert (seen(after, now=NOW + 48 * HOUR), thread_state(after, H2, NOW + 48 * HOUR)) == (
        View.HIT,
        ThreadState.EXPIRED,
    )
    closed = add_review(add_revocation(alone(), DUTY, "", NOW), DUTY, JUSTIFIED, "because", NOW)
    assert (seen(closed), thread_state(closed, H2, NOW)) == (View.HIT, ThreadState.EXPIRED)


def test_nothing_that_comes_behind_clears_a_review_that_is_due() -> None:
    end = NOW + 3 * HOUR
    opened = alone()
    later: list[Disclosure] = [
        add_revocation(opened, DUTY, "stop", NOW),
        add_withdrawal(requested(opened, end), CHIEF, end),
        add_confirmation(requested(opened, end), CASE, SECOND, end),
        alone(opened, end),
    ]
    flooded = opened
    for _ in range(MOST_STEPS):
        flooded = add_withdrawal(requested(flooded, end), CHIEF, end)
    for disclosure in (*later, flooded):
        assert find_unreviewed(disclosure) == opened.last
        assert oversight_of(disclosure, NOW + 25 * HOUR) is Oversight.OVERDUE
        assert find_unreviewed(add_review(disclosure, DUTY, JUSTIFIED, "because", end)) is None
    assert len(flooded.steps) == MOST_STEPS


def test_steps_that_are_not_due_are_refused() -> None:
    steps: tuple[Callable[[], object], ...] = (
        lambda: requested(requested()),
        lambda: requested(confirmed()),
        lambda: alone(confirmed()),
        lambda: alone(alone()),
        lambda: request_opening(BLANK, CASE, CHIEF, WHY, GlassReason(" "), NOW),
        lambda: open_alone(BLANK, CASE, CHIEF, WHY, GlassReason("a", LONGEST_HOURS + 1), REVIEW_TIME, NOW),
        lambda: request_opening(BLANK, CASE, CHIEF, WHY, GlassReason("a", 0), NOW),
        lambda: add_confirmation(alone(), CASE, SECOND, NOW),
        lambda: add_review(confirmed(), DUTY, JUSTIFIED, "yes", NOW),
        lambda: add_review(alone(), DUTY, JUSTIFIED, " ", NOW),
        lambda: add_review(add_review(alone(), DUTY, JUSTIFIED, "yes", NOW), DUTY, JUSTIFIED, "yes", NOW),
    )
    for wrong in steps:
        with pytest.raises(NotDueError):
            wrong()


def test_who_waits_in_vain_for_a_second_may_open_alone() -> None:
    escalated = alone(requested())
    assert (seen(escalated), oversight_of(escalated, NOW)) == (View.FULL, Oversight.AWAITING_REVIEW)
    with pytest.raises(NotDueError):
        add_confirmation(escalated, CASE, SECOND, NOW)


def test_a_break_glass_of_before_two_were_needed_stays_what_it_was() -> None:
    written = (
        b'{"id":"a","case":"fr-pj:1","owner":"fr-pj","requester":"be-fp","subject":"chief","steps":[{"move":'
        b'"break_glass","agency":"be-fp","subject":"chief","time":"2026-11-24T12:00:00Z","reason":"a life",'
        b'"until":"2026-11-24T20:00:00Z","under":{"code":"H2","releasable_to":["BE","DE"],'
        b'"purposes":["investigation"]}}]}'
    )
    disclosure = msgspec.json.decode(written, type=Disclosure)
    assert seen(disclosure) is View.FULL
    assert (oversight_of(disclosure, NOW), find_unreviewed(disclosure)) == (Oversight.OPENED_BY_ONE, None)
    assert thread_state(disclosure, H2, NOW + 8 * HOUR) is ThreadState.EXPIRED
    with pytest.raises(NotDueError):
        add_review(disclosure, DUTY, NOT_JUSTIFIED, "no", NOW)
    assert thread_state(add_revocation(disclosure, DUTY, "", NOW), H2, NOW) is ThreadState.REVOKED


def test_a_thread_of_an_agency_has_nobody_to_look_at_it() -> None:
    step = ThreadStep(Move.GRANT, "fr-pj", "owner", NOW, until=NOW + HOUR, under=H2)
    assert oversight_of(msgspec.structs.replace(BLANK, subject="", steps=(step,)), NOW) is None
