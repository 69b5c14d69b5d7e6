"""Blocking keys of everything but persons' names: numbers, e-mails, addresses, plates, events, titles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, combinations
from typing import NamedTuple

from pipeline.correlation.key_kinds import KeyKind, hash_value, make_key
from pipeline.correlation.name_words import sound_out
from pipeline.correlation.place_values import fold_text, keep_digits, keep_letters, place_sounds, postcodes
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint, TokenPrint
from pipeline.matching.names.organisation_words import senses
from pipeline.matching.names.sounds import reduce_to_skeleton, romanised_skeletons, skeleton_of

MAX_TITLES = 8
"""Names of one entity that yield keys. Pairs that meet are compared by all their names."""

MAX_WORDS = 4
"""Rarest words of one title that yield keys."""

MAX_PLACES = 8
"""Places of one entity that yield keys; of more those with the smallest hashes, so that entities agree."""

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


def title_keys(entity: EntityPrint, enough: int) -> list[int]:
    """The keys of the names of an entity that is no person. `enough` is as in thing_keys."""
    least = enough - LESS_FOR_WORDS
    alone: set[str] = set()
    placed: set[str] = set()
    for title in choose_titles(entity.names):
        words = sorted(map(_take_word, title), key=lambda word: (-word.rarity, word.texts))
        rarest = list(dict.fromkeys(words))[:MAX_WORDS]
        for one, other in combinations(rarest, 2):
            if (rarity := one.rarity + other.rarity) + WORD_PLACE >= least:
                # whichever word comes first
                joined = [f"{a} {b}" if a < b else f"{b} {a}" for a in one.texts for b in other.texts]
                (alone if rarity >= least else placed).update(joined)
        for word in rarest:
            if word.rarity >= least or len(rarest) == 1:
                alone.update(word.texts)
            if word.rarity + WORD_PLACE >= least:
                placed.update(word.texts)
        if len(title) >= ACRONYM:
            alone.add("".join([token.forms[0][:1] for token in title]))
        alone.add("".join([token.forms[0] for token in title]))
    keys = [make_key(KeyKind.TITLE, text) for text in alone]
    if placed:
        places = sorted(place_sounds(entity) | postcodes(entity), key=hash_value)[:MAX_PLACES]
        keys += [make_key(KeyKind.TITLE_PLACE, f"{text} {place}") for text in placed for place in places]
    return keys


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


CONFUSABLE = str.maketrans("OIBS", "0185")
"""0/O, 1/I, 8/B, 5/S: what optical readers and people take for each other."""

PHONE_TAIL = 7
"""Digits of a subscriber number that survive a change of area or country code (ITU-T E.164 plans: six to eight)."""

SHORTEST_NEAR = 7
"""Shorter numbers are near to too many others."""

MANY, EDGE = 6, 3
"""Characters of either end of a number, and of both, of which one wrong, missing or additional one leaves some as they
are: at either end of MANY behind or before it, or EDGE on both sides."""

LONGEST_HELD, SHORT = 12, 8
"""Longer numbers begin alike, and in numbers up to SHORT an end of MANY and what is left are too near each other."""

NEAR_IDENTIFIER = 10
"""Last characters of such numbers that are cut in three: one wrong character leaves two parts as they are."""

PLATE = (4, 3)
"""Characters at either end of a plate that are taken: a witness reads so many."""

CHARACTER, LOOK = 380, 360
"""Rarity of a plate's character, between a digit's and a letter's, and of a vehicle's make, model or colour."""

RARE_DOMAIN, RARE_USER = 5, 2
"""Sounds of a domain beyond any large provider's ("hotmail" has four), and of a user part at such a domain."""

EMAIL_NAME = 6
"""Characters of an e-mail's user part that are telling without a domain."""

SHORTEST_TEXT = 10
"""Characters of a whole address text that are telling."""


def thing_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """The keys of an entity of any type, except those of a person's names and birth dates.

    `enough` is the rarity that a key of common values must have, in hundredths of a bit.
    """
    if entity.identifiers:
        yield from _identifier_keys(entity)
        yield from _plate_keys(entity, enough)
    if entity.phones:
        yield from _phone_keys(entity)
    if entity.emails:
        yield from _email_keys(entity)
    if entity.addresses:
        yield from _house_keys(entity)
    if entity.type == "event":
        yield from _event_keys(entity)
    if entity.names and entity.type != "person":
        yield from title_keys(entity, enough)


def _identifier_keys(entity: EntityPrint) -> Iterator[int]:
    for identifier in entity.identifiers:
        value = identifier.value.translate(CONFUSABLE)
        yield make_key(KeyKind.IDENTIFIER, value)
        if identifier.type != "plate" and len(value) >= SHORTEST_NEAR:
            yield from _near_keys(value)


