"""Tests of homes: which claims and messages a version of a case brings."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from pipeline.correlation import homes
from pipeline.correlation.claims import Claim, ClaimSide, link_id
from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.homes import Arrival, is_judged_alike
from pipeline.correlation.key_kinds import KeyKind, first_of
from pipeline.correlation.keys import MAX_KEYS
from pipeline.correlation.matcher import Matcher, PassingScreen, SmallSketches
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    Follow,
    JudgedClaim,
    Posting,
    Watch,
    case_id,
    home_partition,
    order_pair,
)
from pipeline.correlation.steps import Step
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.handling import Contact, Handling
from pipeline.records.model import Case
from support.correlation.exchange import Exchange
from support.matching.sketches import sketch_of

MakeCase = Callable[..., Fingerprint]
MakeMatcher = Callable[..., Matcher]
Withdrawn = Callable[[str, int], Fingerprint]
HIDDEN = Handling("H2", ("*",), ("correlation",))


@pytest.fixture
def exchange(matcher: MakeMatcher) -> Exchange:
    """One of three partitions, with the matcher of words."""
    return Exchange(matcher(), 3)


def told(claims: list[Claim]) -> list[tuple[str, str, int, str, int]]:
    return [(claim.state.value, claim.a.case, claim.a.version, claim.b.case, claim.b.version) for claim in claims]


def ranked(one: str, other: str) -> tuple[str, str]:
    """The cases of a pair as (A, B)."""
    a, _ = order_pair(case_id(one), case_id(other))
    return (one, other) if a == case_id(one) else (other, one)


def test_the_second_case_of_a_pair_brings_the_link(exchange: Exchange, case: MakeCase) -> None:
    assert exchange.take(case("b1", "red car")) == []
    (claim,) = exchange.take(case("a1", "red car", version=4))
    assert told([claim]) == [("live", "a:a1", 4, "b:b1", 1)]
    assert claim.link == link_id("b:b1", "a:a1")
    assert (claim.score, claim.probability, claim.band) == (200, 0.6, Band.POSSIBLE)
    assert claim.partition == home_partition(case_id(ranked("a:a1", "b:b1")[0]), 3)
    assert claim.generation == "g"
    assert bytes(claim.evidence) == b"[4,1]"
    assert claim.b == ClaimSide(
        "b:b1",
        1,
        False,
        case("b1", "red car").hash,
        "b",
        "BB",
        Handling("H0", ("*",), ("correlation",)),
        Contact("unit of b"),
    )


def test_a_pair_is_judged_once_though_several_meeting_places_ask(matcher: MakeMatcher, case: MakeCase) -> None:
    for remembered in (100, 0):
        many = Exchange(matcher(), 5, remembered=remembered)
        keys = tuple(range(1, 6))
        claims = many.take(case("b1", "red car", keys=keys), case("a1", "red car", keys=keys))
        assert told(claims) == [("live", "a:a1", 1, "b:b1", 1)]
        assert (many.count(Ask), many.count(Answer)) == (5, 1), (
            "of one pair after the other even the last one is enough"
        )


def test_a_pair_below_the_threshold_leaves_no_trace(exchange: Exchange, case: MakeCase) -> None:
    assert exchange.take(case("a1", "red car"), case("b1", "red boat")) == []
    assert sum(home.counts.judged for home in exchange.homes) == 1
    assert (exchange.count(Watch), exchange.count(Follow)) == (0, 0)


def test_cases_without_a_shared_key_are_never_judged(exchange: Exchange, case: MakeCase) -> None:
    assert exchange.take(case("a1", "red car", keys=(1,)), case("b1", "red car", keys=(2,))) == []
    assert exchange.count(Ask) == 0


def test_one_country_is_never_linked_unless_within(matcher: MakeMatcher, case: MakeCase) -> None:
    for within, claims in ((False, 0), (True, 1)):
        one = Exchange(matcher(), within=within)
        assert len(one.take(case("a1", "red car"), case("a2", "red car"))) == claims


def test_a_duplicate_or_late_version_changes_nothing(exchange: Exchange, case: MakeCase) -> None:
    exchange.take(case("b1", "red car"), case("a1", "red car", version=3))
    for version in (3, 2):
        assert exchange.arrive(case("a1", "blue boat", version=version)) == []


def test_of_the_versions_that_come_together_the_last_counts(exchange: Exchange, case: MakeCase) -> None:
    home = exchange.home_of("a:a1")
    versions = [case("a1", "red car"), case("a1", "blue boat", version=3), case("a1", "old", version=2)]
    messages = home.take_fingerprints([Arrival(CaseVersion(version), first=True) for version in versions])
    assert {message.case for message in messages if isinstance(message, Posting)} == {case_id("a:a1")}
    assert told(exchange.pass_on(messages) + exchange.take(case("b1", "blue boat"))) == [("live", "a:a1", 3, "b:b1", 1)]


def test_a_later_version_of_either_side_renews_retracts_and_finds(exchange: Exchange, case: MakeCase) -> None:
    exchange.take(case("b1", "red car"), case("c1", "old van"), case("a1", "red car"))
    for name in ("a1", "b1"):
        claims = exchange.take(case(name, "red car parked", version=2))
        assert [claim.state for claim in claims] == ["live"]
        versions = {side.case: side.version for side in (claims[0].a, claims[0].b)}
        assert versions[f"{name[0]}:{name}"] == 2
    assert sorted(told(exchange.take(case("a1", "old van", version=3)))) == [
        ("live", "a:a1", 3, "c:c1", 1),
        ("retracted", "a:a1", 3, "b:b1", 2),
    ]


def test_a_retraction_holds_no_content_and_ends_the_watch(
    exchange: Exchange, case: MakeCase, withdrawn: Withdrawn
) -> None:
    exchange.take(case("a1", "red car"), case("b1", "red car"))
    (claim,) = exchange.take(withdrawn("a1", 2))
    assert told([claim]) == [("retracted", "a:a1", 2, "b:b1", 1)]
    assert claim.a == ClaimSide("a:a1", 2, agency="a", country="AA")
    assert claim.b == ClaimSide("b:b1", 1, agency="b", country="BB")
    assert [message.on for message in exchange.sent if isinstance(message, Follow)] == [True, False]
    assert [message.on for message in exchange.sent if isinstance(message, Watch)] == [True, False]
    exchange.sent.clear()
    exchange.take(case("b1", "red car parked", version=2))
    assert exchange.count(Answer) == 0, "nobody watches"


def test_a_withdrawn_case_can_come_back(exchange: Exchange, case: MakeCase, withdrawn: Withdrawn) -> None:
    exchange.take(case("a1", "red car"), case("b1", "red car"), withdrawn("b1", 2))
    assert exchange.take(case("c1", "red car"))[0].a.case == "a:a1"
    assert ("live", "a:a1", 1, "b:b1", 3) in told(exchange.take(case("b1", "red car", version=3)))


def test_an_expiry_mark_retracts_and_a_longer_retention_links_again(exchange: Exchange, case: MakeCase) -> None:
    exchange.take(case("a1", "red car", retain_until="2026-01-01"), case("b1", "red car"))
    mark = expiry_mark(Case(case_id="a1", agency="a", country="AA", version=1, status="withdrawn"))
    (claim,) = exchange.take(mark)
    assert (claim.state, claim.a.expired, claim.a.order, claim.b.order) == ("retracted", True, 3, 2)
    (claim,) = exchange.take(case("a1", "red car", version=2, retain_until="2027-01-01"))
    assert (claim.state, claim.a.retain_until, claim.a.order) == ("live", "2027-01-01", 4)


def test_an_amendment_of_other_fields_renews_without_a_posting(exchange: Exchange, case: MakeCase) -> None:
    exchange.take(case("a1", "red car"), case("b1", "red car"))
    exchange.sent.clear()
    other = {"contact": Contact("another unit"), "retain_until": "2030-01-01"}
    for name in ("a1", "b1"):
        assert len(exchange.take(case(name, "red car", version=2, **other))) == 1
    assert exchange.count(Posting) == 0
    for home in exchange.homes:
        home.store.behind = True
    assert len(exchange.take(case("a1", "red car", version=3))) == 1
    assert exchange.count(Posting) > 0, "another store may have dropped an ask in place of this one"


def test_what_a_pair_is_judged_by_is_posted_anew(case: MakeCase) -> None:
    before = case("a1", "red car", sketch=b"s")
    assert is_judged_alike(before, msgspec.structs.replace(before, version=2, hash="x", contact=Contact("x")))
    for changed in (
        {"keys": (1,)},
        {"entities": ()},
        {"sketch": b""},
        {"country": "ZZ"},
        {"withdrawn": True},
        {"agency": "z"},
        {"handling": HIDDEN},
    ):
        assert not is_judged_alike(before, msgspec.structs.replace(before, **changed))


def test_owners_of_old_and_new_keys_get_postings_and_no_others(matcher: MakeMatcher, case: MakeCase) -> None:
    one = Exchange(matcher(), 7)
    one.take(case("a1", "red car", keys=(1, 2, 9)))
    assert sorted(message.partition for message in one.sent if isinstance(message, Posting)) == [1, 2]
    one.sent.clear()
    one.take(case("a1", "red car", version=2, keys=(2, 3)))
    assert sorted(message.partition for message in one.sent if isinstance(message, Posting)) == [1, 2, 3]
    one.take(case("b1", "red car", keys=(1, 9)))
    assert one.count(Ask) == 0, "a1 is no longer under that key"


def test_a_lost_store_tells_all_partitions_of_a_version_that_is_not_the_first(
    matcher: MakeMatcher, case: MakeCase
) -> None:
    one = Exchange(matcher(), 7)
    for rebuilt, first, partitions in ((False, False, 1), (True, True, 1), (True, False, 7)):
        name = f"a{rebuilt}{first}"
        one.home_of(f"a:{name}").store.rebuilt = rebuilt
        assert len(one.arrive(case(name, "red", version=8, keys=(2,)), first=first)) == partitions


def test_an_ask_is_answered_once_for_each_version(exchange: Exchange, case: MakeCase) -> None:
    a, b = order_pair(case_id("a:a1"), case_id("b:b1"))
    name = ranked("a:a1", "b:b1")[1]
    exchange.arrive(case(name[2:], "red car", version=2))
    home = exchange.home_of(name)

    def answers(order_a: int, order_b: int, *, sampled: bool = False) -> int:
        return len(home.take_asks([Ask(a, b, order_a, order_b, sampled)]))

    assert answers(2, 2) == 1
    assert answers(2, 4) == 0, "version 2 was sent already"
    assert answers(2, 2) == 0
    assert answers(2, 2, sampled=True) == 1
    assert answers(4, 2) == 1, "A is newer"
    assert answers(2, 2) == 0
    assert home.take_asks([Ask(a, case_id("unknown"), 2, 2)]) == []


def test_a_judge_that_begins_to_watch_gets_what_is_newer(exchange: Exchange, case: MakeCase) -> None:
    a, b = order_pair(case_id("a:a1"), case_id("b:b1"))
    name = ranked("a:a1", "b:b1")[1]
    home = exchange.home_of(name)
    assert home.take_watches([Watch(a, b, on=True, order_b=2)]) == [], "B is on its way"
    exchange.arrive(case(name[2:], "red car", version=3))
    assert home.take_watches([Watch(a, b, on=True, order_b=6)]) == []
    (answer,) = home.take_watches([Watch(a, b, on=True, order_b=4), Follow(b, a, on=True)])
    assert (answer.a, answer.b, answer.version.order) == (a, b, 6)
    assert home.take_watches([Watch(a, b, on=False, order_b=4)]) == []
    assert not any(isinstance(message, Answer) for message in exchange.arrive(case(name[2:], "red", version=4)))


def test_an_answer_about_an_unknown_case_waits_for_its_version(exchange: Exchange, case: MakeCase) -> None:
    a, b = order_pair(case_id("a:a1"), case_id("b:b1"))
    first, second = ranked("a:a1", "b:b1")
    answer = Answer(a, b, CaseVersion(case(second[2:], "red car")))
    assert exchange.home_of(first).take_answers([answer]) == []
    exchange.take(case(second[2:], "red car"))
    assert len(exchange.take(case(first[2:], "red car"))) == 1


def test_a_lost_store_is_rebuilt_without_a_message(exchange: Exchange, case: MakeCase, withdrawn: Withdrawn) -> None:
    names = ranked("a:a1", "b:b1")
    exchange.take(*(case(name[2:], "red car") for name in names))
    watches = [message for message in exchange.sent if isinstance(message, Watch | Follow)]
    for partition in range(3):
        home = exchange.homes[partition] = exchange.make_home(partition)
        own = [Arrival(CaseVersion(case(name[2:], "red car"))) for name in names]
        home.load_fingerprints([one for one in own if exchange.home_of(one.version.fingerprint.case) is home])
        home.load_watches(
            one for one in watches if home_partition(one.a if isinstance(one, Follow) else one.b, 3) == partition
        )
    assert [claim.state for claim in exchange.take(case(names[1][2:], "red car parked", version=2))] == ["live"]
    assert [claim.state for claim in exchange.take(withdrawn(names[0][2:], 2))] == ["retracted"]


def test_a_pair_that_the_screen_rules_out_is_not_judged(
    exchange: Exchange, case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.correlation.homes.FEW_SCREENED", 0)
    sketch = sketch_of("")
    exchange.take(case("b1", "red car"), case("c1", "red car", sketch=sketch))
    claims = exchange.take(case("a1", "red car", sketch=sketch))
    assert told(claims) == [("live", "a:a1", 1, "b:b1", 1)]
    assert sum(home.counts.judged for home in exchange.homes) == 2, "b1 with c1, and a1 with b1"


class ClosedScreen(PassingScreen):
    """Rules out all."""

    def may_link(self, asking: SmallSketches, held: SmallSketches) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.zeros(len(asking), np.bool_)


@pytest.mark.parametrize(("sketch", "exceeded"), [(sketch_of(""), 1), (b"", 1), (None, 0)])
def test_pairs_of_the_sample_are_held_to_what_both_screens_promise(
    sketch: bytes | None, exceeded: int, matcher: MakeMatcher, case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a sketch the full screen lets all through, and the closed one is to blame."""
    monkeypatch.setattr("pipeline.correlation.meeting_places._IN_SAMPLE", np.uint32((1 << 32) - 1))
    one = Exchange(matcher(), 1, screen=ClosedScreen() if sketch is not None else None)
    given = {"sketch": sketch or b""}
    one.take(case("a1", "red car", **given), case("b1", "red car", **given), case("c1", "rusty", **given))
    counts = [home.counts for home in one.homes]
    assert sum(count.bounds_checked for count in counts) == 3
    assert sum(count.bounds_exceeded for count in counts) == exceeded


