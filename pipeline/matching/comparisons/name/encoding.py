"""Encodes an entity's names for its sketch: each distinct word, each run of words that may be one, and their places.

A word or run is an entry of ENTRY_WORDS 32-bit words: its set of letters and its rarity; its classes of variants or
meanings; its hashes. Two hashes that differ come from values that differ, and two sets that differ in many letters from
words that are far apart, so an entry proves that words can't agree but never that they do. Behind the entries stand the
places: for each name in order the numbers of its entries, words before runs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from pipeline.matching.encoded import Field, Layout, NamesPart, letter_set
from pipeline.matching.names.comparison import CONFLICT
from pipeline.matching.names.joined_words import MAX_JOINED, SLACK
from pipeline.matching.names.organisation_words import senses, senses_of_joined
from pipeline.matching.names.prints import MAX_ACRONYM, NamePrint, TokenPrint, may_be_acronym, token_print
from pipeline.matching.names.sounds import blur, reduce_to_sounds
from pipeline.matching.names.spellings import MOST_EDITS, classes_of
from pipeline.matching.names.token_levels import SHORTEST_CUT, is_latin

OPEN = 255
"""Stands for the number of words if a sketch has no room for the names: they may be anything."""

ENTRY_WORDS = 3

PARTS = {"initials": 1, "names": 1, "name_words": 0, "name_entries": 0}
"""A row's parts, as of comparison.RowParts: first letters and kinds of the words (Initials), a NamesPart, and the
numbers of distinct words and of entries. The words themselves stand behind all rows (sketches.py)."""


class WordLetters(Layout):
    """An entry's first word: the letters of its likeliest spelling, and the step of its rarity."""

    letters = Field(26)
    rarity = Field(6)


class WordClasses(Layout):
    """An entry's second word: up to three classes of variants or meanings, each by its number modulo `MODULUS`, plus 1.

    0 is none. Half of all words have none, nine of ten no more than three. More are `many`: a FoldedWordClasses.
    """

    one = Field(10)
    two = Field(10)
    three = Field(10)
    _unused = Field()
    many = Field()

    KEPT = (one, two, three)
    MODULUS = one.most


class FoldedWordClasses(Layout):
    """An entry's second word where it has more than WordClasses keeps: the set of their numbers modulo `MODULUS`.

    That divides the other modulus, so that both can be compared.
    """

    numbers = Field(31)
    many = Field()

    MODULUS = numbers.width


class WordHashes(Layout):
    """An entry's third word: hashes of its spelling, of its sound and of its first letters, and its length.

    The more bits a hash has, the fewer words that differ pass for equal, and the larger is a sketch. The most of
    `length` stands for more, too. `unlined`: it has several spellings. `wild`: it may be like any other.
    """

    form = Field(5)
    sound = Field(12)
    beginning = Field(8)
    length = Field(5)
    unlined = Field()
    wild = Field()


class WordPlace(Layout):
    """A word of a name: the number of its entry, and whether it is the first of its name, or may be an acronym.

    At the first of a name: whether that is a nickname, has numbers, or may have no certain contradiction (`loose`).
    Then the index in CONFLICTS of what the word costs if it contradicts, and its first letters: 1 to 26, OTHER_LETTER,
    or 0 behind the last. The place of a run has its entry alone.
    """

    entry = Field(8)
    first = Field()
    acronym = Field()
    weak = Field()
    numbered = Field()
    loose = Field()
    conflict = Field(3)
    first_letter = Field(5)
    second_letter = Field(5)
    third_letter = Field(5)

    SPELT = (first_letter, second_letter, third_letter)


class Initials(Layout):
    """A row's `initials`: first letters of all words, and whether any is a family name, or a given name or initial."""

    letters = Field(26)
    family = Field()
    given = Field()


OTHER_LETTER = 27

INITIAL = WordLetters.rarity.most
"""The step of rarity that marks initials."""
RARITY_STEPS = (*range(0, 1625, 28), 1800, 1980, 2160, 2340, 2340)
"""The hundredths of a bit of each step of rarity, to which a rarity is rounded up. Those of coined words are wider."""

