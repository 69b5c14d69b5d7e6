from __future__ import annotations

import pytest

from pipeline.matching.comparisons.method import LEVELS, compare
from pipeline.matching.model import Model
from support.matching.prints import print_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Broken window", "same"), ("window broken, ladder", "similar"), ("window open", "similar"),
     ("window left open by owner", "word_in_common"), ("stolen keys", "different")],
)  # fmt: skip
def test_methods(model: Model, text: str, expected: str) -> None:
    a, b = print_of(type="event", method="window broken"), print_of(type="event", method=text)
    found = compare(a, b, model.tables["method"])
    assert found is not None
    assert LEVELS[found.level].name == expected
