"""The best one-to-one assignment of the entities of two cases, by the weights of their pairs (Hungarian method)."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.matching.operations import DONE


def assign_one_to_one(weights: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """The cells of the best one-to-one assignment; weights are positive, a missing cell means "not together".

    Ties between equally good assignments are broken by the order of indices.
    """
    rows, columns = sorted({row for row, _ in weights}), sorted({column for _, column in weights})
    if len(rows) == len(weights) == len(columns):
        return sorted(weights)
    costs = [[-weights.get((row, column), 0) for column in columns] for row in rows]
    if len(rows) <= len(columns):
        chosen = [(rows[i], columns[j]) for i, j in _hungarian(costs)]
    else:
        transposed = [list(line) for line in zip(*costs, strict=True)]
        chosen = [(rows[i], columns[j]) for j, i in _hungarian(transposed)]
    return sorted(cell for cell in chosen if cell in weights)


def _hungarian(costs: list[list[int]]) -> list[tuple[int, int]]:
    """The cheapest assignment of every row to a column; at most as many rows as columns."""
    height, width = len(costs), len(costs[0])
    row_potential, column_potential, owner = [0] * (height + 1), [0] * (width + 1), [0] * (width + 1)
    for row in range(1, height + 1):
        _augment(costs, row, row_potential, column_potential, owner)
    return [(owner[column] - 1, column - 1) for column in range(1, width + 1) if owner[column]]


def _augment(costs: list[list[int]], row: int, u: list[int], v: list[int], owner: list[int]) -> None:
    """Assign a column to `row` along the cheapest alternating path; indices start at 1, column 0 is the path's root."""
    width = len(v)
    slack: list[float] = [float("inf")] * width
    way, visited = [0] * width, [False] * width
    owner[0], column = row, 0
    while owner[column]:
        visited[column] = True
        at, step, following = owner[column], float("inf"), 0
        for k in range(1, width):
            if visited[k]:
                continue
            reduced = costs[at - 1][k - 1] - u[at] - v[k]
            if reduced < slack[k]:
                slack[k], way[k] = reduced, column
            if slack[k] < step:
                step, following = slack[k], k
        for k in range(width):
            if visited[k]:
                u[owner[k]] += int(step)
                v[k] -= int(step)
            else:
                slack[k] -= step
        column = following
        DONE.operations += 1 + width // 10
    while column:
        owner[column] = owner[way[column]]
        column = way[column]