JOINED_RARITY = 350
"""Hundredths of a bit that a run counts as rarer than its words together, so that no level's cost lowers their sum."""

CONFLICTS = tuple(sorted({0, *CONFLICT.values()}, reverse=True))
"""Hundredths of a bit that a contradiction costs, in descending order; 0 is that of runs, which contradict nothing."""


class NameWords(NamedTuple):
    """The names' `words` in a sketch, and what its row says of them.

    The row has the number of `entries`, how many of them are `distinct` words (they come first), the number of
    `places`, and the Initials of all words.
    """

    words: list[int]
    distinct: int = 0
    entries: int = 0
    places: int = 0
    initials: int = 0


Entry = tuple[int, int, int]


class _Run(NamedTuple):
    """Neighbouring words written together: the text, the sum of their rarities, and whether all are Latin."""

    text: str
    rarity: int
    latin: bool


class _WordCode(NamedTuple):
    """A word's entry, the bits that it sets in its places, and those in `initials`."""

    entry: Entry
    place: int
    initials: int


def encode(names: tuple[NamePrint, ...]) -> NameWords:
    """Encode names: the entries of distinct words, those of runs, then all places.

    Returns the number OPEN without words if they do not fit; names without words give an empty encoding.
    """
    words: dict[tuple[str, bool], int] = {}
    runs: dict[str, int] = {}
    entries: list[int] = []
    run_entries: list[int] = []
    places: list[int] = []
    initials = 0
    for name in names:
        flags = _name_flags(name)
        for token in name.tokens:
            code = _encode_token(token)
            key = (token.text, token.kind == "initial")
            at = words.get(key)
            if at is None:
                at = words[key] = len(words)
                entries += code.entry
            initials |= code.initials
            places.append(at | code.place | flags)
            flags = 0
        for run in _find_runs(name):
            at = runs.get(run.text)
            if at is None:
                at = runs[run.text] = len(runs)
                run_entries += _encode_run(run, core=name.tokens[0].kind == "core")
            places.append(~at)
    if len(words) + len(runs) >= OPEN or len(places) > NamesPart.places.most:
        return NameWords([], OPEN, OPEN)
    entries += run_entries
    entries += [at if at >= 0 else len(words) + ~at for at in places]
    return NameWords(entries, len(words), len(words) + len(runs), len(places), initials)


_FIRST, _WEAK, _NUMBERED, _LOOSE = (
    field.put(1) for field in (WordPlace.first, WordPlace.weak, WordPlace.numbered, WordPlace.loose)
)


def _name_flags(name: NamePrint) -> int:
    """The flags of a name's first place. It is `loose` where a word without weight may agree and gain nothing."""
    loose = any(token.kind == "patronymic" or (not token.rarity and token.kind != "initial") for token in name.tokens)
    return _FIRST | (_WEAK if name.weak else 0) | (_NUMBERED if name.numbers else 0) | (_LOOSE if loose else 0)


def _find_runs(name: NamePrint) -> Iterator[_Run]:
    """The runs that joined_words may take for one word.

    A run is two or three neighbouring words, one word with its particle, or more words if they have a letter or two.
    """
    tokens, glue = name.tokens, name.glue
    for start in range(len(tokens) if glue else len(tokens) - 1):
        text, rarity, latin = "", 0, True
        for size, token in enumerate(tokens[start : start + MAX_ACRONYM], start=1):
            before = glue[start + size - 1] if glue else ""
            text += before + token.text
            rarity += token.rarity
            latin = latin and is_latin(token.script)
            if size > MAX_JOINED and len(text) > MAX_ACRONYM + SLACK and latin:
                break
            if size > 1 or before:
                yield _Run(text, rarity, latin)


_CONFLICT_NUMBERS = {kind: CONFLICTS.index(cost) for kind, cost in CONFLICT.items()}
_KIND_FLAGS = {"family": Initials.family.put(1), "given": Initials.given.put(1), "initial": Initials.given.put(1)}


