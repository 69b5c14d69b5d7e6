"""Words written together or abbreviated: Abdul Rahman and Abdulrahman, van der Bilt and Vanderbilt, PLA, JC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein

from pipeline.matching.names import levels
from pipeline.matching.names.prints import (
    MAX_ACRONYM,
    NamePrint,
    TokenPrint,
    Tokens,
    letter_span,
    may_be_acronym,
    token_print,
)
from pipeline.matching.names.spellings import unlike_joined
from pipeline.matching.names.token_levels import is_latin, may_be_written
from pipeline.matching.names.token_pairs import UNLIKE, PairMemory, TokenPair
from pipeline.matching.operations import DONE
from pipeline.records.scripts import UNPARTED

MAX_JOINED = 3
"""The most words that are written together, except words of a letter or two."""
_MIN_JOINED = 5
"""Letters of a joined word from which one that is written nearly like it is compared. A choice: a shorter one is near
too many others."""
SLACK = 2
"""By how many letters a joined word may be longer or shorter than its parts together."""
ALIKE_SHARE = 4
"""A word is compared with a joined one only if at most one letter of four differs."""
ACRONYM_LETTER = 250
"""Hundredths of a bit for each word whose first letter an acronym has: about what a letter of a name holds
(rarity.length_limit)."""
ALIKE_FORMS = 0.4
"""The least similarity of the Latin forms of joined words and a word in another script, to be compared."""
_LEVELS = frozenset((levels.SAME, levels.FOLDED, levels.ALIGNED, levels.VARIANT, levels.SOUND, levels.EDIT))
"""Levels at which a joined word counts. A merely similar one may be chance, since there are many ways to join."""

NOWHERE, FORTH, BACK, BOTH_WAYS = 0, 1, 2, 3
"""In which name words may be written together or abbreviated. FORTH: a word of the first name may stand for several of
the second. BACK: a word of the second may stand for several of the first."""

Span = tuple[int, int]
"""The fewest and the most letters of a word in its Latin forms."""


class Run:
    """A run of neighbouring words of a name, with the particles before each (NamePrint.glue).

    `texts` are the words with blanks between them, `joined` without. `outline` has the letters of all of them, or is 0
    if one has none. `rarity` is the sum of their rarities.
    """

    __slots__ = ("joined", "outline", "rarity", "texts", "tokens")

    def __init__(self, tokens: Tokens, glue: tuple[str, ...]) -> None:
        texts = [token.text for token in tokens]
        self.tokens = tokens
        self.texts = " ".join(texts)
        self.joined = write_together(tokens, glue)
        self.outline = 0 if glue else _join_outlines(tokens)
        self.rarity = sum([token.rarity for token in tokens])


def write_together(tokens: Tokens, glue: tuple[str, ...]) -> str:
    """The texts of words, with the particles before each, written as one word."""
    texts = [token.text for token in tokens]
    return "".join([part for both in zip(glue, texts, strict=True) for part in both] if glue else texts)


def _join_outlines(tokens: Tokens) -> int:
    parts = 0
    for token in tokens:
        if not token.outline:
            return 0
        parts |= token.outline
    return parts


def may_join(name: NamePrint, many: NamePrint) -> bool:
    """Whether a token of `name` may stand for several neighbouring tokens of `many`, by their numbers of letters."""
    longest, _, shortest_acronym = name.letters
    return longest + SLACK >= many.letters[1] or shortest_acronym <= len(many.tokens)


def turn_ways(joined: int) -> int:
    """The same ways with the two names exchanged."""
    return (joined & FORTH) << 1 | joined >> 1


def join_words(
    name: NamePrint, many: NamePrint, rest_one: list[int], rest_many: list[int], memory: PairMemory
) -> list[TokenPair]:
    """Pair tokens of `name` with runs of tokens of `many`, and take their indices out of both rests."""
    found: list[TokenPair] = []
    for i, runs in _find_fitting(name, many, rest_one[:], rest_many):
        held = [Run(many.tokens[run.start : run.stop], many.glue[run.start : run.stop]) for run in runs]
        judged = judge_runs([(name.tokens[i], run) for run in held], memory)
        for run, pair in zip(runs, judged, strict=True):
            if pair is not UNLIKE:
                found.append(pair)
                rest_one.remove(i)
                rest_many[:] = [j for j in rest_many if j not in run]
                break
    return found


def _find_fitting(
    name: NamePrint, many: NamePrint, rest_one: Sequence[int], rest_many: Sequence[int]
) -> Iterator[tuple[int, list[range]]]:
    """The tokens of `name` with runs of `many` that may have as many letters; tokens taken meanwhile are left out."""
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
    """Runs that may be one word, or its acronym, of `wanted` letters; the longest first."""
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


def judge_runs(held: Sequence[tuple[TokenPrint, Run]], memory: PairMemory) -> list[TokenPair]:
    """Compare words with a run of words each, written together or abbreviated; UNLIKE where it is neither.

    Words and runs in two scripts are compared together.
    """
    DONE.operations += len(held)
    found = [UNLIKE] * len(held)
    likely: list[int] = []
    across: list[int] = []
    for at, (x, run) in enumerate(held):
        if may_be_acronym(x) and acronym_of(run.tokens) == x.forms[0]:
            found[at] = TokenPair(x.text, run.texts, levels.ACRONYM, ACRONYM_LETTER * len(run.tokens))
        elif not _is_unlike(x, run) and run.joined != run.texts:
            if x.text != run.joined and x.script != run.tokens[0].script:
                across.append(at)
            elif x.text == run.joined or _is_alike(x, run):
                likely.append(at)
    if across:
        may_be = _may_be_across([held[at] for at in across], memory)
        likely += [at for at, likely_one in zip(across, may_be, strict=True) if likely_one]
    if not likely:
        return found
    joined = [(x, token_print(run.joined, x.kind)) for x, run in [held[at] for at in likely]]
    for at, pair in zip(likely, memory.judge_all(joined), strict=True):
        x, run = held[at]
        if pair.level in _LEVELS and not _is_one_of(x, run, pair, memory):
            found[at] = TokenPair(x.text, run.texts, pair.level, min(pair.bits, run.rarity))
    return found


def _is_one_of(x: TokenPrint, run: Run, joined: TokenPair, memory: PairMemory) -> bool:
    """Whether a word is rather one of a run's by itself.

    It agrees with that as much as with all: Vladimirovich with владимирович before a family name. In a script without
    blanks, whose models hear others as an end, it need not agree as much.
    """
    script = run.tokens[0].script
    unparted = x.script != script and script in UNPARTED
    alone = [memory.judge(x, token) for token in run.tokens]
    return any(one.bits >= joined.bits or (unparted and one.level in _LEVELS) for one in alone)


def _is_unlike(x: TokenPrint, run: Run) -> bool:
    """Whether the outlines show that the joined word is too far from `x`, at a tenth of a distance's cost."""
    if not run.outline or not x.outline:
        return False
    return unlike_joined(x.outline, run.outline, (len(x.text) + SLACK) // ALIKE_SHARE)


def _is_alike(x: TokenPrint, run: Run) -> bool:
    """Whether the joined word is written nearly like `x`, of one script."""
    alike = 1 - 1 / ALIKE_SHARE
    return len(run.joined) >= _MIN_JOINED and Levenshtein.normalized_similarity(x.text, run.joined) >= alike


def _may_be_across(held: Sequence[tuple[TokenPrint, Run]], memory: PairMemory) -> list[bool]:
    """Which joined words of another script are worth a print, which costs a search for their Latin forms."""
    found = [memory.find(x.text, run.joined) for x, run in held]
    may_be = [
        pair is not UNLIKE
        if pair is not None
        else Levenshtein.normalized_similarity(x.forms[0], spell(run.tokens)) >= ALIKE_FORMS
        for (x, run), pair in zip(held, found, strict=True)
    ]
    asked = [at for at, (x, _) in enumerate(held) if may_be[at] and found[at] is None and is_latin(x.script)]
    words = [(run.joined, run.tokens[0].script, x) for x, run in [held[at] for at in asked]]
    for at, written in zip(asked, may_be_written(words), strict=True):
        if not written:
            may_be[at] = False
            memory.rule_out(held[at][0].text, held[at][1].joined)
    return may_be


def spell(tokens: Tokens) -> str:
    """The likeliest Latin form of words written together."""
    return "".join([token.forms[0] for token in tokens])


def acronym_of(tokens: Tokens) -> str:
    """The first letters of words, without initials."""
    return "".join([token.forms[0][:1] for token in tokens if token.kind != "initial"])
