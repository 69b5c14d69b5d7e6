"""A home: the partition that keeps some cases' fingerprints, posts their keys and judges their pairs (invariant I1).

Of a pair, A is the case with the lower id. The home of A judges the pair, with A as it holds it and B as B's home sends
it. Whichever of two final versions reaches a common meeting place last makes the pair be asked for. Both homes hold the
final versions by then, since a posting is written by the home that holds it. While A's home follows a link, B's home
watches: it sends each later version of B by itself, and each later version of A asks for what it follows. Only A's home
turns following and watching on and off, so what is said last is true. A pair that came to nothing leaves no trace.

A method that takes records changes something only after all messages are made. So if one fails, the records can be
taken one by one; and answers can be judged in steps, of which none but the first and the last knows the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, link_id, make_bare_side, make_side
from pipeline.correlation.home_store import HomeStore
from pipeline.correlation.key_kinds import owner_partition
from pipeline.correlation.keys import hold_all_exact
from pipeline.correlation.matcher import Matcher, PairJudgement, PassingScreen, SmallScreen
from pipeline.correlation.postings import PostedCase, encode_postings
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    Follow,
    JudgedClaim,
    ProtocolMessage,
    Watch,
    WatchMessage,
    case_id,
)
from pipeline.correlation.steps import Step, Steps, finish_steps
from pipeline.matching.bands import ExactMatch
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.model import HIT_ONLY

NO_MATCHES = ExactMatch.NONE, ExactMatch.NONE

MET_TOGETHER = 512
"""Pairs that the matcher is told of at once. Their names are bounded together, and held meanwhile."""

LARGE_PAIR: Final = 1 << 24
"""A pair is large from this product of its sides' sizes (bytes of a fingerprint) on. It is judged in a long step:
comparing names grows with both sides. A made-up case has 1.4 kB, so that of two 2 million."""

LONG_STEP: Final = 1 << 29
"""Large pairs of so much, summed up, are judged in one step: entries of lists, with dozens of names, meet cases so."""

SCREENED_TOGETHER = 1 << 14
"""Pairs that are screened at once. The screen needs about 1 kB of memory a pair."""

FEW_SCREENED = 16
"""So few pairs are judged without the screen: to ask it costs as much as to judge several pairs, and most pairs that
come have passed the screen of postings. It leaves out no link, so this changes none."""

REMEMBERED: Final = 10_000
"""Pairs whose last answer and judgement are remembered, some 5 MB. Several meeting places ask for one pair within a
second or so. It spares messages; nothing is decided by it."""

SAMPLED_LINKS: Final = "00"
"""Ids of links whose claims are checked for their order begin so: one link in 256."""

MOST_SAMPLED: Final = 10_000
"""Links that are checked at a time, some 2 MB."""


class HomeCounts(msgspec.Struct):
    """What a home has done since it was made. It feeds metrics; nothing is decided by it."""

    answers: int = 0
    """Pairs that came to be judged."""
    judged: int = 0
    """Those of them that the screen left."""
    cut: int = 0
    """Pairs that were judged by part of what they say, since all of it would take too much (score.selection)."""
    bounds_checked: int = 0
    """Pairs of the sample (meeting_places.SAMPLED) whose score was held to the screens' bound."""
    bounds_exceeded: int = 0
    """Those of them that scored more, or were links that a screen rules out."""
    disordered: int = 0
    """Claims about older versions than an earlier claim of this home about the same link; there must be none."""


class Arrival(NamedTuple):
    """A version that comes to its home; `first` is whether intake knew no earlier version of the case."""

    version: CaseVersion
    first: bool = False


class _Pair(NamedTuple):
    """A pair that is judged: the ids, both versions, whether it is followed, and whether it is of the sample."""

    a: bytes
    b: bytes
    version_a: CaseVersion
    version_b: CaseVersion
    followed: bool
    sampled: bool

    @property
    def sides(self) -> tuple[Fingerprint, Fingerprint]:
        return self.version_a.fingerprint, self.version_b.fingerprint

    @property
    def weight(self) -> int:
        return self.version_a.size * self.version_b.size


class NewVersions(NamedTuple):
    """What is new at a home: versions by case, and which of them are to be posted."""

    versions: Mapping[bytes, CaseVersion]
    posted: Sequence[PostedCase]


