"""Comparison of two name prints: what agrees, what is missing, what contradicts."""

from __future__ import annotations

import msgspec

from pipeline.matching.names import levels
from pipeline.matching.names.alignment import align
from pipeline.matching.names.joined_words import BOTH_WAYS, turn_ways
from pipeline.matching.names.organisation_words import COINED
from pipeline.matching.names.prints import FIRST, NamePrint, TokenPrint
from pipeline.matching.names.token_pairs import TokenPair
from pipeline.records.legal_forms import generic_form
from pipeline.records.name_words import PATRONYMIC_ENDINGS, PREFIX_NAMES
from pipeline.records.scripts import UNPARTED

CONFLICT = {"family": -800, "name": -600, "given": -550, "core": -500, "initial": -450, "patronymic": -400}
"""log2(m / u) of a token that contradicts, which is rare in names of one person (marriage, error)."""
FURTHER_CONFLICT = -250
"""A second contradiction says less: two names of one person that differ at all tend to differ in much."""
_MISSING = {"family": -120, "name": -60, "given": -60, "core": -100, "initial": -20, "patronymic": -20}
_PREFIX_MOST = 300
"""The most that Muhammad or Abu weighs if another word of the names contradicts: in the cultures that put them before a
name, one person in eight has them."""
_OWN = frozenset(("family", "name", "given"))
_FURTHER_MISSING = -200
"""A person leaves out one name, but seldom two. If most words of a name are missing, it is mostly another person's, who
has the rest in common ("Mohammad Abbas" and "Sher Mohammad Abbas Stanekzai Padshah"). Estimated."""
_CORE_SHARE = 6
"""A rare word of a company's name is seldom left out, so a missing one costs a sixth of its rarity more."""
CULTURE = -150
"""For each token after the first: the tokens of a name come from one culture, within which each is more frequent."""
NUMBERS_DIFFER, NUMBER_MISSING, NUMBERS_AGREE = -800, -150, 300
"""Hundredths of a bit for the numbers in two names. Judgement: School 4 and School 5 are two, and a number in common
says little. Of people's names only numbers that differ count, since a generation is often left out."""
_FORMS_DIFFER = -200
"""Hundredths of a bit for two legal forms that no body has at once. Judgement: they say less than words that
contradict."""
_LOWEST = -2000
"""Hundredths of a bit that two names weigh at least: one in a million, however many of their words contradict."""
WEAK = 250
"""By how much nicknames and single names ("Abu Omar", "Hamza") weigh less. Estimated: six times as many people are
called so as the frequency of the words suggests."""
_RANK = {level: rank for rank, level in enumerate(levels.LEVELS)}


