"""What of a question may meet a case that is shown as a hit alone: whole identifiers, whole names with one birth date.

It narrows what the index is asked, so that a question without exact parts costs nothing. The gate decides
(pipeline.access.hit_gate).
"""

from __future__ import annotations

from pipeline.access.hit_gate import NAMING_WORDS
from pipeline.correlation.keys import blocking_keys
from pipeline.index.probes import QuestionProbe
from pipeline.index.queries import TOLD_BY_SCORE, CandidateQuery, ScoredClause
from pipeline.index.questions import Question
from pipeline.matching.comparisons.plate import WILDCARDS
from pipeline.matching.model import Model


def strict_question(question: Question) -> Question | None:
    """The question's parts that may meet hit-only cases; None where it has none."""
    named = tuple(name for name in question.names if len(name.split()) >= NAMING_WORDS)
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


def make_strict_query(question: Question, probe: QuestionProbe, model: Model) -> CandidateQuery:
    """What selects hit-only candidates: whole numbers, and the keys that two cases of one person would share."""
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
    if question.born:
        shared = blocking_keys(probe.entities, model.stop_keys, model.key_rarity)
        clauses += [ScoredClause(TOLD_BY_SCORE, (str(key),), "keys") for key in shared]
    return CandidateQuery(tuple(clauses))