def _near_keys(value: str) -> Iterator[int]:
    """The parts of a number of which one damaged character leaves some intact; `value` has no unreadable ones."""
    if len(value) <= LONGEST_HELD:
        for kept, text in (("f", value[:MANY]), ("l", value[-MANY:]), ("e", value[:EDGE] + value[-EDGE:])):
            yield make_key(KeyKind.IDENTIFIER_NEAR, f"{kept} {text}")
    if not SHORT < len(value) <= LONGEST_HELD:
        yield from _near_end_keys(value[-NEAR_IDENTIFIER:])


def _near_end_keys(end: str) -> Iterator[int]:
    """Keys of each two of the three parts of a number's end, with the positions of the parts."""
    third = -(-len(end) // 3)
    parts = (end[: -2 * third], end[-2 * third : -third], end[-third:])
    for (first, one), (second, other) in combinations(enumerate(parts), 2):
        yield make_key(KeyKind.IDENTIFIER_NEAR, f"{first}{second} {one} {other}")


def _plate_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """Keys of both ends of a plate, each with as much of the vehicle's looks as it needs to be rare enough.

    In a plate that was read in part, ? stands for one character and * for any number; an end with one yields no key.
    """
    for plate in entity.identifiers:
        if plate.type == "plate":
            for length in PLATE:
                for end, text in (("first", plate.value[:length]), ("last", plate.value[-length:])):
                    if len(text) == length and text.isalnum():
                        yield from _plate_end_keys(end, text.translate(CONFUSABLE), entity, enough)


def _plate_end_keys(end: str, text: str, entity: EntityPrint, enough: int) -> Iterator[int]:
    rarity = CHARACTER * len(text)
    looks = ""
    for look in ("", entity.make, entity.model, entity.colour):
        rarity, looks = rarity + (LOOK if look else 0), f"{looks} {look}"
        if rarity >= enough:
            yield make_key(KeyKind.PLATE, f"{end} {text}{looks}")
            return


def _phone_keys(entity: EntityPrint) -> Iterator[int]:
    for phone in entity.phones:
        yield make_key(KeyKind.PHONE_TAIL, phone.national[-PHONE_TAIL:])


def _email_keys(entity: EntityPrint) -> Iterator[int]:
    """Keys of e-mail addresses.

    Large providers have domains of few sounds; there the domain and the digits must be the same, and the user part must
    sound the same. At other domains both parts may be misspelt.
    """
    for email in entity.emails:
        user, _, domain = email.partition("@")
        heard = reduce_to_skeleton(keep_letters(user))
        heard_domain = skeleton_of(keep_letters(domain.rpartition(".")[0]))
        yield make_key(KeyKind.EMAIL_USER, f"{user} {heard_domain}")
        if len(heard_domain) >= RARE_DOMAIN <= len(heard) + len(heard_domain) - RARE_USER:
            yield make_key(KeyKind.EMAIL_DOMAIN, f"{heard} {heard_domain}")
        else:
            yield make_key(KeyKind.EMAIL_DOMAIN, f"{heard} {keep_digits(user)} {domain}")
        if len(user) >= EMAIL_NAME:
            yield make_key(KeyKind.EMAIL_NAME, user)


def _house_keys(entity: EntityPrint) -> Iterator[int]:
    for address in entity.addresses:
        if address.house and address.postcode:
            yield make_key(KeyKind.HOUSE, f"{address.house} {address.postcode}")
        if address.house and address.street:
            longest = max(address.street.replace(",", "").split(), key=len)  # most telling, seldom abbreviated
            yield make_key(KeyKind.HOUSE, f"{address.house} {reduce_to_skeleton(fold_text(longest))} {address.city}")
        if not address.street and len(address.text) >= SHORTEST_TEXT:
            yield make_key(KeyKind.HOUSE, fold_text(address.text))


GRIDS = 4
"""Shifted grids: in three dimensions, two points nearer than a quarter of a cell in each share one of four cells."""

CELL_DEGREES = 0.08
"""Four times 0.02 degrees, about 2 km: reports of one event place it that differently."""

CELL_SECONDS = 4 * 3 * 3600
"""Four times three hours."""


def _event_keys(entity: EntityPrint) -> Iterator[int]:
    if entity.place is None or entity.span is None:
        return
    middle = (entity.span.start + entity.span.end) / 2 / CELL_SECONDS
    north, east = entity.place.latitude / CELL_DEGREES, entity.place.longitude / CELL_DEGREES
    for grid in range(GRIDS):
        shift = grid / GRIDS
        cell = tuple(int((part + shift) // 1) for part in (north, east, middle))
        yield make_key(KeyKind.EVENT, f"{grid} {cell}")
