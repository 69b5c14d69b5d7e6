"""One partition's correlator: a fingerprint in, claims out (invariant I1 of ARCHITECTURE.md).

The partition that owns the smallest key that two cases share judges the pair. The first version of a case goes to the
partitions that own its keys, every later version to all partitions. So both final versions reach the owner of the pair,
and the pair is judged when the later one arrives. A partition follows each link that it has asserted until it retracts
it. While another partition owns the pair, it emits `released` at every later version, so that a link is retracted even
if the new owner never learns of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

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
from pipeline.correlation.keys import hold_all_exact
from pipeline.correlation.matcher import Matcher, PairJudgement
from pipeline.correlation.store import BlockStore, StoredCase
from pipeline.matching.bands import ExactMatch
from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.model import HIT_ONLY

NO_MATCHES = ExactMatch.NONE, ExactMatch.NONE

MET_TOGETHER = 64
"""Cases that one case is held against at once. Their records, some kilobytes each, are in memory together."""


class _MetCase(NamedTuple):
    """A case that another one meets: its number in the store and its last version.

    `may_link` is whether the two share a key and neither country nor withdrawal rules a link out; `mine` is whether
    this partition owns the pair.
    """

    number: int
    fingerprint: Fingerprint
    may_link: bool
    mine: bool


WATCHED_LINKS: Final = "00"
"""Ids of links whose claims are watched begin so: one link in 256."""

MOST_WATCHED: Final = 10_000
"""Links that are watched at a time, some 2 MB."""


class CorrelatorCounts(msgspec.Struct):
    """What a correlator has done since it was made. It feeds metrics; nothing is decided by it."""

    events: int = 0
    candidates: int = 0
    """Cases of other countries that shared a key with one that came."""
    screened: int = 0
    """Those of them that the screens left."""
    judged: int = 0
    bounds_checked: int = 0
    """Pairs of the sample (candidate_lookup.SAMPLED) whose score was held to the screens' bound."""
    bounds_exceeded: int = 0
    """Those of them that scored more, or were links that a screen rules out."""
    disordered: int = 0
    """Claims about older versions than an earlier claim of this correlator about the same link; there must be none."""


def target_partitions(fingerprint: Fingerprint, *, first: bool, partitions: int) -> set[int]:
    """The partitions of `blocks` that must see this version.

    `first` is whether intake knows no earlier version of the case.
    """
    if first and not fingerprint.withdrawn:
        return {owner_partition(key, partitions) for key in fingerprint.keys}
    return set(range(partitions))


