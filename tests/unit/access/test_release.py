"""The table of docs/disclosure.md, row by row, for each way out; and that nothing else decides."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access import release
from pipeline.access.release import (
    STRICTNESS,
    UNSEEN,
    CaseMeta,
    Grant,
    LinkSight,
    LinkView,
    Rule,
    View,
    Viewer,
    decide,
    decide_link,
    is_stricter,
    link_audience,
    may_break_glass,
    release_counterpart,
    requester_words,
)
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.projection import CounterpartView
from pipeline.matching.bands import HIT_BAND, Band, Basis, ExactMatch
from pipeline.matching.handling import Contact, Handling
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
        assert decide(case(code, *releasable_to), RECEIVER, INVESTIGATION, NOW).view is receiver
    assert decide(case(code, "BE"), STRANGER, INVESTIGATION, NOW).view is anyone_else
    assert decide(case(code), RECEIVER, INVESTIGATION, NOW).view is anyone_else
    assert decide(case(code, "BE"), COMPATRIOT, INVESTIGATION, NOW).view is anyone_else
    assert decide(case(code, "BE", purposes=("prosecution",)), RECEIVER, INVESTIGATION, NOW).view is anyone_else
    assert decide(case(code, "BE", purposes=()), RECEIVER, INVESTIGATION, NOW).view is anyone_else


@pytest.mark.parametrize("code", STRICTNESS)
def test_the_owner_agency_and_the_operator_see_every_live_case(code: str) -> None:
    for who in (OWNER, OPERATOR):
        assert decide(case(code, purposes=()), who, INVESTIGATION, NOW).view is FULL


def test_an_unknown_code_shows_nothing_to_others() -> None:
    assert decide(case("H9", "*"), RECEIVER, INVESTIGATION, NOW).view is NOTHING


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.INVESTIGATOR, Role.SUPERVISOR, Role.OPERATOR}))
def test_other_roles_read_no_case_not_even_their_own(role: Role) -> None:
    for agency in ("fr-pj", "be-fp"):
        assert decide(case("H0", "*"), make_requester(agency, role), INVESTIGATION, NOW).view is NOTHING


@pytest.mark.parametrize("who", [OWNER, RECEIVER, OPERATOR])
def test_a_withdrawn_or_expired_case_is_gone_for_everyone(who: Requester) -> None:
    assert decide(case("H0", "*", withdrawn=True), who, INVESTIGATION, NOW).view is NOTHING
    assert decide(case("H0", "*", retain_until="2026-11-24"), who, INVESTIGATION, NOW).view is NOTHING
    assert decide(case("H0", "*", retain_until="2026-11-25"), who, INVESTIGATION, NOW).view is FULL


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
    assert decide(case("H2", "BE"), RECEIVER, INVESTIGATION, NOW, [given_]).view is expected


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
    assert decide(case("H3", "BE"), RECEIVER, INVESTIGATION, NOW, [grant("H3")]).view is NOTHING
    assert decide(case("H2", "NL"), RECEIVER, INVESTIGATION, NOW, [grant()]).view is NOTHING
    assert decide(case("H2", "BE"), RECEIVER, Purpose.PROSECUTION, NOW, [grant()]).view is NOTHING


def test_stricter_handling_suspends_a_grant() -> None:
    assert decide(case("H2", "BE"), RECEIVER, INVESTIGATION, NOW, [grant("H1")]).view is HIT
    wide = Grant("fr-pj:1", "be-fp", NOW + timedelta(hours=1), Handling("H2", ("*",), ("investigation",)))
    assert decide(case("H2", "BE"), RECEIVER, INVESTIGATION, NOW, [wide]).view is HIT
    assert (
        decide(
            case("H2", "BE", "NL", purposes=("investigation", "prosecution")), RECEIVER, INVESTIGATION, NOW, [grant()]
        ).view
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
    assert decide_link(a, b, Band.PROBABLE, ExactMatch.NAME, ExactMatch.NAME).view is expected


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
        first, second = (decide(side, who, INVESTIGATION, NOW).view for side in (a, b))
        return decide_link(first, second, Band.PROBABLE, ExactMatch.NAME, ExactMatch.NAME).view

    assert (seen(RECEIVER), seen(OWNER), seen(STRANGER)) == (receiver_sees, owner_sees, LinkView.NOTHING)


@pytest.mark.parametrize("hit", [LinkView.HIT_A, LinkView.HIT_B])
@pytest.mark.parametrize("by", [ExactMatch.NUMBER, ExactMatch.NAME, ExactMatch.NUMBER | ExactMatch.NAME])
@pytest.mark.parametrize("band", [Band.CERTAIN, Band.PROBABLE, Band.POSSIBLE, Band.NONE])
def test_a_link_to_a_hit_shows_in_one_band_where_the_side_that_asks_meets_it(
    hit: LinkView, by: ExactMatch, band: Band
) -> None:
    views = (HIT, FULL) if hit is LinkView.HIT_A else (FULL, HIT)
    asks = (ExactMatch.NONE, by) if hit is LinkView.HIT_A else (by, ExactMatch.NONE)
    assert decide_link(*views, band, *asks) == LinkSight(hit, HIT_BAND)
    assert decide_link(*views, band, *reversed(asks)) == UNSEEN


def test_a_link_seen_in_full_or_not_at_all_passes_as_it_is() -> None:
    none, name = ExactMatch.NONE, ExactMatch.NAME
    assert decide_link(FULL, FULL, Band.POSSIBLE, none, none) == (LinkView.FULL, Band.POSSIBLE)
    assert decide_link(NOTHING, FULL, Band.CERTAIN, name, name) == UNSEEN


def test_what_is_no_link_shows_to_nobody_who_reads_both_sides() -> None:
    assert decide_link(FULL, FULL, Band.NONE, ExactMatch.NAME, ExactMatch.NAME) == UNSEEN


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
        return ORDER.index(decide(meta, who, purpose, NOW, [one] if granted else []).view)

    if not is_stricter(now, before):
        assert seen(now) >= seen(before)


CODES = ("H0", "H1", "H2", "H3")
RELEASES = ((), ("*",), ("DE",), ("FR",), ("BE", "DE"), ("FR", "DE"))
REQUESTERS = (
    ("be-fp", "BE"),
    ("be-other", "BE"),
    ("fr-pj", "FR"),
    ("fr-other", "FR"),
    ("de-bka", "DE"),
    ("nl-np", "NL"),
)


PURPOSES = (("investigation",), ("investigation", "prosecution"))


def sees(side: ClaimSide, agency: str, country: str, purpose: str, granted: bool = False) -> str:
    """The table of docs/disclosure.md for one side."""
    if agency == side.agency:
        return "full"
    if purpose not in side.handling.purposes:
        return ""
    if side.handling.code == "H3" or not {"*", country} & set(side.handling.releasable_to):
        return ""
    return "hit" if side.handling.code == "H2" and not granted else "full"


EXACT = tuple(product((ExactMatch.NONE, ExactMatch.NAME), repeat=2))

GRANTED = {False: ("",), True: ("", "a", "b", "ab")}
"""Sides that a requester may have been granted."""


def granted_to(a: ClaimSide, b: ClaimSide, granted: str, agency: str, country: str, purpose: str) -> tuple[str, str]:
    return (
        sees(a, agency, country, purpose, "a" in granted),
        sees(b, agency, country, purpose, "b" in granted),
    )


def is_shown(a: str, b: str, exact_a: ExactMatch, exact_b: ExactMatch) -> bool:
    """One side in full, and the other in full or met exactly by it."""
    if (a, b) == ("full", "full"):
        return True
    return ((a, b) == ("full", "hit") and bool(exact_a)) or ((a, b) == ("hit", "full") and bool(exact_b))


@pytest.mark.parametrize("codes", tuple(product(CODES, CODES)))
def test_the_audience_is_those_who_see_one_side_fully_and_the_other_at_least_as_a_hit(codes: tuple[str, str]) -> None:
    """A side that is a hit is met by exact parts of the other, or the link shows only to whom is granted it."""
    for release_a, release_b, purposes, exact in product(RELEASES, RELEASES, PURPOSES, EXACT):
        a = ClaimSide("be-fp:1", 1, agency="be-fp", country="BE", handling=Handling(codes[0], release_a, PURPOSES[1]))
        b = ClaimSide("fr-pj:1", 1, agency="fr-pj", country="FR", handling=Handling(codes[1], release_b, purposes))
        words = set(link_audience(a, b, *exact))
        for (agency, country), purpose, granted in product(REQUESTERS, PURPOSES[1], (False, True)):
            ways = {granted_to(a, b, granted, agency, country, purpose) for granted in GRANTED[granted]}
            shown = any(is_shown(*views, *exact) for views in ways)
            admitted = bool(words & set(requester_words(Viewer(agency, country, purpose), granted=granted)))
            assert admitted == shown, (codes, release_a, release_b, exact, agency, purpose, granted)


@pytest.mark.parametrize("codes", tuple(product(CODES, CODES)))
def test_what_is_no_link_is_for_those_who_see_a_hit_only_side_as_a_hit(codes: tuple[str, str]) -> None:
    """Nobody else is meant but who reads the hit-only side, too; they are told nothing when it is read."""
    for release_a, release_b, purposes, exact in product(RELEASES, RELEASES, PURPOSES, EXACT):
        a = ClaimSide("be-fp:1", 1, agency="be-fp", country="BE", handling=Handling(codes[0], release_a, PURPOSES[1]))
        b = ClaimSide("fr-pj:1", 1, agency="fr-pj", country="FR", handling=Handling(codes[1], release_b, purposes))
        words = set(link_audience(a, b, *exact, linked=False))
        for (agency, country), purpose in product(REQUESTERS, PURPOSES[1]):
            views = granted_to(a, b, "", agency, country, purpose)
            admitted = bool(words & set(requester_words(Viewer(agency, country, purpose))))
            assert admitted >= (views != ("full", "full") and is_shown(*views, *exact)), (codes, exact, views)
            assert admitted <= is_shown(*views, *exact), (codes, release_a, release_b, exact, agency, purpose)


BOTH = ("investigation", "correlation")


def told(
    code: str,
    releasable_to: tuple[str, ...],
    *,
    own: Handling | None = None,
    purposes: tuple[str, ...] = BOTH,
    exact: ExactMatch = ExactMatch.NAME,
    basis: Basis = Basis.SAME,
) -> CounterpartView | None:
    receiver = ClaimSide("a:1", 1, False, "h", "a", "AA", own or Handling("H1", (), BOTH), Contact("own"))
    other = ClaimSide(
        "b:1", 1, False, "h", "b", "BB", Handling(code, releasable_to, purposes, "caveat"), Contact("theirs")
    )
    claim = Claim("link", ClaimState.LIVE, 0, "g", receiver, other, band=Band.CERTAIN, exact_a=exact, basis=basis)
    return release_counterpart(claim, receiver, other)


@pytest.mark.parametrize(("code", "full"), [("H0", True), ("H1", True), ("H2", False)])
@pytest.mark.parametrize("releasable_to", [("AA", "CC"), ("*",)])
def test_a_receiver_among_the_releasable_sees_the_hit(code: str, full: bool, releasable_to: tuple[str, ...]) -> None:
    whole = CounterpartView("b", Contact("theirs"), Band.CERTAIN, full=True)
    hit = CounterpartView("b", Contact("theirs"), HIT_BAND, full=False, asks="h", exact=ExactMatch.NAME)
    assert told(code, releasable_to) == (whole if full else hit)


@pytest.mark.parametrize("exact", [ExactMatch.NUMBER, ExactMatch.NAME, ExactMatch.NUMBER | ExactMatch.NAME])
def test_a_hit_only_side_is_told_of_by_equal_parts_alone_and_always_in_one_band(exact: ExactMatch) -> None:
    assert told("H2", ("*",), exact=ExactMatch.NONE) is None
    assert told("H2", ("*",), exact=exact) == CounterpartView(
        "b", Contact("theirs"), HIT_BAND, full=False, asks="h", exact=exact
    )
    assert told("H0", ("*",), exact=ExactMatch.NONE) == CounterpartView("b", Contact("theirs"), Band.CERTAIN, full=True)


def test_that_a_number_is_shared_is_told_where_the_other_side_may_be_read() -> None:
    """Of a hit it would tell that the record's names or dates are others."""
    for code, basis in (("H0", Basis.SHARED), ("H1", Basis.SHARED), ("H2", Basis.SAME)):
        view = told(code, ("*",), basis=Basis.SHARED)
        assert view is not None
        assert view.basis is basis
    assert told("H2", ("*",), basis=Basis.SHARED) == told("H2", ("*",))


