"""Keys of the words of names: two words that the gate may take for one have a key in common. Pure.

By them equal names are found without a comparison: in a case, in the index. They say what may be equal, and the gate
(access.hit_gate) what is. A word in Latin letters and one in a script with a learnt model may be one whatever their
forms, which no key foresees; so each of these bears a key that every word of the other kind asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from pipeline.matching.names.joined_words import MAX_JOINED, write_together
from pipeline.matching.names.organisation_words import meanings
from pipeline.matching.names.prints import NamePrint, TokenPrint, token_print
from pipeline.matching.names.script_words import ABJADS, fold_abjad, fold_han
from pipeline.matching.names.sounds import sound_of
from pipeline.matching.names.spellings import classes_of
from pipeline.matching.names.token_levels import is_latin, is_learnt
from pipeline.matching.names.token_pairs import INITIAL
from pipeline.records.scripts import UNPARTED

Keys = frozenset[str]

LATIN: Final = "*latin"
LEARNT: Final = "*learnt"
"""What every word in Latin letters bears, and every one in a script with a learnt model: each may be the other's."""

BY_ALIGNMENT: Final = frozenset((LATIN, LEARNT))

_SHORTENED: Final = "*initial"
"""What an initial bears: a name of one character asks for it."""


class WordKeys(NamedTuple):
    """What a word bears where it is held, and of what a held word must bear one to be equal to it."""

    borne: Keys
    asked: Keys


@lru_cache(maxsize=65536)
def word_keys(token: TokenPrint) -> WordKeys:
    """The keys of one word that is no initial."""
    both = set(token.forms)
    if token.kind == "core":
        both.update(f"={meaning}" for meaning in meanings(token.text))
    latin, sound = is_latin(token.script), sound_of(token.forms[0])
    if latin:
        both.update(f"~{number}" for number in classes_of(token.forms[0]))
    elif token.script == "Han":
        both.add(f"={fold_han(token.text)}")
    elif token.script in ABJADS:
        both.add(f"={fold_abjad(token.text)}")
    if token.script == "":  # read as Latin letters, and as no script that another word is in
        borne, asked = {f"l:{sound}", f"o:{sound}", LATIN}, {f"l:{sound}", f"o:{sound}", LEARNT}
    elif latin:
        borne, asked = {f"l:{sound}", LATIN}, {f"o:{sound}", LEARNT}
    elif is_learnt(token.script):
        borne, asked = {LEARNT}, {LATIN}
    else:
        borne, asked = {f"o:{sound}"}, {f"l:{sound}", f"o:{sound}"}
    return WordKeys(frozenset(both | borne), frozenset(both | asked))


def borne_keys(name: NamePrint) -> Keys:
    """What the words of a held name bear, alone and written together."""
    alone = [token for token in name.tokens if token.kind != INITIAL]
    joined = [token for _, token in join_runs(name)]
    shortened = () if len(alone) == len(name.tokens) else (_SHORTENED,)
    return frozenset(shortened).union(*(word_keys(token).borne for token in (*alone, *joined)))


def asked_keys(name: NamePrint) -> tuple[Keys, ...]:
    """For each word of an asked name that must be equal, what a held name must bear one of."""
    asked = {at: set(word_keys(token).asked) for at, token in enumerate(name.tokens) if is_word(token)}
    for at in asked:
        if len(name.tokens[at].text) == 1:
            asked[at].add(_SHORTENED)
    for run, token in join_runs(name):
        for at in run:
            if at in asked:
                asked[at] |= word_keys(token).asked
    return tuple(frozenset(keys) for keys in asked.values())


def join_runs(name: NamePrint) -> Iterator[tuple[range, TokenPrint]]:
    """The runs of neighbouring words that another name may have as one, each written together with its particles."""
    tokens, glue = name.tokens, name.glue
    for start in range(len(tokens)):
        for stop in range(start + 1, min(start + MAX_JOINED, len(tokens)) + 1):
            if stop - start == 1 and not (glue and glue[start]):
                continue
            kind = "core" if tokens[start].kind == "core" else "name"
            joined = token_print(write_together(tokens[start:stop], glue[start:stop]), kind)
            if joined.forms[0]:
                yield range(start, stop), joined


def is_word(token: TokenPrint) -> bool:
    """Whether a token is more than an initial; in scripts that write names without blanks one character is a word."""
    return token.kind != INITIAL and (len(token.text) > 1 or token.script in UNPARTED)