def test_a_hit_only_case_is_claimed_where_it_is_met_exactly_though_it_is_no_link(
    matcher: MakeMatcher, case: MakeCase
) -> None:
    one = Exchange(matcher(exact=True), 3)
    one.take(case("a1", "red car"))
    (claim,) = one.take(case("b1", "red bus", handling=HIDDEN))
    assert (claim.state, claim.band, claim.score, claim.a.hash) == ("live", Band.NONE, 0, case("a1", "red car").hash)
    assert (claim.exact_a, claim.exact_b) == (ExactMatch.NAME, ExactMatch.NONE)
    (claim,) = one.take(case("b1", "red bus", version=2))
    assert (claim.state, claim.exact_a, claim.a.hash) == ("retracted", ExactMatch.NONE, "")


def test_a_case_whose_exact_keys_are_cut_off_asks_no_hit_only_case(matcher: MakeMatcher, case: MakeCase) -> None:
    """What is left of its keys would decide whom it meets, by whatever else these say."""
    left = [first_of(KeyKind.IDENTIFIER) | number for number in range(MAX_KEYS)]
    for keys, asks in ((left, False), ([*left[1:], first_of(KeyKind.TITLE)], True)):
        one = Exchange(matcher(exact=True), 2)
        one.take(case("a1", "red car", keys=tuple(keys)))
        assert bool(one.take(case("b1", "red bus", keys=tuple(left), handling=HIDDEN))) is False, "it is cut as well"
        assert bool(one.take(case("c1", "red van", keys=(left[5],), handling=HIDDEN))) is asks


