"""The print of a name: everything that comparing it needs, computed once."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import msgspec
from anyascii import anyascii

from pipeline.matching.names.organisation_words import word_rarity
from pipeline.matching.names.rarity import personal_rarity
from pipeline.matching.names.sounds import skeleton_of, sound_of
from pipeline.matching.names.spellings import outline_of
from pipeline.matching.names.transliteration.model import latin_forms
from pipeline.records.normalised import NameToken, NormalisedName
from pipeline.records.scripts import script_of

SIGNIFICANT = frozenset(("given", "family", "name", "patronymic", "initial", "core"))
"""Kinds of tokens that are compared; titles and particles weigh nothing."""
RANKED = frozenset(("initial", "patronymic"))
"""Kinds of tokens of people's names whose position matters."""
_DIGITS_AS_LETTERS = str.maketrans("0134579862", "oieastgbgz")
_NUMBERED = re.compile(r"\d\d|\d$")
"""Digits that count something; single ones within a word ("Ig0r", "Sech1n") stand for the letters they look like."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"})
_FORMS_OF_RARITY = 3
"""The likeliest Latin forms of a token, whose commonest gives its rarity. More would take many rare names of other
scripts for common ones, fewer some common names for rare ones (docs/matching.md)."""
MAX_ACRONYM = 6
"""The most letters of a word that may abbreviate an organisation's words. A choice: longer ones are names."""
_MAX_INITIALS = 3
"""The same of a person's initials written together, which have no vowel. A choice."""
_ABBREVIATING = frozenset(("Latin", "Cyrillic", "Greek", ""))
MOST_LETTERS = 100
"""Letters of a word that are compared, since that costs as their square. The longest of the UN's, the UK's and OFAC's
lists has 24."""
FIRST = "i"
"""Within a person's name the first of that name, an initial or a particle ("Casas i Riera"): only another's generation
tells which, so that it stands among the numbers as it is."""
NO_LETTERS = 999
"""More than any token has: nothing to join or abbreviate."""
_MAX_KEYS = 6
"""Of the likeliest forms: 77 to 96% of true pairs in two scripts share one, 5 of 1,000 random pairs do (Latin: two)."""


class TokenPrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A token with what comparing it needs.

    `forms` are its Latin forms (a to z and digits), the likeliest first; `sound` is that of the first one. `rarity` is
    in hundredths of a bit. `outline` (pipeline.matching.names.spellings) is 0 for words of organisations, initials,
    other scripts and tokens with several forms, since it would not tell everything about them.
    """

    text: str
    kind: str
    script: str
    forms: tuple[str, ...]
    sound: str
    rarity: int
    outline: int = 0


Tokens = tuple[TokenPrint, ...]


class NamePrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """The significant tokens of a name in order, and the numbers and legal forms in it.

    `glue` holds the particles before each token, written together, or is () if there are none. `letters` says what may
    be joined or abbreviated, and spares most comparisons the search for it: the numbers of letters of the longest
    token, of the shortest neighbouring tokens written together (or one with its glue), and of the shortest possible
    acronym. `weak` marks nicknames. `ranked` marks names in which the order of the tokens matters, because they have an
    initial or a father's name. `body` marks names of organisations.
    """

    tokens: tuple[TokenPrint, ...]
    glue: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    legal_forms: tuple[str, ...] = ()
    person: bool = True
    letters: tuple[int, int, int] = (0, 0, 0)
    weak: bool = False
    ranked: bool = False
    body: bool = False


Names = tuple[NamePrint, ...]
"""The names of an entity."""


class TokenKeys(NamedTuple):
    """A token as keys see it: its kind, its rarity in hundredths of a bit, and the sound keys of its forms."""

    kind: str
    rarity: int
    sounds: tuple[str, ...]


def make_name_print(name: NormalisedName, entity_type: str) -> NamePrint:
    """The print of a normalised name; that of a placeholder has no tokens."""
    person = entity_type == "person"
    if "placeholder" in name.flags:
        return NamePrint((), person=person)
    tokens, glue = _print_tokens(name.tokens)
    numbers = _numbers(name.tokens, person)
    legal_forms = () if person else tuple(sorted({token.text for token in name.tokens if token.kind == "legal_form"}))
    weak = name.kind == "nickname"
    body = entity_type == "organisation"
    ranked = not RANKED.isdisjoint([token.kind for token in tokens])
    return NamePrint(tokens, glue, numbers, legal_forms, person, _letters(tokens, glue), weak, ranked, body)


def _print_tokens(tokens: tuple[NameToken, ...]) -> tuple[tuple[TokenPrint, ...], tuple[str, ...]]:
    """The significant tokens that have a Latin form (emoji and hieroglyphs have none), and their glue."""
    found, glue, before = [], [], ""
    for token in tokens:
        if token.kind == "particle":
            before += token.text
        elif token.kind in SIGNIFICANT and (made := token_print(token.text[:MOST_LETTERS], token.kind)).forms[0]:
            found.append(made)
            glue.append(before)
            before = ""
    return tuple(found), tuple(glue) if any(glue) else ()


def _numbers(tokens: tuple[NameToken, ...], person: bool) -> tuple[str, ...]:
    found = [token.text for token in tokens if token.kind == "number"]
    if person and FIRST in [token.text for token in tokens[1:]]:
        found.append(FIRST)
    return tuple(sorted(found)) if found else ()


def _letters(tokens: tuple[TokenPrint, ...], glue: tuple[str, ...]) -> tuple[int, int, int]:
    longest, shortest_joined, shortest_acronym, before = 0, NO_LETTERS, NO_LETTERS, NO_LETTERS
    for at, token in enumerate(tokens):
        least, most = letter_span(token)
        longest = max(longest, most)
        glued = least + len(glue[at]) if glue and glue[at] else NO_LETTERS
        shortest_joined = min(shortest_joined, before + least, glued)
        if may_be_acronym(token):
            shortest_acronym = min(shortest_acronym, len(token.forms[0]))
        before = least
    return longest, shortest_joined, shortest_acronym


def letter_span(token: TokenPrint) -> tuple[int, int]:
    """The numbers of letters of a token's shortest and longest form; vowels that are not written make them differ."""
    if len(token.forms) == 1:
        length = len(token.forms[0])
        return length, length
    lengths = [len(form) for form in token.forms]
    return min(lengths), max(lengths)


