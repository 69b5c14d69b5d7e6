"""How many different birth dates, or numbers of a type, an agency asks with one name: from the fourth on none. Pure.

A hit-only record answers equality alone, so who knows a name could ask one date after the other. So each agency may ask
MOST_ASKED different dates with one name in 30 days, over searches, list rows, alerts and pushed cases together.
What is beyond is not asked of hit-only records. Which guesses are asked follows from the agency's own guesses in their
order in the topic alone: no record enters it, and all processes see the same.

A name is counted by how it is written, heard and called (`name_keys`), so that another spelling is no other name. Names
and values are digests under a key of the agency's own: nobody without the installation's secret can test one.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from pipeline.access.formats import decode_known
from pipeline.access.hit_gate import MOST_ASKED, is_whole_name, whole_birth_date
from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint
from pipeline.matching.names.sounds import skeleton_of
from pipeline.matching.names.spellings import spellings
from pipeline.records.entity_types import PERSON

SPAN_DAYS: Final = 10
SPANS: Final = 4
"""A guess that is asked counts in its span of days and in the three that follow: for 30 to 40 days."""

ERA_SPANS: Final = 12
"""After so many spans all counts begin anew: whether a guess is asked follows from those before it, and so from where a
process begins to read. All begin at the last era's first day, or before it. So at the turn of an era, every 120 days,
six dates may be asked within 30 days."""

SHOWN: Final = timedelta(days=30)
"""How long refused guesses are counted for those who look."""

MOST_BYTES: Final = 1 << 19
"""Of one question's guesses as a message, half of what Kafka takes: those of some 2,000 persons. What guesses more is
not asked."""

KEY_BYTES: Final = 8
VALUE_BYTES: Final = 4
"""Of digests. Of a million names two share a key with a chance of 1 in 37 million; of three values two are one with a
chance of 1 in a billion."""

GUESS_FORMAT: Final = 0
"""Of AskedGuesses: the first, which values do not name."""

BORN: Final = "born"
UNTYPED: Final = "other"
"""Kinds of values: a birth date, and of identifiers the type; this one where an asker gives none."""


class GuessedValue(NamedTuple):
    """A value of a kind, and the counts that it enters: digests, none of them 0."""

    kind: str
    value: int
    counts: list[int]


class NamedGuess(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one question asks with one name: a birth date, and numbers, each with its type.

    `keys` are what the name counts under, digests of 16 hexadecimal digits. `born` and the second part of each of
    `numbers` are digests of 8.
    """

    keys: tuple[str, ...]
    born: str = ""
    numbers: tuple[tuple[str, str], ...] = ()

    def list_values(self) -> Iterator[GuessedValue]:
        """What is asked with the name: the date, and each number."""
        for kind, value in ((BORN, self.born), *self.numbers) if self.born else self.numbers:
            mask = _kind_mask(kind)  # below, 0 is an empty place of a table
            yield GuessedValue(kind, int(value, 16) or 1, [int(key, 16) ^ mask or 1 for key in self.keys])


