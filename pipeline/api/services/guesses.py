"""What a question guesses with names is counted before hit-only records are asked, and what is too much left out."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from pipeline.access.guesses import BORN, UNTYPED, AskedNumber, make_guesses
from pipeline.api.hit_budget import NotAsked
from pipeline.api.problems import UnavailableError
from pipeline.api.session import Session
from pipeline.search.probes import make_query_probe, strict_question
from pipeline.search.questions import Question
from pipeline.streams.audit.guess_log import GuessError


class CountedQuestion(NamedTuple):
    """What of a question hit-only records may be asked, None where that is nothing, and why not all of it."""

    asked: Question | None
    not_asked: NotAsked = ""


async def count_question(session: Session, question: Question, dialled: str, about: str = "") -> CountedQuestion:
    """Count what a question, or the alert `about`, guesses with names. Raises UnavailableError.

    The answer follows from what the requester's agency has asked, never from what there is.
    """
    kept = strict_question(question)
    if kept is None:
        return CountedQuestion(None)
    typed = [AskedNumber(number.identifier_type, number.value) for number in kept.typed]
    agency, ring = session.requester.agency, session.runtime.opaque.ring
    made = make_guesses(ring, agency, make_query_probe(question, dialled), about, typed)
    try:
        refused = await session.runtime.guesses.ask(made)
    except GuessError as error:
        raise UnavailableError(error) from error
    if not refused:
        return CountedQuestion(kept)
    left = msgspec.structs.replace(
        kept,
        names=() if BORN in refused else kept.names,
        born=() if BORN in refused else kept.born,
        numbers=() if UNTYPED in refused else kept.numbers,
        typed=tuple(number for number in kept.typed if number.identifier_type not in refused),
    )
    return CountedQuestion(None if left.empty else left, "birth_dates" if BORN in refused else "numbers")
