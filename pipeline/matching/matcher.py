"""The matcher of a model: everything that homes and judges need (correlation.matcher), with one model and threshold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.bands import Basis, ExactMatch
from pipeline.matching.bounds.sketches import Sketches, join_sketches
from pipeline.matching.explain.explaining import explain, explain_shared_number
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.fingerprint import Entities, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.names.name_pairs import MetNames, meet_names
from pipeline.matching.names.prints import Names
from pipeline.matching.operations import pairs_cut
from pipeline.matching.score.scoring import BOUNDED, Judgement, judge_cases, judge_score, least_score, score_at_least
from pipeline.matching.score.shared_numbers import judge_shared_number
from pipeline.matching.screening.screening import Screen

THRESHOLD = 0.5
"""The probability from which a pair is a link."""

MOST_MET_EACH, MOST_MET = 5_000, 200_000
"""Pairs of words that are bounded before the cases are judged: of two entities at most, and of all cases at once. 70
words, as 25 names have, with as many. A choice: 512 pairs of entries of lists, which meet at once, have some 150,000,
and fewer than 1 in 100 of those with many names have more than 5,000."""

FindExactMatch = Callable[[Entities, Entities, Model], ExactMatch]


def no_exact_match(asking: Entities, held: Entities, model: Model) -> ExactMatch:
    """Answer NONE: for runs whose links no agency is told of."""
    return ExactMatch.NONE


class _Met(threading.local):
    """The names that a thread has met: what another one meets does not let go of them."""

    names: Sequence[MetNames] = ()


class ModelMatcher:
    """Screens, judges and explains pairs of cases by one model.

    Pure and symmetric: a pair gets the same answer in either order and at any time. `find_exact_match` is the
    disclosure rule of hit-only records (access.hit_gate.exact_match).
    """

    def __init__(
        self,
        model: Model,
        *,
        threshold: float = THRESHOLD,
        generation: str = "",
        find_exact_match: FindExactMatch = no_exact_match,
    ) -> None:
        self.threshold = threshold
        self._model, self._generation, self._find_exact_match = model, generation, find_exact_match
        self._least = least_score(threshold)
        self._met = _Met()
        self._screen = Screen(model, threshold)

    @property
    def cut(self) -> int:
        """How many pairs this process has judged by part of what they say (score.selection)."""
        return pairs_cut()

    def may_link(self, a: Sketches, b: Sketches) -> NDArray[np.bool_]:
        """Whether `a[i]` and `b[i]` may reach the threshold, for each i."""
        return self._screen(a, b)

    def exceeds_bound(self, a: Fingerprint, b: Fingerprint) -> bool:
        """Whether a pair scores more than its sketches bound, or is a link that a screen rules out: never, by law.

        A score above that of the weakest link is held to that alone, as some pairs pass whatever they score.
        """
        one, other = (join_sketches([side.sketch]) for side in (a, b))
        judged = self.judge(a, b)
        if min(judged.score, self._least) > self._screen.bound_scores(one, other)[0]:
            return True
        return judged.probability >= self.threshold and not self.may_link(one, other)[0]

    def meet(self, pairs: Iterable[tuple[Fingerprint, Fingerprint]]) -> Sequence[MetNames]:
        """Bound the names of pairs of cases, all at once.

        Comparing names is most of the cost of a link. Until this thread's next call, and as long as somebody holds what
        this returns, `find_link` and `explain` of these pairs reuse the bounds, and the comparisons that they lead to.
        The names of pairs that take much are bounded when they are judged, so that this takes no longer than judging a
        few.
        """
        left = MOST_MET
        met: list[tuple[Names, Names]] = []
        for a, b in pairs:
            for one, other in _pairs_of_names(a, b):
                words = sum([len(name.tokens) for name in one]) * sum([len(name.tokens) for name in other])
                if words <= min(left, MOST_MET_EACH):
                    left -= words
                    met.append((one, other))
        self._met.names = names = meet_names(met)
        return names

    def find_link(self, a: Fingerprint, b: Fingerprint) -> Judgement | None:
        """The judgement of a pair; None if it is no link, which mostly shows without aligning names."""
        first, second = (b, a) if a.case > b.case else (a, b)
        score = score_at_least(first.entities, second.entities, self._model, self._least)
        if score is None:
            return self._judge_shared_number(a, b)
        judged = self._judge_score(a, b, score)
        return judged if judged.probability >= self.threshold else None

    def judge(self, a: Fingerprint, b: Fingerprint) -> Judgement:
        """The score, probability, band and basis of a pair.

        If the cases are no link by what they have in common, a number that two of their entities share can make one.
        """
        return self._judge_score(a, b, judge_cases(a, b, self._model).score)

    def _judge_score(self, a: Fingerprint, b: Fingerprint, score: int) -> Judgement:
        judged = judge_score(score)
        if judged.probability >= max(self.threshold, THRESHOLD):
            return judged
        return self._judge_shared_number(a, b) or judged

    def _judge_shared_number(self, a: Fingerprint, b: Fingerprint) -> Judgement | None:
        """The link by a shared number; None if there is none. An alert has no country and holds no number."""
        shared = judge_shared_number(a, b, self._model) if a.country and b.country else None
        least = max(self.threshold, THRESHOLD)
        return None if shared is None or shared.probability < least else shared

    def explain(self, a: Fingerprint, b: Fingerprint, basis: Basis) -> Explanation:
        """Why a pair is linked on the basis that its judgement names."""
        shared = basis is Basis.SHARED
        return (explain_shared_number if shared else explain)(a, b, self._model, self._generation)

    def exact_match(self, asking: Entities, held: Entities) -> ExactMatch:
        """By what a question's entities meet those of a hit-only record; NONE if it may not be told."""
        return self._find_exact_match(asking, held, self._model)


def _pairs_of_names(a: Fingerprint, b: Fingerprint) -> Iterator[tuple[Names, Names]]:
    """The names of each pair of entities of one type, but single pairs of names, which are soon aligned.

    Scoring itself bounds the names of cases that have many (BOUNDED), and only those that it compares.
    """
    if len(a.entities) * len(b.entities) <= BOUNDED:
        first, second = (b, a) if a.case > b.case else (a, b)
        for one, other in product(first.entities, second.entities):
            if one.type == other.type and len(one.names) * len(other.names) > 1:
                yield one.names, other.names
