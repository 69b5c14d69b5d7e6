"""Pairs an initial with the token for which it stands: that of its own rank, after the tokens that agree are set aside.

"J K Rowling" and "Joanne Kathleen Rowling" agree in both initials. "Claire K Cochran" and "King C Cochran" do not: K
would stand for King and C for Claire, but where two full given names conflict, initials explain nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.matching.names.prints import Tokens
from pipeline.matching.names.token_pairs import INITIAL, NOTHING, PairMemory, TokenPair

_MOST_PAIRS = 100
"""More than names have: beyond them ranks are not skipped, which would take the square of the time."""

AlignedTokens = tuple[int, int, TokenPair]
"""The indices of two tokens, one of each side, and their comparison."""


def align_initials(a: Tokens, b: Tokens, rest_a: list[int], rest_b: list[int], memory: PairMemory) -> list[TokenPair]:
    """Pair initials with the tokens for which they stand, and take both out of the tokens that are left.

    If both sides have a full token left, only tokens of equal rank are paired, and none if two full tokens have the
    same rank. Two different family names do not count for that (Anna J Majewska, who was Anna Jadwiga Zabala).
    Otherwise ranks may be skipped, as by someone who uses a middle name alone, but pairs never cross.
    """
    if not any(a[i].kind == INITIAL for i in rest_a) and not any(b[j].kind == INITIAL for j in rest_b):
        return []
    full_a, full_b = _count_full(a, rest_a), _count_full(b, rest_b)
    if (full_a and full_b) or len(rest_a) * len(rest_b) > _MOST_PAIRS:
        chosen = _align_by_rank(a, b, rest_a, rest_b, memory)
    else:
        chosen = _align_in_order(a, b, rest_a, rest_b, memory)
    for i, j, _ in chosen:
        rest_a.remove(i)
        rest_b.remove(j)
    return [pair for _, _, pair in chosen]


def _count_full(tokens: Tokens, rest: Sequence[int]) -> int:
    return sum(tokens[i].kind not in (INITIAL, "patronymic") for i in rest)


def _align_by_rank(
    a: Tokens, b: Tokens, rest_a: list[int], rest_b: list[int], memory: PairMemory
) -> list[AlignedTokens]:
    family_a, family_b = _find_family(a, rest_a), _find_family(b, rest_b)
    if family_a and family_b:
        rest_a = [i for i in rest_a if i not in family_a]
        rest_b = [j for j in rest_b if j not in family_b]
    ranks = list(zip(rest_a, rest_b, strict=False))
    if any(a[i].kind != INITIAL and b[j].kind != INITIAL for i, j in ranks):
        return []
    return [(i, j, pair) for i, j in ranks if (pair := memory.judge(a[i], b[j])) is not NOTHING]


def _find_family(tokens: Tokens, rest: Sequence[int]) -> list[int]:
    return [i for i in rest if tokens[i].kind == "family"]


def _align_in_order(
    a: Tokens, b: Tokens, rest_a: list[int], rest_b: list[int], memory: PairMemory
) -> list[AlignedTokens]:
    """The pairs with the most bits that do not cross (a weighted longest common subsequence)."""
    best: list[list[tuple[int, list[AlignedTokens]]]] = [[(0, [])] * (len(rest_b) + 1)]
    for i in rest_a:
        above, row = best[-1], [(0, list[AlignedTokens]())]
        for at, j in enumerate(rest_b):
            options = [above[at + 1], row[at]]
            if (a[i].kind == INITIAL or b[j].kind == INITIAL) and (pair := memory.judge(a[i], b[j])) is not NOTHING:
                bits, before = above[at]
                options.append((bits + pair.bits, [*before, (i, j, pair)]))
            row.append(max(options, key=lambda option: option[0]))
        best.append(row)
    return best[-1][-1][1]
