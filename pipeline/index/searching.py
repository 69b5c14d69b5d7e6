"""Search is correlation with a question for a fingerprint: the index selects candidates, the matcher ranks them.

Candidates are ranked by their cards. Those that are to be shown, and no others, are then looked at in real time: what
has changed since it was indexed is read and ranked anew, what has gone or may not be read makes room for the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import msgspec

from pipeline.access.hit_gate import exact_match
from pipeline.index.documents import CaseDocument, entities_of
from pipeline.index.engine import PointInTime
from pipeline.index.queries import QueryLimits, candidate_body, meets_any, owned_body
from pipeline.index.reading import IndexReader
from pipeline.loop_turns import Compute, compute_apart
from pipeline.matching.bands import ExactMatch
from pipeline.matching.explain.explaining import entities_evidence, judge_question
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.search.probes import (
    CandidateQuery,
    QuestionProbe,
    adapt_probe,
    make_candidate_query,
    make_equal_query,
    make_probe,
    make_strict_query,
    strict_question,
)
from pipeline.search.questions import Question
from pipeline.search.ranking import Candidate, Place, RankedCandidate, Ranking, rank_candidates

CANDIDATES = 100
"""Cases that the matcher ranks: five pages of results. Ranking them is a third of what a search costs the server; with
fewer, or with rare names before frequent ones, recall across scripts falls (`make bench-recall`)."""

OPERATIONS = 100
"""What is spent on the cases of one owner to find those that are equal: one for each that is looked at, more for a
large one (reading.LARGE). As many as Elasticsearch brings of each of several owners."""

OWNED = 10
"""Of one owner's that may be equal to a question, those that are ranked wherever they stand. A choice."""

BORN_CANDIDATES = 4 * CANDIDATES
"""Candidates for a date of birth alone, whose term is that of the date with day and month exchanged too."""

Documents = Mapping[str, CaseDocument]

Admit = Callable[[Documents], Awaitable[Collection[str]]]
"""Which of these cases, by their realtime documents, may be shown."""


class Selected(NamedTuple):
    """The candidates of a question, ranked as far as they were looked at, to be looked at further.

    `cut`: there were as many candidates as are ranked, so more cases may answer.
    """

    ranking: Ranking
    cut: bool


class FoundCases(NamedTuple):
    """Cases in the order in which they are shown, each with its realtime document, and what they were found among."""

    cases: list[tuple[RankedCandidate, CaseDocument]]
    selected: Selected


class SearchResult(msgspec.Struct, frozen=True):
    """A case found: its evidence in hundredths of a bit without prior, the clauses it met, the matcher's reasons.

    `entities` are those that it was ranked by.
    """

    case: CaseDocument
    score: int
    met: tuple[str, ...]
    evidence: tuple[EntityEvidence, ...]
    entities: tuple[EntityPrint, ...]


class PageRequest(NamedTuple):
    """Which of the cases that answer are wanted: the first `most` behind a place, of those that `admit` lets pass.

    They are listed as of `at` (None: now), without those that were `shown` before. `compute` runs what takes long.
    """

    most: int
    admit: Admit
    after: Place | None = None
    at: PointInTime | None = None
    shown: Callable[[str], bool] = lambda _: False
    compute: Compute = compute_apart

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
    return [explain_result(candidate, document, asked_for, model) for candidate, document in found.cases]


async def find_cases(
    reader: IndexReader,
    question: Question,
    asked_for: QuestionProbe,
    model: Model,
    limits: QueryLimits,
    wanted: PageRequest,
    among: int = CANDIDATES,
    selected: Selected | None = None,
) -> FoundCases:
    """The cases that answer a question, of the `among` best candidates; each is looked at in real time.

    `selected` are those of the same question, limits and page, selected a moment ago: they are not selected again.
    """
    selection = make_candidate_query(question, asked_for, model.stop_keys, model.key_rarity)
    if selected is None:
        size = BORN_CANDIDATES if asked_for.births else among
        found = await reader.find_candidates(candidate_body(selection, limits, size), wanted.at, wanted.compute)
        cut = len(found) == size
        equal = await _find_more_equal(reader, question, asked_for, selection, limits, wanted) if cut else ()
        answering = [one for one in found if asked_for.admits(one.entities)]
        chosen = {one.card.case: one for one in (*answering[:among], *equal)}
        kept = [one for case, one in chosen.items() if not wanted.shown(case)]
        ranked = await wanted.compute(partial(Ranking, asked_for, kept, model))
        selected = Selected(ranked, cut or len(answering) > among)
    ranking = selected.ranking
    read: dict[str, CaseDocument | None] = {}
    while unread := [
        card
        for one in await wanted.compute(partial(ranking.first, wanted.most, wanted.after))
        if (card := one.candidate.card).case not in read
    ]:
        documents = await reader.read_current(unread)
        admitted = await wanted.admit(documents)
        read |= {card.case: documents[card.case] if card.case in admitted else None for card in unread}
        changed = _find_changed(ranking.judged(), read)
        if changed and wanted.is_steady:
            named = (*limits.filters, {"terms": {"case": sorted(changed)}})
            again = candidate_body(selection, replace(limits, filters=named), len(changed))
            # As far as it is found by the question and its filters now, and by what: it may have changed minutes ago.
            met = {
                candidate.card.case: candidate.met
                for candidate in await reader.find_candidates(again, compute=wanted.compute)
            }
            changed = {case: changed[case]._replace(met=found_by) for case, found_by in met.items()}
        anew = await wanted.compute(partial(rank_candidates, asked_for, changed.values(), model)) if changed else []
        hashes = {case: document.hash if document else None for case, document in read.items()}
        if wanted.is_steady:  # in its old place: the next page's reader would miss what moved forward
            places = ranking.places()
            anew = [one._replace(place=places[one.candidate.card.case]) for one in anew]
        ranking.replace_changed(hashes, anew)
    cases = [
        (one, document)
        for one in ranking.first(wanted.most, wanted.after)
        if (document := read[one.candidate.card.case]) is not None
    ]
    return FoundCases(cases, selected)


