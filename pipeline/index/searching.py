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
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.scoring import score

CANDIDATES = 200
"""Cases that the matcher ranks: ten pages of results; 200 fingerprints are judged in some ten milliseconds."""

SHOWN_FIELDS = (*STATE_FIELDS, "fingerprint", "data.title")

CERTAIN_REASONS = frozenset({"number", "phone", "email", "text"})
"""Clauses that show a case though the matcher has no bits for it; a like sound or a shared place does not."""


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
    body = candidates(asked(question, asked_for, model.stop_keys), limits, CANDIDATES)
    found = await reader.candidates(body)
    documents = await reader.cases((one.case for one in found), SHOWN_FIELDS)
    ranked = rank(asked_for, found, documents, model)
    return [_result(one, asked_for, model) for one in ranked[:limit]]


def rank(
    asked_for: Probe, found: Iterable[Candidate], documents: dict[str, CaseDocument], model: Model
) -> list[_Ranked]:
    """The candidates that have evidence or a certain reason, in the order in which they are shown."""
    ranked = [_judged(one, documents[one.case], asked_for, model) for one in found if one.case in documents]
    kept = (one for one in ranked if one.bits > 0 or CERTAIN_REASONS.intersection(one.met))
    return sorted(kept, key=lambda one: (-one.bits, -one.selected, one.case))


def _judged(candidate: Candidate, document: CaseDocument, asked_for: Probe, model: Model) -> _Ranked:
    fingerprint = msgspec.convert(document.fingerprint, Fingerprint)
    bits = score(adapted(asked_for, fingerprint.entities), fingerprint.entities, model) - model.prior
    return _Ranked(bits, candidate.score, candidate.case, document, fingerprint, candidate.met)


def _result(one: _Ranked, asked_for: Probe, model: Model) -> Result:
    record = one.fingerprint.entities
    explained = explain_entities(adapted(asked_for, record), record, model)
    return Result(one.document, one.bits, one.met, explained.entities)
