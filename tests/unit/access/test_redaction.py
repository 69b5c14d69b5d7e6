from __future__ import annotations

import msgspec
import pytest

from pipeline.access.redaction import (
    HitRow,
    LinkEnds,
    LinkRow,
    OpaqueCodec,
    hit_for,
    link_for,
    provenance_for,
)
from pipeline.access.release import CaseMeta, LinkSight, LinkView
from pipeline.correlation.key_ring import digest_name
from pipeline.matching.bands import Band, Basis
from pipeline.matching.handling import Contact, Handling
from pipeline.records.messages import Position, Provenance
from support.correlation.key_rings import OTHER, RING, ROTATED

CANARY = "canary"
META = CaseMeta("fr-pj:canary", "fr-pj", Handling("H1", ("BE",), caveat="ask first"), Contact("unit", "u@fr.example"))
THEIRS = CaseMeta("be-fp:1", "be-fp", Handling("H0", ("*",)), Contact("desk"))


HIT = HitRow("hit", "ref12", "fr-pj", Contact("unit", "u@fr.example"))


def reference(key: str) -> str:
    return f"ref{len(key)}"


def test_a_hit_tells_whose_it_is_and_whom_to_ask_and_no_more() -> None:
    assert hit_for(META, reference) == HIT


def test_nothing_is_nothing() -> None:
    assert link_for(LinkSight(LinkView.NOTHING, Band.NONE), LinkEnds(THEIRS, META), ROW, reference) is None


ROW = LinkRow("canarylink", "be-fp:1", META.case, 1, 2, 0.98, 2100, Band.PROBABLE, Basis.SHARED, {"why": CANARY})


def test_a_link_seen_in_full_keeps_everything() -> None:
    assert link_for(LinkSight(LinkView.FULL, Band.PROBABLE), LinkEnds(THEIRS, META), ROW, reference) == ROW


@pytest.mark.parametrize("owner", [True, False])
def test_offsets_and_times_are_for_the_owner_alone_and_the_signature_for_nobody(owner: bool) -> None:
    came = Provenance(Position("t", 0, 17), "2026-11-24T12:00:00+00:00", "hash", "1", "g", 1_700_000_000_000, "signed")
    told = msgspec.to_builtins(provenance_for(owner, came))
    assert [told[name] is not None for name in ("position", "ingested_at", "arrived_ms")] == [owner] * 3
    assert "signed" not in str(told)
    assert told.keys() == msgspec.to_builtins(came).keys() - {"signature"}


@pytest.mark.parametrize(
    ("view", "ends"), [(LinkView.HIT_B, LinkEnds(THEIRS, META)), (LinkView.HIT_A, LinkEnds(META, THEIRS))]
)
def test_a_link_to_a_hit_keeps_the_band_alone_and_hides_which_key_is_lower(view: LinkView, ends: LinkEnds) -> None:
    shown = link_for(LinkSight(view, Band.CERTAIN), ends, ROW, reference)
    assert shown is not None
    assert CANARY not in str(shown)
    told = {name: value for name, value in msgspec.structs.asdict(shown).items() if value is not None}
    assert told == {"link_id": "ref10", "case_a": "be-fp:1", "band": Band.CERTAIN, "hit": HIT}


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
