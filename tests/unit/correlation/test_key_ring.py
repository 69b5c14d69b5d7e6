from __future__ import annotations

import pytest

from pipeline.correlation.key_ring import (
    REFERENCE_CHARS,
    KeyRing,
    KeyUse,
    UnknownKeyError,
    digest_name,
    digest_of,
    make_reference,
)
from pipeline.errors import LiaisonError
from support.correlation.key_rings import FIRST, OTHER, RING, ROTATED


def test_each_use_and_whom_it_is_for_has_a_key_of_its_own_and_none_is_the_secret() -> None:
    keys = {RING.derive_key(use, RING.first, whom) for use in KeyUse for whom in ("", "be-fp", "fr-pj")}
    assert len(keys) == 3 * len(KeyUse)
    assert FIRST not in keys
    assert {len(key) for key in keys} == {32}


def test_a_rotated_ring_holds_what_it_held_and_issues_under_what_is_new() -> None:
    assert ROTATED.ids == (RING.first, OTHER.first)
    assert (ROTATED.first, ROTATED.current) == (RING.current, OTHER.current)
    assert ROTATED.derive_key(KeyUse.CURSORS, ROTATED.first) == RING.derive_key(KeyUse.CURSORS, RING.first)
    assert ROTATED.derive_key(KeyUse.CURSORS, ROTATED.current) == OTHER.derive_key(KeyUse.CURSORS, OTHER.first)


def test_an_id_is_no_part_of_any_key() -> None:
    keys = [RING.derive_key(use, RING.first).hex() for use in KeyUse if use is not KeyUse.ID]
    assert not [key for key in keys if RING.first in key]


def test_a_secret_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownKeyError, match=OTHER.first):
        RING.derive_key(KeyUse.CURSORS, OTHER.first)
    assert OTHER.first not in RING


@pytest.mark.parametrize("secrets", [[], [FIRST, FIRST]])
def test_none_or_one_twice_is_no_ring(secrets: list[bytes]) -> None:
    with pytest.raises(LiaisonError):
        KeyRing(secrets)


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