class _RecentPairs:
    """What was noted last of the pairs that came last: of at least `size` of them and at most twice as many."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: dict[tuple[bytes, bytes], tuple[int, int]] = {}
        self._old: dict[tuple[bytes, bytes], tuple[int, int]] = {}

    def get(self, pair: tuple[bytes, bytes]) -> tuple[int, int]:
        """Two orders of versions; (0, 0) if there is no note."""
        return self._new.get(pair) or self._old.get(pair, (0, 0))

    def put(self, pair: tuple[bytes, bytes], orders: tuple[int, int]) -> None:
        """Note two orders of versions."""
        self._new[pair] = orders
        if len(self._new) > self._size:
            self._old, self._new = self._new, {}


class Home:
    """Applies the records of one partition, in order, to that partition's store, and says what is to be sent.

    `within` also links cases of one country.
    """

    def __init__(
        self,
        store: HomeStore,
        partition: int,
        partitions: int,
        matcher: Matcher,
        *,
        screen: SmallScreen | None = None,
        generation: str = "",
        within: bool = False,
        remembered: int = REMEMBERED,
    ) -> None:
        self.store = store
        self.counts = HomeCounts()
        self.partitions = partitions
        """Of its generation; this home is one of them."""
        self._partition, self._matcher = partition, matcher
        self._screen = screen or PassingScreen()
        self._generation, self._within = generation, within
        self._answered = _RecentPairs(remembered)
        """The version of A that an ask named, and that of B which was sent since: of pairs of cases B of this home."""
        self._judged = _RecentPairs(remembered)
        """The versions that were judged last: of pairs of cases A of this home."""
        self._claimed: dict[str, tuple[int, int]] = {}
        """The versions that the last claim about each checked link was about."""

    # --- fingerprints

    def take_fingerprints(self, arrivals: Sequence[Arrival]) -> list[ProtocolMessage]:
        """Take in versions of this home's cases; one that is not newer than the stored one changes nothing."""
        (messages,) = take_arrivals_together([ArrivedChunk(self, arrivals)], self._screen)
        return messages

    def meet_arrivals(self, arrivals: Sequence[Arrival]) -> NewVersions:
        """What is new among versions that come, and what is to be posted of it. Nothing is changed."""
        held, newest, first = self._find_newest(arrivals)
        return NewVersions(newest, list(self._choose_posted(held, newest, first)))

    def send_versions(self, new: Mapping[bytes, CaseVersion]) -> list[ProtocolMessage]:
        """What watchers and followed cases are told of new versions. Nothing is changed.

        They need a version even if it is judged like the one before, since claims name versions.
        """
        cases, messages = list(new), list[ProtocolMessage]()
        watching, followed = self.store.get_watching(cases), self.store.get_followed(cases)
        for case, judges, others in zip(cases, watching, followed, strict=True):
            version = new[case]
            messages += [Answer(judge, case, version) for judge in judges]
            messages += [Ask(case, other, version.order, 0) for other in others]
        return messages

    def keep_versions(self, new: Mapping[bytes, CaseVersion], sent: Iterable[ProtocolMessage]) -> None:
        """Keep new versions, once all that they lead to is made."""
        self._note_answers(sent)
        self.store.put_versions(new)

    def load_fingerprints(self, arrivals: Sequence[Arrival]) -> None:
        """Take in versions without sending anything, for a store that is behind what was applied."""
        self.store.put_versions(self._find_newest(arrivals)[1])

    def _find_newest(
        self, arrivals: Sequence[Arrival]
    ) -> tuple[dict[bytes, CaseVersion], dict[bytes, CaseVersion], set[bytes]]:
        """The stored versions of the cases that come, their newest ones, and the cases that are new to intake."""
        cases = [case_id(arrival.version.fingerprint.case) for arrival in arrivals]
        held = self.store.get_versions(dict.fromkeys(cases))
        newest: dict[bytes, CaseVersion] = {}
        for case, arrival in zip(cases, arrivals, strict=True):
            before = newest.get(case) or held.get(case)
            if before is None or before.order < arrival.version.order:
                newest[case] = arrival.version
        return held, newest, {case for case, arrival in zip(cases, arrivals, strict=True) if arrival.first}

    def _choose_posted(
        self, held: Mapping[bytes, CaseVersion], newest: Mapping[bytes, CaseVersion], first: set[bytes]
    ) -> Iterator[PostedCase]:
        for case, version in newest.items():
            fingerprint, before = version.fingerprint, held.get(case)
            if before is None:
                # A store that was lost may have known a version that compaction has removed: nobody knows its keys.
                lost = self.store.rebuilt and case not in first
                gone = self._other_partitions(range(self.partitions), fingerprint.keys) if lost else []
            elif is_judged_alike(before.fingerprint, fingerprint) and not self.store.behind:
                # What stands at the meeting places holds, and all that was asked by it was answered. Not where another
                # store has taken records in place of this one: it may have dropped an ask, since compaction had removed
                # the version that this one knows. Then the next version has to make the pairs be asked for.
                continue
            else:
                old = {owner_partition(key, self.partitions) for key in before.fingerprint.keys}
                gone = self._other_partitions(old, fingerprint.keys)
            yield PostedCase(case, version.order, fingerprint.country, fingerprint.keys, gone)

    def _other_partitions(self, partitions: Iterable[int], keys: Sequence[int]) -> list[int]:
        """Those of the partitions that own none of the keys."""
        return sorted(set(partitions).difference(owner_partition(key, self.partitions) for key in keys))

    def _note_answers(self, messages: Iterable[ProtocolMessage]) -> None:
        for message in messages:
            if isinstance(message, Answer):
                pair = message.a, message.b
                self._answered.put(pair, (self._answered.get(pair)[0], message.version.order))

    # --- B's side of a pair

    def take_asks(self, asks: Sequence[Ask]) -> list[Answer]:
        """Answer with the versions of B that this home holds.

        One that is unknown is on its way, and is posted anew. What was answered since both versions that an ask names
        is left out.
        """
        held = self.store.get_versions({ask.b for ask in asks})
        answers = []
        for ask in asks:
            pair, version = (ask.a, ask.b), held.get(ask.b)
            if version is None:
                continue
            order_a, order_b = self._answered.get(pair)
            if order_b and ask.order_a <= order_a and ask.order_b <= order_b and not ask.sampled:
                continue
            answers.append(Answer(ask.a, ask.b, version, ask.sampled))
            self._answered.put(pair, (max(ask.order_a, order_a), version.order))
        return answers

    def take_watches(self, messages: Sequence[WatchMessage]) -> list[Answer]:
        """Note who watches; a judge that knows an older version than this home does gets the newer one.

        What this home itself follows it knows already.
        """
        watches = [message for message in messages if isinstance(message, Watch)]
        held = self.store.get_versions({watch.b for watch in watches if watch.on})
        answers = []
        for watch in watches:
            self.store.set_watching(watch.a, watch.b, watch.on)
            version = held.get(watch.b)
            if watch.on and version is not None and version.order > watch.order_b:
                answers.append(Answer(watch.a, watch.b, version))
        self._note_answers(answers)
        return answers

    def load_watches(self, messages: Iterable[WatchMessage]) -> None:
        """Take in who watches and what is followed, for a store that is behind what was applied.

        It is given all records behind the store's position, to the end of the partition and not only to what was
        applied: compaction may have moved an earlier one there. Then the last one of each pair holds.
        """
        for message in messages:
            note = self.store.set_watching if isinstance(message, Watch) else self.store.set_followed
            note(message.a, message.b, message.on)

    # --- A's side of a pair: the judge

    def take_answers(self, answers: Sequence[Answer]) -> list[ProtocolMessage]:
        """Judge pairs, of each the last version that comes. A case A that is unknown is on its way, and asks anew."""
        return finish_steps(self.judge_in_steps(answers))

    def judge_in_steps(self, answers: Sequence[Answer]) -> Steps[list[ProtocolMessage]]:
        """Take answers step by step: the pairs are read in the first, and what they lead to is kept in the last."""
        pairs = self._find_pairs(answers)
        self.counts.answers += len(pairs)
        linkable = [pair for pair in pairs if self._may_link(pair)]
        yield from self._check_sampled(linkable)
        claims: dict[tuple[bytes, bytes], JudgedClaim] = {}
        screened = self._screen_pairs(linkable)
        for start in range(0, len(screened), MET_TOGETHER):
            met = screened[start : start + MET_TOGETHER]
            groups = list(_group_pairs(met))
            # 1. All of them meet at once, large ones too: bounding names costs less a pair the more there are.
            yield groups[-1].step
            bounded = self._matcher.meet(pair.sides for pair in met)
            # 2. Judging holds what they met, since each long step may be taken in a thread of its own.
            for step, some in groups:
                yield step
                claims |= {(pair.a, pair.b): claim for pair, claim in self._judge_pairs(some)}
            del bounded
        messages: list[ProtocolMessage] = []
        for pair in pairs:
            claim = claims.get((pair.a, pair.b))
            if claim is not None or pair.followed:
                messages += self._settle_pair(pair, claim or self._retract(pair))
        for pair in pairs:
            self._judged.put((pair.a, pair.b), (pair.version_a.order, pair.version_b.order))
        for message in messages:
            if isinstance(message, Follow):
                self.store.set_followed(message.a, message.b, message.on)
            elif isinstance(message, JudgedClaim):
                self._check_order(message.claim)
        return messages

    def _find_pairs(self, answers: Sequence[Answer]) -> list[_Pair]:
        last = {(answer.a, answer.b): answer for answer in answers}
        # One object for each version of B: it is decoded once, and names are bounded with all that it meets.
        same: dict[bytes, CaseVersion] = {}
        sent = {pair: same.setdefault(answer.version.encoded, answer.version) for pair, answer in last.items()}
        cases = list(dict.fromkeys(a for a, _ in last))
        held, followed = self.store.get_versions(cases), dict(zip(cases, self.store.get_followed(cases), strict=True))
        return [
            _Pair(a, b, held[a], sent[a, b], b in followed[a], answer.sampled)
            for (a, b), answer in last.items()
            if a in held and (answer.sampled or self._judged.get((a, b)) != (held[a].order, sent[a, b].order))
        ]

    def _may_link(self, pair: _Pair) -> bool:
        """Whether two cases share a key, neither is withdrawn, and their countries may meet."""
        a, b = pair.version_a.outline, pair.version_b.outline
        if a.withdrawn or b.withdrawn or (a.country == b.country and not self._within):
            return False
        return not set(a.keys).isdisjoint(b.keys)

    def _check_sampled(self, pairs: Iterable[_Pair]) -> Steps[None]:
        """Check of a sample that no screen rules out what it must not."""
        for pair in pairs:
            if pair.sampled:
                yield Step.LONG if pair.weight >= LARGE_PAIR else Step.SHORT
                self._check_bounds(*pair.sides)

    def _screen_pairs(self, pairs: Sequence[_Pair]) -> list[_Pair]:
        """Those that the screen leaves."""
        if len(pairs) <= FEW_SCREENED:
            return list(pairs)
        left: list[_Pair] = []
        for start in range(0, len(pairs), SCREENED_TOGETHER):
            some = pairs[start : start + SCREENED_TOGETHER]
            sketches = [
                join_sketches([pair.version_a.outline.sketch for pair in some]),
                join_sketches([pair.version_b.outline.sketch for pair in some]),
            ]
            left += [some[at] for at in np.flatnonzero(self._matcher.may_link(*sketches)).tolist()]
        return left

    def _check_bounds(self, a: Fingerprint, b: Fingerprint) -> None:
        """Hold a pair to the screens' promise; it is counted where they break it, and nothing else."""
        self.counts.bounds_checked += 1
        self.counts.bounds_exceeded += self._matcher.exceeds_bound(a, b) or self._is_lost(a, b)

    def _is_lost(self, a: Fingerprint, b: Fingerprint) -> bool:
        """Whether the screen of postings rules out a link."""
        rows = self._screen.make_sketches([a, b])
        return not self._screen.may_link(rows[:1], rows[1:])[0] and self._matcher.find_link(a, b) is not None

    def _judge_pairs(self, met: Iterable[_Pair]) -> Iterator[tuple[_Pair, JudgedClaim]]:
        """The live claims of pairs that the matcher was told of."""
        for pair in met:
            claim = self._claim_pair(*sorted(pair.sides, key=lambda fingerprint: fingerprint.case))
            if claim is not None:
                yield pair, claim

    def _settle_pair(self, pair: _Pair, judged: JudgedClaim) -> Iterator[ProtocolMessage]:
        """The claim about a pair, and what changes by it: it is followed as long as it is linked."""
        yield judged
        linked = judged.claim.state is ClaimState.LIVE
        if linked != pair.followed:
            yield Follow(pair.a, pair.b, linked)
            yield Watch(pair.a, pair.b, linked, pair.version_b.order)

    def _claim_pair(self, a: Fingerprint, b: Fingerprint) -> JudgedClaim | None:
        """The live claim about two cases, ordered by their keys; None if there is neither a link nor an exact hit."""
        self.counts.judged += 1
        cut = self._matcher.cut
        judgement = self._matcher.find_link(a, b)
        self.counts.cut += self._matcher.cut - cut
        exact_a, exact_b = self._match_exactly(a, b)
        if judgement is None and not exact_a and not exact_b:
            return None
        claim = self._make_claim(ClaimState.LIVE, make_side(a), make_side(b))
        if judgement is not None:
            claim = self._judged_claim(claim, a, b, judgement)
        return JudgedClaim(msgspec.structs.replace(claim, exact_a=exact_a, exact_b=exact_b), a, b)

    def _retract(self, pair: _Pair) -> JudgedClaim:
        a, b = sorted(pair.sides, key=lambda fingerprint: fingerprint.case)
        return JudgedClaim(self._make_claim(ClaimState.RETRACTED, make_bare_side(a), make_bare_side(b)), a, b)

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

    def _judged_claim(self, claim: Claim, a: Fingerprint, b: Fingerprint, judgement: PairJudgement) -> Claim:
        """The claim with what the matcher says."""
        return msgspec.structs.replace(
            claim,
            band=judgement.band,
            basis=judgement.basis,
            score=judgement.score,
            probability=judgement.probability,
            evidence=msgspec.Raw(msgspec.json.encode(self._matcher.explain(a, b, judgement.basis))),
        )

    def _make_claim(self, state: ClaimState, a: ClaimSide, b: ClaimSide) -> Claim:
        return Claim(link_id(a.case, b.case), state, self._partition, self._generation, a, b)

    def _check_order(self, claim: Claim) -> None:
        """Count a claim that goes back behind an earlier one: project would leave it out, and the index would stay so.

        By sample of the links, so that it costs next to nothing.
        """
        if not claim.link.startswith(SAMPLED_LINKS):
            return
        orders = (claim.a.order, claim.b.order)
        before = self._claimed.get(claim.link, orders)
        if orders[0] < before[0] or orders[1] < before[1]:
            self.counts.disordered += 1
        if len(self._claimed) >= MOST_SAMPLED:
            self._claimed.clear()
        self._claimed[claim.link] = orders


