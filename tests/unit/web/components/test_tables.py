from __future__ import annotations

import pytest

from pipeline.web.components.tables import format_range
from pipeline.web.i18n import load_words


@pytest.mark.parametrize(
    ("before", "last", "whole", "said"),
    [
        (0, 100, 500, "1–100 of 500"),
        (1_400, 1_500, 1_500, "1,401–1,500 of 1,500"),
        (0, 50, None, "1–50, more follow"),
        (50, 100, 80, "51–100, more follow"),  # counted before some came
    ],
)
def test_a_part_of_a_list_is_told_by_its_ends_and_the_whole(
    before: int, last: int, whole: int | None, said: str
) -> None:
    assert format_range(load_words("en"), before, last, whole) == said
