"""At a switch of generation each side is told once of what it sees differently, and of nothing else."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.generation_diff import GenerationDiff, add_new, add_old, difference_hits
from pipeline.correlation.hits import Hit, HitKind
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import Contact, Handling
from support.correlation.key_rings import RING

OPEN = Handling("H0", ("*",), ("correlation",))


def side(case: str, version: int = 1, handling: Handling = OPEN) -> ClaimSide:
    return ClaimSide(case, version, False, f"hash {version}", case[0], case[0].upper() * 2, handling, Contact("unit"))


def claim(
    state: ClaimState, band: Band = Band.PROBABLE, a: ClaimSide | None = None, b: ClaimSide | None = None
) -> Claim:
    return Claim(
        "ab", state, 0, "g", a or side("a:1"), b or side("b:1"), band=band, evidence=msgspec.Raw(b'"evidence"')
    )


LIVE = claim(ClaimState.LIVE)
RETRACTED = claim(ClaimState.RETRACTED, Band.NONE, side("a:1", 2), side("b:1"))


def crossing(before: list[Claim], after: list[Claim]) -> GenerationDiff:
    found: GenerationDiff | None = None
    for one in before:
        found = add_old(found, one)
    for one in after:
        found = add_new(found, one)
    assert found is not None
    return found


def crossed(before: list[Claim], after: list[Claim], turn: int = 1) -> tuple[Hit, ...]:
    return difference_hits(crossing(before, after), RING, turn)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ([LIVE], [LIVE], []),
        ([LIVE, RETRACTED], [], []),
        ([LIVE], [], [HitKind.RETRACTED] * 2),
        ([LIVE], [LIVE, RETRACTED], [HitKind.RETRACTED] * 2),
        ([], [LIVE], [HitKind.NEW] * 2),
        ([LIVE], [claim(ClaimState.LIVE, Band.CERTAIN)], [HitKind.CHANGED] * 2),
        ([claim(ClaimState.LIVE, a=side("a:1", 1, Handling("H3", ("*",), ("correlation",))))], [LIVE], [HitKind.NEW]),
    ],
    ids=["same", "ended before", "not seen", "ended since", "new", "another band", "one side was silent"],
)
def test_only_differences_are_told(before: list[Claim], after: list[Claim], kinds: list[HitKind]) -> None:
    assert [hit.kind for hit in crossed(before, after)] == kinds


def test_a_lower_claim_changes_nothing() -> None:
    assert crossed([LIVE, RETRACTED, LIVE], []) == ()


def test_each_turn_has_ids_of_its_own_which_a_repetition_keeps() -> None:
    first, again, back = (crossed([LIVE], [], turn) for turn in (1, 1, 2))
    assert first == again
    assert {hit.id for hit in first}.isdisjoint(hit.id for hit in back)
    assert [hit.reference for hit in first] == [hit.reference for hit in back]


def test_evidence_is_left_out() -> None:
    held = crossing([LIVE], [])
    assert bytes(held.claim.evidence) == b"null"
    assert msgspec.json.decode(msgspec.json.encode(held), type=GenerationDiff) == held
