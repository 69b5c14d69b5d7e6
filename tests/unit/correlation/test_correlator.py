"""Tests of one partition's correlator: which claims a version of a case brings."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, link_id
from pipeline.correlation.correlator import Correlator, target_partitions
from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.key_kinds import KeyKind, first_of
from pipeline.correlation.keys import MAX_KEYS
from pipeline.correlation.matcher import Matcher
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.fingerprint import Contact, Fingerprint, Handling
from pipeline.records.model import Case
from support.matching.sketches import sketch_of

Make = Callable[..., Correlator]
MakeCase = Callable[..., Fingerprint]
Withdrawn = Callable[[str, int], Fingerprint]


def told(claims: list[Claim]) -> list[tuple[str, str, int, str, int]]:
    return [(claim.state.value, claim.a.case, claim.a.version, claim.b.case, claim.b.version) for claim in claims]


def test_a_pair_that_the_screen_rules_out_is_not_judged(correlator: Make, case: MakeCase) -> None:
    one, sketch = correlator(), sketch_of("")
    one.receive(case("b1", "red car"))
    one.receive(case("c1", "red car", sketch=sketch))
    claims = one.receive(case("a1", "red car", sketch=sketch))
    assert told(claims) == [("live", "a:a1", 1, "b:b1", 1)]
    assert one.counts.judged == 2, "b1 with c1, and a1 with b1"


def test_the_second_case_of_a_pair_brings_the_link(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    assert one.receive(case("b1", "red car")) == []
    (claim,) = one.receive(case("a1", "red car", version=4))
    assert told([claim]) == [("live", "a:a1", 4, "b:b1", 1)]
    assert claim.link == link_id("b:b1", "a:a1")
    assert (claim.score, claim.probability, claim.band) == (200, 0.6, Band.POSSIBLE)
    assert claim.partition == 0
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


def test_a_pair_below_the_threshold_is_silent(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car"))
    assert one.receive(case("b1", "red boat")) == []
    assert one.counts.judged == 1


def test_cases_without_a_shared_key_are_never_judged(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car", keys=(1,)))
    assert one.receive(case("b1", "red car", keys=(2,))) == []
    assert one.counts.judged == 0


def test_one_country_is_never_linked_unless_within(correlator: Make, case: MakeCase) -> None:
    for within, claims in ((False, 0), (True, 1)):
        one = correlator(within=within)
        one.receive(case("a1", "red car"))
        assert len(one.receive(case("a2", "red car"))) == claims


def test_a_duplicate_or_late_version_changes_nothing(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car", version=2))
    one.receive(case("b1", "red car"))
    assert one.receive(case("a1", "red car", version=2)) == []
    assert one.receive(case("a1", "blue boat", version=1)) == []
    assert told(one.receive(case("c1", "red car"))) == [
        ("live", "a:a1", 2, "c:c1", 1),
        ("live", "b:b1", 1, "c:c1", 1),
    ]


def test_a_later_version_renews_retracts_and_finds(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car"))
    one.receive(case("b1", "red car"))
    one.receive(case("c1", "blue boat"))
    assert told(one.receive(case("a1", "red car roof", version=2))) == [("live", "a:a1", 2, "b:b1", 1)]
    claims = one.receive(case("a1", "blue boat", version=3))
    assert told(claims) == [("retracted", "a:a1", 3, "b:b1", 1), ("live", "a:a1", 3, "c:c1", 1)]
    assert told(one.receive(case("b1", "red car roof", version=2))) == []


def test_a_retraction_holds_no_content(correlator: Make, case: MakeCase, withdrawn: Withdrawn) -> None:
    one = correlator()
    one.receive(case("a1", "red car"))
    one.receive(case("b1", "red car"))
    (claim,) = one.receive(withdrawn("a1", 2))
    assert claim == Claim(
        link_id("a:a1", "b:b1"),
        ClaimState.RETRACTED,
        0,
        "g",
        ClaimSide("a:a1", 2, agency="a", country="AA"),
        ClaimSide("b:b1", 1, agency="b", country="BB"),
    )


def test_a_withdrawn_case_can_come_back(correlator: Make, case: MakeCase, withdrawn: Withdrawn) -> None:
    one = correlator()
    one.receive(case("b1", "red car"))
    one.receive(case("a1", "red car"))
    one.receive(withdrawn("a1", 2))
    assert one.receive(case("b1", "red car roof", version=2)) == []
    assert told(one.receive(case("a1", "red car", version=3))) == [("live", "a:a1", 3, "b:b1", 2)]


def test_an_expiry_mark_retracts_and_a_longer_retention_links_again(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("b1", "red car"))
    one.receive(case("a1", "red car"))
    mark = Case(case_id="a1", agency="a", country="AA", version=1, status="withdrawn")
    (claim,) = one.receive(expiry_mark(mark))
    assert claim.state is ClaimState.RETRACTED
    assert claim.a.expired
    assert claim.external_version == 2 * 1 + 1 + 2 * 1
    assert told(one.receive(case("a1", "red car", version=2))) == [("live", "a:a1", 2, "b:b1", 1)]


def test_an_amendment_of_other_fields_renews_without_a_search(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car"))
    one.receive(case("b1", "red car"))
    one.receive(case("c1", "red boat"))
    before = one.counts.candidates
    assert told(one.receive(case("a1", "red car", version=2))) == [("live", "a:a1", 2, "b:b1", 1)]
    assert one.counts.candidates == before


def test_only_the_owner_of_the_smallest_shared_key_judges(correlator: Make, case: MakeCase) -> None:
    even, odd = correlator(0, 2), correlator(1, 2)
    for one in (even, odd):
        one.receive(case("a1", "red car", keys=(3, 4)))
    later = case("b1", "red car", keys=(3, 4, 6))
    assert even.receive(later) == []
    assert len(odd.receive(later)) == 1
    assert even.counts.judged == 0


def test_a_new_owner_takes_over_and_the_old_one_lets_go_at_the_end(
    correlator: Make, case: MakeCase, withdrawn: Withdrawn
) -> None:
    even, odd = correlator(0, 2), correlator(1, 2)
    first = [case("a1", "red car", keys=(3, 4)), case("b1", "red car", keys=(3, 4))]
    for fingerprint in first:
        even.receive(fingerprint)
        odd.receive(fingerprint)
    moved = case("a1", "red car", version=2, keys=(4,))
    assert told(even.receive(moved)) == [("live", "a:a1", 2, "b:b1", 1)]
    (released,) = odd.receive(moved)
    assert told([released]) == [("released", "a:a1", 2, "b:b1", 1)]
    assert released.band == Band.POSSIBLE
    assert released.b.handling == first[1].handling
    assert (released.score, released.probability, bytes(released.evidence)) == (0, 0.0, b"null")
    ended = withdrawn("b1", 2)
    assert told(odd.receive(ended)) == [("retracted", "a:a1", 2, "b:b1", 2)]
    assert odd.receive(withdrawn("a1", 3)) == []


def test_a_rebuilt_store_follows_its_own_links(correlator: Make, case: MakeCase, withdrawn: Withdrawn) -> None:
    one = correlator()
    one.receive(case("a1", "red car"))
    (claim,) = one.receive(case("b1", "red car"))
    again = correlator()
    again.load_versions([case("b1", "red car")])
    again.load_versions([case("a1", "red car")])
    again.load_versions([case("a1", "blue boat", version=0)])
    again.adopt_claims([claim])
    assert told(again.receive(withdrawn("b1", 2))) == [("retracted", "a:a1", 1, "b:b1", 2)]


def test_a_retracted_link_is_not_adopted(correlator: Make, case: MakeCase, withdrawn: Withdrawn) -> None:
    again = correlator()
    again.load_versions([case("a1", "red car")])
    again.load_versions([case("b1", "blue boat")])
    again.adopt_claims([Claim("id", ClaimState.RETRACTED, 0, "g", ClaimSide("a:a1", 1), ClaimSide("b:b1", 1))])
    assert again.receive(withdrawn("b1", 2)) == []


def test_a_side_that_was_compacted_away_is_unknown_until_it_comes(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car", version=2))
    (claim,) = one.receive(case("b1", "red car"))
    again = correlator()
    again.load_versions([case("b1", "red car")])
    again.adopt_claims([claim])
    (unknown,) = again.receive(case("b1", "red car roof", version=2))
    assert told([unknown]) == [("released", "a:a1", 2, "b:b1", 2)]
    assert (unknown.a.hash, unknown.b.hash, unknown.band) == ("", "", "")
    assert again.receive(case("a1", "red car", version=2)) == []
    assert told(again.receive(case("a1", "blue boat", version=3))) == [("retracted", "a:a1", 3, "b:b1", 2)]


def test_an_unknown_side_of_unknown_country_is_still_linked_later(correlator: Make, case: MakeCase) -> None:
    again = correlator()
    nameless = Claim("id", ClaimState.LIVE, 0, "g", ClaimSide("a:a1", 1), ClaimSide("b:b1", 1))
    again.adopt_claims([nameless])
    again.receive(case("a1", "red car", version=2))
    assert told(again.receive(case("b1", "red car", version=2))) == [("live", "a:a1", 2, "b:b1", 2)]


def test_blocks_forget_keys_that_a_case_has_no_more(correlator: Make, case: MakeCase) -> None:
    one = correlator()
    one.receive(case("a1", "red car"))
    one.receive(case("a1", "blue boat", version=2))
    one.receive(case("b1", "red car"))
    assert one.counts.candidates == 0


@pytest.mark.parametrize("partitions", [1, 4])
def test_the_first_version_goes_to_the_owners_of_its_keys_later_ones_to_all(
    case: MakeCase, withdrawn: Withdrawn, partitions: int
) -> None:
    fingerprint = case("a1", "red", keys=(4, 5, 8))
    assert target_partitions(fingerprint, first=True, partitions=partitions) == {key % partitions for key in (4, 5, 8)}
    assert target_partitions(fingerprint, first=False, partitions=partitions) == set(range(partitions))
    assert target_partitions(withdrawn("a1", 1), first=True, partitions=partitions) == set(range(partitions))
    assert target_partitions(msgspec.structs.replace(fingerprint, keys=()), first=True, partitions=partitions) == set()


HIDDEN = Handling("H2", ("*",), ("correlation",))


def test_a_hit_only_case_is_claimed_where_it_is_met_exactly_though_it_is_no_link(
    correlator: Make, case: MakeCase, matcher: Callable[..., Matcher]
) -> None:
    one = correlator(matcher=matcher(exact=True))
    one.receive(case("a1", "red car"))
    (claim,) = one.receive(case("b1", "red bus", handling=HIDDEN))
    assert (claim.state, claim.band, claim.score, claim.a.hash) == ("live", Band.NONE, 0, case("a1", "red car").hash)
    assert (claim.exact_a, claim.exact_b) == (ExactMatch.NAME, ExactMatch.NONE)
    (claim,) = one.receive(case("b1", "red bus", version=2))
    assert (claim.state, claim.exact_a, claim.a.hash) == ("retracted", ExactMatch.NONE, "")


def test_a_case_whose_exact_keys_are_cut_off_asks_no_hit_only_case(
    correlator: Make, case: MakeCase, matcher: Callable[..., Matcher]
) -> None:
    """What is left of its keys would decide whom it meets, by whatever else these say."""
    left = [first_of(KeyKind.IDENTIFIER) | number for number in range(MAX_KEYS)]
    for keys, asks in ((left, False), ([*left[1:], first_of(KeyKind.TITLE)], True)):
        one = correlator(matcher=matcher(exact=True))
        one.receive(case("a1", "red car", keys=tuple(keys)))
        assert bool(one.receive(case("b1", "red bus", keys=tuple(left), handling=HIDDEN))) is False, "it is cut as well"
        assert bool(one.receive(case("c1", "red van", keys=(left[5],), handling=HIDDEN))) is asks


def test_a_claim_that_goes_back_behind_an_earlier_one_is_counted(
    correlator: Make, case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a store that lost a version, which some other process put back, or a fault of its own."""
    monkeypatch.setattr("pipeline.correlation.correlator.WATCHED_LINKS", "")
    one = correlator()
    one.receive(case("a1", "red car", version=5))
    one.receive(case("b1", "red car", version=1))
    one.receive(case("b1", "red car parked", version=2))
    assert one.counts.disordered == 0
    older = case("a1", "red car", version=3)
    one.store.put_case(older, one.store.find_cases([older.case])[older.case])
    (claim,) = one.receive(case("b1", "red car", version=3))
    assert (claim.a.version, claim.b.version) == (3, 3)
    assert one.counts.disordered == 1
