from __future__ import annotations

import pytest

from pipeline.access.redaction import LinkEnds, OpaqueCodec, case_for, link_for
from pipeline.access.release import CaseMeta, LinkSight, LinkView, View
from pipeline.correlation.key_ring import digest_name
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import Contact, Handling
from support.correlation.key_rings import OTHER, RING, ROTATED

CANARY = "canary"
META = CaseMeta("fr-pj:canary", "fr-pj", Handling("H1", ("BE",), caveat="ask first"), Contact("unit", "u@fr.example"))
THEIRS = CaseMeta("be-fp:1", "be-fp", Handling("H0", ("*",)), Contact("desk"))


HIT = {
    "view": "hit", "reference": "ref12", "agency": "fr-pj", "contact": {"unit": "unit", "email": "u@fr.example"},
}  # fmt: skip


def reference(key: str) -> str:
    return f"ref{len(key)}"


def test_full_content_comes_with_the_owners_caveat() -> None:
    assert case_for(View.FULL, META, {"title": "t"}, reference) == {"title": "t", "view": "full", "caveat": "ask first"}


def test_a_hit_tells_whose_it_is_and_whom_to_ask_and_no_more() -> None:
    assert case_for(View.HIT, META, {"title": CANARY}, reference) == HIT


def test_nothing_is_nothing() -> None:
    assert case_for(View.NOTHING, META, {"title": CANARY}, reference) is None
    assert link_for(LinkSight(LinkView.NOTHING, Band.NONE), LinkEnds(THEIRS, META), {}, reference) is None


ROW = {
    "link_id": "canarylink", "case_a": "be-fp:1", "case_b": META.case, "version_a": 1, "version_b": 2,
    "probability": 0.98, "score": 2100, "band": "probable", "basis": "shared", "evidence": {"why": CANARY},
}  # fmt: skip


def test_a_link_seen_in_full_keeps_everything() -> None:
    assert link_for(LinkSight(LinkView.FULL, Band.PROBABLE), LinkEnds(THEIRS, META), ROW, reference) == {
        **ROW,
        "hit": None,
    }


@pytest.mark.parametrize(
    ("view", "ends"), [(LinkView.HIT_B, LinkEnds(THEIRS, META)), (LinkView.HIT_A, LinkEnds(META, THEIRS))]
)
def test_a_link_to_a_hit_keeps_the_band_alone_and_hides_which_key_is_lower(view: LinkView, ends: LinkEnds) -> None:
    shown = link_for(LinkSight(view, Band.CERTAIN), ends, ROW, reference)
    assert shown is not None
    assert CANARY not in str(shown)
    assert {name: value for name, value in shown.items() if value is not None} == {
        "link_id": "ref10",
        "case_a": "be-fp:1",
        "band": Band.CERTAIN,
        "hit": {
            "view": "hit",
            "reference": "ref12",
            "agency": "fr-pj",
            "contact": {"unit": "unit", "email": "u@fr.example"},
        },
    }
    assert shown.keys() == ROW.keys() | {"hit"}


OPAQUE = OpaqueCodec(RING)


def test_a_reference_leads_back_for_its_agency_alone() -> None:
    mine, theirs = (OPAQUE.make_reference(agency, "fr-pj:1") for agency in ("be-fp", "de-bka"))
    assert mine != theirs
    assert OPAQUE.digest_of("be-fp", mine) == digest_name("fr-pj:1") != OPAQUE.digest_of("be-fp", theirs)
    assert OPAQUE.digest_of("be-fp", "fr-pj:1") is None


def test_a_reference_issued_before_a_rotation_leads_back_after_it_and_a_new_one_needs_the_new_secret() -> None:
    rotated = OpaqueCodec(ROTATED)
    assert rotated.digest_of("be-fp", OPAQUE.make_reference("be-fp", "fr-pj:1")) == digest_name("fr-pj:1")
    assert OPAQUE.digest_of("be-fp", rotated.make_reference("be-fp", "fr-pj:1")) is None


def test_a_rotation_changes_no_lists_id_and_no_digest_of_evidence() -> None:
    assert OpaqueCodec(ROTATED).list_id(b"list") == OPAQUE.list_id(b"list") != OpaqueCodec(OTHER).list_id(b"list")
    assert OpaqueCodec(ROTATED).evidence_key == OPAQUE.evidence_key != OpaqueCodec(OTHER).evidence_key
