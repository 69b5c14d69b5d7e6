from __future__ import annotations

import pytest

from pipeline.correlation.references import digest, digest_of, reference


def test_a_case_has_another_reference_for_each_agency_and_secret() -> None:
    references = {reference(secret, agency, "b:1") for secret in (b"one", b"two") for agency in ("a", "c")}
    assert len(references) == 4
    assert reference(b"one", "a", "b:1") == reference(b"one", "a", "b:1")
    assert digest("b:1") not in references


def test_a_reference_stands_for_its_name_with_its_own_agency_only() -> None:
    given = reference(b"one", "a", "b:1")
    assert digest_of(b"one", "a", given) == digest("b:1")
    assert digest_of(b"one", "c", given) != digest("b:1")
    assert digest_of(b"two", "a", given) != digest("b:1")


@pytest.mark.parametrize("given", ["", "b:1", "0" * 31, "0" * 33, "G" * 32, "0 " * 16, "\n" + "0" * 31, "é" * 32])
def test_what_is_no_reference_stands_for_nothing(given: str) -> None:
    assert digest_of(b"one", "a", given) is None
