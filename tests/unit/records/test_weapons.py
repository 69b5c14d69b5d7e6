from __future__ import annotations

import pytest

from pipeline.records.weapons import calibre


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9 mm Para", "9x19"),
        ("9x19", "9x19"),
        ("9х19", "9x19"),
        ("Cal. .22 LR", "22lr"),
        (".380 ACP", "9x17"),
        ("7,62 x 39", "7.62x39"),
        ("12/70", "12gauge"),
        ("4.6x30", "4.6x30"),
        ("", ""),
    ],
)
def test_calibres_in_one_spelling(text: str, expected: str) -> None:
    assert calibre(text) == expected
