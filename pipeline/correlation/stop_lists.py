"""Stop lists: which blocking keys are worth leaving out, what that saves in pairs and costs in links; and their files.

The loss is measured: some cases of a key's block are matched against all the others, and the links are counted that
share only keys which are candidates for the list. A key is proposed if it has too few of these links for the pairs that
it costs. Many of these links may be false, since the model takes a value that everybody has for a rare one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path

import msgspec
import numpy as np

from pipeline.correlation.crowded_blocks import CrowdedBlock, survey_blocks
from pipeline.correlation.key_kinds import kind_of
from pipeline.correlation.matcher import Matcher
from pipeline.correlation.meeting_places import MOST_TOGETHER
from pipeline.errors import LiaisonError
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.model_file import ModelFile

OVER = 1000
"""Blocks of more cases are examined: a case that meets so many spends a millisecond and more on them."""

WORTH = 10_000
"""A key stays if each link that it alone brings costs at most so many pairs, some 3 ms of CPU. For comparison: of
records without such values one pair in six that meets is a link; of any two things one pair in 131,000 (the prior)."""

MOST_PAIRS = 20_000_000
"""Pairs of cases that are screened in all, at some 0.3 µs each."""

LEAST_DRAWN = 8
"""Cases of each block that are at least matched against all others, however large it is."""


class StopProposal(msgspec.Struct, frozen=True):
    """A key, how many cases have it, how many pairs they make, and what leaving it out would cost.

    `drawn` cases of the block were matched against all others and have `links` with them. `lost` of these share only
    keys that are candidates for the list; `lost_in_all` estimates their number in the whole block. `stop` is whether
    the key is proposed.
    """

    key: int
    kind: str
    cases: int
    pairs: int
    drawn: int
    links: int
    lost: int
    lost_in_all: int
    stop: bool


class StopCosts:
    """Matches the cases drawn from each block against all others that have its key, as these come."""

    def __init__(self, blocks: Sequence[CrowdedBlock], matcher: Matcher, *, within: bool = False) -> None:
        self._blocks, self._matcher, self._within = {block.key: block for block in blocks}, matcher, within
        each = MOST_PAIRS // max(1, len(blocks))
        self._drawn = {block.key: block.drawn[: max(LEAST_DRAWN, each // block.cases)] for block in blocks}
        self._links: dict[int, dict[tuple[str, str], bool]] = defaultdict(dict)

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Take in some cases, in the order of their versions; a later version replaces an earlier one."""
        last = {fingerprint.case: fingerprint for fingerprint in fingerprints}
        for links in self._links.values():
            for pair in [pair for pair in links if not last.keys().isdisjoint(pair)]:
                del links[pair]
        bearing: dict[int, list[Fingerprint]] = defaultdict(list)
        for fingerprint in last.values():
            for key in self._blocks.keys() & set(fingerprint.keys):
                bearing[key].append(fingerprint)
        for key, bearers in bearing.items():
            drawn = self._drawn[key]
            portion = max(1, MOST_TOGETHER // max(1, len(drawn)))
            for start in range(0, len(bearers), portion):
                self._hold_against(key, drawn, bearers[start : start + portion])

    def _hold_against(self, key: int, drawn: Sequence[Fingerprint], bearers: Sequence[Fingerprint]) -> None:
        some, crowd = (join_sketches([case.sketch for case in cases]) for cases in (drawn, bearers))
        one, other = np.indices((len(drawn), len(bearers))).reshape(2, -1)
        may = self._matcher.may_link(some.take_cases(one), crowd.take_cases(other))
        for a, left in zip(drawn, may.reshape(len(drawn), -1), strict=True):
            open_ = compress(bearers, left.tolist())
            others = [b for b in open_ if a.case != b.case and (self._within or a.country != b.country)]
            self._matcher.meet((a, b) for b in others)
            for b in others:
                if self._matcher.find_link(a, b) is not None:
                    is_lost = set(a.keys).intersection(b.keys) <= self._blocks.keys()
                    self._links[key][min(a.case, b.case), max(a.case, b.case)] = is_lost

    def propose(self, worth: int = WORTH) -> tuple[StopProposal, ...]:
        """The proposal for each block, the largest first; `worth` is how many pairs a link may cost (WORTH)."""
        blocks = sorted(self._blocks.values(), key=lambda block: (-block.cases, block.key))
        return tuple(self._weigh_block(block, worth) for block in blocks)

    def _weigh_block(self, block: CrowdedBlock, worth: int) -> StopProposal:
        links, drawn = self._links[block.key].values(), len(self._drawn[block.key])
        lost = sum(links)
        return StopProposal(
            key=block.key,
            kind=kind_of(block.key).name.lower(),
            cases=block.cases,
            pairs=block.pairs,
            drawn=drawn,
            links=len(links),
            lost=lost,
            lost_in_all=round(lost * block.cases / (2 * drawn)),
            stop=2 * block.pairs * drawn > lost * worth * block.cases,
        )


def propose_stops(
    cases: Sequence[Fingerprint], matcher: Matcher, over: int = OVER, worth: int = WORTH, *, within: bool = False
) -> tuple[StopProposal, ...]:
    """What leaving out the keys of more than `over` cases would save and cost, the largest blocks first.

    `cases` holds the last version of each case.
    """
    costs = StopCosts(survey_blocks(cases, over, within=within), matcher, within=within)
    costs.add_cases(cases)
    return costs.propose(worth)


def add_stop_keys(file: ModelFile, keys: Iterable[int]) -> Model:
    """The model with further keys on its stop list. Raises LiaisonError for a number that is no blocking key."""
    added = set(keys)
    for key in added:
        try:
            kind_of(key)
        except ValueError as error:
            raise LiaisonError("a blocking key is an integer as `liaison batch blocking-report` shows it") from error
    return Model(msgspec.structs.replace(file, stop_keys=tuple(sorted({*file.stop_keys, *added}))))


class _Line(msgspec.Struct):
    key: int
    stop: bool = True


def encode_stop_list(proposals: Iterable[StopProposal]) -> bytes:
    """The file of a stop list: one JSON object a line for each proposal. The list has those whose `stop` is true."""
    return b"".join(msgspec.json.encode(proposal) + b"\n" for proposal in proposals)


def read_stop_list(path: Path) -> frozenset[int]:
    """The keys of a stop list's file. Raises LiaisonError if it cannot be read."""
    try:
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise LiaisonError(f"can't read the stop list {path}: {error.strerror}") from error
    keys = set()
    for number, line in enumerate(lines, start=1):
        try:
            found = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError as error:
            raise LiaisonError(f"{path}: line {number} is no key of a stop list: {error}") from error
        if found.stop:
            keys.add(found.key)
    return frozenset(keys)
