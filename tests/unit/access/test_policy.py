"""The table of docs/disclosure.md, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.policy import (
    STRICTNESS,
    CaseMeta,
    Grant,
    LinkView,
    Rule,
    View,
    decide,
    decide_view,
    is_stricter,
    link_view,
    may_break_glass,
)
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.matching.fingerprint import Handling
from support.access.requesters import make_requester

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
INVESTIGATION = Purpose.INVESTIGATION
FULL, HIT, NOTHING = View.FULL, View.HIT, View.NOTHING


OWNER = make_requester("fr-pj")
COMPATRIOT = make_requester("fr-dgsi")
RECEIVER = make_requester("be-fp")
STRANGER = make_requester("de-bka")
OPERATOR = make_requester("", Role.OPERATOR)


def case(code: str, *releasable_to: str, purposes: tuple[str, ...] = ("investigation",), **fields: object) -> CaseMeta:
    return CaseMeta("fr-pj:1", "fr-pj", Handling(code, releasable_to, purposes), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "receiver", "anyone_else"),
    [("H0", FULL, NOTHING), ("H1", FULL, NOTHING), ("H2", HIT, NOTHING), ("H3", NOTHING, NOTHING)],
)
def test_the_table(code: str, receiver: View, anyone_else: View) -> None:
    for releasable_to in (("BE",), ("NL", "BE"), ("*",)):
        assert decide_view(case(code, *releasable_to), RECEIVER, INVESTIGATION, NOW) is receiver
    assert decide_view(case(code, "BE"), STRANGER, INVESTIGATION, NOW) is anyone_else
    assert decide_view(case(code), RECEIVER, INVESTIGATION, NOW) is anyone_else
    assert decide_view(case(code, "BE"), COMPATRIOT, INVESTIGATION, NOW) is anyone_else
    assert decide_view(case(code, "BE", purposes=("prosecution",)), RECEIVER, INVESTIGATION, NOW) is anyone_else
    assert decide_view(case(code, "BE", purposes=()), RECEIVER, INVESTIGATION, NOW) is anyone_else


@pytest.mark.parametrize("code", STRICTNESS)
def test_the_owner_agency_and_the_operator_see_every_live_case(code: str) -> None:
    for who in (OWNER, OPERATOR):
        assert decide_view(case(code, purposes=()), who, INVESTIGATION, NOW) is FULL


def test_an_unknown_code_shows_nothing_to_others() -> None:
    assert decide_view(case("H9", "*"), RECEIVER, INVESTIGATION, NOW) is NOTHING


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.INVESTIGATOR, Role.SUPERVISOR, Role.OPERATOR}))
def test_other_roles_read_no_case_not_even_their_own(role: Role) -> None:
    for agency in ("fr-pj", "be-fp"):
        assert decide_view(case("H0", "*"), make_requester(agency, role), INVESTIGATION, NOW) is NOTHING


@pytest.mark.parametrize("who", [OWNER, RECEIVER, OPERATOR])
def test_a_withdrawn_or_expired_case_is_gone_for_everyone(who: Requester) -> None:
    assert decide_view(case("H0", "*", withdrawn=True), who, INVESTIGATION, NOW) is NOTHING
    assert decide_view(case("H0", "*", retain_until="2026-11-24"), who, INVESTIGATION, NOW) is NOTHING
    assert decide_view(case("H0", "*", retain_until="2026-11-25"), who, INVESTIGATION, NOW) is FULL


def grant(code: str = "H2", *, hours: float = 1, **fields: str) -> Grant:
    under = Handling(code, ("BE",), ("investigation",))
    return Grant(**{"case": "fr-pj:1", "agency": "be-fp", **fields}, until=NOW + timedelta(hours=hours), under=under)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (grant(), FULL),
        (grant(hours=0), HIT),
        (grant(case="fr-pj:2"), HIT),
        (grant(agency="nl-np"), HIT),
        (grant(subject=RECEIVER.subject), FULL),
        (grant(subject="someone else"), HIT),
    ],
)
def test_a_grant_opens_hit_only_content_to_whom_it_names_until_it_ends(given_: Grant, expected: View) -> None:
    assert decide_view(case("H2", "BE"), RECEIVER, INVESTIGATION, NOW, [given_]) is expected


def rule(case: CaseMeta, *grants: Grant) -> Rule:
    return decide(case, RECEIVER, INVESTIGATION, NOW, grants)


def test_the_rule_that_decides_is_the_first_that_holds() -> None:
    assert rule(case("H3", withdrawn=True, retain_until="2026-11-24")) is Rule.WITHDRAWN
    assert rule(case("H3", "NL", purposes=())) is Rule.NOT_RELEASED
    assert rule(case("H3", "BE", purposes=())) is Rule.PURPOSE
    assert rule(case("H3", "BE"), grant("H3")) is Rule.SILENT
    assert rule(case("H9", "BE")) is Rule.SILENT
    assert rule(case("H2", "BE")) is Rule.HIT_ONLY
    assert rule(case("H2", "BE"), grant(subject=RECEIVER.subject)) is Rule.BREAK_GLASS
    assert rule(case("H2", "BE"), grant(subject=RECEIVER.subject), grant()) is Rule.GRANTED


def test_a_grant_opens_nothing_that_is_not_a_hit() -> None:
    assert decide_view(case("H3", "BE"), RECEIVER, INVESTIGATION, NOW, [grant("H3")]) is NOTHING
    assert decide_view(case("H2", "NL"), RECEIVER, INVESTIGATION, NOW, [grant()]) is NOTHING
    assert decide_view(case("H2", "BE"), RECEIVER, Purpose.PROSECUTION, NOW, [grant()]) is NOTHING


def test_stricter_handling_suspends_a_grant() -> None:
    assert decide_view(case("H2", "BE"), RECEIVER, INVESTIGATION, NOW, [grant("H1")]) is HIT
    wide = Grant("fr-pj:1", "be-fp", NOW + timedelta(hours=1), Handling("H2", ("*",), ("investigation",)))
    assert decide_view(case("H2", "BE"), RECEIVER, INVESTIGATION, NOW, [wide]) is HIT
    assert (
        decide_view(
            case("H2", "BE", "NL", purposes=("investigation", "prosecution")), RECEIVER, INVESTIGATION, NOW, [grant()]
        )
        is FULL
    )


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (FULL, FULL, LinkView.FULL),
        (FULL, HIT, LinkView.HIT_B),
        (HIT, FULL, LinkView.HIT_A),
        (HIT, HIT, LinkView.NOTHING),
        *((view, other, LinkView.NOTHING) for view, other in product(View, View) if NOTHING in (view, other)),
    ],
)
def test_a_link_is_shown_by_one_full_side_and_silence_wins(a: View, b: View, expected: LinkView) -> None:
    assert link_view(a, b) is expected


@pytest.mark.parametrize(
    ("mine", "theirs", "receiver_sees", "owner_sees"),
    [
        # My H3 case is linked to theirs: they see nothing, I see what theirs lets me.
        ("H3", "H0", LinkView.NOTHING, LinkView.FULL),
        ("H3", "H2", LinkView.NOTHING, LinkView.HIT_B),
        ("H3", "H3", LinkView.NOTHING, LinkView.NOTHING),
        ("H2", "H0", LinkView.HIT_A, LinkView.FULL),
        ("H2", "H2", LinkView.HIT_A, LinkView.HIT_B),
        ("H0", "H1", LinkView.FULL, LinkView.FULL),
    ],
)
def test_both_owners_views_of_a_link(mine: str, theirs: str, receiver_sees: LinkView, owner_sees: LinkView) -> None:
    a = case(mine, "BE")
    b = CaseMeta("be-fp:9", "be-fp", Handling(theirs, ("FR",), ("investigation",)))

    def seen(who: Requester) -> LinkView:
        return link_view(*(decide_view(side, who, INVESTIGATION, NOW) for side in (a, b)))

    assert (seen(RECEIVER), seen(OWNER), seen(STRANGER)) == (receiver_sees, owner_sees, LinkView.NOTHING)


def test_only_a_supervisor_breaks_glass_and_only_on_a_hit() -> None:
    supervisor = make_requester("be-fp", Role.SUPERVISOR)
    assert may_break_glass(case("H2", "BE"), supervisor, HIT)
    assert not may_break_glass(case("H2", "BE"), RECEIVER, HIT)
    assert not may_break_glass(case("H3", "BE"), supervisor, NOTHING)
    assert not may_break_glass(case("H2", "NL"), supervisor, NOTHING)
    assert not may_break_glass(case("H0", "BE"), supervisor, FULL)


handlings = st.builds(
    Handling,
    st.sampled_from(STRICTNESS),
    st.lists(st.sampled_from(["*", "BE", "DE"]), max_size=2).map(tuple),
    st.lists(st.sampled_from(["investigation", "prosecution"]), max_size=2).map(tuple),
)
ORDER = (NOTHING, HIT, FULL)


@given(
    handlings,
    handlings,
    st.sampled_from([RECEIVER, STRANGER, COMPATRIOT]),
    st.sampled_from(sorted(Purpose)),
    st.booleans(),
)
def test_what_is_not_stricter_never_shows_less(
    before: Handling, now: Handling, who: Requester, purpose: Purpose, granted: bool
) -> None:
    def seen(handling: Handling) -> int:
        one = Grant("fr-pj:1", who.agency, NOW + timedelta(hours=1), handling)
        meta = CaseMeta("fr-pj:1", "fr-pj", handling)
        return ORDER.index(decide_view(meta, who, purpose, NOW, [one] if granted else []))

    if not is_stricter(now, before):
        assert seen(now) >= seen(before)
