"""What to try next: where a question may not have been meant as it was read, and which of its parts nothing has. Pure.

A hint follows from the question, and from the records that the reader is shown; nothing else moves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.errors import LiaisonError
from pipeline.index.case_reading import Candidate
from pipeline.index.probes import make_probe, term_clauses
from pipeline.index.question_parts import LEFT_OUT, LOOSE, TYPED, PartDoubt, QuestionPart, split_question
from pipeline.index.questions import read_question
from pipeline.index.terms import case_terms, search_terms
from pipeline.locale import N_, translate
from pipeline.records.names import clean_text
from pipeline.records.normalised import PartialDate


class SearchHintKind(StrEnum):
    """What a hint is about."""

    PREFIX = "prefix"
    OPERATOR = "operator"
    EXCLUDED = "excluded"
    WILDCARD = "wildcard"
    DATE_ALONE = "date_alone"
    NOT_FOUND = "not_found"


class SearchHint(msgspec.Struct, frozen=True):
    """One hint: the words of the question that it is about, and another question that may be meant ("": none)."""

    kind: Annotated[SearchHintKind, Meta(examples=["not_found"])]
    words: Annotated[str, Meta(examples=["52NO43308"])]
    advice: Annotated[str, Meta(description="What to try, in the language of the request.")] = ""
    question: Annotated[str, Meta(description="A question to ask instead.", examples=["number:52NO43308"])] = ""


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

JUDGED_BY_EVIDENCE: Final = frozenset({"born", "birthplace", "nationality", "type", "offence"})
"""Fields that find nobody beside others, where each result says whether it agrees; a date of birth alone does."""


def translate_hint(hint: SearchHint, language: str) -> SearchHint:
    """A hint with its advice in a language."""
    return msgspec.structs.replace(hint, advice=translate(hint.advice, language))


def tell_hint(hint: SearchHint, language: str) -> str:
    """A translated hint in one line."""
    lacking = translate("No record that you can read has", language) if hint.kind is SearchHintKind.NOT_FOUND else ""
    words = f"{lacking} {hint.words}".strip()
    said = translate("{field}: {level}", language, field=words, level=hint.advice)
    return f"{said} {hint.question}".rstrip()


def find_hints(question: str, *, more_born: bool = False) -> list[SearchHint]:
    """What may not have been meant as it was read. Raises LiaisonError for more than a question may hold.

    `more_born`: where it asks for a date of birth alone, others than those found may be born then.
    """
    clean, parts = clean_text(question), split_question(question)
    hints = [_hint_at_doubt(clean, part) for part in parts if part.doubt]
    asked = {part.field for part in parts} - {LEFT_OUT, "type", "nationality", "birthplace"}
    if asked != {"born"}:
        return hints
    advice = (MORE_BORN if more_born else "") if _births_of(parts) else YEAR_ALONE
    return [*hints, SearchHint(SearchHintKind.DATE_ALONE, clean, advice)] if advice else hints


def _births_of(parts: Iterable[QuestionPart]) -> tuple[PartialDate, ...]:
    """The dates of birth that are asked for alone; none where the parts make no sense."""
    try:
        return read_question(parts).births
    except LiaisonError:
        return ()


def _hint_at_doubt(clean: str, part: QuestionPart) -> SearchHint:
    kind, advice = DOUBTS[part.doubt]
    words = clean[part.start : part.end]
    meant = ""
    if part.doubt is PartDoubt.PREFIX:
        value = words.partition(":")[2]
        meant = f"{clean[: part.start]}{part.meant}:{value}{clean[part.end :]}"
    return SearchHint(kind, words, advice, meant)


def list_unfound(question: str, country: str, shown: Sequence[Candidate]) -> list[SearchHint]:
    """The parts of a question that none of the shown candidates has, where these are all that answer it.

    `country` ("" unknown) is where phones are dialled.
    """
    clean = clean_text(question)
    held = {term for candidate in shown for term in _terms_of(candidate)}
    met = {name for candidate in shown for name in candidate.met}
    hints = []
    if not shown and _births_of(split_question(question)):
        hints.append(SearchHint(SearchHintKind.NOT_FOUND, clean, ADVICE["born"]))
    for parts in _searched_parts(question):
        fields = {field for part in parts for field in part.readings}
        try:
            asked = read_question(part._replace(lone=False) for part in parts)
        except LiaisonError:
            continue
        terms = {term for clause in term_clauses(asked, make_probe(asked, country)) for term in clause.terms}
        if not terms and "text" not in fields:
            continue
        by_clause = ("text" in fields and "text" in met) or ("city" in fields and "place" in met)
        if held.isdisjoint(terms) and not by_clause:
            field = "number" if parts[0].field in TYPED else parts[0].field
            words = " ".join(clean[part.start : part.end] for part in parts)
            hints.append(SearchHint(SearchHintKind.NOT_FOUND, words, ADVICE[field]))
    return hints


def _searched_parts(question: str) -> Iterable[Sequence[QuestionPart]]:
    """The parts that may find somebody: each by itself, all loose words as one."""
    parts = [part for part in split_question(question) if part.field not in {LEFT_OUT, *JUDGED_BY_EVIDENCE}]
    loose = [part for part in parts if part.field == LOOSE]
    return [*([loose] if loose else []), *([part] for part in parts if part.field != LOOSE)]


def _terms_of(candidate: Candidate) -> Iterator[str]:
    yield from search_terms(candidate.entities)
    agency, _, number = candidate.card.case.partition(":")
    yield from case_terms(agency, number)