class AskedGuesses(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hit_guesses`: what a question of an agency asks with names. It has no content of any record.

    `about` is the key of the pushed case or alert that asks, "" of a search. `beyond`: it guesses more than one
    message holds, so it is not asked at all. One with neither guesses nor `beyond` says that what is `about` guesses
    nothing any more. `format` is GUESS_FORMAT.
    """

    agency: str
    about: str = ""
    guesses: tuple[NamedGuess, ...] = ()
    beyond: bool = False
    format: int = GUESS_FORMAT

    @property
    def empty(self) -> bool:
        """Whether it guesses nothing."""
        return not self.guesses and not self.beyond

    @property
    def is_of_case(self) -> bool:
        """Whether it is asked by a case that its agency has pushed."""
        return self.about.startswith(f"{self.agency}:")

    def list_counts(self) -> Iterator[tuple[int, int]]:
        """Each count that it enters, with the value there."""
        for guess in self.guesses:
            for _, value, counts in guess.list_values():
                yield from ((count, value) for count in counts)


class AskedNumber(NamedTuple):
    """A number that a question asks beside its names, with the type that it states."""

    kind: str
    value: str


def make_guesses(
    ring: KeyRing, agency: str, entities: Iterable[EntityPrint], about: str = "", beside: Iterable[AskedNumber] = ()
) -> AskedGuesses:
    """What a question asks with each name of its persons: a whole birth date, and numbers.

    `beside` are numbers that it states apart from persons, as a search does: they are asked with every name.
    """
    key, others = ring.derive_key(KeyUse.GUESSES, ring.first, agency), tuple(beside)
    found: dict[NamedGuess, None] = {}
    for entity in entities:
        if entity.type == PERSON.name and (guess := _guess_of(key, entity, others)) is not None:
            found[guess] = None
    made = AskedGuesses(agency, about, tuple(found))
    too_large = len(found) > 1 and len(msgspec.json.encode(made)) > MOST_BYTES
    return AskedGuesses(agency, about, beyond=True) if too_large else made


def _guess_of(key: bytes, person: EntityPrint, beside: tuple[AskedNumber, ...]) -> NamedGuess | None:
    born = whole_birth_date(person)
    numbers = {(number.type, number.value) for number in person.identifiers} | {(kind, value) for kind, value in beside}
    if born is None and not numbers:
        return None
    said = {said for name in person.names if is_whole_name(name) for said in name_keys(name)}
    if not said:
        return None
    of_names, of_values = _hasher(key, KEY_BYTES), _hasher(key, VALUE_BYTES)
    return NamedGuess(
        tuple(sorted({_digest(of_names, one) for one in said})),
        "" if born is None else _digest(of_values, f"{born.year}-{born.month}-{born.day}"),
        tuple(sorted({(kind, _digest(of_values, f"{kind} {value}")) for kind, value in numbers})),
    )


@lru_cache(maxsize=1024)
def _hasher(key: bytes, size: int) -> hashlib.blake2b:
    """A hash of nothing yet, to be copied: that takes a third of the time that one under a key takes anew."""
    return hashlib.blake2b(key=key, digest_size=size)


def _digest(hasher: hashlib.blake2b, said: str) -> str:
    made = hasher.copy()
    made.update(said.encode())
    return made.hexdigest()


def name_keys(name: NamePrint) -> frozenset[str]:
    """What a name counts under, of which names that the gate takes for one share one at least, in any order of words.

    As written: its Latin letters without blanks, so that a word written as two is the same. As heard: the consonants of
    its words, which is what romanisations have in common. As called: the same, with a word that has variants (Bill and
    William) by one of them. Initials are left out, since they ask nothing.
    """
    words = [token.forms[0] for token in name.tokens if len(token.forms[0]) > 1] or [t.forms[0] for t in name.tokens]
    heard, called = zip(*map(_hear, words), strict=True) if words else ((), ())
    found = [f"written {''.join(sorted(''.join(words)))}", f"heard {' '.join(sorted(heard))}"]
    if called != heard:
        found.append(f"heard {' '.join(sorted(called))}")
    return frozenset(found)


_REPEATED = re.compile(r"(.)(?=\1)")


@lru_cache(maxsize=32768)
def _hear(word: str) -> tuple[str, str]:
    """A word's kinds of consonants, and what it is called: one of its variants, or those consonants where it has none.

    Hissing consonants are one, as they are written in many ways (Schukin, Ščukin).
    """
    heard = _REPEATED.sub("", skeleton_of(word).replace("C", "s"))
    return heard, _callings().get(word, heard)


@cache
def _callings() -> dict[str, str]:
    """One for all words that are variants of each other, or of one word, and so on: the first of them in the alphabet.

    So words are one whose classes share one. The largest has 180: Anna to Zoran.

    Variants of variants are no variants (Alexander, Lex), but an agency could go from one to the next.
    """
    leader: dict[str, str] = {}

    def lead(word: str) -> str:
        while (above := leader.setdefault(word, word)) != word:
            leader[word] = word = leader[above]
        return word

    for group in spellings():
        first = lead(group[0])
        for word in group[1:]:
            if (other := lead(word)) != first:
                leader[max(first, other)] = first = min(first, other)
    return {word: f"={lead(word)}" for word in list(leader)}


@lru_cache(maxsize=256)
def _kind_mask(kind: str) -> int:
    """What tells a name's count of one kind of value from that of another."""
    return int.from_bytes(hashlib.blake2b(kind.encode(), digest_size=KEY_BYTES).digest())


class RefusedGuess(NamedTuple):
    """What asks more than it may: by which kinds, and where in the topic it did; `value` is its AskedGuesses (JSON)."""

    kinds: frozenset[str]
    offset: int
    value: bytes


class RefusedDay(NamedTuple):
    """How many questions of an agency guessed more than they may on a UTC day, and how many of them its own cases."""

    agency: str
    day: date
    questions: int
    cases: int


def decode_guesses(value: bytes) -> AskedGuesses:
    """The guesses that a value of `hit_guesses` is.

    Raises LaterFormatError for those of a later version, msgspec.MsgspecError for what is none.
    """
    return decode_known(_asked, value, GUESS_FORMAT)


class GuessLedger:
    """What each agency has asked with each name in the last spans, as the topic says it in its order.

    A million names, each with two or three counts, take 84 MB. `keeping`: what is asked by cases and alerts and
    was refused is kept, by key, to be asked again, at 0.45 kB each.
    """

    def __init__(self, *, keeping: bool = False) -> None:
        self.end = 0
        """The offset behind the last record that was taken in."""
        self.refused: dict[str, RefusedGuess] = {}
        self.changed: dict[str, str] = {}
        """Keys of what was refused, or is no longer, since somebody has last cleared this, each with its agency."""
        self._keeping = keeping
        self._spans: dict[int, _SpanTable] = {}
        self._span = 0
        self._days: Counter[tuple[str, date]] = Counter()
        self._case_days: Counter[tuple[str, date]] = Counter()
        self._again: Iterator[tuple[str, RefusedGuess]] = iter(())

    def take_guesses(self, asked: AskedGuesses, offset: int, at: datetime) -> frozenset[str]:
        """Take in what the topic holds at an offset, written at an aware time; returns the kinds that are refused."""
        self.end = offset + 1
        span = self._begin_span(at)
        kinds = self._judge_guesses(asked, span)
        if kinds:
            day = at.astimezone(UTC).date()
            self._days[asked.agency, day] += 1
            self._case_days[asked.agency, day] += asked.is_of_case
        self._note_about(asked, kinds, offset)
        return kinds

    def is_free(self, asked: AskedGuesses, at: datetime) -> bool:
        """Whether a question asks only what was asked in this span of days, and may be: then it needs no record."""
        span = self._begin_span(at)
        table = self._spans.get(span)
        if table is None or asked.beyond:
            return asked.empty
        return all(value in table.get(count) for count, value in asked.list_counts())

    def kinds_refused_to(self, about: str) -> frozenset[str]:
        """By what a case or alert may not ask, as it stands; see `keeping`."""
        held = self.refused.get(about)
        return frozenset() if held is None else held.kinds

    def forget_offsets(self, end: int) -> None:
        """What was refused behind the end of the topic was so in another one, before a restore."""
        for about, held in self.refused.items():
            if held.offset >= end:
                self.refused[about] = held._replace(offset=-1)

    def restore_refused(self, about: str, held: RefusedGuess) -> None:
        """Take in what was refused at an offset of the topic, which may hold it no more."""
        self.refused[about] = held

    def refused_days(self) -> list[RefusedDay]:
        """Who guessed more than they may in the last 30 to 40 days, and how often, the last day first."""
        found = [RefusedDay(*one, count, self._case_days[one]) for one, count in self._days.items()]
        return sorted(found, key=lambda day: (-day.day.toordinal(), day.agency))

    def find_due(self, at: datetime, most: int) -> list[bytes]:
        """What was refused and may be asked again, in its order: records' values, of at most `most` looked at.

        A new span of days makes room. What is asked again counts as any guess does, whether or not a record waits for
        it: so nobody learns from what is left of a count that one does.
        """
        span = self._begin_span(at)
        promised: dict[int, set[int]] = {}
        due = []
        for about, held in islice(self._again, most):
            if self.refused.get(about) == held and self._has_room(_asked.decode(held.value), span, promised):
                due.append(held.value)
        return due

    def _begin_span(self, at: datetime) -> int:
        """The span of a time; what counts no more when a later one begins is forgotten."""
        span = at.astimezone(UTC).date().toordinal() // SPAN_DAYS
        if span > self._span:
            self._span = span
            self._spans = {
                number: table
                for number, table in self._spans.items()
                if number > max(span - SPANS, span - span % ERA_SPANS - 1)
            }
            first = at.astimezone(UTC).date() - SHOWN
            self._days = Counter({one: count for one, count in self._days.items() if one[1] >= first})
            self._case_days = Counter({one: count for one, count in self._case_days.items() if one[1] >= first})
            self._again = iter(sorted(self.refused.items(), key=lambda item: item[1].offset))
        return span

    def _judge_guesses(self, asked: AskedGuesses, span: int) -> frozenset[str]:
        """Count what may be asked; returns the kinds of which something may not: BORN, and types of numbers."""
        if asked.beyond:
            return frozenset({BORN, UNTYPED})
        table, refused = self._spans.get(span) or self._spans.setdefault(span, _SpanTable()), set[str]()
        for guess in asked.guesses:
            for kind, value, counts in guess.list_values():
                if all(value in (held := self._values_of(count, span)) or len(held) < MOST_ASKED for count in counts):
                    for count in counts:
                        table.add(count, value)
                else:
                    refused.add(kind)
        return _same_kinds(frozenset(refused))

    def _values_of(self, count: int, span: int) -> set[int]:
        """What was asked with a name in the window that ends with a span: at most MOST_ASKED."""
        held: set[int] = set()
        for number, table in self._spans.items():
            if span - SPANS < number <= span:
                held.update(table.get(count))
        return held

    def _has_room(self, asked: AskedGuesses, span: int, promised: dict[int, set[int]]) -> bool:
        """Whether all of it could be among the first, beside what is `promised` already; then it is promised, too."""
        wanted: dict[int, set[int]] = {}
        for count, value in asked.list_counts():
            wanted.setdefault(count, set()).add(value)
        for count, values in wanted.items():
            if len(values.union(promised.get(count, ()), self._values_of(count, span))) > MOST_ASKED:
                return False
        for count, values in wanted.items():
            promised.setdefault(count, set()).update(values)
        return not asked.beyond

    def _note_about(self, asked: AskedGuesses, kinds: frozenset[str], offset: int) -> None:
        held = self.refused.get(asked.about)
        if not self._keeping or not asked.about or (held is not None and held.offset >= offset):
            return
        if kinds:
            self.refused[asked.about] = RefusedGuess(kinds, offset, msgspec.json.encode(asked))
        elif held is not None:
            del self.refused[asked.about]
        if kinds or held is not None:
            self.changed[asked.about] = asked.agency


class _SpanTable:
    """The values of each count in one span of days, at most MOST_ASKED: an open hash table, 20 bytes a place.

    Keys are digests, so their low bits are as good as any hash. A dict of as many takes six times the memory.
    """

    def __init__(self) -> None:
        self._used, self._mask = 0, 255
        self._keys, self._values = array("Q", bytes(8 * 256)), array("I", bytes(4 * MOST_ASKED * 256))

    def get(self, count: int) -> Sequence[int]:
        """The values of a count, in their order."""
        place = MOST_ASKED * self._find_place(count)
        return [value for value in self._values[place : place + MOST_ASKED] if value] if self._values[place] else ()

    def add(self, count: int, value: int) -> None:
        """Note a value, unless the count has it or is full. Neither is 0, which marks an empty place."""
        if 4 * self._used >= 3 * self._mask:
            self._grow()
        place = self._find_place(count)
        if not self._keys[place]:
            self._keys[place] = count
            self._used += 1
        for at in range(MOST_ASKED * place, MOST_ASKED * (place + 1)):
            if self._values[at] == value:
                return
            if not self._values[at]:
                self._values[at] = value
                return

    def _find_place(self, count: int) -> int:
        keys, mask = self._keys, self._mask
        place = count & mask
        while (held := keys[place]) and held != count:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._mask = 2 * self._mask + 1
        self._keys, self._values = (
            array("Q", bytes(8 * (self._mask + 1))),
            array("I", bytes(4 * MOST_ASKED * (self._mask + 1))),
        )
        for at, key in enumerate(keys):
            if key:
                place = self._find_place(key)
                self._keys[place] = key
                self._values[MOST_ASKED * place : MOST_ASKED * (place + 1)] = values[
                    MOST_ASKED * at : MOST_ASKED * (at + 1)
                ]


_asked = msgspec.json.Decoder(AskedGuesses)


@cache
def _same_kinds(kinds: frozenset[str]) -> frozenset[str]:
    """One object for equal kinds: a set takes half of what is kept of a refused case."""
    return kinds
