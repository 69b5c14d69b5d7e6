from __future__ import annotations

import pytest

from pipeline.matching.comparisons.vin import LEVELS, vin_level
from pipeline.matching.fingerprint import IdentifierPrint


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (("1HGCM82633A004352", 1), ("1HGCM82633A004352", 1), "same"),
        (("1HGCM82633A004352", 1), ("1HGCM82633A0O4352", -1), "confusable"),
        (("1HGCM82633A004352", 1), ("1HGCM82633A004353", 0), "one_edit_checked"),
        (("WVWZZZ1JZXW000001", -1), ("WVWZZZ1JZXW000007", -1), "one_edit"),
        (("1HGCM82633A004352", 1), ("WVWZZZ1JZXW000001", -1), "different"),
    ],
)
def test_vin_levels(p: tuple[str, int], q: tuple[str, int], expected: str) -> None:
    a, b = (IdentifierPrint("vin", value, "", valid) for value, valid in (p, q))
    assert LEVELS[vin_level(a, b)].name == expected
