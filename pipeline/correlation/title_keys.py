"""Blocking keys of the names of organisations, vessels and other things: words that are rare enough together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, combinations, product
from typing import NamedTuple

from pipeline.correlation.key_kinds import KeyKind, hash_value, make_key
from pipeline.correlation.name_sounds import sound_out
from pipeline.correlation.place_values import place_sounds, postcodes
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint, TokenPrint
from pipeline.matching.names.organisation_words import senses
from pipeline.matching.names.sounds import romanised_skeletons, skeleton_of

MAX_TITLES = 8
"""Names of one entity that yield keys. Pairs that meet are compared by all their names."""

MAX_WORDS = 4
"""Rarest words of one title that yield keys."""

MAX_PLACES = 8
"""Places of one entity that yield keys."""

MAX_MEANINGS = 3
"""Senses of a usual word that yield keys, whatever its language."""

LESS_FOR_WORDS = 200
"""By how much a key of a title may be less rare, in hundredths of a bit: there are fewer organisations than persons."""

WORD_PLACE = 600
"""Rarity of a word's place, one in 64, in hundredths of a bit."""

ACRONYM = 3
"""Words that a title needs for its initials to be a key."""


class TitleWord(NamedTuple):
    """A word of a title. Two words are taken for the same if they have one of their `texts` in common.

    `rarity` is in hundredths of a bit; `texts` are the sounds of the word and its meanings.
    """

    rarity: int
    texts: tuple[str, ...]


Title = tuple[TokenPrint, ...]


def title_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """The keys of an entity's names; none for persons. `enough` is as in thing_keys."""
    if entity.type == "person" or not entity.names:
        return
    least = enough - LESS_FOR_WORDS
    alone: set[str] = set()
    placed: set[str] = set()
    for title in choose_titles(entity.names):
        words = sorted(map(_take_word, title), key=_by_rarity)
        rarest = list(dict.fromkeys(words))[:MAX_WORDS]
        for one, other in combinations(rarest, 2):
            if (rarity := one.rarity + other.rarity) + WORD_PLACE >= least:
                (alone if rarity >= least else placed).update(_join_texts(one.texts, other.texts))
        for rarity, texts in rarest:
            if rarity >= least or len(rarest) == 1:
                alone.update(texts)
            if rarity + WORD_PLACE >= least:
                placed.update(texts)
        if len(title) >= ACRONYM:
            alone.add("".join([token.forms[0][:1] for token in title]))
        alone.add("".join([token.forms[0] for token in title]))
    yield from (make_key(KeyKind.TITLE, text) for text in alone)
    if placed:
        where = _choose_places(entity)
        yield from (make_key(KeyKind.TITLE_PLACE, f"{text} {place}") for text in placed for place in where)


def _join_texts(some: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    """Join each text with each other one; the two are sorted, so their order does not matter."""
    return (f"{one} {other}" if one < other else f"{other} {one}" for one, other in product(some, others))


def _choose_places(entity: EntityPrint) -> Collection[str]:
    """The cities, birth places and postcodes; of too many those with the smallest hashes, so that entities agree."""
    places = place_sounds(entity) | postcodes(entity)
    return places if len(places) <= MAX_PLACES else sorted(places, key=hash_value)[:MAX_PLACES]


def choose_titles(names: Sequence[NamePrint]) -> list[Title]:
    """The titles that yield keys.

    Of too many, each next one is the title whose texts occur most often among all titles, texts of chosen titles aside.
    """
    titles = [tuple(token for token in name.tokens if token.kind != "initial") for name in names]
    if len(titles) <= MAX_TITLES:
        return titles
    texts = {title: {text for token in title for text in _take_word(token).texts} for title in sorted(titles)}
    borne = Counter(chain.from_iterable(texts.values()))
    chosen: list[Title] = []
    while texts and len(chosen) < MAX_TITLES:
        title = max(texts, key=lambda title: sum(borne[text] for text in texts[title]))
        chosen.append(title)
        for text in texts.pop(title):
            borne[text] = 0
    return chosen


@lru_cache(maxsize=1 << 15)
def _take_word(token: TokenPrint) -> TitleWord:
    sounds = dict.fromkeys(skeleton for skeleton, _ in sound_out(token).skeletons)
    if token.script == "Latin":
        sounds |= dict.fromkeys(sorted(romanised_skeletons(token.forms[0])))
    else:
        sounds |= {skeleton_of(token.forms[-1]): None}  # the plain romanisation, by which coined words are written
    meant = [f"={meaning}" for meaning in sorted(senses(token.text))[:MAX_MEANINGS]]
    return TitleWord(token.rarity, (*sounds, *meant))


def _by_rarity(word: TitleWord) -> tuple[int, tuple[str, ...]]:
    return -word.rarity, word.texts
