"""Words written together or abbreviated: Abdul Rahman and Abdulrahman, van der Bilt and Vanderbilt, PLA, JC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein

from pipeline.matching.names import levels
from pipeline.matching.names.outlines import unlike_joined
from pipeline.matching.names.prints import (
    MAX_ACRONYM,
    NamePrint,
    TokenPrint,
    Tokens,
    letter_span,
    may_be_acronym,
    token_print,
)
from pipeline.matching.names.token_pairs import NOTHING, PairMemory, TokenPair

MAX_JOINED = 3
"""Words that are written together, but for those of a letter or two."""
_MIN_JOINED = 5
SLACK = 2
"""Letters that a joined word may have more or fewer than its parts."""
ALIKE_SHARE = 4
"""One letter of four at most may be edited between a word and the joined one, to be worth a look."""
ACRONYM_LETTER = 250
ALIKE_FORMS = 0.4
"""Least similarity of two words written together to a word in another script that may be both."""
_LEVELS = frozenset((levels.SAME, levels.FOLDED, levels.VARIANT, levels.SOUND, levels.EDIT))
"""Levels at which a joined word counts: a merely similar one would be chance, as there are many ways to join."""

Span = tuple[int, int]
"""The fewest and the most letters of a word in its Latin forms."""


class Run:
    """Neighbouring words of a name, with the particles before each (NamePrint.glue).

    `texts` are the words apart, `joined` as they are written together; `outline` is that of all letters of theirs, 0
    where a part has none; `rarity` what they say together.
    """

    __slots__ = ("joined", "outline", "rarity", "texts", "tokens")

    def __init__(self, tokens: Tokens, glue: tuple[str, ...]) -> None:
        texts = [token.text for token in tokens]
        self.tokens = tokens
        self.texts = " ".join(texts)
        self.joined = "".join([part for both in zip(glue, texts, strict=True) for part in both] if glue else texts)
        self.outline = 0 if glue else _join_outlines(tokens)
        self.rarity = sum([token.rarity for token in tokens])


def _join_outlines(tokens: Tokens) -> int:
    parts = 0
    for token in tokens:
        if not token.outline:
            return 0
        parts |= token.outline
    return parts


def may_join(name: NamePrint, many: NamePrint) -> bool:
    """Whether any token of `one` may be several neighbouring tokens of `many`, by their numbers of letters."""
    longest, _, shortest_acronym = name.letters
    return longest + SLACK >= many.letters[1] or shortest_acronym <= len(many.tokens)


def join_words(
    name: NamePrint, many: NamePrint, rest_one: list[int], rest_many: list[int], memory: PairMemory
) -> list[TokenPair]:
    """Pairs of a token of `one` and neighbouring tokens of `many`; takes their indices out of both rests."""
    found: list[TokenPair] = []
    for i, runs in _find_fitting(name, many, rest_one[:], rest_many):
        for run in runs:
            pair = judge_run(name.tokens[i], _take_run(many, run), memory)
            if pair is not NOTHING:
                found.append(pair)
                rest_one.remove(i)
                rest_many[:] = [j for j in rest_many if j not in run]
                break
    return found


def _find_fitting(
    name: NamePrint, many: NamePrint, rest_one: Sequence[int], rest_many: Sequence[int]
) -> Iterator[tuple[int, list[range]]]:
    """The tokens of `one` that have as many letters as runs of `many`, with these; what is taken meanwhile is out."""
    spans = [
        (letters := len(token.forms[0]), letters) if len(token.forms) == 1 else letter_span(token)
        for token in many.tokens
    ]
    if many.glue:
        spans = [(least + len(glue), most + len(glue)) for (least, most), glue in zip(spans, many.glue, strict=True)]
    acronyms = name.letters[2] <= len(many.tokens)
    for i in rest_one:
        wanted = letter_span(name.tokens[i])
        if wanted[1] + SLACK >= many.letters[1] or (acronyms and wanted[0] <= MAX_ACRONYM):
            runs = _find_runs(rest_many, spans, wanted, bool(many.glue))
            if runs:
                yield i, runs


def _find_runs(rest: Sequence[int], spans: list[Span], wanted: Span, glued: bool) -> list[range]:
    """Neighbouring tokens that may be one word of `wanted` letters, or an acronym of as many: the longest first."""
    runs = []
    least = 1 if glued else 2
    shortest, longest = wanted
    for at, start in enumerate(rest):
        few = many = 0
        for size, last in enumerate(rest[at : at + MAX_ACRONYM], 1):
            least_letters, most_letters = spans[last]
            few += least_letters
            many += most_letters
            if last != start + size - 1 or (few > longest + SLACK and shortest > MAX_ACRONYM):
                break
            joined = size <= MAX_JOINED and few <= longest + SLACK and many >= shortest - SLACK
            if (joined or size == shortest) and size >= least:
                runs.append(range(start, last + 1))
    return sorted(runs, key=len, reverse=True) if len(runs) > 1 else runs


def _take_run(many: NamePrint, run: range) -> Run:
    tokens = many.tokens[run.start : run.stop]
    return Run(tokens, many.glue[run.start : run.stop])


def judge_run(x: TokenPrint, run: Run, memory: PairMemory) -> TokenPair:
    """What a word gives as a run of words written together, or as their acronym; NOTHING where it is neither."""
    if _is_acronym(x, run.tokens):
        return TokenPair(x.text, run.texts, levels.ACRONYM, ACRONYM_LETTER * len(run.tokens))
    if _is_unlike(x, run) or run.joined == run.texts or not _may_be(x, run):
        return NOTHING
    pair = memory.judge(x, token_print(run.joined, x.kind))
    if pair.level not in _LEVELS:
        return NOTHING
    return TokenPair(x.text, run.texts, pair.level, min(pair.bits, run.rarity))


def _is_unlike(x: TokenPrint, run: Run) -> bool:
    """Whether outlines tell that the joined word is too far from `x`, at a tenth of the cost of a distance."""
    if not run.outline or not x.outline:
        return False
    return unlike_joined(x.outline, run.outline, (len(x.text) + SLACK) // ALIKE_SHARE)


def _may_be(x: TokenPrint, run: Run) -> bool:
    """Whether a joined word is worth a print, which costs a search where it is of another script."""
    if x.text == run.joined:
        return True
    if x.script != run.tokens[0].script:
        return Levenshtein.normalized_similarity(x.forms[0], spell(run.tokens)) >= ALIKE_FORMS
    alike = 1 - 1 / ALIKE_SHARE
    return len(run.joined) >= _MIN_JOINED and Levenshtein.normalized_similarity(x.text, run.joined) >= alike


def spell(tokens: Tokens) -> str:
    """The likeliest Latin form of words written together."""
    return "".join([token.forms[0] for token in tokens])


def _is_acronym(x: TokenPrint, tokens: Tokens) -> bool:
    return may_be_acronym(x) and acronym_of(tokens) == x.forms[0]


def acronym_of(tokens: Tokens) -> str:
    """The first letters of words, without initials."""
    return "".join([token.forms[0][:1] for token in tokens if token.kind != "initial"])
