from __future__ import annotations

import hashlib
import math

from pipeline.matching.alternatives import DISCOUNT, against_both


def test_it_is_the_log_of_the_sum() -> None:
    for stranger in range(-2000, 4000, 137):
        for companion in range(-2000, 4000, 151):
            exact = -100 * math.log2(2 ** (-stranger / 100) + 2 ** (-companion / 100))
            assert abs(against_both(stranger, companion) - exact) <= 0.5001


def test_it_rises_with_either_and_is_symmetric() -> None:
    for companion in (-500, 0, 777):
        values = [against_both(stranger, companion) for stranger in range(-1600, 3000)]
        assert values == sorted(values)
        assert values == [against_both(companion, stranger) for stranger in range(-1600, 3000)]


def test_the_table_is_the_same_on_every_machine() -> None:
    text = ",".join(map(str, DISCOUNT)).encode()
    assert hashlib.blake2b(text, digest_size=8).hexdigest() == "cb6b7012fd45cd24"
