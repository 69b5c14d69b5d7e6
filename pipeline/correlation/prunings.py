"""How many pairs of one case each pruning leaves, as homes and meeting places would find today: for who looks into it.

Whether a pair is left out depends on its two cases alone. So each other case is looked at once here; meeting places do
more, since each screens whom it meets, and homes less, since so few pairs come at a time that most are judged at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from time import perf_counter

import msgspec
import numpy as np

from pipeline.correlation.homes import MET_TOGETHER, SCREENED_TOGETHER
from pipeline.correlation.matcher import Matcher, PairJudgement, SmallScreen
from pipeline.correlation.protocol import CaseVersion
from pipeline.matching.bands import Basis
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.fingerprint import Fingerprint

NO_LINK = "no link"
"""What pairs are counted under that were judged and are no link."""


class Prunings(msgspec.Struct, frozen=True):
    """Pairs of one case that are left after each pruning, in order, and the band in which the judged ones end.

    `sharing` share a blocking key with it, `abroad` are of another country too. `asked` are left by the screen of
    postings, so that a meeting place asks for them; `judged` by the screen of their judge. `bands` counts them by band,
    "shared number" before it where the link is of one number in two hands.
    """

    sharing: int
    abroad: int
    asked: int
    judged: int
    bands: dict[str, int]
    screen_s: float
    judge_s: float


def count_prunings(one: Fingerprint, others: Sequence[CaseVersion], matcher: Matcher, screen: SmallScreen) -> Prunings:
    """Prune the pairs of a case with others as its meeting places and judges do, and judge what is left.

    `others` are the last versions of other cases, of any country. Of few at a time the whole fingerprint is in memory.
    """
    begun = perf_counter()
    own = frozenset(one.keys)
    sharing = [other for other in others if not own.isdisjoint(other.outline.keys)]
    abroad = [other for other in sharing if other.outline.country != one.country]
    asked = [other for some in _cut(abroad, SCREENED_TOGETHER) for other in _pass_postings(one, some, screen)]
    left = [other for some in _cut(asked, SCREENED_TOGETHER) for other in _pass_judge(one, some, matcher)]
    screened = perf_counter()
    bands: Counter[str] = Counter()
    for some in _cut(left, MET_TOGETHER):
        met = list(map(_read_whole, some))
        matcher.meet((one, other) for other in met)
        bands.update(_name_band(matcher.find_link(one, other)) for other in met)
    screen_s, judge_s = screened - begun, perf_counter() - screened
    return Prunings(len(sharing), len(abroad), len(asked), len(left), dict(bands), screen_s, judge_s)


def _cut(cases: Sequence[CaseVersion], size: int) -> Iterator[Sequence[CaseVersion]]:
    return (cases[start : start + size] for start in range(0, len(cases), size))


def _pass_postings(one: Fingerprint, others: Sequence[CaseVersion], screen: SmallScreen) -> Iterator[CaseVersion]:
    held = screen.make_sketches(list(map(_read_whole, others)))
    return compress(others, screen.may_link(screen.make_sketches([one]), held).tolist())


def _pass_judge(one: Fingerprint, others: Sequence[CaseVersion], matcher: Matcher) -> Iterator[CaseVersion]:
    own = join_sketches([one.sketch]).take_cases(np.zeros(len(others), np.int64))
    return compress(others, matcher.may_link(own, join_sketches([other.outline.sketch for other in others])).tolist())


def _read_whole(version: CaseVersion) -> Fingerprint:
    """The fingerprint, which the version does not keep: those of a crowd take gigabytes."""
    return CaseVersion(encoded=version.encoded).fingerprint


def _name_band(judged: PairJudgement | None) -> str:
    if judged is None or not judged.band:
        return NO_LINK
    return f"shared number, {judged.band}" if judged.basis is Basis.SHARED else str(judged.band)
