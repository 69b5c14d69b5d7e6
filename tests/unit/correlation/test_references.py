from __future__ import annotations

import pytest

from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.references import REFERENCE_CHARS, digest_name, digest_of, make_reference
from support.correlation.key_rings import OTHER, RING, ROTATED


def given_by(ring: KeyRing, agency: str) -> str:
    return make_reference(ring, ring.current, agency, "b:1")


def test_a_case_has_another_reference_for_each_agency_and_secret() -> None:
    references = {given_by(ring, agency) for ring in (RING, OTHER) for agency in ("a", "c")}
    assert len({reference[-32:] for reference in references}) == 4
    assert given_by(RING, "a") == given_by(RING, "a")
    assert not [reference for reference in references if digest_name("b:1") in reference]


def test_a_reference_stands_for_its_name_with_its_own_agency_only() -> None:
    given = given_by(RING, "a")
    assert digest_of(RING, "a", given) == digest_name("b:1")
    assert digest_of(RING, "c", given) != digest_name("b:1")
    assert digest_of(OTHER, "a", given) is None
    assert digest_of(OTHER, "a", OTHER.current + given[8:]) != digest_name("b:1")


def test_a_reference_from_before_a_rotation_stands_for_what_it_did() -> None:
    before, after = given_by(RING, "a"), given_by(ROTATED, "a")
    assert before != after
    assert before[:8] != after[:8]
    assert digest_of(ROTATED, "a", before) == digest_of(ROTATED, "a", after) == digest_name("b:1")
    assert digest_of(RING, "a", after) is None, "a server that has not got the new secret yet"


@pytest.mark.parametrize("body", ["", "b:1", "0" * 31, "0" * 33, "G" * 32, "0 " * 16, "\n" + "0" * 31, "é" * 32])
def test_what_is_no_reference_stands_for_nothing(body: str) -> None:
    assert digest_of(RING, "a", RING.first + body) is None
    assert digest_of(RING, "a", body.ljust(REFERENCE_CHARS, "g")) is None
