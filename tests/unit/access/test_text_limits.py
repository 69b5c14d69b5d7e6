from __future__ import annotations

import pytest

from pipeline.access import text_limits
from pipeline.access.text_limits import TextLimit, TooLongError, require_within

LIMITS = [value for value in vars(text_limits).values() if isinstance(value, TextLimit)]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_text_of_exactly_the_limit_passes_and_one_more_does_not(limit: TextLimit) -> None:
    require_within(limit, "\N{GRINNING FACE}" * limit.most)
    with pytest.raises(TooLongError, match=f"more than {limit.most} characters"):
        require_within(limit, "x" * (limit.most + 1))
