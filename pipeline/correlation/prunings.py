"""How many pairs of one case each pruning leaves, as the correlators would find today: for who looks into one case.

Whether a pair is left out depends on its two cases alone. So each other case is looked at once here, whatever
partitions own the keys that it shares; the work of correlators is more, since each partition screens what it meets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

import msgspec
import numpy as np

from pipeline.correlation.candidate_lookup import CROWD, MOST_TOGETHER
from pipeline.correlation.correlator import MET_TOGETHER
from pipeline.correlation.matcher import Matcher, PairJudgement
from pipeline.matching.bands import Basis
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.fingerprint import Fingerprint

NO_LINK = "no link"
"""What pairs are counted under that were judged and are no link."""


class PrunedCase(msgspec.Struct, frozen=True, gc=False):
    """What of a fingerprint prunes its pairs; decoded from the same JSON, of which it leaves most unread."""

    case: str
    version: int
    country: str
    withdrawn: bool = False
    expired: bool = False
    keys: tuple[int, ...] = ()
    sketch: bytes = b""


class Prunings(msgspec.Struct, frozen=True):
    """Pairs of one case that are left after each pruning, in order, and the band in which the judged ones end.

    `sharing` share a blocking key with it, `abroad` are of another country too. `past_crowds` are left by the crowd
    screen, to which those are put that share a key of a crowd; `judged` by the screen. `bands` counts them by band,
    "shared number" before it where the link is of one number in two hands.
    """

    sharing: int
    abroad: int
    past_crowds: int
    judged: int
    bands: dict[str, int]
    screen_s: float
    judge_s: float


def count_prunings(
    one: Fingerprint,
    others: Sequence[PrunedCase],
    read_case: Callable[[str], Fingerprint],
    matcher: Matcher,
) -> Prunings:
    """Prune the pairs of a case with others as a correlator does, and judge what is left.

    `others` have their last version each, and may be of one country with it; `read_case` gives the whole fingerprint of
    one of them.
    """
    begun = perf_counter()
    own = frozenset(one.keys)
    sharing = [other for other in others if other.case != one.case and not own.isdisjoint(other.keys)]
    abroad = [other for other in sharing if other.country != one.country]
    sizes = Counter(key for other in sharing for key in own.intersection(other.keys))
    crowds = frozenset(key for key, size in sizes.items() if size >= CROWD)
    crowd = [not crowds.isdisjoint(other.keys) for other in abroad]
    past = [other for other, open_ in zip(abroad, _pass_crowds(one, abroad, crowd, matcher), strict=True) if open_]
    left = [other.case for other, open_ in zip(past, _pass_screen(one, past, matcher), strict=True) if open_]
    screened = perf_counter()
    bands: Counter[str] = Counter()
    for start in range(0, len(left), MET_TOGETHER):
        met = [read_case(case) for case in left[start : start + MET_TOGETHER]]
        matcher.meet(one, met)
        bands.update(_name_band(matcher.find_link(one, other)) for other in met)
    screen_s, judge_s = screened - begun, perf_counter() - screened
    return Prunings(len(sharing), len(abroad), len(past), len(left), dict(bands), screen_s, judge_s)


def _pass_crowds(
    one: Fingerprint, others: Sequence[PrunedCase], crowd: Sequence[bool], matcher: Matcher
) -> Iterator[bool]:
    sketch = join_sketches([one.sketch])
    for start in range(0, len(others), MOST_TOGETHER):
        some = slice(start, start + MOST_TOGETHER)
        may = matcher.may_link_crowd(sketch, join_sketches([other.sketch for other in others[some]]))[0]
        yield from (~np.array(crowd[some], np.bool_) | may).tolist()


def _pass_screen(one: Fingerprint, others: Sequence[PrunedCase], matcher: Matcher) -> Iterator[bool]:
    sketch = join_sketches([one.sketch])
    for start in range(0, len(others), MOST_TOGETHER):
        held = [other.sketch for other in others[start : start + MOST_TOGETHER]]
        yield from matcher.may_link(sketch.take_cases(np.zeros(len(held), np.int64)), join_sketches(held)).tolist()


def _name_band(judged: PairJudgement | None) -> str:
    if judged is None or not judged.band:
        return NO_LINK
    return f"shared number, {judged.band}" if judged.basis is Basis.SHARED else str(judged.band)
