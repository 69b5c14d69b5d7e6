"""The matcher and the screen of postings that correlation needs: interfaces, so that it knows no model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    `may_link` is far cheaper than `judge`, and never False for a pair whose probability reaches the threshold.
    `find_link` is `judge` with that threshold and may be cheaper. matching.matcher.ModelMatcher implements it.
    """

    @property
    def threshold(self) -> float:
        """The probability from which a pair is a link."""

    @property
    def cut(self) -> int:
        """How many pairs were judged by part of what they say so far, since all of it would take too much."""

    def may_link(self, a: Sketches, b: Sketches, /) -> NDArray[np.bool_]:
        """Whether `a[i]` may be linked with `b[i]`, by their sketches alone, for each i."""

    def exceeds_bound(self, a: Fingerprint, b: Fingerprint, /) -> bool:
        """Whether a pair breaks that promise of `may_link`, which is asked of a sample as it runs."""

    def meet(self, pairs: Iterable[tuple[Fingerprint, Fingerprint]], /) -> object:
        """Prepare for questions about pairs of cases; some work is cheaper for many at once.

        Who asks them in another thread holds what this returns until then.
        """

    def find_link(self, a: Fingerprint, b: Fingerprint, /) -> PairJudgement | None:
        """The judgement of a pair; None if its probability is below the threshold."""

    def judge(self, a: Fingerprint, b: Fingerprint, /) -> PairJudgement:
        """Score, probability, band and basis of a pair."""

    def explain(self, a: Fingerprint, b: Fingerprint, basis: Basis, /) -> object:
        """Why a pair is linked on the basis that its judgement names; a value that msgspec writes as JSON."""

    def exact_match(self, asking: Entities, held: Entities, /) -> ExactMatch:
        """By what a question's entities meet those of a hit-only record; NONE if it may not be told."""


SmallSketches = NDArray[np.uint32]
"""Small sketches, one a row: shape (cases, words)."""


class SmallScreen(Protocol):
    """Rules pairs out by sketches of one small size, as postings have them, before a home is asked about them.

    It is never False for a pair whose probability reaches the threshold, nor for one of which an agency is told as an
    exact hit. matching.screening.small_screening.SmallSketchScreen implements it.
    """

    @property
    def words(self) -> int:
        """The 32-bit words of a sketch."""

    def make_sketches(self, fingerprints: Sequence[Fingerprint], /) -> SmallSketches:
        """The sketches of cases, in their order; many at once cost less each."""

    def may_link(self, asking: SmallSketches, held: SmallSketches, /) -> NDArray[np.bool_]:
        """Whether `asking[i]` may be linked with `held[i]`, for each i; one of them may have a single row for all."""


class PassingScreen:
    """A small screen that has no sketches and rules nothing out."""

    words = 0

    def make_sketches(self, fingerprints: Sequence[Fingerprint]) -> SmallSketches:
        """Sketches without words."""
        return np.empty((len(fingerprints), 0), np.uint32)

    def may_link(self, asking: SmallSketches, held: SmallSketches) -> NDArray[np.bool_]:
        """All may."""
        return np.ones(max(len(asking), len(held)), np.bool_)
