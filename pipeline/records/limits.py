"""How much of a valid record is compared, so that its work grows with its size at most: texts, names, values, words.

Nothing valid is refused for its work: what is over a limit is kept and shown whole, but neither compared nor searched,
and the receipt says so (`many_values`). What is kept depends on the values alone, never on their order in the record.

The limits stand well above what records have. The most of anything among 10,366 entries of the UN's, the UK's and
OFAC's lists, 2,871 entries of the EU's with names in up to 24 languages, and 2,562 census-like records: 324 letters of
a name, 180 of a part of an address and 112 of another text; six names in brackets behind one; 29 compared words of one
name; 50 names, 30 addresses, 14 numbers, 7 birth dates and 700 words of names, titles and legal forms of one entity.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import structs

from pipeline.records.normalised import BirthDate, NormalisedEntity, NormalisedName

MAX_LETTERS: Final = 600
"""Letters of a name or of a field of an address that are read."""

MOST_LETTERS: Final = 254
"""Letters of another text or number that are compared: as many as an e-mail address may have (RFC 5321). To compare two
costs as their square."""

MAX_TOKENS: Final = 40
"""Words of one name that are compared."""

MAX_RENDERINGS: Final = 8
"""Names in brackets behind another one that count as names of their own."""

ENTITY_VALUES: Final = 50
"""Values of one field that are compared of an entity; the schema allows as many names."""

CASE_VALUES: Final = 500
"""Values of one field that are compared of a case, since what a pair costs grows with the square. So 200 entities have
two of each field, 10 have 50."""

CASE_WORDS: Final = 1_500
"""Words of names that are compared of a case: as many as CASE_VALUES names of three words have."""

SEVERAL: Final = (
    "names", "birth_dates", "birth_places", "nationalities", "identifiers", "phones", "emails", "addresses",
)  # fmt: skip
"""Fields of entities that have several values."""


class Limit(StrEnum):
    """What a receipt says of each limit that a record is over (Doubt.MANY_VALUES)."""

    LETTERS = f"longer than {MAX_LETTERS} letters; the first {MAX_LETTERS} are compared, all is kept and shown"
    TEXT = f"longer than {MOST_LETTERS} letters; the first {MOST_LETTERS} are compared, all is kept and shown"
    TOKENS = f"more than {MAX_TOKENS} words; the first {MAX_TOKENS} are compared, all are kept and shown"
    RENDERINGS = (
        f"more than {MAX_RENDERINGS} names in brackets; the first {MAX_RENDERINGS} are compared, all are kept and shown"
    )
    OF_ENTITY = f"more than {ENTITY_VALUES} different values; {ENTITY_VALUES} are compared, all are kept and shown"
    OF_CASE = f"more than {CASE_VALUES} in the case; of each entity only some are compared, all are kept and shown"
    WORDS = (
        f"more than {CASE_WORDS:,} words of names in the case; of each entity the names of fewest words are compared, "
        "all are kept and shown"
    )


Exceeded = tuple[Limit, tuple[str | int, ...]]
"""A limit, and the path below /data/entities of what is over it."""


def limit_values(entities: Sequence[NormalisedEntity]) -> tuple[tuple[NormalisedEntity, ...], list[Exceeded]]:
    """The entities with as many values as are compared of each, and the limits that they are over.

    Of a field over a limit no value is there twice. If the case has too many of a field, each entity keeps the same
    number of them, or all that it has if these are fewer.
    """
    limited, exceeded = list(entities), list[Exceeded]()
    for field in SEVERAL:
        counts = [len(getattr(entity, field)) for entity in limited]
        if max(counts, default=0) <= ENTITY_VALUES and sum(counts) <= CASE_VALUES:
            continue
        ranked = [_rank_values(getattr(entity, field)) for entity in limited]
        exceeded += [(Limit.OF_ENTITY, (at, field)) for at, values in enumerate(ranked) if len(values) > ENTITY_VALUES]
        counts = [min(len(values), ENTITY_VALUES) for values in ranked]
        share = _find_share(counts, CASE_VALUES)
        if share < max(counts):
            exceeded.append((Limit.OF_CASE, ()))
        limited = [
            structs.replace(entity, **{field: tuple(values[: min(share, ENTITY_VALUES)])})
            for entity, values in zip(limited, ranked, strict=True)
        ]
    counts = [_count_words(entity.names) for entity in limited]
    if sum(counts) > CASE_WORDS:
        exceeded.append((Limit.WORDS, ()))
        share = _find_share(counts, CASE_WORDS)
        limited = [structs.replace(entity, names=_limit_words(entity.names, share)) for entity in limited]
    return tuple(limited), exceeded


def _find_share(counts: Sequence[int], most: int) -> int:
    """The largest share of which all that have more keep no more than `most` together."""
    return bisect_right(range(max(counts) + 1), most, key=lambda share: sum(min(count, share) for count in counts)) - 1


def _count_words(names: Sequence[NormalisedName]) -> int:
    return sum(len(name.tokens) for name in names)


def _limit_words(names: Sequence[NormalisedName], most: int) -> tuple[NormalisedName, ...]:
    """The names of fewest words that have `most` words together; of one that alone has more, its first words."""
    if _count_words(names) <= most:
        return tuple(names)
    kept: list[NormalisedName] = []
    left = most
    for name in sorted(names, key=lambda name: (len(name.tokens), _order_of(name))):
        if len(name.tokens) > left and kept:
            break
        kept.append(structs.replace(name, tokens=name.tokens[:left]))
        left -= len(name.tokens)
    return tuple(kept)


def _rank_values(values: Sequence[Any]) -> list[Any]:
    """The different values of a field, the most telling first, in an order of their own."""
    return sorted(set(values), key=lambda value: (_is_doubtful(value), _order_of(value)))


def _is_doubtful(value: Any) -> bool:
    """Whether a value says less than others of its field: a wrong number, or a date not known to the day."""
    if isinstance(value, BirthDate):
        return not (value.exact and value.first.day)
    return getattr(value, "valid", None) is False


def _order_of(value: Any) -> Any:
    """By what values of one type are told apart and put in an order."""
    return value if isinstance(value, str | BirthDate) else tuple(map(str, structs.astuple(value)))