class _Group(NamedTuple):
    """Pairs that are judged in one step."""

    step: Step
    pairs: list[_Pair]


def _group_pairs(pairs: Iterable[_Pair]) -> Iterator[_Group]:
    """The pairs in groups: first all that are not large, then of large ones few at a time."""
    small: list[_Pair] = []
    large: list[list[_Pair]] = []
    room = 0
    for pair in pairs:
        weight = pair.weight
        if weight < LARGE_PAIR:
            small.append(pair)
            continue
        if not large or weight > room:
            large.append([])
            room = LONG_STEP
        large[-1].append(pair)
        room -= weight
    if small:
        yield _Group(Step.SHORT, small)
    yield from (_Group(Step.LONG, group) for group in large)


class ArrivedChunk(NamedTuple):
    """Versions that come to one of several homes."""

    home: Home
    arrivals: Sequence[Arrival]


def take_arrivals_together(chunks: Sequence[ArrivedChunk], screen: SmallScreen) -> list[list[ProtocolMessage]]:
    """Take in versions at some homes, one or more, of one generation; the messages of each home.

    Where there are many partitions few versions come to each home at a time, and to make the small sketch of one case
    costs as much as those of a hundred. So those of all homes are made together.
    """
    new = [home.meet_arrivals(arrivals) for home, arrivals in chunks]
    posted = [(at, one) for at, found in enumerate(new) for one in found.posted]
    sketches = screen.make_sketches([new[at].versions[one.case].fingerprint for at, one in posted])
    messages: list[list[ProtocolMessage]] = [
        home.send_versions(found.versions) for (home, _), found in zip(chunks, new, strict=True)
    ]
    home_of = {one.case: at for at, one in posted}
    for posting in encode_postings([one for _, one in posted], sketches, chunks[0].home.partitions):
        messages[home_of[posting.case]].append(posting)
    for (home, _), found, sent in zip(chunks, new, messages, strict=True):
        home.keep_versions(found.versions, sent)
    return messages


def is_judged_alike(before: Fingerprint, after: Fingerprint) -> bool:
    """Whether two versions of a case are judged alike with any other case, and meet the same ones."""
    return (
        before.withdrawn == after.withdrawn
        and before.country == after.country
        and before.keys == after.keys
        and before.sketch == after.sketch
        and before.entities == after.entities
        and before.handling.code == after.handling.code
        and before.agency == after.agency
        and before.scope == after.scope
    )
