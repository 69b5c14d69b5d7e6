"""Ranking: the candidates of a question in the order in which they are shown, of which only the likeliest are judged.

What a candidate's evidence never exceeds costs a tenth of judging it. The candidate with the highest place is judged
first, and found a place by what it is worth; the first of a list are known once nothing that is not judged may be above
them. The order is the same as if all were judged. Pure.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from pipeline.correlation.claims import external_version
from pipeline.matching.alternatives import SCORE_LIMIT
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.handling import Contact, Handling
from pipeline.matching.model import Model
from pipeline.matching.names.name_pairs import MetNames, meet_names
from pipeline.matching.score.scoring import most_score, score_cases
from pipeline.matching.work import compared_names
from pipeline.search.probes import QuestionProbe, adapt_probe

CERTAIN_REASONS = frozenset({"case", "number", "phone", "email", "text"})
"""Clauses that show a case whatever the matcher says of it; a like sound does not, nor a shared place where more is
asked for."""

NEAR = "near"
"""The clause of a number that differs in one digit: it answers for any name, but only where the evidence is for it."""

CASE = "case"
"""The clause of a case's own number."""

Place = tuple[int, float, str]
"""Where a candidate stands: a case that was asked for by its number, strongest evidence, the better candidate, the
case key."""


class StatedHandling(Handling, frozen=True, omit_defaults=False):
    """Handling with every field written out, so that a filter on one never meets a document without it."""