@lru_cache(maxsize=1 << 16)
def _encode_token(token: TokenPrint) -> _WordCode:
    rarity = _INITIAL if token.kind == "initial" else _encode_rarity(token.rarity)
    form = token.forms[0]
    place = WordPlace.acronym.put(may_be_acronym(token)) | WordPlace.conflict.put(_CONFLICT_NUMBERS[token.kind])
    for letter, field in zip(form, WordPlace.SPELT, strict=False):
        place |= field.put(ord(letter) - ord("a") + 1 if "a" <= letter <= "z" else OTHER_LETTER)
    initials = Initials.letters.put(letter_set(form[:1])) | _KIND_FLAGS.get(token.kind, 0)
    return _WordCode(_encode_word(token, rarity), place, initials)


_RARITIES = [WordLetters.rarity.put(step) for step in range(INITIAL)]
_INITIAL = WordLetters.rarity.put(INITIAL)


def _encode_rarity(rarity: int) -> int:
    return _RARITIES[min(bisect_left(RARITY_STEPS, rarity), INITIAL - 1)]


def _encode_word(token: TokenPrint, rarity: int) -> Entry:
    """The entry of a word by its likeliest spelling; of an `unlined` one further spellings may have other letters."""
    lengths = [len(one) for one in token.forms]
    wild = not is_latin(token.script) or max(lengths) - min(lengths) > MOST_EDITS
    form, core = token.forms[0], token.kind == "core"
    meant = _number_senses(senses(token.text)) if core else classes_of(form)
    classes, hashes = _encode_classes(meant), _encode_hashes(form, token.sound, core=core)
    hashes |= WordHashes.unlined.put(len(lengths) > 1) | WordHashes.wild.put(wild)
    return WordLetters.letters.put(letter_set(form)) | rarity, classes, hashes


def _encode_hashes(form: str, sound: str, *, core: bool) -> int:
    """An entry's third word. An organisation's word is never cut short, so its beginning is all of it."""
    spelt = crc32(form.encode())
    beginning = spelt if core else crc32(form[:SHORTEST_CUT].encode())
    heard = crc32((blur(sound) if core else sound).encode())
    parts = WordHashes.form.keep(spelt) | WordHashes.sound.keep(heard) | WordHashes.beginning.keep(beginning)
    return parts | WordHashes.length.put(min(len(form), WordHashes.length.most))


def _number_senses(meant: frozenset[str]) -> frozenset[int]:
    """The numbers of meanings, as words of people's names have those of their classes of variants."""
    return frozenset([crc32(meaning.encode()) for meaning in meant])


def _encode_run(run: _Run, *, core: bool) -> Entry:
    """The entry of a run. Its rarity is not looked up but bounded by JOINED_RARITY."""
    rarity = _encode_rarity(run.rarity + JOINED_RARITY)
    if not run.latin:
        return rarity, 0, WordHashes.wild.put(1)
    letters, classes, hashes = _encode_joined(run.text, "core" if core else "name")
    return letters | rarity, classes, hashes


@lru_cache(maxsize=1 << 16)
def _encode_joined(text: str, kind: str) -> Entry:
    """The entry of words written together, without rarity. Cached: up to a third of the runs come again."""
    if not (text.isascii() and text.isalpha()):
        return _encode_word(token_print(text, kind), 0)
    core = kind == "core"
    classes = _encode_classes(_number_senses(senses_of_joined(text)) if core else classes_of(text))
    return WordLetters.letters.put(letter_set(text)), classes, _encode_hashes(text, reduce_to_sounds(text), core=core)


def _encode_classes(numbers: frozenset[int]) -> int:
    if not numbers:
        return 0
    if len(numbers) > len(WordClasses.KEPT):
        folded = sum({1 << number % FoldedWordClasses.MODULUS for number in numbers})
        return FoldedWordClasses.numbers.put(folded) | FoldedWordClasses.many.put(1)
    kept = zip(sorted(numbers), WordClasses.KEPT, strict=False)
    return sum([field.put(1 + number % WordClasses.MODULUS) for number, field in kept])
