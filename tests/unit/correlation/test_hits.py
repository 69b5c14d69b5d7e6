"""Tests of what an agency may see of the other side of a link: disclosure.md's table for hits."""

from __future__ import annotations

import pytest

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.hits import CounterpartView, HitKind, counterpart_view, hit_kind_between
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.matching.exact_match import HIT_BAND, ExactMatch
from pipeline.matching.fingerprint import Contact, Handling

BOTH = ("investigation", "correlation")


def seen(
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
    return counterpart_view(claim, receiver, other)


@pytest.mark.parametrize(("code", "full"), [("H0", True), ("H1", True), ("H2", False)])
@pytest.mark.parametrize("releasable_to", [("AA", "CC"), ("*",)])
def test_a_receiver_among_the_releasable_sees_the_hit(code: str, full: bool, releasable_to: tuple[str, ...]) -> None:
    whole = CounterpartView("b", Contact("theirs"), Band.CERTAIN, full=True)
    hit = CounterpartView("b", Contact("theirs"), HIT_BAND, full=False, asks="h", exact=ExactMatch.NAME)
    assert seen(code, releasable_to) == (whole if full else hit)


@pytest.mark.parametrize("exact", [ExactMatch.NUMBER, ExactMatch.NAME, ExactMatch.NUMBER | ExactMatch.NAME])
def test_a_hit_only_side_is_told_of_by_equal_parts_alone_and_always_in_one_band(exact: ExactMatch) -> None:
    assert seen("H2", ("*",), exact=ExactMatch.NONE) is None
    assert seen("H2", ("*",), exact=exact) == CounterpartView(
        "b", Contact("theirs"), HIT_BAND, full=False, asks="h", exact=exact
    )
    assert seen("H0", ("*",), exact=ExactMatch.NONE) == CounterpartView("b", Contact("theirs"), Band.CERTAIN, full=True)


def test_that_a_number_is_shared_is_told_where_the_other_side_may_be_read() -> None:
    """Of a hit it would tell that the record's names or dates are others."""
    for code, told in (("H0", Basis.SHARED), ("H1", Basis.SHARED), ("H2", Basis.SAME)):
        view = seen(code, ("*",), basis=Basis.SHARED)
        assert view is not None
        assert view.basis is told
    assert seen("H2", ("*",), basis=Basis.SHARED) == seen("H2", ("*",))


@pytest.mark.parametrize("code", ["H0", "H1", "H2", "H3"])
def test_any_other_receiver_sees_nothing(code: str) -> None:
    assert seen(code, ("CC",)) is None
    assert seen(code, ()) is None


def test_silence_is_silence_for_everyone() -> None:
    assert seen("H3", ("*",)) is None


def test_both_sides_must_allow_the_purpose() -> None:
    assert seen("H0", ("*",), purposes=("investigation",)) is None
    assert seen("H0", ("*",), own=Handling("H0", ("*",), ("investigation",))) is None


def test_the_owner_of_a_silent_case_is_told_of_what_it_may_see() -> None:
    assert seen("H2", ("*",), own=Handling("H3", (), BOTH)) is not None


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
