"""Search is correlation with a question for a fingerprint: the index selects candidates, the matcher ranks them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.index.documents import CaseDocument
from pipeline.index.probes import Probe, adapted, asked, probe
from pipeline.index.queries import Limits, candidates
from pipeline.index.questions import Question
from pipeline.index.reading import STATE_FIELDS, Candidate, Reader
from pipeline.matching.explanation import EntityEvidence, explain_entities
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.names import compare_all
from pipeline.matching.scoring import score

CANDIDATES = 100
"""Cases that the matcher ranks: five pages of results. Judging them is most of what a search costs."""

SHOWN_FIELDS = (*STATE_FIELDS, "fingerprint", "data.title")

CERTAIN_REASONS = frozenset({"number", "phone", "email", "text"})
"""Clauses that show a case whatever the matcher says of it; a like sound or a shared place does not."""


class Result(msgspec.Struct, frozen=True):
    """A case found: its evidence in hundredths of a bit without prior, the clauses it met, the matcher's reasons."""

    case: CaseDocument
    score: int
    met: tuple[str, ...]
    evidence: tuple[EntityEvidence, ...]


class _Ranked(NamedTuple):
    """Sorts: strongest evidence first, then the better candidate, then the case key."""

    bits: int
    selected: float
    case: str
    document: CaseDocument
    fingerprint: Fingerprint
    met: tuple[str, ...]


async def search(
    reader: Reader, question: Question, model: Model, limits: Limits, country: str = "", limit: int = 20
) -> list[Result]:
    """The cases that answer a question best, at most `limit`, judged on their realtime documents."""
    asked_for = probe(question, country)
    body = candidates(asked(question, asked_for, model.stop_keys, model.key_rarity), limits, CANDIDATES)
    found = await reader.candidates(body)
    documents = await reader.cases((one.case for one in found), SHOWN_FIELDS)
    ranked = rank(asked_for, found, documents, model)
    return [_result(one, asked_for, model) for one in ranked[:limit]]


def rank(
    asked_for: Probe, found: Iterable[Candidate], documents: dict[str, CaseDocument], model: Model
) -> list[_Ranked]:
    """The candidates that answer the question, in the order in which they are shown."""
    ranked = [_judged(one, documents[one.case], asked_for, model) for one in found if one.case in documents]
    kept = (one for one in ranked if _answers(one, asked_for))
    return sorted(kept, key=lambda one: (-one.bits, -one.selected, one.case))


def _answers(one: _Ranked, asked_for: Probe) -> bool:
    """Whether there is a certain reason, or evidence that includes the name where one was asked for."""
    if CERTAIN_REASONS.intersection(one.met):
        return True
    return one.bits > 0 and _agrees_on_name(asked_for.entities, one.fingerprint.entities)


def _agrees_on_name(asked_for: Iterable[EntityPrint], record: Iterable[EntityPrint]) -> bool:
    named = [entity for entity in asked_for if entity.names]
    like = ((entity, held) for entity in named for held in record if held.type == entity.type and held.names)
    return not named or any(compare_all(entity.names, held.names).bits > 0 for entity, held in like)


def _judged(candidate: Candidate, document: CaseDocument, asked_for: Probe, model: Model) -> _Ranked:
    fingerprint = msgspec.convert(document.fingerprint, Fingerprint)
    bits = score(adapted(asked_for, fingerprint.entities), fingerprint.entities, model) - model.prior
    return _Ranked(bits, candidate.score, candidate.case, document, fingerprint, candidate.met)


def _result(one: _Ranked, asked_for: Probe, model: Model) -> Result:
    record = one.fingerprint.entities
    explained = explain_entities(adapted(asked_for, record), record, model)
    return Result(one.document, one.bits, one.met, explained.entities)