def test_a_claim_that_goes_back_behind_an_earlier_one_is_counted(
    exchange: Exchange, case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a store that lost a version, which some other process put back, or a fault of its own."""
    monkeypatch.setattr("pipeline.correlation.homes.SAMPLED_LINKS", "")
    judge, other = ranked("a:a1", "b:b1")
    home = exchange.home_of(judge)
    exchange.take(case(judge[2:], "red car", version=5), case(other[2:], "red car", version=1))
    exchange.take(case(other[2:], "red car parked", version=2))
    assert home.counts.disordered == 0
    home.store.put_versions({case_id(judge): CaseVersion(case(judge[2:], "red car", version=3))})
    exchange.take(case(other[2:], "red car", version=3))
    assert home.counts.disordered == 1


def test_a_pair_that_cannot_be_judged_changes_nothing(
    matcher: MakeMatcher, case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Exchange(matcher())
    home = one.homes[0]
    cases = [case(name, "red car") for name in ("a1", "b1", "c1")]
    for fingerprint in cases:
        one.arrive(fingerprint)
    answers = []
    for x, y in ((0, 1), (0, 2), (1, 2)):
        a, b = order_pair(case_id(cases[x].case), case_id(cases[y].case))
        held = cases[y] if b == case_id(cases[y].case) else cases[x]
        answers.append(Answer(a, b, CaseVersion(held)))
    judged: list[int] = []

    def find_link(self: object, a: Fingerprint, b: Fingerprint) -> None:
        judged.append(1)
        if len(judged) == 2:
            raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(type(matcher()), "find_link", find_link)
        with pytest.raises(ZeroDivisionError):
            home.take_answers(answers)
    claims = [
        message for answer in answers for message in home.take_answers([answer]) if isinstance(message, JudgedClaim)
    ]
    assert len(claims) == 3


def test_large_pairs_are_judged_in_long_steps_and_come_to_the_same(
    matcher: MakeMatcher, case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept before the last step, so that one that is given up leaves no trace."""
    one, other = Exchange(matcher()), Exchange(matcher())
    cases = [case(name, "red car") for name in ("a1", "b1", "c1", "d1")]
    for exchange in (one, other):
        for fingerprint in cases:
            exchange.arrive(fingerprint)
    answers = []
    for x, y in itertools.combinations(cases, 2):
        a, b = order_pair(case_id(x.case), case_id(y.case))
        held = y if b == case_id(y.case) else x
        answers.append(Answer(a, b, CaseVersion(encoded=CaseVersion(held).encoded)))
    at_once = one.homes[0].take_answers(answers)
    assert {type(message) for message in at_once} >= {JudgedClaim, Follow}
    monkeypatch.setattr(homes, "LARGE_PAIR", 0)
    monkeypatch.setattr(homes, "MET_TOGETHER", 1)
    home = other.homes[0]
    given_up = home.judge_in_steps(answers)
    assert [next(given_up) for _ in answers] == [Step.LONG] * len(answers)
    given_up.close()
    assert not any(home.store.get_followed([answer.a for answer in answers]))
    assert home.take_answers(answers) == at_once
