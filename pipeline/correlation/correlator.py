"""One partition's correlator: a fingerprint in, claims out (invariant I1 of ARCHITECTURE.md).

A pair is judged by the partition that owns the smallest key it shares. A case's first version reaches the partitions
that own its keys, every later version all of them, so the later arrival of the two final versions in the owning
partition judges the pair. A partition follows each link it has asserted until it retracts it: while another partition
owns the pair it says `released` at every later version, so that what the new owner never learns is still retracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from pipeline.correlation.candidate_lookup import BlockSizeObserver, CandidateLookup
from pipeline.correlation.claims import (
    Claim,
    ClaimSide,
    ClaimState,
    external_version,
    link_id,
    make_bare_side,
    make_side,
)
from pipeline.correlation.key_kinds import owner_partition
from pipeline.correlation.matcher import Matcher, PairJudgement
from pipeline.correlation.store import BlockStore, StoredCase
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.handling import HIT_ONLY

MET_TOGETHER = 64
"""Cases that one meets at once: their records, of some kilobytes each, are held together."""


class _MetCase(NamedTuple):
    """A case that another meets: its number in the store, and its last version.

    `may_link`: whether they share a key and may be linked, whatever is in them; `mine`: whether this partition owns
    the pair.
    """

    number: int
    fingerprint: Fingerprint
    may_link: bool
    mine: bool


class CorrelatorCounts(msgspec.Struct):
    """What a correlator has done since it was made; feeds metrics, never decisions."""

    events: int = 0
    candidates: int = 0
    judged: int = 0


def target_partitions(fingerprint: Fingerprint, *, first: bool, partitions: int) -> set[int]:
    """The partitions of `blocks` that must see this version; `first`: intake knows no earlier version of the case."""
    if first and not fingerprint.withdrawn:
        return {owner_partition(key, partitions) for key in fingerprint.keys}
    return set(range(partitions))


class Correlator:
    """Applies fingerprints, in the order of one source partition, to that partition's store."""

    def __init__(
        self,
        store: BlockStore,
        partition: int,
        partitions: int,
        matcher: Matcher,
        *,
        generation: str = "",
        within: bool = False,
        observer: BlockSizeObserver | None = None,
    ) -> None:
        self.store = store
        self.counts = CorrelatorCounts()
        self._partition, self._partitions, self._matcher = partition, partitions, matcher
        self._meet = CandidateLookup(
            store, within=within, screen=matcher.may_link, screen_crowd=matcher.may_link_crowd, observer=observer
        )
        self._generation, self._within = generation, within
        self._is_catching_up = False

    def receive(self, fingerprint: Fingerprint) -> list[Claim]:
        """Take in one version of a case; a version that is not newer than the one held changes nothing."""
        return next(self.receive_all([fingerprint]))

    def receive_all(self, fingerprints: Sequence[Fingerprint]) -> Iterator[list[Claim]]:
        """Take in versions one after the other, and yield the claims of each.

        What is held when the first is taken in is met by all at once, which costs a fraction of meeting it one by one;
        so are the others of these versions.
        """
        owned = [self._owned_keys(fingerprint.keys) for fingerprint in fingerprints]
        held = self.store.find_cases([fingerprint.case for fingerprint in fingerprints])
        earlier = self._meet.each_other(fingerprints, owned)
        since: dict[int, int] = {}
        for place, (fingerprint, keys, met) in enumerate(
            zip(fingerprints, owned, self._meet(fingerprints, owned), strict=True)
        ):
            self.counts.events += 1
            before = self._held_version(fingerprint, held)
            if before is not None and _version_order(before) >= _version_order(fingerprint):
                yield []
                continue
            number = self._store_version(fingerprint, held, before, keys)
            numbers = {*met.numbers, *(since[other] for other in earlier.get(place, ()) if other in since)} - {number}
            since[place] = number
            yield self._receive_version(fingerprint, before, number, numbers, met.met)

    def _receive_version(
        self, fingerprint: Fingerprint, before: Fingerprint | None, number: int, met: set[int], count: int
    ) -> list[Claim]:
        followed = set() if before is None else set(self.store.followed_links(number))
        if before is not None and (before.hash, before.withdrawn) == (fingerprint.hash, fingerprint.withdrawn):
            return list(self._make_claims(fingerprint, number, followed, set()))
        self.counts.candidates += count
        return list(self._make_claims(fingerprint, number, followed, met))

    @contextmanager
    def catching_up(self) -> Iterator[None]:
        """While versions are taken in of which an owner before has made the claims: links that end are still followed.

        That owner may not have retracted them. Where its store was rebuilt and compaction had taken a version that is
        followed by one still to come, it could only say `released`; the version to come retracts then, for good.
        """
        self._is_catching_up = True
        try:
            yield
        finally:
            self._is_catching_up = False

    def load_versions(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Rebuild: take in versions without judging them."""
        held = self.store.find_cases([fingerprint.case for fingerprint in fingerprints])
        for fingerprint in fingerprints:
            before = self._held_version(fingerprint, held)
            if before is None or _version_order(before) < _version_order(fingerprint):
                self._store_version(fingerprint, held, before, self._owned_keys(fingerprint.keys))

    def adopt_claims(self, claims: Iterable[Claim]) -> None:
        """Rebuild, after all versions: follow the links of this partition's own last claims about them.

        A side whose record was compacted away, since a later version is still to come, is held as an unknown one.
        """
        followed = [(claim.a, claim.b) for claim in claims if claim.state is not ClaimState.RETRACTED]
        held = self.store.find_cases([side.case for sides in followed for side in sides])
        for sides in followed:
            for side in sides:
                if side.case not in held:
                    held[side.case] = self.store.put_case(_unknown_version(side), None)
            self.store.follow_link(*(held[side.case] for side in sides))

    def _held_version(self, fingerprint: Fingerprint, held: Mapping[str, int]) -> Fingerprint | None:
        """The version of a case that is held."""
        number = held.get(fingerprint.case)
        return None if number is None else self.store.get_case(number).fingerprint

    def _store_version(
        self, fingerprint: Fingerprint, held: dict[str, int], before: Fingerprint | None, owned: Sequence[int]
    ) -> int:
        number = held[fingerprint.case] = self.store.put_case(fingerprint, held.get(fingerprint.case))
        if before is None:
            self.store.list_under_keys(number, owned)
        else:
            old, new = set(self._owned_keys(before.keys)), set(owned)
            self.store.unlist_from_keys(number, old - new)
            self.store.list_under_keys(number, new - old)
        return number

    def _owned_keys(self, keys: Iterable[int]) -> list[int]:
        partition, partitions = self._partition, self._partitions
        return [
            key for key in keys if key % partitions == partition
        ]  # kinds.owner, which is called a hundred times a case

    def _make_claims(
        self, fingerprint: Fingerprint, number: int, followed: set[int], candidates: set[int]
    ) -> Iterator[Claim]:
        others = sorted(followed | candidates)
        for start in range(0, len(others), MET_TOGETHER):
            for met in self._meet_cases(fingerprint, others[start : start + MET_TOGETHER], followed):
                claim = self._claim_pair(fingerprint, met)
                if claim.state is ClaimState.LIVE or met.number in followed:
                    self._remember_link(claim.state, number, met.number)
                    yield claim

    def _meet_cases(self, fingerprint: Fingerprint, others: Iterable[int], followed: set[int]) -> list[_MetCase]:
        """Of other cases those that a claim may be made about, made known to the matcher all at once."""
        keys = frozenset(fingerprint.keys)
        found = []
        for other in others:
            record = self.store.get_case(other)
            shared = _smallest_shared(keys, record)
            mine = shared is not None and owner_partition(shared, self._partitions) == self._partition
            if mine or other in followed:
                may_link = shared is not None and self._may_link(fingerprint, record.fingerprint)
                found.append(_MetCase(other, record.fingerprint, may_link=may_link, mine=mine))
        self._matcher.meet(fingerprint, [met.fingerprint for met in found if met.may_link])
        return found

    def _may_link(self, a: Fingerprint, b: Fingerprint) -> bool:
        """Whether two cases that share a key may be linked, whatever is in them."""
        return not a.withdrawn and not b.withdrawn and (a.country != b.country or self._within)

    def _remember_link(self, state: ClaimState, number: int, other: int) -> None:
        if state is ClaimState.RETRACTED:
            if not self._is_catching_up:
                self.store.unfollow_link(number, other)
        else:
            self.store.follow_link(number, other)

    def _claim_pair(self, one: Fingerprint, met: _MetCase) -> Claim:
        other = met.fingerprint
        a, b = (one, other) if one.case < other.case else (other, one)
        judgement = self._judge_pair(a, b) if met.may_link else None
        if is_unknown(a) or is_unknown(b):
            return self._make_claim(ClaimState.RELEASED, make_bare_side(a), make_bare_side(b))
        if judgement is None:
            return self._make_claim(ClaimState.RETRACTED, make_bare_side(a), make_bare_side(b))
        claim = self._live_claim(a, b, judgement) if met.mine else self._released_claim(a, b, judgement)
        return self._with_exact_bands(claim, a, b)

    def _with_exact_bands(self, claim: Claim, a: Fingerprint, b: Fingerprint) -> Claim:
        """The claim with what the owner of each side may be told of the other, where that is hit-only."""
        if HIT_ONLY not in (a.handling.code, b.handling.code):
            return claim
        exact_a = self._matcher.exact_band(a.entities, b.entities) if b.handling.code == HIT_ONLY else Band.NONE
        exact_b = self._matcher.exact_band(b.entities, a.entities) if a.handling.code == HIT_ONLY else Band.NONE
        return msgspec.structs.replace(claim, exact_a=exact_a, exact_b=exact_b)

    def _judge_pair(self, a: Fingerprint, b: Fingerprint) -> PairJudgement | None:
        """The judgement of a pair that is a link."""
        self.counts.judged += 1
        return self._matcher.find_link(a, b)

    def _live_claim(self, a: Fingerprint, b: Fingerprint, judgement: PairJudgement) -> Claim:
        return Claim(
            link=link_id(a.case, b.case),
            state=ClaimState.LIVE,
            partition=self._partition,
            generation=self._generation,
            a=make_side(a),
            b=make_side(b),
            score=judgement.score,
            probability=judgement.probability,
            band=judgement.band,
            evidence=msgspec.Raw(msgspec.json.encode(self._matcher.explain(a, b, judgement.basis))),
            basis=judgement.basis,
        )

    def _released_claim(self, a: Fingerprint, b: Fingerprint, judgement: PairJudgement) -> Claim:
        bare = self._make_claim(ClaimState.RELEASED, make_side(a), make_side(b))
        return msgspec.structs.replace(bare, band=judgement.band, basis=judgement.basis)

    def _make_claim(self, state: ClaimState, a: ClaimSide, b: ClaimSide) -> Claim:
        return Claim(link_id(a.case, b.case), state, self._partition, self._generation, a, b)


def is_unknown(fingerprint: Fingerprint) -> bool:
    """Whether only the case's name and version are known, from a claim about it."""
    return not fingerprint.hash


def _unknown_version(side: ClaimSide) -> Fingerprint:
    return Fingerprint(
        side.case, side.version, hash="", agency=side.agency, country=side.country, withdrawn=True, expired=side.expired
    )


def _version_order(fingerprint: Fingerprint) -> int:
    return external_version(fingerprint.version, fingerprint.expired)


def _smallest_shared(keys: frozenset[int], record: StoredCase) -> int | None:
    """A record's keys ascend, so the first shared one is the smallest."""
    return next((key for key in record.keys if key in keys), None)
