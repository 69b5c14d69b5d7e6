"""Reports how well blocking works on given cases: keys and candidates per case, large blocks, recall by kind of key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, groupby
from statistics import fmean
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.key_kinds import CATALOGUE, KeyKind, hash_value, kind_of
from pipeline.correlation.stop_lists import StopProposal
from pipeline.matching.fingerprint import Fingerprint

LARGEST = 20
"""Blocks listed by size."""

MOST_MET = 20_000_000
"""Block entries that are read to count pairs. If there are more, pairs are estimated from the cases whose keys have the
smallest hashes."""


class KindReport(msgspec.Struct, frozen=True):
    """What one kind of key contributes.

    `pairs_per_case` counts the pairs that share a key of this kind. `recall` is the share of the labelled pairs that
    do, and `only` the share of those that share keys of no other kind.
    """

    kind: str
    of: str
    keys_per_case: float
    pairs_per_case: float
    largest_block: int
    recall: float | None = None
    only: float | None = None


class LargeBlock(msgspec.Struct, frozen=True):
    """A large block. `key` is the number that a stop list takes."""

    key: int
    kind: str
    cases: int


class BlockingReport(msgspec.Struct, frozen=True):
    """How well blocking works on some cases.

    `candidates` is how many cases a new case meets when the store holds all the others: twice the pairs per case.

    `sampled` is the number of cases from which pairs were counted. It is less than `cases` if blocks are large.

    `stop_list` says what leaving out the keys of large blocks would save and cost, and `recall_with_stops` which share
    of the labelled pairs would still meet.

    `linkable` is how many labelled pairs the model would link if they met, and `recall_of_linkable` the share of these
    that meet: it leaves out of the account the pairs that the model would not link anyway.
    """

    cases: int
    sampled: int
    keys_per_case: float
    most_keys: int
    pairs: int
    candidates: float
    labelled: int
    recall: float | None
    linkable: int
    recall_of_linkable: float | None
    kinds: tuple[KindReport, ...]
    largest_blocks: tuple[LargeBlock, ...]
    stop_list: tuple[StopProposal, ...] = ()
    recall_with_stops: float | None = None


BlockMembers = NDArray[np.int64]
"""The cases of a block, as indices."""

CaseKeyPair = tuple[str, str]
IsLink = Callable[[Fingerprint, Fingerprint], bool]
"""Whether the matcher links two cases that meet."""

ProposeStops = Callable[[Sequence[Fingerprint]], tuple[StopProposal, ...]]
"""What leaving out the keys of large blocks would save and cost (stop_lists.propose_stops)."""


def no_stops(cases: Sequence[Fingerprint]) -> tuple[StopProposal, ...]:
    """Propose nothing."""
    return ()


def blocking_report(
    fingerprints: Iterable[Fingerprint],
    is_link: IsLink,
    labels: Iterable[CaseKeyPair] = (),
    *,
    within: bool = False,
    propose: ProposeStops = no_stops,
) -> BlockingReport:
    """Report on the last version of each case.

    `labels` are true pairs of case keys, in either order; `within` also counts pairs of one country.
    """
    held = {fingerprint.case: fingerprint for fingerprint in fingerprints}
    cases = list(held.values())
    blocks = _group_by_key(cases)
    counted = _count_pairs(cases, blocks, within=within)
    true = [(held[a], held[b]) for a, b in labels if a in held and b in held and _may_link(held[a], held[b], within)]
    common = [set(a.keys).intersection(b.keys) for a, b in true]
    shared = [frozenset(kind_of(key) for key in keys) for keys in common]
    linkable = [bool(kinds) for (a, b), kinds in zip(true, shared, strict=True) if is_link(a, b)]
    stop_list = propose(cases)
    stopped = {proposal.key for proposal in stop_list if proposal.stop}
    largest = sorted(blocks.items(), key=lambda item: (-len(item[1]), item[0]))[:LARGEST]
    return BlockingReport(
        cases=len(cases),
        sampled=counted.sampled,
        keys_per_case=fmean(len(case.keys) for case in cases) if cases else 0.0,
        most_keys=max((len(case.keys) for case in cases), default=0),
        pairs=round(counted.met * len(cases) / max(1, counted.sampled) / 2),
        candidates=counted.met / max(1, counted.sampled),
        labelled=len(true),
        recall=_share_found([bool(kinds) for kinds in shared]),
        linkable=len(linkable),
        recall_of_linkable=_share_found(linkable),
        kinds=tuple(_report_kinds(cases, blocks, counted, shared)),
        largest_blocks=tuple(LargeBlock(key, kind_of(key).name.lower(), len(members)) for key, members in largest),
        stop_list=stop_list,
        recall_with_stops=_share_found([not keys <= stopped for keys in common]) if stop_list else None,
    )


def _may_link(a: Fingerprint, b: Fingerprint, within: bool) -> bool:
    return within or a.country != b.country


def _group_by_key(cases: Sequence[Fingerprint]) -> dict[int, BlockMembers]:
    counts = [len(case.keys) for case in cases]
    keys = np.fromiter(chain.from_iterable(case.keys for case in cases), np.uint64, sum(counts))
    order = np.argsort(keys, kind="stable")
    numbers, ordered = np.repeat(np.arange(len(cases)), counts)[order], keys[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=np.uint64(1 << 63)))
    return dict(zip(ordered[begins].tolist(), np.split(numbers, begins[1:]), strict=True)) if len(keys) else {}


class _Counted(NamedTuple):
    """How many others `sampled` cases meet, in all and by the kind of the shared key."""

    sampled: int
    met: int
    by_kind: Counter[KeyKind]


def _count_pairs(cases: Sequence[Fingerprint], blocks: Mapping[int, BlockMembers], *, within: bool) -> _Counted:
    """Count for each case the others that share a key with it, until more than MOST_MET block entries were read."""
    countries: dict[str, int] = {}
    country = np.array([countries.setdefault(case.country, len(countries)) for case in cases])
    sampled = total = work = 0
    by_kind = Counter[KeyKind]()
    for number in sorted(range(len(cases)), key=lambda at: hash_value(cases[at].case)):
        sampled += 1
        everybody: list[NDArray[np.int64]] = []
        for kind, keys in groupby(cases[number].keys, kind_of):
            some = [blocks[key] for key in keys]
            work += sum(map(len, some))
            met = np.unique(np.concatenate(some)) if len(some) > 1 else some[0]
            met = met[(met != number) & (within | (country[met] != country[number]))]
            by_kind[kind] += len(met)
            everybody.append(met)
        total += len(np.unique(np.concatenate(everybody))) if everybody else 0
        if work > MOST_MET:
            break
    return _Counted(sampled, total, by_kind)


def _report_kinds(
    cases: Sequence[Fingerprint],
    blocks: Mapping[int, BlockMembers],
    counted: _Counted,
    shared: Sequence[frozenset[KeyKind]],
) -> Iterable[KindReport]:
    keys = Counter(kind_of(key) for case in cases for key in case.keys)
    largest: Counter[KeyKind] = Counter()
    for key, listed in blocks.items():
        largest[kind_of(key)] = max(largest[kind_of(key)], len(listed))
    for entry in CATALOGUE:
        kind = entry.kind
        yield KindReport(
            kind=kind.name.lower(),
            of=entry.of,
            keys_per_case=keys[kind] / max(1, len(cases)),
            pairs_per_case=counted.by_kind[kind] / 2 / max(1, counted.sampled),
            largest_block=largest[kind],
            recall=_share_found([kind in kinds for kinds in shared]),
            only=_share_found([kinds == {kind} for kinds in shared]),
        )


def _share_found(found: Sequence[bool]) -> float | None:
    return fmean(found) if found else None
