"""What of a question may meet a case that is shown as a hit alone: whole identifiers, whole names with one birth date.

It narrows what the index is asked, so that a question without exact parts costs nothing. The gate decides
(pipeline.access.hit_gate).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.access.hit_gate import is_whole_name, whole_birth_date
from pipeline.index.probes import QuestionProbe
from pipeline.index.queries import TOLD_BY_SCORE, CandidateQuery, ScoredClause
from pipeline.index.questions import Question
from pipeline.index.terms import born_term, token_terms
from pipeline.matching.comparisons.plate import WILDCARDS
from pipeline.matching.names import NamePrint, make_name_print
from pipeline.records.doubts import Doubts
from pipeline.records.entity_types import PERSON
from pipeline.records.fields import FieldReader
from pipeline.records.model import Name


def strict_question(question: Question) -> Question | None:
    """The question's parts that may meet hit-only cases; None where it has none."""
    named = tuple(name for name in question.names if _is_whole(name))
    born = question.exact_birth_date if named else None
    kept = Question(
        types=question.types,
        names=named if born else (),
        born=(born,) if born else (),
        phones=question.phones,
        emails=question.emails,
        numbers=question.numbers,
        plates=tuple(plate for plate in question.plates if not WILDCARDS.intersection(plate)),
        typed=question.typed,
    )
    return None if kept.empty else kept


def _is_whole(name: str) -> bool:
    """Whether a name as typed has a given and a family part, in scripts without blanks too."""
    read = FieldReader("", "", Doubts()).names((Name(full=name),), PERSON.name)
    return any(is_whole_name(make_name_print(one, PERSON.name)) for one in read)


def make_strict_query(question: Question, probe: QuestionProbe) -> CandidateQuery:
    """What selects hit-only candidates: whole numbers, and the birth date, that with the words of the name first.

    Who has another date is no candidate, so that no crowd of namesakes keeps out the one who has it.
    """
    phones = {f"phone:{phone.e164}" for entity in probe.entities for phone in entity.phones}
    typed = (number.value for number in question.typed)
    numbers = {f"id:{number}" for number in (*question.numbers, *question.plates, *typed)}
    terms = sorted(
        phones
        | {f"phone:{number}" for number in probe.national}
        | numbers
        | {f"email:{email}" for email in question.emails}
    )
    clauses = [ScoredClause("number", (term,)) for term in terms]
    for person in probe.entities:
        born = whole_birth_date(person)
        if born is not None:
            clauses += _named_clauses(born_term(born), person.names)
    return CandidateQuery(tuple(clauses))


def _named_clauses(born: str, names: Iterable[NamePrint]) -> Iterator[ScoredClause]:
    yield ScoredClause(TOLD_BY_SCORE, (born,))
    words = dict.fromkeys(token for name in names for token in name.tokens)
    for term in dict.fromkeys(term for token in words for term in token_terms(token)):
        yield ScoredClause(term.partition(":")[0], (born, term), together=True)
