"""Tokens of two names aligned one to one in any order: equal ones first, then joined words, then the best total."""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from pipeline.matching.names import levels
from pipeline.matching.names.prints import NamePrint, TokenPrint, token_print
from pipeline.matching.names.token_pairs import judge_pair

_EXACT_WORK = 3000
"""Assignments tried before falling back to the greedy one: names of up to about six uncertain tokens are exact."""
_MAX_JOINED = 3
_MIN_JOINED = 5
_ACRONYM_LETTER = 250
_MAX_ACRONYM = 6
_JOINED_LEVELS = (levels.SAME, levels.FOLDED, levels.VARIANT, levels.SOUND, levels.EDIT)


class Aligned(NamedTuple):
    """Tokens held against each other: their indices on either side, the level, hundredths of a bit."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    level: str
    bits: int


def align(a: NamePrint, b: NamePrint) -> tuple[list[Aligned], list[int], list[int]]:
    """Aligned tokens, and the indices of those without a counterpart on either side."""
    rest_a, rest_b = list(range(len(a.tokens))), list(range(len(b.tokens)))
    found = _take_equal(a.tokens, b.tokens, rest_a, rest_b)
    if rest_a and rest_b:
        _take_joined(a, b, rest_a, rest_b, found)
    if rest_a and rest_b:
        found += _take_best(a.tokens, b.tokens, rest_a, rest_b)
    return found, rest_a, rest_b


def _take_equal(
    a: tuple[TokenPrint, ...], b: tuple[TokenPrint, ...], rest_a: list[int], rest_b: list[int]
) -> list[Aligned]:
    found = []
    for i, x in enumerate(a):
        for j in rest_b:
            if x.text == b[j].text:
                bits = judge_pair(x, b[j])[1]
                found.append(Aligned((i,), (j,), levels.SAME if x.kind != "initial" else levels.INITIAL, bits))
                rest_a.remove(i)
                rest_b.remove(j)
                break
    return found


def _take_best(
    a: tuple[TokenPrint, ...], b: tuple[TokenPrint, ...], rest_a: list[int], rest_b: list[int]
) -> list[Aligned]:
    options = []
    for i in rest_a:
        judged = [(j, *judge_pair(a[i], b[j])) for j in rest_b]
        if likely := [Aligned((i,), (j,), level, bits) for j, level, bits in judged if bits > 0]:
            options.append(likely)
    if not options:
        return []
    found = options[0][:1] if len(options) == 1 and len(options[0]) == 1 else _best_assignment(options, a, b)
    for one in found:
        rest_a.remove(one.a[0])
        rest_b.remove(one.b[0])
    return found


def _best_assignment(
    options: list[list[Aligned]], a: tuple[TokenPrint, ...], b: tuple[TokenPrint, ...]
) -> list[Aligned]:
    work = 1
    for likely in options:
        work *= len(likely) + 1
    if work <= _EXACT_WORK:
        return _exhaustive(options, 0, 0)[1]
    ranked = sorted((one for likely in options for one in likely), key=lambda one: _rank(one, a, b))
    used_a: set[int] = set()
    used_b: set[int] = set()
    found = []
    for one in ranked:
        if one.a[0] not in used_a and one.b[0] not in used_b:
            found.append(one)
            used_a.add(one.a[0])
            used_b.add(one.b[0])
    return found


def _rank(one: Aligned, a: tuple[TokenPrint, ...], b: tuple[TokenPrint, ...]) -> tuple[int, list[str]]:
    return -one.bits, sorted((a[one.a[0]].text, b[one.b[0]].text))


def _exhaustive(options: list[list[Aligned]], at: int, used: int) -> tuple[int, list[Aligned]]:
    if at == len(options):
        return 0, []
    best, chosen = _exhaustive(options, at + 1, used)
    for one in options[at]:
        mask = 1 << one.b[0]
        if not used & mask:
            bits, rest = _exhaustive(options, at + 1, used | mask)
            if bits + one.bits > best:
                best, chosen = bits + one.bits, [one, *rest]
    return best, chosen


def _take_joined(a: NamePrint, b: NamePrint, rest_a: list[int], rest_b: list[int], found: list[Aligned]) -> None:
    """Abdul Rahman and Abdulrahman, van der Bilt and Vanderbilt, PLA and People's Liberation Army."""
    if len(rest_b) > 1 or b.glue:
        found += _join(a, b, rest_a, rest_b)
    if rest_a and rest_b and (len(rest_a) > 1 or a.glue):
        found += [Aligned(one.b, one.a, one.level, one.bits) for one in _join(b, a, rest_b, rest_a)]


def _join(one: NamePrint, many: NamePrint, rest_one: list[int], rest_many: list[int]) -> list[Aligned]:
    found = []
    for i in rest_one[:]:
        for run in _runs(rest_many, bool(many.glue)):
            judged = _judge_run(one.tokens[i], many, run)
            if judged is not None:
                found.append(Aligned((i,), run, *judged))
                rest_one.remove(i)
                for j in run:
                    rest_many.remove(j)
                break
    return found


def _runs(rest: list[int], glued: bool) -> list[tuple[int, ...]]:
    """Neighbouring tokens, longest runs first; single ones only where particles may be joined to them."""
    free, runs = set(rest), []
    for length in range(min(_MAX_ACRONYM, len(rest)), 0 if glued else 1, -1):
        for start in rest:
            run = tuple(range(start, start + length))
            if free.issuperset(run):
                runs.append(run)
    return runs


def _judge_run(x: TokenPrint, many: NamePrint, run: tuple[int, ...]) -> tuple[str, int] | None:
    tokens = [many.tokens[j] for j in run]
    form = x.forms[0]
    if len(run) == len(form) > 1 and _is_acronym(x, tokens):
        return levels.ACRONYM, _ACRONYM_LETTER * len(run)
    if len(run) > _MAX_JOINED:
        return None
    joined = "".join((many.glue[j] if many.glue else "") + many.tokens[j].text for j in run)
    if (len(run) == 1 and joined == tokens[0].text) or not _may_be(form, joined, x, tokens):
        return None
    level, bits = judge_pair(x, token_print(joined, x.kind))
    if level not in _JOINED_LEVELS:
        return None
    return level, min(bits, sum(token.rarity for token in tokens))


def _may_be(form: str, joined: str, x: TokenPrint, tokens: list[TokenPrint]) -> bool:
    if x.text == joined:
        return True
    if len(form) < _MIN_JOINED and x.script == "Latin":
        return False
    if x.script != tokens[0].script:
        return True
    return abs(len(x.text) - len(joined)) < 3 and Levenshtein.normalized_similarity(x.text, joined) >= 0.75


def _is_acronym(x: TokenPrint, tokens: list[TokenPrint]) -> bool:
    letters = x.forms[0]
    vowels = sum(letter in "aeiou" for letter in letters)
    if x.kind != "core" and (vowels or len(letters) > _MAX_JOINED):
        return False
    return all(
        token.kind != "initial" and token.forms[0][:1] == letter for letter, token in zip(letters, tokens, strict=True)
    )
