from __future__ import annotations

import random
from itertools import permutations

from pipeline.matching.score.assignment import assign_one_to_one


def brute(weights: dict[tuple[int, int], int], rows: int, columns: int) -> int:
    wide = max(rows, columns)
    return max(sum(weights.get((i, j), 0) for i, j in enumerate(order)) for order in permutations(range(wide)))


def test_the_best_total_is_found() -> None:
    chance = random.Random(7)
    for _ in range(200):
        rows, columns = chance.randint(1, 5), chance.randint(1, 5)
        cells = [(i, j) for i in range(rows) for j in range(columns) if chance.random() < 0.7]
        weights = {cell: chance.randint(1, 30) for cell in cells}
        if not weights:
            continue
        chosen = assign_one_to_one(weights)
        assert len({i for i, _ in chosen}) == len(chosen) == len({j for _, j in chosen})
        assert sum(weights[cell] for cell in chosen) == brute(weights, rows, columns)


def test_a_greedy_choice_would_be_worse() -> None:
    assert assign_one_to_one({(0, 0): 10, (0, 1): 9, (1, 0): 9}) == [(0, 1), (1, 0)]


def test_indices_need_not_be_dense() -> None:
    assert assign_one_to_one({(7, 100): 5}) == [(7, 100)]
