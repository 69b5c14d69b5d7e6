"""How a question was understood, and what to try next. Pure.

What a question is understood as follows from the question alone, never from what is found: its words, and all that each
of them is taken for at once. Each part can be left out, or settled on one reading. A hint says where a question may not
have been meant so, and which of its parts nothing has: it follows from the question, the day and the records that the
reader is shown; nothing else moves it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from pipeline.errors import LiaisonError
from pipeline.locale import N_, translate
from pipeline.records.countries import country_code
from pipeline.records.identifiers import canonical, plate
from pipeline.records.names import clean_text
from pipeline.records.normalised import PartialDate
from pipeline.records.offence_codes import name_in_words
from pipeline.records.phones import phone
from pipeline.search.probes import make_probe, term_clauses
from pipeline.search.questions import (
    FIELDS,
    LEFT_OUT,
    LOOSE,
    MAX_QUESTION_CHARS,
    MONTHS,
    NARROWING,
    TYPED,
    PartDoubt,
    QuestionPart,
    nearest_field,
    quote_value,
    read_dates,
    read_offences,
    read_question,
    split_question,
    type_named,
    typed_number,
)
from pipeline.search.ranking import Candidate
from pipeline.search.terms import case_terms, search_terms

APART: Final = " , "
"""What stands where a part was, so that groups of digits at either side of it stay two numbers."""


OF_ONE_WORD: Final = frozenset({"born", "offence"})
"""Fields of which one word may be several values; each is stated as it is searched for."""


class Reading(msgspec.Struct, frozen=True):
    """One thing that words are taken for: the prefix that would say so, and the value that is searched for."""

    field: Annotated[str, Meta(description=f"One of {', '.join(FIELDS)}.", examples=["born"])]
    value: Annotated[str, Meta(examples=["1982-11-25"])]


class UnderstoodPart(msgspec.Struct, frozen=True):
    """Words of a question as they were typed, with their prefix, and their readings, the likeliest first.

    It asks for all of its readings, and whatever meets one of them answers it. Words without a reading are left out.
    """

    words: str
    readings: tuple[Reading, ...]


def understand_question(text: str, country: str) -> tuple[UnderstoodPart, ...]:
    """The parts of a question; `country` ("" unknown) is where its phones are dialled. Raises LiaisonError."""
    clean = clean_text(text)
    return tuple(_make_understood(clean, parts, country) for parts in _group_parts(text))


def understand_looks(text: str, country: str) -> tuple[UnderstoodPart, ...]:
    """The same without the parts that a prefix or quotes state: those are understood as they say."""
    parts = zip(_group_parts(text), understand_question(text, country), strict=True)
    return tuple(understood for (first, *_), understood in parts if not first.stated)


def leave_out(text: str, at: int) -> str | None:
    """The question without its part of this number; None where it would be longer than a question may be."""
    return _replace(text, at, "")


def settle_reading(text: str, at: int, reading: Reading) -> str | None:
    """The question with its part of this number taken for this alone; None where no question may be so long."""
    value = reading.value if reading.field in OF_ONE_WORD else " ".join(part.value for part in _group_parts(text)[at])
    return _replace(text, at, _state(reading.field, value))


def _state(field: str, value: str) -> str:
    return quote_value(field, value) if {" ", '"'} & {*value} else f"{field}:{value}"


def _group_parts(text: str) -> list[list[QuestionPart]]:
    """The parts that are understood as one: all loose words are one name, where the first of them stands."""
    groups: list[list[QuestionPart]] = []
    loose: list[QuestionPart] = []
    for part in split_question(text):
        if part.field != LOOSE:
            groups.append([part])
        elif loose:
            loose.append(part)
        else:
            loose = [part]
            groups.append(loose)
    return groups


def _make_understood(clean: str, parts: Sequence[QuestionPart], country: str) -> UnderstoodPart:
    words = " ".join(clean[part.start : part.end] for part in parts)
    value = " ".join(part.value for part in parts)
    readings = (Reading(field, read) for field in parts[0].readings for read in _values_of(field, value, country))
    return UnderstoodPart(words, tuple(readings))


def _values_of(field: str, value: str, country: str) -> Iterable[str]:
    """What a field makes of a value."""
    if field == "born":
        return read_dates(value)
    if field == "offence":
        return read_offences(value)
    if field == "phone":
        found = phone(value, country)
        return [found.e164 if found else canonical(value)]
    if field in TYPED:
        return [typed_number(field, value).value]
    return [_VALUES[field](value) if field in _VALUES else value]


_VALUES: dict[str, Callable[[str], str]] = {
    "type": type_named,
    "nationality": country_code,
    "email": str.casefold,
    "number": canonical,
    "plate": plate,
}


def _replace(text: str, at: int, new: str) -> str | None:
    """The text with one part changed; the others stay what they are. None where it gets too long by that."""
    clean, groups = clean_text(text), _group_parts(text)
    first, changed = groups[at][0].start, {part.start: part.end for part in groups[at]}
    kept = [part for parts in groups for part in parts if part.start not in changed]
    for between in (" ", APART):
        pieces, place = [], 0
        for start, end in sorted(changed.items()):
            pieces += [clean[place:start], new if start == first else "", between]
            place = end
        made = clean_text("".join([*pieces, clean[place:]]))
        if len(made) > MAX_QUESTION_CHARS:
            return None
        wanted = {(part.field, part.value) for part in (*kept, *split_question(new))}
        if wanted == {(part.field, part.value) for part in split_question(made)}:
            break
    return made


class SearchHintKind(StrEnum):
    """What a hint is about."""

    PREFIX = "prefix"
    OPERATOR = "operator"
    EXCLUDED = "excluded"
    WILDCARD = "wildcard"
    DATE_ALONE = "date_alone"
    NOT_FOUND = "not_found"
    OFFENCE = "offence"
    PLACE = "place"
    MONTH = "month"
    SENTENCE = "sentence"
    """All that words of a sentence may be, at once."""
    NOT_TOGETHER = "not_together"
    """Nobody agrees well enough with a name and what else is known of who bears it."""


class SearchHint(msgspec.Struct, frozen=True):
    """One hint: the words of the question that it is about, and another question that may be meant ("": none)."""

    kind: Annotated[SearchHintKind, Meta(examples=["not_found"])]
    words: Annotated[str, Meta(examples=["52NO43308"])]
    advice: Annotated[str, Meta(description="What to try, in the language of the request.")] = ""
    question: Annotated[str, Meta(description="A question to ask instead.", examples=["number:52NO43308"])] = ""
    opened_from: Annotated[
        str, Meta(description="Filter to ask it with: opened on this day or later.", examples=["2026-03-01"])
    ] = ""
    opened_to: Annotated[
        str, Meta(description="Filter to ask it with: opened on this day or before.", examples=["2026-03-31"])
    ] = ""


DOUBTS: Final = {
    PartDoubt.PREFIX: (SearchHintKind.PREFIX, N_("There is no such prefix. Did you mean the search beside?")),
    PartDoubt.OPERATOR: (
        SearchHintKind.OPERATOR,
        N_("Not an operator here: all words are searched together, each for itself."),
    ),
    PartDoubt.EXCLUDED: (SearchHintKind.EXCLUDED, N_("Left out. Words can't be excluded: narrow with filters.")),
    PartDoubt.WILDCARD: (
        SearchHintKind.WILDCARD,
        N_("* and ? stand for characters of plates only. In names, similar spellings are found without them."),
    ),
}
"""What is said of a part that is perhaps not meant as it was read."""

YEAR_ALONE: Final = N_("A year or range of birth alone finds nobody. Add the month, a name or a number.")

MORE_BORN: Final = N_("More people may be born then than are listed. Add a name, a number or a place.")

ADVICE: Final = {
    **dict.fromkeys((LOOSE, "name", "alias", "nickname"), N_("Try another spelling, fewer words, or another script.")),
    "phone": N_("Check the digits, and begin with + and the country's code."),
    "email": N_("Check the spelling: an e-mail address is found whole."),
    "number": N_("Check each character: numbers with one wrong, missing or added are found too."),
    "plate": N_("Check each character, or write ? for one that is not sure and * for several."),
    "case": N_("Check the number, or put its agency before it: fr-pj:2026-0417."),
    "born": N_("Try the month alone, as 1980-05. Dates that are known in part are found together with a name."),
    "city": N_("Try the name of the city as it is written there, or a larger one near it."),
    "text": N_("Try fewer words: all must be in one title, summary or description."),
}
"""What to try where nothing has a part, by its field; numbers of a type (TYPED) are as `number`."""

JUDGED_BY_EVIDENCE: Final = frozenset({"born", "birthplace", "nationality", "city"})
"""Fields that find nobody beside others, where each result says whether it agrees; a date of birth or a city alone
does."""

UNFINDING: Final = frozenset({LEFT_OUT, "type", NARROWING})
"""Fields of which nobody could be found."""

LACKING: Final = {
    SearchHintKind.NOT_FOUND: N_("No record that you can read has"),
    SearchHintKind.NOT_TOGETHER: N_("No record that you can read agrees well enough with"),
}
"""What stands before the words of a hint on what was not found."""


def translate_hint(hint: SearchHint, language: str) -> SearchHint:
    """A hint with its advice in a language."""
    advice = translate(hint.advice, language, first=hint.opened_from, last=hint.opened_to)
    return msgspec.structs.replace(hint, advice=advice)


def lacking(hint: SearchHint, language: str) -> str:
    """What stands before the words of a hint: "" unless nothing was found."""
    return translate(LACKING[hint.kind], language) if hint.kind in LACKING else ""


def tell_hint(hint: SearchHint, language: str) -> str:
    """A translated hint in one line."""
    words = " ".join(filter(None, (lacking(hint, language), hint.words)))
    said = translate("{field}: {level}", language, field=words, level=hint.advice)
    return f"{said} {hint.question}".rstrip()


def find_hints(question: str, today: date, *, more_born: bool = False, language: str = "") -> list[SearchHint]:
    """What may not have been meant as it was read. Raises LiaisonError for more than a question may hold.

    `today` says which March is meant. `more_born`: where it asks for a date of birth alone, others than those found may
    be born then. `language` is the reader's, in which a prefix is read first.
    """
    clean, parts = clean_text(question), split_question(question)
    hints = [
        *(_hint_at_doubt(clean, part, language) for part in parts if part.doubt),
        *suggest_readings(question, today),
    ]
    asked = {part.field for part in parts} - {LEFT_OUT, NARROWING, "type", "nationality", "birthplace"}
    if asked != {"born"}:
        return hints
    advice = (MORE_BORN if more_born else "") if _births_of(parts) else YEAR_ALONE
    return [*hints, SearchHint(SearchHintKind.DATE_ALONE, clean, advice)] if advice else hints


PLACING: Final = frozenset(("in", "at", "near", "from", "à", "au", "aux", "en", "dans", "vers", "de", "del", "por"))
"""What stands before a place, or a month, in a sentence in the languages of the pages."""

SMALL_WORDS: Final = PLACING | {
    "of", "the", "on", "during", "and", "a", "an", "to", "du", "des", "le", "la", "les", "par", "pour", "et", "un",
    "una", "une", "el", "los", "las", "y",
}  # fmt: skip
"""What stands between the words of a sentence."""

IS_OFFENCE: Final = N_("Offence? It then narrows the search:")
IS_PLACE: Final = N_("Place? Then search who is there:")
IS_MONTH: Final = N_("Month? It then narrows the search to cases opened from {first} to {last}.")
IS_SENTENCE: Final = N_("All of them at once:")

_YEAR: Final = re.compile(r"(?:19|20)\d\d")


class _Offer(NamedTuple):
    """What words of a question may be: the parts that they are, what would state it, the days that it narrows to."""

    kind: SearchHintKind
    advice: str
    parts: tuple[QuestionPart, ...]
    stated: str = ""
    opened: tuple[str, str] = ("", "")


def suggest_readings(question: str, today: date) -> list[SearchHint]:
    """What words of a sentence may be beside a name: an offence, a place, a month; each alone, then all together.

    Nothing of it is searched unasked. It follows from the question, the offences' names and the day alone: "burglaries
    in Lyon in March" of the latest March that has begun by `today`, "in March 2025" of that one.
    """
    clean, parts = clean_text(question), split_question(question)
    offers = [*_read_sentence(parts, today)]
    hints = [_make_offer(clean, parts, [offer]) for offer in offers]
    if len(offers) > 1:
        hints.append(_make_offer(clean, parts, offers))
    return hints


def _read_sentence(parts: Sequence[QuestionPart], today: date) -> Iterator[_Offer]:
    loose = [part for part in parts if part.field == LOOSE]
    offence = next(((part, name) for part in loose if (name := name_in_words(part.value))), None)
    if len(loose) == 1:
        offence = None  # a word alone is a name, a text and an offence in it as it stands
    narrows = offence is not None or any(part.field == NARROWING for part in parts)
    months = [part for part in loose if _plain(part) in MONTHS and (narrows or _follows_small(parts, part))]
    if offence is not None:
        named, name = offence
        yield _Offer(SearchHintKind.OFFENCE, IS_OFFENCE, (named,), f"offence:{name}")
    if offence is None and not months:
        return
    left = [part for part in loose if not (part in months or (offence and part == offence[0]) or _is_small(part))]
    if placed := _find_placed(parts, left) or (left if narrows else []):
        place = " ".join(part.value for part in placed)
        yield _Offer(SearchHintKind.PLACE, IS_PLACE, tuple(placed), _state("city", place))
    if months:
        yield _read_months(parts, months, today)


def _read_months(parts: Sequence[QuestionPart], months: Sequence[QuestionPart], today: date) -> _Offer:
    """From the first to the last of the months: of the year that stands behind one, else the latest that has begun."""
    years = [part for part in parts if _YEAR.fullmatch(part.value) and _before(parts, part) in months]
    first, last = (pick(MONTHS[_plain(part)] for part in months) for pick in (min, max))
    year = int(years[0].value) if years else today.year - (first > today.month)
    opened = f"{year}-{first:02d}-01", f"{year}-{last:02d}-{monthrange(year, last)[1]}"
    return _Offer(SearchHintKind.MONTH, IS_MONTH, (*months, *years), opened=opened)


def _make_offer(clean: str, parts: Sequence[QuestionPart], offers: Sequence[_Offer]) -> SearchHint:
    """What to ask where these offers are taken; the other words stay, but for small ones between them."""
    taken = [part for offer in offers for part in offer.parts]
    stated = [offer.stated for offer in offers if offer.stated]
    kept = [clean[part.start : part.end] for part in parts if part not in taken and not _is_small(part)]
    opened = next((offer.opened for offer in offers if offer.opened[0]), ("", ""))
    if len(offers) > 1:
        return SearchHint(SearchHintKind.SENTENCE, clean, IS_SENTENCE, " ".join([*stated, *kept]), *opened)
    words = " ".join(clean[part.start : part.end] for part in taken)
    return SearchHint(offers[0].kind, words, offers[0].advice, " ".join([*stated, *kept]), *opened)


def _find_placed(parts: Sequence[QuestionPart], left: Sequence[QuestionPart]) -> list[QuestionPart]:
    """Of the words that are left the first that stand behind one for a place, up to what is none of them."""
    placed: list[QuestionPart] = []
    for part in left:
        before = _before(parts, part)
        if placed and before != placed[-1]:
            break
        if placed or (before is not None and _plain(before) in PLACING):
            placed.append(part)
    return placed


def _before(parts: Sequence[QuestionPart], part: QuestionPart) -> QuestionPart | None:
    at = parts.index(part)
    return parts[at - 1] if at else None


def _follows_small(parts: Sequence[QuestionPart], part: QuestionPart) -> bool:
    before = _before(parts, part)
    return before is not None and _is_small(before)


def _is_small(part: QuestionPart) -> bool:
    """Whether a word tells neither who nor where nor when."""
    return part.field == LOOSE and _plain(part) in SMALL_WORDS


def _plain(part: QuestionPart) -> str:
    return part.value.casefold().strip(".,;'’")


def _births_of(parts: Iterable[QuestionPart]) -> tuple[PartialDate, ...]:
    """The dates of birth that are asked for alone; none where the parts make no sense."""
    try:
        return read_question(parts).births
    except LiaisonError:
        return ()


def _hint_at_doubt(clean: str, part: QuestionPart, language: str) -> SearchHint:
    kind, advice = DOUBTS[part.doubt]
    words = clean[part.start : part.end]
    meant = ""
    if part.doubt is PartDoubt.PREFIX:
        prefix, _, value = words.partition(":")
        meant = f"{clean[: part.start]}{nearest_field(prefix, language)}:{value}{clean[part.end :]}"
    return SearchHint(kind, words, advice, meant)


def list_unfound(question: str, country: str, shown: Sequence[Candidate]) -> list[SearchHint]:
    """The parts of a question that none of the shown candidates has, where these are all that answer it.

    None of a question that narrows: what it leaves out may have them. `country` ("" unknown) is where phones are
    dialled.
    """
    clean, split = clean_text(question), split_question(question)
    if any(part.field == NARROWING for part in split):
        return []
    met = {name for candidate in shown for name in candidate.met}
    hints = []
    if not shown and _births_of(split):
        hints.append(SearchHint(SearchHintKind.NOT_FOUND, clean, ADVICE["born"]))
    judged = _find_judged(split)
    for parts in _searched_parts(split, judged):
        fields = {field for part in parts for field in part.readings}
        try:
            asked = read_question(part._replace(lone=False) for part in parts)
        except LiaisonError:
            continue
        terms = {term for clause in term_clauses(asked, make_probe(asked, country)) for term in clause.terms}
        if not terms and "text" not in fields:
            continue
        by_clause = ("text" in fields and "text" in met) or ("city" in fields and "place" in met)
        if not by_clause and all(terms.isdisjoint(_terms_of(candidate)) for candidate in shown):
            with_judged = bool(judged) and not fields.isdisjoint(NAMING)
            told = sorted((*parts, *judged), key=lambda part: part.start) if with_judged else parts
            kind = SearchHintKind.NOT_TOGETHER if with_judged else SearchHintKind.NOT_FOUND
            field = "number" if parts[0].field in TYPED else parts[0].field
            hints.append(SearchHint(kind, " ".join(clean[part.start : part.end] for part in told), ADVICE[field]))
    return hints


NAMING: Final = frozenset({"name", "alias", "nickname"})
"""Fields whose bearer is left out where what else is known speaks against them."""


def _find_judged(parts: Iterable[QuestionPart]) -> list[QuestionPart]:
    """What is known of whom another part finds; none where it alone is what is asked."""
    searched = [part for part in parts if part.field not in UNFINDING]
    judged = [part for part in searched if part.field in JUDGED_BY_EVIDENCE]
    alone = {part.field for part in searched} == {"city"}
    return [] if alone else judged


def _searched_parts(
    parts: Iterable[QuestionPart], judged: Collection[QuestionPart]
) -> Iterable[Sequence[QuestionPart]]:
    """The parts that may find somebody: each by itself, all loose words as one."""
    searched = [part for part in parts if part.field not in UNFINDING and part not in judged]
    loose = [part for part in searched if part.field == LOOSE]
    return [*([loose] if loose else []), *([part] for part in searched if part.field != LOOSE)]


def _terms_of(candidate: Candidate) -> Iterator[str]:
    yield from search_terms(candidate.entities)
    agency, _, number = candidate.card.case.partition(":")
    yield from case_terms(agency, number)
