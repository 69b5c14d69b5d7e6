"""The nearest monotone sequence, by pooling adjacent violators (Barlow et al. 1972), and levels projected by it."""

from __future__ import annotations

from collections.abc import Sequence


def falling(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The weighted least-squares projection of `values` onto sequences that never rise."""
    blocks: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append([value, max(weight, 1e-9), 1])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            mass = before[1] + last[1]
            blocks.append([(before[0] * before[1] + last[0] * last[1]) / mass, mass, before[2] + last[2]])
    return [value for value, _, count in blocks for _ in range(int(count))]


def rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The weighted least-squares projection of `values` onto sequences that never fall."""
    return falling(values[::-1], weights[::-1])[::-1]


def project_companions(companions: Sequence[float], bits: Sequence[int], weights: Sequence[float]) -> list[int]:
    """The weights of levels against companions, changed as little as needed so that more agreement never weighs less.

    `bits` are the levels' weights against strangers, which fall; `weights` are the numbers of pairs behind the levels.
    Agreements (more than 0 bits) and contradictions are each replaced by the nearest falling sequence, and an agreement
    is at least 0, a contradiction at most 0.
    """
    agreeing = sum(weight > 0 for weight in bits)
    found = [max(0, round(value)) for value in falling(companions[:agreeing], weights[:agreeing])]
    return found + [min(0, round(value)) for value in falling(companions[agreeing:], weights[agreeing:])]