class NameComparison(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The match weight of two names in hundredths of a bit, the weakest level in it, and the pairs of tokens.

    `bits` is the sum of the pairs' bits, less 1.5 bits for each agreeing token after the first, and at least -20. If
    one name is a nickname, or both are single words, positive bits are reduced by 2.5, down to 0.
    """

    bits: int
    level: str
    pairs: tuple[TokenPair, ...]


NO_COMPARISON = NameComparison(0, "none", ())


def compare(a: NamePrint, b: NamePrint, *, joined: int = BOTH_WAYS) -> NameComparison:
    """Compare two names of entities of one type.

    `joined` says in which name words may be written together or abbreviated (joined_words); less than BOTH_WAYS if it
    is known that there are none.
    """
    if not a.tokens or not b.tokens:
        return NO_COMPARISON
    if b < a:
        found = _compare(b, a, turn_ways(joined))
        return NameComparison(found.bits, found.level, tuple(TokenPair(p.b, p.a, p.level, p.bits) for p in found.pairs))
    return _compare(a, b, joined)


def _compare(a: NamePrint, b: NamePrint, joined: int) -> NameComparison:
    pairs, rest_a, rest_b = align(a, b, joined)
    bits = CULTURE * (len(pairs) - 1) if pairs else 0
    if rest_a or rest_b:
        left_a, left_b = [a.tokens[i] for i in rest_a], [b.tokens[j] for j in rest_b]
        of_prefix = pairs and a.person and any(map(_is_of_prefix, pairs))
        if of_prefix and not _OWN.isdisjoint([token.kind for token in left_a + left_b]):
            pairs = [
                TokenPair(pair.a, pair.b, pair.level, _PREFIX_MOST) if _is_of_prefix(pair) else pair for pair in pairs
            ]
        _contradict_rest(left_a, left_b, pairs)
    if a.numbers or b.numbers:
        pairs += _compare_numbers(a, b)
    forms, others = a.legal_forms, b.legal_forms
    if forms and others and set(forms).isdisjoint(others) and _kinds(forms).isdisjoint(_kinds(others)):
        texts = " ".join(a.legal_forms), " ".join(b.legal_forms)
        pairs.append(TokenPair(*texts, levels.DIFFERENT, _FORMS_DIFFER))
    if not a.person:
        pairs = _count_coined(pairs, bits, whole=a.body and not rest_a and not rest_b)
    weakest = 0
    for pair in pairs:
        bits += pair.bits
        rank = _RANK[pair.level]
        if rank > weakest:
            weakest = rank
    if bits > 0 and (a.weak or b.weak or (is_single(a) and len(b.tokens) == 1)):
        bits = max(bits - WEAK, 0)
    return NameComparison(max(bits, _LOWEST), levels.LEVELS[weakest], tuple(pairs))


def _count_coined(pairs: list[TokenPair], bits: int, *, whole: bool) -> list[TokenPair]:
    """The pairs of words without what they are rarer than any known word, but for the rarest word of a `whole` name.

    That word counts with it until the name has the bits of a coined word alone: further words add up to enough by
    themselves. Where a word is missing or contradicts, one body may be called after the other, and of other things than
    bodies many are called so.
    """
    surplus = [pair.bits - levels.MOST_KNOWN.get(pair.level, pair.bits) for pair in pairs]
    most = max(surplus, default=0)
    if most <= 0:
        return pairs
    if whole and not any(pair.level in (levels.DIFFERENT, levels.MISSING) for pair in pairs):
        known = sum([pair.bits - max(more, 0) for pair, more in zip(pairs, surplus, strict=True)])
        kept = max(0, min(most, COINED - known - bits))
    else:
        kept = 0
    rarest = surplus.index(most)
    return [
        TokenPair(pair.a, pair.b, pair.level, pair.bits - more + (kept if at == rarest else 0)) if more > 0 else pair
        for at, (pair, more) in enumerate(zip(pairs, surplus, strict=True))
    ]


def _is_of_prefix(pair: TokenPair) -> bool:
    """Whether a pair agrees on a prefix, such as Abu, for more bits than it should have beside a contradiction."""
    return pair.bits > _PREFIX_MOST and (pair.a in PREFIX_NAMES or pair.b in PREFIX_NAMES)


def is_single(name: NamePrint) -> bool:
    """Whether a person's name is a single word, in a script whose full names have several."""
    return name.person and len(name.tokens) == 1 and name.tokens[0].script not in UNPARTED


def _contradict_rest(a: list[TokenPrint], b: list[TokenPrint], pairs: list[TokenPair]) -> None:
    """Add the pairs of tokens without a counterpart: they contradict each other one to one, and the rest is missing.

    The heaviest contradictions come first. A patronymic that its ending tells contradicts only another patronymic; the
    name after "bin" may also be written without it.
    """
    if len(a) > 1:
        a.sort(key=_weight)
    if len(b) > 1:
        b.sort(key=_weight)
    cost, before = 0, len(pairs)
    for x, y in zip(a, b, strict=False):
        if (x.kind == "patronymic") != (y.kind == "patronymic"):
            patronymic = x if x.kind == "patronymic" else y
            if patronymic.text.endswith(PATRONYMIC_ENDINGS):
                break
        cost = FURTHER_CONFLICT if cost else max(CONFLICT[x.kind], CONFLICT[y.kind])
        pairs.append(TokenPair(x.text, y.text, levels.DIFFERENT, cost))
    held = len(pairs) - before
    if held < len(a):
        pairs += [TokenPair(token.text, "", levels.MISSING, cost) for token, cost in _missing_costs(a[held:])]
    if held < len(b):
        pairs += [TokenPair("", token.text, levels.MISSING, cost) for token, cost in _missing_costs(b[held:])]


def _weight(token: TokenPrint) -> tuple[int, int, str]:
    return CONFLICT[token.kind], -token.rarity, token.text


def _missing_costs(tokens: list[TokenPrint]) -> list[tuple[TokenPrint, int]]:
    """The cost of each missing token; of a person's own names the first costs least."""
    costs, own = [], 0
    for token in tokens:
        cost = _MISSING[token.kind]
        if token.kind == "core":
            cost -= token.rarity // _CORE_SHARE
        elif token.kind in _OWN:
            cost += _FURTHER_MISSING if own else 0
            own += 1
        costs.append((token, cost))
    return costs


def _compare_numbers(a: NamePrint, b: NamePrint) -> list[TokenPair]:
    first, second = (_generation(a, b), _generation(b, a)) if a.person else (a.numbers, b.numbers)
    if not first and not second:
        return []
    texts = " ".join(first), " ".join(second)
    if not first or not second:
        return [TokenPair(*texts, levels.MISSING, 0 if a.person else NUMBER_MISSING)]
    if first == second:
        return [TokenPair(*texts, levels.SAME, 0 if a.person else NUMBERS_AGREE)]
    return [TokenPair(*texts, levels.DIFFERENT, NUMBERS_DIFFER)]


def _generation(one: NamePrint, other: NamePrint) -> tuple[str, ...]:
    """A person's numbers; "I" is one only if the other name has a number instead of it (Morris I, Morris II)."""
    if one.numbers == (FIRST,) and other.numbers and FIRST not in other.numbers:
        return ("1",)
    return tuple(number for number in one.numbers if number != FIRST)


def _kinds(forms: tuple[str, ...]) -> set[str]:
    """The kinds of legal forms; plain words for a company go with any company."""
    kinds = {generic_form(form) for form in forms}
    return kinds | {"llc", "jsc"} if kinds & {"co", "corp", "inc"} else kinds
