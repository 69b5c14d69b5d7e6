"""Pool adjacent violators: the nearest monotone sequence (Barlow et al. 1972); and levels projected by it."""

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
    """What levels weigh against a kind of companions, as an order of evidence: more agreement never weighs less.

    `bits` are the levels' weights against strangers, falling, `weights` how many pairs stand behind each level. Both
    agreements (more than 0 bits) and contradictions take the nearest falling sequence; an agreement never speaks
    against sameness, nor a contradiction for it.
    """
    agreeing = sum(weight > 0 for weight in bits)
    found = [max(0, round(value)) for value in falling(companions[:agreeing], weights[:agreeing])]
    return found + [min(0, round(value)) for value in falling(companions[agreeing:], weights[agreeing:])]
