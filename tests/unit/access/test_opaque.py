from __future__ import annotations

from pipeline.access.opaque import OpaqueCodec
from pipeline.correlation.references import digest_name
from support.correlation.key_rings import OTHER, RING, ROTATED

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