def may_be_acronym(token: TokenPrint) -> bool:
    """Whether a token may be an acronym.

    In an organisation's name it has two to six letters, in a person's two or three consonants ("JC"). Tokens of scripts
    without vowels or letters are none, since their Latin forms would all look like one.
    """
    length = len(token.forms[0])
    if not 2 <= length <= MAX_ACRONYM or token.script not in _ABBREVIATING:
        return False
    if token.kind == "core":
        return True
    return length <= _MAX_INITIALS and not any(letter in "aeiouy" for letter in token.forms[0])


@lru_cache(maxsize=65536)
def token_print(text: str, kind: str) -> TokenPrint:
    """The print of one token of a SIGNIFICANT kind."""
    script = script_of(text)
    forms = _latin_script_forms(text, kind) if script in ("Latin", "") else latin_forms(text, script)
    sound = sound_of(forms[0])
    outlined = script == "Latin" and len(forms) == 1 and kind not in ("core", "initial")
    return TokenPrint(
        text, kind, script, forms, sound, _rarity(text, kind, forms), outline_of(forms[0]) if outlined else 0
    )


def _latin_script_forms(text: str, kind: str) -> tuple[str, ...]:
    if kind != "core" and not text.isalpha() and not _NUMBERED.search(text):
        text = text.translate(_DIGITS_AS_LETTERS)
    folded = _alphanumeric(text)
    spelled_out = folded if text.isascii() else _alphanumeric(text.translate(_UMLAUTS))
    return (folded,) if folded == spelled_out else (folded, spelled_out)


def _alphanumeric(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return "".join(char for char in anyascii(text).lower() if char.isalnum())


def _rarity(text: str, kind: str, forms: tuple[str, ...]) -> int:
    if kind == "initial":
        return 0
    if kind == "core":
        return word_rarity(text, forms[0])
    return min([personal_rarity(form) for form in forms[:_FORMS_OF_RARITY]])


def sound_keys(print_: NamePrint) -> tuple[TokenKeys, ...]:
    """The keys of each token that is no initial, the rarest first. Two spellings of one name mostly share a sound."""
    full = (token for token in print_.tokens if token.kind != "initial")
    ranked = sorted(full, key=lambda token: (-token.rarity, token.text))
    return tuple(TokenKeys(token.kind, token.rarity, _recall_sounds(token.forms)) for token in ranked)


def token_sounds(forms: tuple[str, ...]) -> tuple[str, ...]:
    """The sound keys of a token that is no initial, by its Latin forms."""
    keys = [key for form in forms if form for key in (skeleton_of(form), "3" + sound_of(form)[:3])]
    return tuple(sorted(islice(dict.fromkeys(keys), _MAX_KEYS)))


_recall_sounds = lru_cache(maxsize=32768)(token_sounds)
