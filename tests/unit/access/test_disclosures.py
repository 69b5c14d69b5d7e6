from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.access.disclosure_threads import (
    MOST_STEPS,
    Disclosure,
    NotDueError,
    ThreadState,
    Urgency,
    grant_of,
    is_overdue,
    thread_state,
)
from pipeline.access.disclosures import (
    LONGEST_GRANT,
    DisclosureAsk,
    add_grant,
    add_refusal,
    add_request,
    add_revocation,
    disclosure_for,
    may_decide,
    new_thread,
)
from pipeline.access.release import CaseMeta, View, decide
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.matching.handling import Handling
from support.access.requesters import make_requester
from support.correlation.key_rings import RING

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
H2 = Handling("H2", ("BE", "DE"), ("investigation",))
CASE = CaseMeta("fr-pj:1", "fr-pj", H2)
WHY = Grounds(Purpose.INVESTIGATION, "be 2026/7")
ASKED = DisclosureAsk("the same phone", Urgency.URGENT, NOW + DAY)


ASKER, OWNER = make_requester("be-fp"), make_requester("fr-pj")
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
BLANK = new_thread(RING, CASE, ASKER)


def asked() -> Disclosure:
    return add_request(BLANK, CASE, ASKER, WHY, ASKED, NOW)


def granted(until: datetime = NOW + 7 * DAY) -> Disclosure:
    return add_grant(asked(), CASE, OWNER, until, "", NOW)


def seen(disclosure: Disclosure, who: Requester = ASKER, case: CaseMeta = CASE, now: datetime = NOW) -> View:
    found = grant_of(disclosure)
    return decide(case, who, Purpose.INVESTIGATION, now, [] if found is None else [found]).view


def test_a_grant_opens_the_case_to_the_whole_asking_agency_until_its_date_and_to_no_other() -> None:
    assert seen(asked()) is View.HIT
    assert seen(granted()) is seen(granted(), CHIEF) is View.FULL
    assert seen(granted(), make_requester("de-bka")) is View.HIT
    assert seen(granted(), now=NOW + 7 * DAY) is View.HIT


@pytest.mark.parametrize("end", [add_refusal, add_revocation])
def test_a_refusal_or_revocation_closes_it(end: object) -> None:
    closed = (
        add_refusal(asked(), OWNER, "no", NOW) if end is add_refusal else add_revocation(granted(), OWNER, "no", NOW)
    )
    assert grant_of(closed) is None
    assert seen(closed) is View.HIT


@pytest.mark.parametrize(
    "stricter",
    [
        Handling("H3", ("BE", "DE"), ("investigation",)),
        Handling("H2", ("DE",), ("investigation",)),
        Handling("H2", ("BE",), ("investigation",)),
    ],
)
def test_stricter_handling_suspends_a_grant_and_the_old_one_restores_it(stricter: Handling) -> None:
    tightened = CaseMeta(CASE.case, CASE.agency, stricter)
    assert seen(granted(), case=tightened) is not View.FULL
    assert thread_state(granted(), stricter, NOW) is ThreadState.SUSPENDED
    assert thread_state(granted(), H2, NOW) is ThreadState.GRANTED


def test_states_and_what_is_overdue() -> None:
    moments = [NOW, NOW + DAY, NOW + DAY + timedelta(seconds=1)]
    assert [is_overdue(asked(), now) for now in moments] == [False, False, True]
    assert not is_overdue(granted(), NOW + 3 * DAY)
    assert thread_state(asked(), H2, NOW + 3 * DAY) is ThreadState.REQUESTED
    assert thread_state(granted(), H2, NOW + 7 * DAY) is ThreadState.EXPIRED
    assert thread_state(add_refusal(asked(), OWNER, "", NOW), H2, NOW) is ThreadState.REFUSED
    assert thread_state(add_revocation(granted(), OWNER, "", NOW), H2, NOW) is ThreadState.REVOKED