class CaseCard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What ranks a case against a question and shows it in a list.

    `entities` is None and `version` 0 where it would be too large: then the document says it all. `language` is the
    record's where its caveat has translations; cards of before have neither.
    """

    case: str
    agency: str
    country: str
    version: int
    hash: str
    handling: StatedHandling
    contact: Contact
    retain_until: str | None
    title: str | None
    entities: tuple[EntityPrint, ...] | None
    caveat_translations: dict[str, str] = {}
    language: str = ""

    @property
    def external_version(self) -> int:
        """The version of the document that this is the card of: that of a live case."""
        return external_version(self.version)


class Candidate(NamedTuple):
    """A case that a query selected, as indexed: its card, its entities, its constant score, the clauses that it met."""

    card: CaseCard
    entities: tuple[EntityPrint, ...]
    score: float
    met: tuple[str, ...]


class RankedCandidate(NamedTuple):
    """A candidate and its evidence without prior, in hundredths of a bit, as the matcher judges it.

    `names` are held for who explains it: what was compared is not compared again.
    """

    candidate: Candidate
    score: int
    place: Place
    names: tuple[MetNames, ...] = ()


class _Unjudged(NamedTuple):
    """A candidate, and the highest place that it may have."""

    place: Place
    candidate: Candidate
    names: tuple[MetNames, ...]


class Ranking:
    """The candidates that answer a question.

    A candidate is left out that neither agrees on a name that was asked for, nor met a clause that is certain; so is
    one for which nothing speaks.
    """

    def __init__(self, asked_for: QuestionProbe, found: Iterable[Candidate], model: Model) -> None:
        self._asked_for, self._model = asked_for, model
        self._named = any(entity.names for entity in asked_for.entities)
        self._certain = CERTAIN_REASONS | {"place"} if asked_for.places_alone else CERTAIN_REASONS
        self._certain |= {"born"} if asked_for.births else frozenset()
        self._judged: list[RankedCandidate] = []
        candidates = list(found)
        met = _meet_candidates(asked_for, candidates)
        self._unjudged = [
            one
            for candidate, names in zip(candidates, met, strict=True)
            if (one := self._bound(candidate, names)) is not None
        ]
        heapq.heapify(self._unjudged)

    def first(self, most: int, after: Place | None = None) -> list[RankedCandidate]:
        """The first `most`, or fewer, behind a place."""
        while True:
            start = 0 if after is None else bisect_right(self._judged, after, key=_place_of)
            found = self._judged[start : start + most]
            if not self._unjudged or (len(found) == most and found[-1].place < self._unjudged[0].place):
                return found
            self._judge(heapq.heappop(self._unjudged))

    def all(self) -> list[RankedCandidate]:
        """All that answer the question."""
        return self.first(len(self._judged) + len(self._unjudged))

    def places(self) -> dict[str, Place]:
        """The place of each case that has been judged."""
        return {one.candidate.card.case: one.place for one in self._judged}

    def judged(self) -> list[Candidate]:
        """The candidates that have been judged and answer, in their order."""
        return [one.candidate for one in self._judged]

    def replace_changed(self, hashes: Mapping[str, str | None], anew: Iterable[RankedCandidate]) -> None:
        """Leave out what is not to be shown, and put what has changed where it belongs now.

        `hashes` are the fingerprint hashes that cases have now, None for those that are not to be shown. A case that
        has none here has not been looked at, and stays.
        """
        self._judged = [
            one
            for one in self._judged
            if hashes.get(one.candidate.card.case, one.candidate.card.hash) == one.candidate.card.hash
        ]
        for one in anew:
            insort(self._judged, one, key=_place_of)

    def _bound(self, candidate: Candidate, names: tuple[MetNames, ...]) -> _Unjudged | None:
        """A candidate as it may be ranked at most; None where it does not answer for certain."""
        certain = self._is_certain(candidate)
        if self._must_agree(candidate) and not any(pairs.may_agree for pairs in names):
            return None
        record = candidate.entities
        most = most_score(adapt_probe(self._asked_for.of_met(candidate.met), record), record, self._model)
        bits = SCORE_LIMIT if most is None else most - self._model.prior
        return _Unjudged(_find_place(candidate, bits), candidate, names) if bits > 0 or certain else None

    def _is_certain(self, candidate: Candidate) -> bool:
        """Whether it answers whatever the matcher says."""
        by_place = self._asked_for.of_met(candidate.met) is not self._asked_for
        return by_place or not self._certain.isdisjoint(candidate.met)

    def _must_agree(self, candidate: Candidate) -> bool:
        """Whether it answers only if it agrees on a name that was asked for: nothing but the name tells of it."""
        return self._named and not self._is_certain(candidate) and NEAR not in candidate.met

    def _judge(self, unjudged: _Unjudged) -> None:
        """Give a candidate its place, if it answers."""
        _, candidate, names = unjudged
        certain = self._is_certain(candidate)
        if self._must_agree(candidate) and not any(pairs.agree for pairs in names):
            return
        ranked = _rank(self._asked_for, candidate, self._model, names)
        if ranked.score > 0 or certain:
            insort(self._judged, ranked, key=_place_of)


def rank_candidates(asked_for: QuestionProbe, found: Iterable[Candidate], model: Model) -> list[RankedCandidate]:
    """All candidates that answer the question, in the order in which they are shown."""
    return Ranking(asked_for, found, model).all()


def rank_answers(asked_for: QuestionProbe, found: Iterable[Candidate], model: Model) -> list[RankedCandidate]:
    """Candidates that are known to answer, with their places, whatever the matcher says of them."""
    return sorted((_rank(asked_for, candidate, model) for candidate in found), key=_place_of)


def _rank(
    asked_for: QuestionProbe, candidate: Candidate, model: Model, names: tuple[MetNames, ...] = ()
) -> RankedCandidate:
    record = candidate.entities
    bits = score_cases(adapt_probe(asked_for.of_met(candidate.met), record), record, model) - model.prior
    return RankedCandidate(candidate, bits, _find_place(candidate, bits), names)


def _meet_candidates(asked_for: QuestionProbe, candidates: Sequence[Candidate]) -> list[tuple[MetNames, ...]]:
    """For each candidate the names of its entities with those that were asked for, of one type."""
    met: list[list[MetNames]] = [[] for _ in candidates]
    for entity in asked_for.entities:
        if entity.names:
            held = [
                (at, one.names)
                for at, candidate in enumerate(candidates)
                for one in candidate.entities
                if one.type == entity.type and one.names
            ]
            pairs = meet_names([compared_names(entity.names, names) for _, names in held])
            for (at, _), found in zip(held, pairs, strict=True):
                met[at].append(found)
    return [tuple(found) for found in met]


def _find_place(candidate: Candidate, bits: int) -> Place:
    return -(SCORE_LIMIT if CASE in candidate.met else bits), -candidate.score, candidate.card.case


def _place_of(one: RankedCandidate) -> Place:
    return one.place