class Correlator:
    """Applies the fingerprints of one source partition, in order, to that partition's store, and makes claims."""

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
        self._claimed: dict[str, tuple[int, int]] = {}
        """The versions that the last claim about each watched link was about."""

    def receive(self, fingerprint: Fingerprint) -> list[Claim]:
        """Take in one version of a case; a version that is not newer than the stored one changes nothing."""
        return next(self.receive_all([fingerprint]))

    def receive_all(self, fingerprints: Sequence[Fingerprint]) -> Iterator[list[Claim]]:
        """Take in versions one after the other, and yield the claims of each."""
        # 1. Candidates of all of them, in the store and among themselves, are looked up together beforehand: it costs a
        #    fraction of looking them up one by one. None is stored yet; what is stored below is in `earlier`, `since`.
        owned = [self._owned_keys(fingerprint.keys) for fingerprint in fingerprints]
        held = self.store.find_cases([fingerprint.case for fingerprint in fingerprints])
        earlier = self._meet.each_other(fingerprints, owned)
        since: dict[int, int] = {}
        for place, (fingerprint, keys, met) in enumerate(
            zip(fingerprints, owned, self._meet(fingerprints, owned), strict=True)
        ):
            self.counts.events += 1
            # 2. A version that is not newer changes nothing: partitions of `blocks` get each version from intake in
            #    order, and after a failure again. Before anything is stored, or the old one would come back.
            before = self._held_version(fingerprint, held)
            if before is not None and _version_order(before) >= _version_order(fingerprint):
                yield []
                continue
            # 3. The version is stored before its claims are made: the next one of the batch must meet it, and a claim
            #    names the versions that are stored when it is made, so their order is the claims' order.
            number = self._store_version(fingerprint, held, before, keys)
            # 4. Whom it meets: what was stored before the batch, and those of the batch that were stored since.
            numbers = {*met.numbers, *(since[other] for other in earlier.get(place, ()) if other in since)} - {number}
            since[place] = number
            # 5. Claims about these, and about each link that is followed: one that no longer holds is taken back by
            #    whoever made it. Links are followed or not as each claim is made, so a later version knows of it.
            #    Beside these, by sample, that no screen ruled out what scores more than its bound.
            self._check_bounds(fingerprint, met.sampled)
            yield self._receive_version(fingerprint, before, number, numbers, met.met)

    def _receive_version(
        self, fingerprint: Fingerprint, before: Fingerprint | None, number: int, met: set[int], count: int
    ) -> list[Claim]:
        followed = set() if before is None else set(self.store.followed_links(number))
        if before is not None and (before.hash, before.withdrawn) == (fingerprint.hash, fingerprint.withdrawn):
            return list(self._make_claims(fingerprint, number, followed, set()))
        self.counts.candidates += count
        self.counts.screened += len(met)
        return list(self._make_claims(fingerprint, number, followed, met))

    def _check_bounds(self, fingerprint: Fingerprint, sampled: Iterable[int]) -> None:
        """Hold pairs of the sample to the screens' promise; it is counted where they break it, and nothing else."""
        for number in sampled:
            other = self.store.get_case(number).fingerprint
            if other.case != fingerprint.case and self._may_link(fingerprint, other):
                self.counts.bounds_checked += 1
                self.counts.bounds_exceeded += self._matcher.exceeds_bound(fingerprint, other)

    @contextmanager
    def catching_up(self) -> Iterator[None]:
        """Go on following links that end, while versions are taken in whose claims a previous owner has made.

        The previous owner may have emitted `released` where this one would retract: its store may have been rebuilt
        after compaction had removed a version whose successor was still to come. That successor then retracts the link.
        """
        self._is_catching_up = True
        try:
            yield
        finally:
            self._is_catching_up = False

    def load_versions(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Take in versions without judging them, to rebuild the store."""
        held = self.store.find_cases([fingerprint.case for fingerprint in fingerprints])
        for fingerprint in fingerprints:
            before = self._held_version(fingerprint, held)
            if before is None or _version_order(before) < _version_order(fingerprint):
                self._store_version(fingerprint, held, before, self._owned_keys(fingerprint.keys))

    def adopt_claims(self, claims: Iterable[Claim]) -> None:
        """Follow the links of this partition's own last claims, to rebuild the store after all versions are loaded.

        If compaction has removed a side's record, since a later version is still to come, an unknown version takes its
        place (is_unknown).
        """
        followed = [(claim.a, claim.b) for claim in claims if claim.state is not ClaimState.RETRACTED]
        held = self.store.find_cases([side.case for sides in followed for side in sides])
        for sides in followed:
            for side in sides:
                if side.case not in held:
                    held[side.case] = self.store.put_case(_unknown_version(side), None)
            self.store.follow_link(*(held[side.case] for side in sides))

    def _held_version(self, fingerprint: Fingerprint, held: Mapping[str, int]) -> Fingerprint | None:
        """The stored version of a case; None if there is none."""
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
        # key_kinds.owner_partition, written out: a case has up to hundreds of keys.
        return [key for key in keys if key % partitions == partition]

    def _make_claims(
        self, fingerprint: Fingerprint, number: int, followed: set[int], candidates: set[int]
    ) -> Iterator[Claim]:
        others = sorted(followed | candidates)
        for start in range(0, len(others), MET_TOGETHER):
            for met in self._meet_cases(fingerprint, others[start : start + MET_TOGETHER], followed):
                claim = self._claim_pair(fingerprint, met)
                if claim.state is ClaimState.LIVE or met.number in followed:
                    self._remember_link(claim.state, number, met.number)
                    self._watch_order(claim)
                    yield claim

    def _watch_order(self, claim: Claim) -> None:
        """Count a claim that goes back behind an earlier one: project would leave it out, and the index would stay so.

        By sample of the links, so that it costs next to nothing.
        """
        if not claim.link.startswith(WATCHED_LINKS):
            return
        orders = (claim.a.order, claim.b.order)
        before = self._claimed.get(claim.link, orders)
        if orders[0] < before[0] or orders[1] < before[1]:
            self.counts.disordered += 1
        if len(self._claimed) >= MOST_WATCHED:
            self._claimed.clear()
        self._claimed[claim.link] = orders

    def _meet_cases(self, fingerprint: Fingerprint, others: Iterable[int], followed: set[int]) -> list[_MetCase]:
        """The other cases about which a claim may be made; the matcher is told of all that may be linked at once."""
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
        """Whether two cases that share a key may be linked: neither is withdrawn, and their countries may meet."""
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
        if is_unknown(a) or is_unknown(b):
            return self._make_claim(ClaimState.RELEASED, make_bare_side(a), make_bare_side(b))
        judgement = self._judge_pair(a, b) if met.may_link else None
        exact_a, exact_b = self._match_exactly(a, b) if met.may_link else NO_MATCHES
        if judgement is None and not exact_a and not exact_b:
            return self._make_claim(ClaimState.RETRACTED, make_bare_side(a), make_bare_side(b))
        state = ClaimState.LIVE if met.mine else ClaimState.RELEASED
        claim = self._make_claim(state, make_side(a), make_side(b))
        if judgement is not None:
            claim = self._judged_claim(claim, a, b, judgement)
        return msgspec.structs.replace(claim, exact_a=exact_a, exact_b=exact_b)

    def _match_exactly(self, a: Fingerprint, b: Fingerprint) -> tuple[ExactMatch, ExactMatch]:
        """By what the owner of each side may be told of a hit-only other side.

        This is asked of every pair that shares a key, link or not: what contradicts may undo a link, and who has a hit
        could otherwise learn by it what the record says. Where keys were cut off, whether two cases share one depends
        on what else each says; so these ask nothing.
        """
        if HIT_ONLY not in (a.handling.code, b.handling.code) or not (
            hold_all_exact(a.keys) and hold_all_exact(b.keys)
        ):
            return NO_MATCHES
        match, none = self._matcher.exact_match, ExactMatch.NONE
        return (
            match(a.entities, b.entities) if b.handling.code == HIT_ONLY else none,
            match(b.entities, a.entities) if a.handling.code == HIT_ONLY else none,
        )

    def _judge_pair(self, a: Fingerprint, b: Fingerprint) -> PairJudgement | None:
        """The judgement of a pair; None if it is no link."""
        self.counts.judged += 1
        return self._matcher.find_link(a, b)

    def _judged_claim(self, claim: Claim, a: Fingerprint, b: Fingerprint, judgement: PairJudgement) -> Claim:
        """The claim with what the matcher says; a release has the band and basis alone."""
        told = msgspec.structs.replace(claim, band=judgement.band, basis=judgement.basis)
        if claim.state is ClaimState.RELEASED:
            return told
        evidence = msgspec.Raw(msgspec.json.encode(self._matcher.explain(a, b, judgement.basis)))
        return msgspec.structs.replace(
            told, score=judgement.score, probability=judgement.probability, evidence=evidence
        )

    def _make_claim(self, state: ClaimState, a: ClaimSide, b: ClaimSide) -> Claim:
        return Claim(link_id(a.case, b.case), state, self._partition, self._generation, a, b)


def is_unknown(fingerprint: Fingerprint) -> bool:
    """Whether only the key and version of the case are known, from a claim about it."""
    return not fingerprint.hash


def _unknown_version(side: ClaimSide) -> Fingerprint:
    return Fingerprint(
        side.case, side.version, hash="", agency=side.agency, country=side.country, withdrawn=True, expired=side.expired
    )


def _version_order(fingerprint: Fingerprint) -> int:
    return external_version(fingerprint.version, fingerprint.expired)


def _smallest_shared(keys: frozenset[int], record: StoredCase) -> int | None:
    """The smallest shared key, None if there is none: a record's keys ascend, so it is the first."""
    return next((key for key in record.keys if key in keys), None)
