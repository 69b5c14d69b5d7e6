from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.opaque import CURSOR_BYTES, Opaque
from pipeline.correlation.references import digest
from support.correlation.key_rings import OTHER, RING, ROTATED

OPAQUE = Opaque(RING)


def test_a_reference_leads_back_for_its_agency_alone() -> None:
    mine, theirs = (OPAQUE.reference(agency, "fr-pj:1") for agency in ("be-fp", "de-bka"))
    assert mine != theirs
    assert OPAQUE.digest_of("be-fp", mine) == digest("fr-pj:1") != OPAQUE.digest_of("be-fp", theirs)
    assert OPAQUE.digest_of("be-fp", "fr-pj:1") is None


@given(st.binary(max_size=CURSOR_BYTES - 2))
def test_a_cursor_opens_in_its_own_context_alone(position: bytes) -> None:
    cursor = OPAQUE.cursor("anna search", position)
    assert OPAQUE.position_of("anna search", cursor) == position
    assert OPAQUE.position_of("bert search", cursor) is None
    assert Opaque(OTHER).position_of("anna search", cursor) is None
    assert len(cursor) == len(OPAQUE.cursor("x", b""))


def test_what_was_issued_before_a_rotation_opens_after_it_and_what_is_new_needs_the_new_secret() -> None:
    rotated = Opaque(ROTATED)
    assert rotated.position_of("x", OPAQUE.cursor("x", b"place")) == b"place"
    assert rotated.position_of("x", rotated.cursor("x", b"place")) == b"place"
    assert OPAQUE.position_of("x", rotated.cursor("x", b"place")) is None
    assert rotated.digest_of("be-fp", OPAQUE.reference("be-fp", "fr-pj:1")) == digest("fr-pj:1")
    assert OPAQUE.digest_of("be-fp", rotated.reference("be-fp", "fr-pj:1")) is None


def test_a_rotation_changes_no_lists_id_and_no_digest_of_evidence() -> None:
    assert Opaque(ROTATED).list_id(b"list") == OPAQUE.list_id(b"list") != Opaque(OTHER).list_id(b"list")
    assert Opaque(ROTATED).evidence_key == OPAQUE.evidence_key != Opaque(OTHER).evidence_key


@given(st.text(max_size=900))
def test_what_is_no_cursor_opens_nothing(text: str) -> None:
    assert OPAQUE.position_of("anna search", text) is None


def test_a_position_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        OPAQUE.cursor("x", b"x" * CURSOR_BYTES)
