from __future__ import annotations

import pytest

from pipeline.correlation.key_ring import KeyRing, KeyUse, UnknownKeyError
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
