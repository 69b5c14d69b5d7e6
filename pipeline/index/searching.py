"""Search is correlation with a question for a fingerprint: the index selects candidates, the matcher ranks them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import msgspec

from pipeline.index.documents import CaseDocument
from pipeline.index.hit_questions import BANDS, strict, strict_asked
from pipeline.index.probes import Probe, adapted, asked, probe
from pipeline.index.queries import Body, Limits, candidates
from pipeline.index.questions import Question
from pipeline.index.reading import STATE_FIELDS, Candidate, Reader
from pipeline.matching.explanation import EntityEvidence, explain_entities
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.names import compare_all
from pipeline.matching.scoring import judgement, score

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


class Ranked(NamedTuple):
    """A candidate as the matcher judges it. `score` is its evidence without prior, `selected` the query's constants."""

    document: CaseDocument
    fingerprint: Fingerprint
    score: int
    selected: float
    met: tuple[str, ...]

    @property
    def place(self) -> tuple[int, float, str]:
        """Sorts: strongest evidence first, then the better candidate, then the case key."""
        return (-self.score, -self.selected, self.document.case)


async def search(
    reader: Reader, question: Question, model: Model, limits: Limits, country: str = "", limit: int = 20
) -> list[Result]:
    """The cases that answer a question best, at most `limit`, judged on their realtime documents."""
    asked_for = probe(question, country)
    ranked = await find(reader, question, asked_for, model, limits)
    return [explained(one, asked_for, model) for one in ranked[:limit]]


async def find(reader: Reader, question: Question, asked_for: Probe, model: Model, limits: Limits) -> list[Ranked]:
    """All cases that answer a question, in the order in which they are shown."""
    body = candidates(asked(question, asked_for, model.stop_keys, model.key_rarity), limits, CANDIDATES)
    return rank(asked_for, *await _selected(reader, body), model)


def rank(
    asked_for: Probe, found: Iterable[Candidate], documents: dict[str, CaseDocument], model: Model
) -> list[Ranked]:
    """The candidates that answer the question, in the order in which they are shown."""
    ranked = (one for one in judged(asked_for, found, documents, model) if _answers(one, asked_for))
    return sorted(ranked, key=lambda one: one.place)


async def find_hits(reader: Reader, question: Question, country: str, model: Model, limits: Limits) -> list[Hit]:
    """The hit-only cases of `limits` that a question may tell of, strongest band first, then by case key.

    A question without a whole identifier or a whole name and birth date asks the index nothing.
    """
    kept = strict(question)
    if kept is None:
        return []
    asked_for = probe(kept, country)
    body = candidates(strict_asked(kept, asked_for, model), replace(limits, hits=True), CANDIDATES)
    found = judged(asked_for, *await _selected(reader, body), model)
    hits = (Hit(_band(one, model), one.document) for one in found)
    return sorted((hit for hit in hits if hit.band in BANDS), key=lambda hit: (hit.band, hit.document.case))


class Hit(NamedTuple):
    """A hit-only case and the band in which it answers; "certain" sorts before "probable"."""

    band: str
    document: CaseDocument


def _band(one: Ranked, model: Model) -> str:
    return judgement(one.score + model.prior, model).band


async def _selected(reader: Reader, body: Body) -> tuple[list[Candidate], dict[str, CaseDocument]]:
    found = await reader.candidates(body)
    return found, await reader.cases((one.case for one in found), SHOWN_FIELDS)


def judged(
    asked_for: Probe, found: Iterable[Candidate], documents: dict[str, CaseDocument], model: Model
) -> list[Ranked]:
    """The candidates whose documents are still there, each weighed against the question."""
    return [_weighed(one, documents[one.case], asked_for, model) for one in found if one.case in documents]


def _weighed(candidate: Candidate, document: CaseDocument, asked_for: Probe, model: Model) -> Ranked:
    fingerprint = msgspec.convert(document.fingerprint, Fingerprint)
    bits = score(adapted(asked_for, fingerprint.entities), fingerprint.entities, model) - model.prior
    return Ranked(document, fingerprint, bits, candidate.score, candidate.met)


def _answers(one: Ranked, asked_for: Probe) -> bool:
    """Whether there is a certain reason, or evidence that includes the name where one was asked for."""
    if CERTAIN_REASONS.intersection(one.met):
        return True
    return one.score > 0 and _agrees_on_name(asked_for.entities, one.fingerprint.entities)


def _agrees_on_name(asked_for: Iterable[EntityPrint], record: Iterable[EntityPrint]) -> bool:
    named = [entity for entity in asked_for if entity.names]
    like = ((entity, held) for entity in named for held in record if held.type == entity.type and held.names)
    return not named or any(compare_all(entity.names, held.names).bits > 0 for entity, held in like)


def explained(one: Ranked, asked_for: Probe, model: Model) -> Result:
    """A ranked case with the matcher's reasons."""
    record = one.fingerprint.entities
    told = explain_entities(adapted(asked_for, record), record, model)
    return Result(one.document, one.score, one.met, told.entities)
