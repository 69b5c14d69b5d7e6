"""How well blocking works on given cases: keys and candidates per case, the largest blocks, recall by kind of key."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

import msgspec

from pipeline.correlation.key_kinds import CATALOGUE, KeyKind, kind_of
from pipeline.matching.fingerprint import Fingerprint

LARGEST = 20
"""Blocks listed by size."""


class KindReport(msgspec.Struct, frozen=True):
    """One kind of key. `pairs` are those that it alone would bring; `only` those that no other kind brings."""

    kind: str
    of: str
    keys_per_case: float
    pairs_per_case: float
    largest_block: int
    recall: float | None = None
    only: float | None = None


class LargeBlock(msgspec.Struct, frozen=True):
    """A key by its number, as the model's stop list takes it."""

    key: int
    kind: str
    cases: int


class BlockingReport(msgspec.Struct, frozen=True):
    """`candidates` is what a new case meets when the store holds all the others: twice the pairs per case.

    `linkable` of the labelled pairs would be links if they met, and `recall_of_linkable` is the share of those that do:
    what blocking loses, apart from what the model would not link anyway.
    """

    cases: int
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


Pair = tuple[str, str]
IsLink = Callable[[Fingerprint, Fingerprint], bool]
"""Whether the matcher links two cases that meet."""


def blocking_report(
    fingerprints: Iterable[Fingerprint], is_link: IsLink, labels: Iterable[Pair] = (), *, within: bool = False
) -> BlockingReport:
    """Report on the last version of each case; `labels` are true pairs of case keys, in either order."""
    held = {fingerprint.case: fingerprint for fingerprint in fingerprints}
    cases = list(held.values())
    blocks = _group_by_key(cases)
    pairs, by_kind = _count_pairs(cases, blocks, within=within)
    true = [(held[a], held[b]) for a, b in labels if a in held and b in held and _may_link(held[a], held[b], within)]
    shared = [frozenset(kind_of(key) for key in set(a.keys).intersection(b.keys)) for a, b in true]
    linkable = [bool(kinds) for (a, b), kinds in zip(true, shared, strict=True) if is_link(a, b)]
    return BlockingReport(
        cases=len(cases),
        keys_per_case=fmean(len(case.keys) for case in cases) if cases else 0.0,
        most_keys=max((len(case.keys) for case in cases), default=0),
        pairs=pairs,
        candidates=2 * pairs / max(1, len(cases)),
        labelled=len(true),
        recall=_share_found([bool(kinds) for kinds in shared]),
        linkable=len(linkable),
        recall_of_linkable=_share_found(linkable),
        kinds=tuple(_report_kinds(cases, blocks, by_kind, shared)),
        largest_blocks=_largest_blocks(blocks),
    )


def _may_link(a: Fingerprint, b: Fingerprint, within: bool) -> bool:
    return within or a.country != b.country


def _group_by_key(cases: Sequence[Fingerprint]) -> dict[int, list[int]]:
    blocks: dict[int, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        for key in case.keys:
            blocks[key].append(number)
    return blocks


def _count_pairs(
    cases: Sequence[Fingerprint], blocks: Mapping[int, Sequence[int]], *, within: bool
) -> tuple[int, Counter[KeyKind]]:
    """Distinct pairs that share a key, in all and by kind."""
    total, by_kind = 0, Counter[KeyKind]()
    for number, case in enumerate(cases):
        met: dict[KeyKind, set[int]] = defaultdict(set)
        for key in case.keys:
            met[kind_of(key)].update(blocks[key])
        met = {
            kind: {candidate for candidate in found if candidate < number and _may_link(case, cases[candidate], within)}
            for kind, found in met.items()
        }
        total += len(set[int]().union(*met.values()))
        by_kind.update({kind: len(found) for kind, found in met.items()})
    return total, by_kind


def _report_kinds(
    cases: Sequence[Fingerprint],
    blocks: Mapping[int, Sequence[int]],
    pairs: Mapping[KeyKind, int],
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
            pairs_per_case=pairs.get(kind, 0) / max(1, len(cases)),
            largest_block=largest[kind],
            recall=_share_found([kind in kinds for kinds in shared]),
            only=_share_found([kinds == {kind} for kinds in shared]),
        )


def _largest_blocks(blocks: Mapping[int, Sequence[int]]) -> tuple[LargeBlock, ...]:
    ranked = sorted(blocks.items(), key=lambda item: (-len(item[1]), item[0]))[:LARGEST]
    return tuple(LargeBlock(key, kind_of(key).name.lower(), len(listed)) for key, listed in ranked)


def _share_found(found: Sequence[bool]) -> float | None:
    return fmean(found) if found else None