async def _find_more_equal(
    reader: IndexReader,
    question: Question,
    asked_for: QuestionProbe,
    selection: CandidateQuery,
    limits: QueryLimits,
    wanted: PageRequest,
) -> list[Candidate]:
    """Of each owner the first of its candidates that may be equal to a question, where there are more than are ranked.

    Without them the many records of one owner would leave no place for another's.
    """
    equal = make_equal_query(question, asked_for)
    if not equal.clauses:
        return []
    narrowed = replace(limits, filters=(*limits.filters, meets_any(equal)))
    body = owned_body(selection, narrowed, OWNED)
    parts = reader.find_owned(body, OWNED, wanted.at, wanted.compute)
    return [one async for some in parts for one in some if asked_for.admits(one.entities)]


def _find_changed(judged: Iterable[Candidate], now: Mapping[str, CaseDocument | None]) -> dict[str, Candidate]:
    """Those that have changed since they were indexed, as they are now."""
    found = (_update_candidate(candidate, now.get(candidate.card.case)) for candidate in judged)
    return {candidate.card.case: candidate for candidate in found if candidate is not None}


def _update_candidate(candidate: Candidate, document: CaseDocument | None) -> Candidate | None:
    """A candidate as its document, where one was read, has it now; None where that is as it was indexed."""
    if document is None or document.hash == candidate.card.hash:
        return None
    return candidate._replace(
        card=msgspec.structs.replace(candidate.card, hash=document.hash), entities=entities_of(document)
    )


async def find_hits(
    reader: IndexReader,
    question: Question,
    country: str,
    model: Model,
    limits: QueryLimits,
    compute: Compute = compute_apart,
) -> list[tuple[Candidate, CaseDocument]]:
    """The hit-only cases of `limits` that a question may tell of, in no order that says anything of them.

    Each candidate is as its realtime document has it. A question without a whole identifier or a whole name and birth
    date asks the index nothing.
    """
    kept = strict_question(question)
    if kept is None:
        return []
    return await find_equal(reader, kept, country, model, replace(limits, hits=True), compute)


async def find_equal(
    reader: IndexReader,
    kept: Question,
    country: str,
    model: Model,
    limits: QueryLimits,
    compute: Compute = compute_apart,
) -> list[tuple[Candidate, CaseDocument]]:
    """The cases of `limits` that the exact parts of a question (strict_question) meet exactly, owner by owner.

    Of each owner OPERATIONS are spent, whatever others hold: what hides a record of an owner's are its own alone.
    """
    asked_for = make_probe(kept, country, exact=True)
    body = owned_body(make_strict_query(kept, asked_for), limits, OPERATIONS)

    def select(found: Iterable[Candidate]) -> list[Candidate]:
        return [one for one in found if _exact_match(one, asked_for, model)]

    likely: list[Candidate] = []
    async for some in reader.find_owned(body, OPERATIONS, compute=compute):
        likely += await compute(partial(select, list(some)))
    documents = await reader.read_current(candidate.card for candidate in likely)
    held = ((candidate, documents.get(candidate.card.case)) for candidate in likely)
    now = {
        candidate.card.case: _update_candidate(candidate, document) or candidate
        for candidate, document in held
        if document is not None
    }
    met = await compute(partial(select, list(now.values())))
    return [(one, documents[one.card.case]) for one in met]


def _exact_match(candidate: Candidate, asked_for: QuestionProbe, model: Model) -> ExactMatch:
    return exact_match(adapt_probe(asked_for, candidate.entities), candidate.entities, model)


def judge_answer(
    document: CaseDocument, met: tuple[str, ...], asked_for: QuestionProbe, model: Model
) -> tuple[int, tuple[EntityEvidence, ...]]:
    """What a case that met these clauses is worth as an answer now, by a document read with its entities, and why."""
    record = entities_of(document)
    return judge_question(adapt_probe(asked_for.of_met(met), record), record, model)


def explain_result(
    candidate: RankedCandidate, document: CaseDocument, asked_for: QuestionProbe, model: Model
) -> SearchResult:
    """A ranked case with the matcher's reasons."""
    record = candidate.candidate.entities
    asked = adapt_probe(asked_for.of_met(candidate.candidate.met), record)
    evidence = entities_evidence(asked, record, model)
    return SearchResult(document, candidate.score, candidate.candidate.met, evidence, record)
