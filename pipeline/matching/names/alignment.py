"""Aligns the tokens of two names one to one: equal ones first, then joined words, then the best total, then initials.

Full tokens are aligned in any order. An initial stands for the token of its own rank, after the tokens that agree are
set aside: "J K Rowling" and "Joanne Kathleen Rowling" agree in both initials. "Claire K Cochran" and "King C Cochran"
do not: K would stand for King and C for Claire, but where two full given names conflict, initials explain nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.matching.names.joined_words import BACK, BOTH_WAYS, FORTH, join_words, may_join
from pipeline.matching.names.prints import NamePrint, Tokens
from pipeline.matching.names.token_pairs import INITIAL, OTHER, PERSONAL, UNLIKE, PairMemory, TokenPair
from pipeline.matching.operations import DONE

PATRONYMIC = "patronymic"
"""The kind of a token that is the name of its bearer's father."""

_EXACT_WORK = 3000
"""Assignments tried before falling back to the greedy one: names of up to about six uncertain tokens are exact."""


def align(a: NamePrint, b: NamePrint, joined: int = BOTH_WAYS) -> tuple[list[TokenPair], list[int], list[int]]:
    """Align the tokens of two names; returns the pairs, and the indices without a counterpart on each side.

    `joined` says in which name words may be written together (joined_words.BOTH_WAYS and others).
    """
    DONE.operations += len(a.tokens) * len(b.tokens)
    rest_a, rest_b = list(range(len(a.tokens))), list(range(len(b.tokens)))
    memory = PERSONAL if a.person else OTHER
    ranked = a.ranked or b.ranked
    apart = ranked and _has_patronymic(a) and _has_patronymic(b)
    found = _take_equal(a.tokens, b.tokens, rest_a, rest_b, memory, apart)
    if joined & FORTH and rest_a and rest_b and may_join(a, b):
        found += join_words(a, b, rest_a, rest_b, memory)
    if joined & BACK and rest_a and rest_b and may_join(b, a):
        reverse = join_words(b, a, rest_b, rest_a, memory)
        found += [TokenPair(pair.b, pair.a, pair.level, pair.bits) for pair in reverse]
    if rest_a and rest_b:
        _take_best(a.tokens, b.tokens, rest_a, rest_b, found, memory, ranked, apart)
    if ranked and rest_a and rest_b and found:
        found += align_initials(a.tokens, b.tokens, rest_a, rest_b, memory)
    return found, rest_a, rest_b


def _take_equal(
    a: Tokens, b: Tokens, rest_a: list[int], rest_b: list[int], memory: PairMemory, apart: bool
) -> list[TokenPair]:
    found = []
    for i, x in enumerate(a):
        text = x.text
        for j in rest_b:
            if b[j].text == text and not (apart and _are_of_two_bearers(a, i, b, j)):
                found.append(memory.judge(x, b[j]))
                rest_a.remove(i)
                rest_b.remove(j)
                break
    return found


def _has_patronymic(name: NamePrint) -> bool:
    return any(token.kind == PATRONYMIC for token in name.tokens)


def _are_of_two_bearers(a: Tokens, i: int, b: Tokens, j: int) -> bool:
    """Whether one token is a father's name and the other a person's own: Salman bin Ahmad is not Ahmad bin Salman."""
    if a[i].kind == PATRONYMIC:
        return b[j].kind != PATRONYMIC and (j == 0 or b[j].kind == "given")
    return b[j].kind == PATRONYMIC and (i == 0 or a[i].kind == "given")


def _take_best(
    a: Tokens,
    b: Tokens,
    rest_a: list[int],
    rest_b: list[int],
    found: list[TokenPair],
    memory: PairMemory,
    ranked: bool,
    apart: bool,
) -> None:
    options: list[list[AlignedTokens]] = []
    judge = memory.judge
    full = [j for j in rest_b if b[j].kind != INITIAL] if ranked else rest_b
    for i in rest_a:
        x = a[i]
        if ranked and x.kind == INITIAL:
            continue
        likely = [(i, j, pair) for j in full if (pair := judge(x, b[j])) is not UNLIKE]
        if apart:
            likely = [option for option in likely if not _are_of_two_bearers(a, i, b, option[1])]
        if likely:
            options.append(likely)
    if not options:
        return
    chosen = options[0] if len(options) == len(options[0]) == 1 else _best_assignment(options)
    for i, j, pair in chosen:
        found.append(pair)
        rest_a.remove(i)
        rest_b.remove(j)


def _best_assignment(options: list[list[AlignedTokens]]) -> list[AlignedTokens]:
    work = 1
    for likely in options:
        work *= len(likely) + 1
    if work <= _EXACT_WORK:
        return _search_exhaustively(options, 0, 0)[1]
    chosen: list[AlignedTokens] = []
    used_a: set[int] = set()
    used_b: set[int] = set()
    for option in sorted((option for likely in options for option in likely), key=_rank):
        if option[0] not in used_a and option[1] not in used_b:
            chosen.append(option)
            used_a.add(option[0])
            used_b.add(option[1])
    return chosen


def _rank(option: AlignedTokens) -> tuple[int, str, str]:
    pair = option[2]
    return -pair.bits, min(pair.a, pair.b), max(pair.a, pair.b)


def _search_exhaustively(options: list[list[AlignedTokens]], at: int, used: int) -> tuple[int, list[AlignedTokens]]:
    if at == len(options):
        return 0, []
    best, chosen = _search_exhaustively(options, at + 1, used)
    for option in options[at]:
        mask = 1 << option[1]
        if not used & mask:
            bits, rest = _search_exhaustively(options, at + 1, used | mask)
            bits += option[2].bits
            if bits > best:
                best, chosen = bits, [option, *rest]
    return best, chosen


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
    return [(i, j, pair) for i, j in ranks if (pair := memory.judge(a[i], b[j])) is not UNLIKE]


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
            if (a[i].kind == INITIAL or b[j].kind == INITIAL) and (pair := memory.judge(a[i], b[j])) is not UNLIKE:
                bits, before = above[at]
                options.append((bits + pair.bits, [*before, (i, j, pair)]))
            row.append(max(options, key=lambda option: option[0]))
        best.append(row)
    return best[-1][-1][1]
