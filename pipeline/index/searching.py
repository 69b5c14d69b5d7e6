"""Search is correlation with a question for a fingerprint: the index selects candidates, the matcher ranks them.

Candidates are ranked by their cards. Those that are to be shown, and no others, are then looked at in real time: what
has changed since it was indexed is read and ranked anew, what has gone or may not be read makes room for the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import msgspec

from pipeline.access.hit_gate import exact_band
from pipeline.index.documents import CaseCard, CaseDocument, entities_of
from pipeline.index.hit_questions import make_strict_query, strict_question
from pipeline.index.points import PointInTime
from pipeline.index.probes import QuestionProbe, adapt_probe, make_candidate_query, make_probe
from pipeline.index.queries import QueryLimits, candidate_body
from pipeline.index.questions import Question
from pipeline.index.reading import Candidate, IndexReader
from pipeline.matching.bands import Band
from pipeline.matching.explain.explaining import entities_evidence
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.names import compare_and_keep
from pipeline.matching.score.scoring import score_cases

CANDIDATES = 100
"""Cases that the matcher ranks: five pages of results. Judging them is half of what a search costs the server; with
fewer, or with rare names before frequent ones, recall across scripts falls (`make bench-recall`)."""

CERTAIN_REASONS = frozenset({"number", "phone", "email", "text"})
"""Clauses that show a case whatever the matcher says of it; a like sound or a shared place does not."""

Place = tuple[int, float, str]
Documents = Mapping[str, CaseDocument]

Admit = Callable[[Documents], Awaitable[Collection[str]]]
"""Which of these cases, by their realtime documents, may be shown."""


class SearchResult(msgspec.Struct, frozen=True):
    """A case found: its evidence in hundredths of a bit without prior, the clauses it met, the matcher's reasons."""

    case: CaseDocument
    score: int
    met: tuple[str, ...]
    evidence: tuple[EntityEvidence, ...]


class RankedCandidate(NamedTuple):
    """A candidate and its evidence without prior, in hundredths of a bit, as the matcher judges it.

    `place` sorts: strongest evidence first, then the better candidate, then the case key.
    """

    candidate: Candidate
    score: int
    place: Place


def _is_never_shown(case: str) -> bool:
    return False


class PageRequest(NamedTuple):
    """Which of the cases that answer are wanted: the first `most` behind a place, of those that `admit` lets pass.

    They are listed as of `at` (None: now), without those that were `shown` before.
    """

    most: int
    admit: Admit
    after: Place | None = None
    at: PointInTime | None = None
    shown: Callable[[str], bool] = _is_never_shown

    @property
    def is_steady(self) -> bool:
        """Whether cases keep their places in the list, even if they have changed."""
        return self.at is not None and self.at.is_steady


async def _admit_all(documents: Documents) -> Collection[str]:
    return documents.keys()


async def search_cases(
    reader: IndexReader,
    question: Question,
    model: Model,
    limits: QueryLimits,
    country: str = "",
    limit: int = 20,
    among: int = CANDIDATES,
) -> list[SearchResult]:
    """The cases that answer a question best, at most `limit`, judged on their realtime documents."""
    asked_for = make_probe(question, country)
    found = await find_cases(reader, question, asked_for, model, limits, PageRequest(limit, _admit_all), among)
    return [explain_result(candidate, document, asked_for, model) for candidate, document in found]


async def find_cases(
    reader: IndexReader,
    question: Question,
    asked_for: QuestionProbe,
    model: Model,
    limits: QueryLimits,
    wanted: PageRequest,
    among: int = CANDIDATES,
) -> list[tuple[RankedCandidate, CaseDocument]]:
    """The cases that answer a question, in the order in which they are shown, each with its realtime document.

    They are taken from the `among` best candidates.
    """
    selection = make_candidate_query(question, asked_for, model.stop_keys, model.key_rarity)
    found = await reader.find_candidates(candidate_body(selection, limits, among), wanted.at)
    line = rank_candidates(
        asked_for, (candidate for candidate in found if not wanted.shown(candidate.card.case)), model
    )
    read: dict[str, CaseDocument | None] = {}
    while unread := [
        card for candidate in _page_of(line, wanted) if (card := candidate.candidate.card).case not in read
    ]:
        documents = await reader.read_current(unread)
        admitted = await wanted.admit(documents)
        read |= {card.case: documents[card.case] if card.case in admitted else None for card in unread}
        changed = _find_changed(line, read)
        if changed and wanted.is_steady:
            again = candidate_body(selection, _limit_to(limits, changed), len(changed))
            changed = _match_again(changed, await reader.find_candidates(again))
        line = _update_ranking(line, read, rank_candidates(asked_for, changed.values(), model), wanted)
    return [
        (candidate, document)
        for candidate in _page_of(line, wanted)
        if (document := read[candidate.candidate.card.case]) is not None
    ]


def rank_candidates(asked_for: QuestionProbe, found: Iterable[Candidate], model: Model) -> list[RankedCandidate]:
    """The candidates that answer the question, in the order in which they are shown."""
    named = [entity for entity in asked_for.entities if entity.names]
    meant = (
        candidate
        for candidate in found
        if not named or _is_certain(candidate) or _agrees_on_name(named, candidate.entities)
    )
    weighed = (_weigh_candidate(candidate, asked_for, model) for candidate in meant)
    return sorted(
        (candidate for candidate in weighed if candidate.score > 0 or _is_certain(candidate.candidate)),
        key=lambda candidate: candidate.place,
    )


