"""Tests of the project stage's decision: what one claim changes in the index, and whom it concerns."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.access.release import release_counterpart
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.hits import Hit, HitKind
from pipeline.correlation.key_ring import make_reference
from pipeline.correlation.projection import (
    CounterpartView,
    GenerationDiff,
    RememberedLink,
    add_new,
    add_old,
    advance_link,
    difference_hits,
    hit_kind_between,
)
from pipeline.matching.bands import Band, Basis
from pipeline.matching.handling import Contact, Handling
from support.correlation.key_rings import RING

OPEN = Handling("H0", ("*",), ("correlation",))


def side(case: str, version: int, handling: Handling = OPEN, contact: str = "unit", expired: bool = False) -> ClaimSide:
    agency = case[0]
    return ClaimSide(case, version, expired, f"hash {version}", agency, agency.upper() * 2, handling, Contact(contact))


def live(a: ClaimSide, b: ClaimSide, band: Band = Band.PROBABLE) -> Claim:
    return Claim("link", ClaimState.LIVE, 0, "g", a, b, 700, 0.95, band, msgspec.Raw(b"{}"))


def retracted(a: ClaimSide, b: ClaimSide) -> Claim:
    first, second = (
        ClaimSide(one.case, one.version, one.expired, agency=one.agency, country=one.country) for one in (a, b)
    )
    return Claim("link", ClaimState.RETRACTED, 0, "g", first, second)


A, B = side("a:1", 1), side("b:1", 1)


def after(*claims: Claim) -> tuple[RememberedLink, list[Hit], list[Claim]]:
    seen: RememberedLink | None = None
    hits: list[Hit] = []
    written: list[Claim] = []
    for claim in claims:
        seen, write, sent = advance_link(seen, claim, RING, release_counterpart)
        hits += sent
        written += [write.claim] if write else []
    assert seen is not None
    return seen, hits, written


def test_a_new_link_is_written_and_told_to_both_sides() -> None:
    seen, write, hits = advance_link(None, live(A, B), RING, release_counterpart)
    assert write is not None
    assert (write.link, write.external_version) == ("link", 4)
    assert [(hit.receiver, hit.case, hit.agency, hit.kind) for hit in hits] == [
        ("a", "a:1", "b", HitKind.NEW),
        ("b", "b:1", "a", HitKind.NEW),
    ]
    assert hits[0].reference == make_reference(RING, RING.first, "a", "b:1")
    assert (hits[0].contact, hits[0].band) == (Contact("unit"), Band.PROBABLE)
    assert (seen.order_a, seen.order_b) == (2, 2)


def test_the_same_view_again_is_written_but_not_told() -> None:
    _, hits, written = after(live(A, B), live(side("a:1", 2), B))
    assert len(written) == 2
    assert len(hits) == 2


@pytest.mark.parametrize(("a", "b"), [(1, 3), (3, 1), (1, 1)])
def test_what_is_lower_in_either_version_is_ignored(a: int, b: int) -> None:
    seen, write, hits = advance_link(None, live(side("a:1", 2), side("b:1", 2)), RING, release_counterpart)
    late = live(side("a:1", a), side("b:1", b), band=Band.CERTAIN)
    assert advance_link(seen, late, RING, release_counterpart) == (seen, None, ())
    assert write is not None
    assert hits


def test_an_expiry_mark_orders_after_its_version_and_before_the_next() -> None:
    expired = side("a:1", 1, expired=True)
    seen, hits, written = after(live(A, B), retracted(expired, B), live(A, B), live(side("a:1", 2), B))
    assert [claim.external_version for claim in written] == [4, 5, 6]
    assert [hit.kind for hit in hits if hit.receiver == "a"] == [HitKind.NEW, HitKind.RETRACTED, HitKind.NEW]
    assert seen.order_a == 4


def test_a_change_of_band_or_contact_is_told() -> None:
    _, hits, _ = after(
        live(A, B), live(side("a:1", 2), B, band=Band.CERTAIN), live(side("a:1", 3, contact="new"), B, Band.CERTAIN)
    )
    assert [(hit.kind, hit.band) for hit in hits if hit.receiver == "a"] == [
        (HitKind.NEW, Band.PROBABLE),
        (HitKind.CHANGED, Band.CERTAIN),
    ]
    assert [hit.kind for hit in hits if hit.receiver == "b"] == [HitKind.NEW, HitKind.CHANGED, HitKind.CHANGED]


def test_a_link_that_becomes_one_of_a_shared_number_is_told_as_changed() -> None:
    shared = msgspec.structs.replace(live(side("a:1", 2), B), basis=Basis.SHARED)
    _, hits, written = after(live(A, B), shared, msgspec.structs.replace(live(side("a:1", 3), B), basis=Basis.SHARED))
    assert [(hit.kind, hit.basis) for hit in hits if hit.receiver == "a"] == [
        ("new", Basis.SAME), ("changed", Basis.SHARED),
    ]  # fmt: skip
    assert [claim.basis for claim in written] == [Basis.SAME, Basis.SHARED, Basis.SHARED]


def test_what_was_remembered_before_links_had_a_basis_says_same() -> None:
    seen, _, _ = after(live(A, B))
    without = msgspec.json.encode(seen)
    assert b"basis" not in without
    assert msgspec.json.decode(without, type=RememberedLink) == seen


def test_a_withdrawal_and_tighter_handling_send_the_same_retraction() -> None:
    tighter = side("b:1", 2, Handling("H3", ("*",), ("correlation",)))
    _, silenced, _ = after(live(A, B), live(A, tighter))
    _, withdrawn, _ = after(live(A, B), retracted(A, side("b:1", 2)))
    to_a = [[hit for hit in hits if hit.receiver == "a"][-1] for hits in (silenced, withdrawn)]
    assert to_a[0] == to_a[1]
    assert to_a[0].kind is HitKind.RETRACTED
    assert (to_a[0].band, to_a[0].contact) == ("", Contact())


def test_ids_of_hits_are_their_own_and_the_same_in_a_replay() -> None:
    claims = (live(A, B), retracted(side("a:1", 2), B), live(side("a:1", 3), B))
    _, hits, _ = after(*claims)
    assert len({hit.id for hit in hits}) == 6
    assert after(*claims)[1] == hits


def test_transitions() -> None:
    view, other = (
        CounterpartView("b", Contact(), Band.CERTAIN, True),
        CounterpartView("b", Contact(), Band.PROBABLE, True),
    )
    assert hit_kind_between(None, view) is HitKind.NEW
    assert hit_kind_between(view, other) is HitKind.CHANGED
    assert hit_kind_between(view, None) is HitKind.RETRACTED
    assert hit_kind_between(view, view) is None
    assert hit_kind_between(None, None) is None


def diff_claim(
    state: ClaimState, band: Band = Band.PROBABLE, a: ClaimSide | None = None, b: ClaimSide | None = None
) -> Claim:
    evidence = msgspec.Raw(b'"evidence"')
    return Claim("ab", state, 0, "g", a or side("a:1", 1), b or side("b:1", 1), band=band, evidence=evidence)


SILENT = Handling("H3", ("*",), ("correlation",))
LIVE = diff_claim(ClaimState.LIVE)
RETRACTED = diff_claim(ClaimState.RETRACTED, Band.NONE, side("a:1", 2), side("b:1", 1))


def crossing(before: list[Claim], after: list[Claim]) -> GenerationDiff:
    found: GenerationDiff | None = None
    for one in before:
        found = add_old(found, one, release_counterpart)
    for one in after:
        found = add_new(found, one, release_counterpart)
    assert found is not None
    return found


def crossed(before: list[Claim], after: list[Claim], switch: int = 1) -> tuple[Hit, ...]:
    return difference_hits(crossing(before, after), RING, switch)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ([LIVE], [LIVE], []),
        ([LIVE, RETRACTED], [], []),
        ([LIVE], [], [HitKind.RETRACTED] * 2),
        ([LIVE], [LIVE, RETRACTED], [HitKind.RETRACTED] * 2),
        ([], [LIVE], [HitKind.NEW] * 2),
        ([LIVE], [diff_claim(ClaimState.LIVE, Band.CERTAIN)], [HitKind.CHANGED] * 2),
        (
            [diff_claim(ClaimState.LIVE, a=side("a:1", 1, Handling("H3", ("*",), ("correlation",))))],
            [LIVE],
            [HitKind.NEW],
        ),
    ],
    ids=["same", "ended before", "not seen", "ended since", "new", "another band", "one side was silent"],
)
def test_only_differences_are_told(before: list[Claim], after: list[Claim], kinds: list[HitKind]) -> None:
    assert [hit.kind for hit in crossed(before, after)] == kinds


def test_a_lower_claim_changes_nothing() -> None:
    assert crossed([LIVE, RETRACTED, LIVE], []) == ()


def test_a_claim_that_comes_behind_a_switch_is_told_anew() -> None:
    """The new generation had not judged the pair yet: the switch took the link back, and now it is there again."""
    taken_back = crossed([LIVE], [])
    told_anew = advance_link(None, LIVE, RING, release_counterpart, 1).hits
    assert [hit.kind for hit in (*taken_back, *told_anew)] == [HitKind.RETRACTED] * 2 + [HitKind.NEW] * 2
    assert len({hit.id for hit in (*taken_back, *told_anew)}) == 4


def test_each_switch_has_ids_of_its_own_which_a_repetition_keeps() -> None:
    first, again, back = (crossed([LIVE], [], switch) for switch in (1, 1, 2))
    assert first == again
    assert {hit.id for hit in first}.isdisjoint(hit.id for hit in back)
    assert [hit.reference for hit in first] == [hit.reference for hit in back]


def test_evidence_is_left_out() -> None:
    held = crossing([LIVE], [])
    assert bytes(held.claim.evidence) == b"null"
    assert msgspec.json.decode(msgspec.json.encode(held), type=GenerationDiff) == held