def test_steps_that_are_not_due_are_refused() -> None:
    steps: tuple[Callable[[], object], ...] = (
        lambda: add_request(asked(), CASE, ASKER, WHY, ASKED, NOW),
        lambda: add_request(granted(), CASE, ASKER, WHY, ASKED, NOW),
        lambda: add_request(BLANK, CASE, ASKER, WHY, ASKED, NOW + DAY),
        lambda: add_grant(add_refusal(asked(), OWNER, "", NOW), CASE, OWNER, NOW + DAY, "", NOW),
        lambda: add_grant(asked(), CASE, OWNER, NOW, "", NOW),
        lambda: add_grant(asked(), CASE, OWNER, NOW + LONGEST_GRANT + DAY, "", NOW),
        lambda: add_refusal(granted(), OWNER, "", NOW),
        lambda: add_revocation(asked(), OWNER, "", NOW),
        lambda: add_revocation(add_refusal(asked(), OWNER, "", NOW), OWNER, "", NOW),
    )
    for wrong in steps:
        with pytest.raises(NotDueError):
            wrong()


def test_after_an_answer_it_may_be_asked_again() -> None:
    for closed in (add_refusal(asked(), OWNER, "", NOW), add_revocation(granted(), OWNER, "", NOW)):
        again = add_request(closed, CASE, ASKER, WHY, ASKED, NOW)
        assert thread_state(again, H2, NOW) is ThreadState.REQUESTED
    expired = add_request(
        granted(NOW + DAY), CASE, ASKER, WHY, DisclosureAsk("", Urgency.ROUTINE, NOW + 3 * DAY), NOW + 2 * DAY
    )
    assert len(expired.steps) == 3


def test_a_grant_may_be_given_another_end() -> None:
    longer = add_grant(granted(NOW + DAY), CASE, OWNER, NOW + 9 * DAY, "", NOW)
    assert seen(longer, now=NOW + 8 * DAY) is View.FULL


def test_the_thread_is_the_agencys_reference_and_a_break_glass_the_supervisors_own() -> None:
    own = new_thread(RING, CASE, CHIEF, CHIEF.subject)
    assert len({BLANK.id, own.id, new_thread(RING, CASE, make_requester("de-bka")).id}) == 3


def test_only_the_owners_readers_decide() -> None:
    assert may_decide(asked(), OWNER)
    for who in (ASKER, make_requester("de-bka"), make_requester("fr-pj", Role.OPS), make_requester("fr-pj", Role.FEED)):
        assert not may_decide(asked(), who)


def test_the_owner_is_told_who_asks_and_the_asker_only_that_the_owner_answered() -> None:
    ours = disclosure_for(granted(), CASE, ASKER.agency, View.FULL, NOW, referenced=True)
    assert [step.subject for step in ours.steps] == [ASKER.subject, None]
    theirs = disclosure_for(granted(), CASE, OWNER.agency, View.FULL, NOW)
    assert [step.subject for step in theirs.steps] == [ASKER.subject, OWNER.subject]
    assert theirs.steps[0].purpose == "investigation"


def test_the_owner_is_told_for_which_case_it_is_asked_only_where_the_installation_says_so() -> None:
    reference = disclosure_for(asked(), CASE, ASKER.agency, View.HIT, NOW).steps[0].case_reference
    assert reference
    for referenced, told in ((False, None), (True, reference)):
        row = disclosure_for(asked(), CASE, OWNER.agency, View.FULL, NOW, referenced=referenced)
        assert row.steps[0].case_reference == told


def test_the_requester_gets_no_key_before_he_may_read_the_case() -> None:
    row = disclosure_for(asked(), CASE, "be-fp", View.HIT, NOW)
    assert b"fr-pj:1" not in msgspec.json.encode(row)
    assert row.deadline == ASKED.deadline.isoformat()
    assert disclosure_for(granted(), CASE, "be-fp", View.FULL, NOW).case == "fr-pj:1"


def test_a_thread_keeps_its_latest_steps() -> None:
    thread = BLANK
    for _ in range(MOST_STEPS):
        thread = add_refusal(add_request(thread, CASE, ASKER, WHY, ASKED, NOW), OWNER, "", NOW)
    assert len(thread.steps) == MOST_STEPS
    assert thread_state(thread, H2, NOW) is ThreadState.REFUSED