@pytest.mark.parametrize("code", ["H0", "H1", "H2", "H3"])
def test_any_other_receiver_sees_nothing(code: str) -> None:
    assert told(code, ("CC",)) is None
    assert told(code, ()) is None


def test_silence_is_silence_for_everyone() -> None:
    assert told("H3", ("*",)) is None


def test_both_sides_must_allow_the_purpose() -> None:
    assert told("H0", ("*",), purposes=("investigation",)) is None
    assert told("H0", ("*",), own=Handling("H0", ("*",), ("investigation",))) is None


def test_the_owner_of_a_silent_case_is_told_of_what_it_may_see() -> None:
    assert told("H2", ("*",), own=Handling("H3", (), BOTH)) is not None


PIPELINE = Path(release.__file__).parents[1]

CODE_NAMES = frozenset({"FULL_CODES", "HIT_ONLY", "SILENT", "is_released"})
"""What of pipeline/records/model.py says how a case may be seen."""

READ_FOR_ELSE = {
    "access/release.py": "decides",
    "access/alerts.py": "gives a saved search the code of what nobody may know of",
    "correlation/homes.py": "asks by what a hit-only record is met, which its reader is told later or not",
    "correlation/fingerprinting.py": "gives a hit-only record a sketch that keeps its exact parts",
}
"""Modules that read handling codes, and what for; none but the first decides what anybody sees by them."""


