"""The matcher that a correlator needs: an interface, so that the correlator knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.bands import Band, Basis, ExactMatch
from pipeline.matching.bounds.sketches import Sketches
from pipeline.matching.fingerprint import Entities, Fingerprint


class PairJudgement(Protocol):
    """What the matcher says of a pair."""

    @property
    def score(self) -> int:
        """Hundredths of a bit."""

    @property
    def probability(self) -> float:
        """That the `basis` holds, from 0 to 1."""

    @property
    def band(self) -> Band:
        """The band of that probability; NONE below the lowest."""

    @property
    def basis(self) -> Basis:
        """What the probability is of: that both sides are one thing, or that a number in two hands is one."""


class Matcher(Protocol):
    """Judges pairs of cases. Pure and symmetric: a pair gets the same answer in either order and at any time.

    `may_link` is far cheaper than `judge`. Neither it nor `may_link_crowd` is ever False for a pair whose probability
    reaches the threshold. `find_link` is `judge` with that threshold and may be cheaper.
    matching.matcher.ModelMatcher implements it.
    """

    @property
    def threshold(self) -> float:
        """The probability from which a pair is a link."""

    def may_link(self, a: Sketches, b: Sketches, /) -> NDArray[np.bool_]:
        """Whether `a[i]` may be linked with `b[i]`, by their sketches alone, for each i."""

    def may_link_crowd(self, some: Sketches, crowd: Sketches, /) -> NDArray[np.bool_]:
        """Whether each of some cases may be linked with each of a crowd: shape (some, crowd).

        It costs less a pair than `may_link`, and rules out fewer; the rest should be put to `may_link`.
        """

    def exceeds_bound(self, a: Fingerprint, b: Fingerprint, /) -> bool:
        """Whether a pair breaks that promise of `may_link`, which is asked of a sample as it runs."""

    def meet(self, one: Fingerprint, others: Sequence[Fingerprint], /) -> None:
        """Prepare for questions about one case and each of the others; some work is cheaper for all pairs at once."""

    def find_link(self, a: Fingerprint, b: Fingerprint, /) -> PairJudgement | None:
        """The judgement of a pair; None if its probability is below the threshold."""

    def judge(self, a: Fingerprint, b: Fingerprint, /) -> PairJudgement:
        """Score, probability, band and basis of a pair."""

    def explain(self, a: Fingerprint, b: Fingerprint, basis: Basis, /) -> object:
        """Why a pair is linked on the basis that its judgement names; a value that msgspec writes as JSON."""

    def exact_match(self, asking: Entities, held: Entities, /) -> ExactMatch:
        """By what a question's entities meet those of a hit-only record; NONE if it may not be told."""
