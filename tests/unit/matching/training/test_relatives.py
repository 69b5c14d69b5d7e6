from __future__ import annotations

import numpy as np
import pytest

from pipeline.matching.comparisons.birth_date import DIFFERENT, SAME
from pipeline.matching.comparisons.catalogue import of_type
from pipeline.matching.comparisons.name.name_levels import CONFLICT
from pipeline.matching.comparisons.name.name_levels import SAME as SAME_NAME
from pipeline.matching.training.columns import columns_of
from pipeline.matching.training.relatives import ENOUGH_PAIRS, are_without_relatives

COLUMNS = [column for comparison in of_type("person") for column in columns_of(comparison, "person")]


@pytest.mark.parametrize(
    ("name", "equal", "pairs", "expected"),
    [
        (CONFLICT, 0.8, 2 * ENOUGH_PAIRS, True),
        (CONFLICT, 0.2, 2 * ENOUGH_PAIRS, False),
        (CONFLICT, 1.0, ENOUGH_PAIRS - 1, False),
        (SAME_NAME, 1.0, 2 * ENOUGH_PAIRS, False),
    ],
)
def test_birth_dates_of_pairs_at_one_door_whose_names_conflict_tell(
    name: int, equal: float, pairs: int, expected: bool
) -> None:
    levels = np.full((pairs, len(COLUMNS)), -1, np.int16)
    for k, column in enumerate(COLUMNS):
        if column.comparison.name == "name" and not column.banded:
            levels[:, k] = name
        elif column.comparison.name == "address":
            levels[:, k] = 0
        elif column.comparison.name == "birth_date":
            levels[:, k] = np.where(np.arange(pairs) < equal * pairs, SAME, DIFFERENT)
    assert are_without_relatives([levels], COLUMNS) is expected