def reads_codes(source: str) -> bool:
    """Whether a module imports words of the handling codes, or compares a code with anything."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="pipeline.records.model", names=names):
                if CODE_NAMES.intersection(name.name for name in names):
                    return True
            case ast.Compare(left=left, comparators=others):
                if any(is_code(side) for side in (left, *others)):
                    return True
    return False


def is_code(node: ast.expr) -> bool:
    """Whether an expression is a handling code or a list of them: `….handling.code`, "H2", {"H0", "H1"}."""
    match node:
        case ast.Attribute(attr="code", value=ast.Attribute(attr="handling") | ast.Name(id="handling")):
            return True
        case ast.Constant(value=str(text)):
            return text in STRICTNESS
        case ast.Set(elts=elements) | ast.Tuple(elts=elements) | ast.List(elts=elements):
            return any(is_code(element) for element in elements)
    return False


def test_no_other_module_reads_handling_codes_to_decide() -> None:
    found = {str(path.relative_to(PIPELINE)) for path in PIPELINE.rglob("*.py") if reads_codes(path.read_text())}
    assert found - {"records/model.py"} == set(READ_FOR_ELSE)


@pytest.mark.parametrize(
    "source",
    [
        "from pipeline.records.model import EVERY_COUNTRY, SILENT",
        "def shows(case): return case.handling.code != ask()",
        "def shows(handling): return handling.code in codes",
        "if row['handling'] in ('H0', 'H1'): show(row)",
    ],
)
def test_a_module_that_reads_handling_codes_is_found(source: str) -> None:
    assert reads_codes(source)