def _weigh_candidate(candidate: Candidate, asked_for: QuestionProbe, model: Model) -> RankedCandidate:
    record = candidate.entities
    bits = score_cases(adapt_probe(asked_for, record), record, model) - model.prior
    return RankedCandidate(candidate, bits, (-bits, -candidate.score, candidate.card.case))


def _page_of(line: Iterable[RankedCandidate], wanted: PageRequest) -> list[RankedCandidate]:
    behind = (candidate for candidate in line if wanted.after is None or candidate.place > wanted.after)
    return list(islice(behind, wanted.most))


def _find_changed(line: Iterable[RankedCandidate], read: Mapping[str, CaseDocument | None]) -> dict[str, Candidate]:
    """Those of the line that have changed since they were indexed, as they are now."""
    found = (_update_candidate(candidate.candidate, read.get(candidate.candidate.card.case)) for candidate in line)
    return {candidate.card.case: candidate for candidate in found if candidate is not None}


def _limit_to(limits: QueryLimits, cases: Iterable[str]) -> QueryLimits:
    return replace(limits, filters=(*limits.filters, {"terms": {"case": sorted(cases)}}))


def _match_again(changed: Mapping[str, Candidate], found: Iterable[Candidate]) -> dict[str, Candidate]:
    """What has changed since a point in time, as far as it is found by the question and its filters now, and by what.

    It may have changed minutes ago; where the index is read as it is, it was a second.
    """
    return {candidate.card.case: changed[candidate.card.case]._replace(met=candidate.met) for candidate in found}


def _update_ranking(
    line: Iterable[RankedCandidate],
    read: Mapping[str, CaseDocument | None],
    anew: Iterable[RankedCandidate],
    wanted: PageRequest,
) -> list[RankedCandidate]:
    """The line by what was read of it: without those not to be shown, and those that have changed as ranked anew.

    In a point in time they keep their places: the next page's reader would miss those that moved forward.
    """
    places = {candidate.candidate.card.case: candidate.place for candidate in line}
    same = [candidate for candidate in line if _is_same(candidate.candidate.card, read)]
    moved = [
        candidate._replace(place=places[candidate.candidate.card.case]) if wanted.is_steady else candidate
        for candidate in anew
    ]
    return sorted([*same, *moved], key=lambda candidate: candidate.place)


def _is_same(card: CaseCard, read: Mapping[str, CaseDocument | None]) -> bool:
    """Whether a case is as it was indexed, or has not been looked at."""
    document = read.get(card.case)
    return card.case not in read or (document is not None and document.hash == card.hash)


def _update_candidate(candidate: Candidate, document: CaseDocument | None) -> Candidate | None:
    """A candidate as its document, where one was read, has it now; None where that is as it was indexed."""
    if document is None or document.hash == candidate.card.hash:
        return None
    return candidate._replace(
        card=msgspec.structs.replace(candidate.card, hash=document.hash), entities=entities_of(document)
    )


async def find_hits(
    reader: IndexReader, question: Question, country: str, model: Model, limits: QueryLimits
) -> list[HitOnlyCase]:
    """The hit-only cases of `limits` that a question may tell of, strongest band first, then by case key.

    A question without a whole identifier or a whole name and birth date asks the index nothing.
    """
    kept = strict_question(question)
    if kept is None:
        return []
    asked_for = make_probe(kept, country)
    body = candidate_body(make_strict_query(kept, asked_for, model), replace(limits, hits=True), CANDIDATES)
    found = await reader.find_candidates(body)
    likely = [candidate for candidate in found if _exact_band(candidate, asked_for, model)]
    documents = await reader.read_current(candidate.card for candidate in likely)
    held = ((candidate, documents.get(candidate.card.case)) for candidate in likely)
    now = {
        candidate.card.case: _update_candidate(candidate, document) or candidate
        for candidate, document in held
        if document is not None
    }
    hits = (HitOnlyCase(_exact_band(candidate, asked_for, model), documents[case]) for case, candidate in now.items())
    return sorted((hit for hit in hits if hit.band), key=lambda hit: (hit.band, hit.document.case))


class HitOnlyCase(NamedTuple):
    """A hit-only case and the band in which it answers; CERTAIN sorts before PROBABLE."""

    band: Band
    document: CaseDocument


def _exact_band(candidate: Candidate, asked_for: QuestionProbe, model: Model) -> Band:
    return exact_band(adapt_probe(asked_for, candidate.entities), candidate.entities, model)


def _is_certain(candidate: Candidate) -> bool:
    """Whether it answers whatever the matcher says; any other must agree on the name, where one was asked for."""
    return not CERTAIN_REASONS.isdisjoint(candidate.met)


def _agrees_on_name(named: Iterable[EntityPrint], record: Iterable[EntityPrint]) -> bool:
    like = ((entity, held) for entity in named for held in record if held.type == entity.type and held.names)
    return any(compare_and_keep(x, y).bits > 0 for entity, held in like for x in entity.names for y in held.names)


def explain_result(
    candidate: RankedCandidate, document: CaseDocument, asked_for: QuestionProbe, model: Model
) -> SearchResult:
    """A ranked case with the matcher's reasons."""
    record = candidate.candidate.entities
    evidence = entities_evidence(adapt_probe(asked_for, record), record, model)
    return SearchResult(document, candidate.score, candidate.candidate.met, evidence)
