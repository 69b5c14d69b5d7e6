"""Whether the audit trail is whole: finds a missing, altered or reordered entry, and a chain cut short. Pure.

A chain's first entry names the hash behind which its writer had heard of nothing. What chains of that writer hold
behind that hash are sends that failed: nothing was disclosed by them, and Kafka may have them before that entry, behind
it or not at all. So their place tells nothing, and only it is not judged: they too must follow their own chain without
a gap, once. What was acknowledged is never among them, since the hash is taken from the acknowledgement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from pipeline.access.audit import CHECKPOINT_S, ActKind, AuditEntry, entry_hash

KEPT: Final = 100_000
"""Hashes remembered of each chain: a checkpoint or a successor names one of the last few seconds."""

SILENCE: Final = timedelta(seconds=3 * CHECKPOINT_S)
"""A living writer has made an entry within this."""


class TrailFault(StrEnum):
    """What is wrong with the trail."""

    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    CUT_SHORT = "cut_short"
    """The chain's end is missing, or its writer was killed before anyone recorded where it had come to."""


class TrailFinding(msgspec.Struct, frozen=True):
    """A fault at an entry of a chain; `sequence` is where it shows."""

    chain: str
    sequence: int
    fault: TrailFault
    told: str


class _ChainProgress:
    """What is known of one chain so far."""

    def __init__(self) -> None:
        self.next = 0
        self.head = ""
        self.time = ""
        self.closed = False
        self.replaced = False
        self.confirmed = ""
        self._order: deque[str] = deque()
        self._hashes: set[str] = set()

    def add_entry(self, entry: AuditEntry) -> None:
        self.next, self.head, self.time = entry.sequence + 1, entry.hash, entry.time
        self.closed = self.closed or entry.kind is ActKind.CLOSED
        self._order.append(entry.hash)
        self._hashes.add(entry.hash)
        if len(self._order) > KEPT:
            self._hashes.discard(self._order.popleft())

    def has_hash(self, hash_: str) -> bool:
        return hash_ in self._hashes


class TrailVerifier:
    """Reads the whole topic in its order; `findings` tells what is wrong once it has been read."""

    def __init__(self) -> None:
        self._chains: dict[str, _ChainProgress] = {}
        self._begun: dict[tuple[str, str], dict[int, _ChainProgress]] = {}
        self._found: list[TrailFinding] = []
        self.entries = 0

    def check_entry(self, entry: AuditEntry) -> None:
        """Take the next entry of the topic."""
        self.entries += 1
        chain = self._chains.setdefault(entry.chain, _ChainProgress())
        self._found += self._find_faults(chain, entry)
        if entry.kind is ActKind.CHECKPOINT:
            self._found += self._check_heads(entry)
        chain.add_entry(entry)

    def note_unreadable(self, chain: str, position: str) -> None:
        """Take note of what stands where an entry should, under the name of a chain."""
        held = self._chains.get(chain)
        told = f"{position} is no audit entry"
        self._found.append(TrailFinding(chain, held.next if held else 0, TrailFault.ALTERED, told))

    def _find_faults(self, chain: _ChainProgress, entry: AuditEntry) -> Iterator[TrailFinding]:
        if entry_hash(entry) != entry.hash:
            yield _make_finding(entry, TrailFault.ALTERED, "its content does not give its hash")
        if entry.sequence < chain.next:
            yield _make_finding(entry, TrailFault.REORDERED, f"it comes after entry {chain.next - 1}")
        elif entry.sequence > chain.next:
            yield _make_finding(
                entry, TrailFault.MISSING, f"entries {chain.next} to {entry.sequence - 1} are not there"
            )
        elif entry.sequence == 0:
            yield from self._check_predecessor(entry)
        elif entry.previous != chain.head:
            yield _make_finding(entry, TrailFault.ALTERED, "it was bound to another entry than the one before it")
        elif chain.closed:
            yield _make_finding(entry, TrailFault.REORDERED, "its chain was closed before")

    def _check_predecessor(self, entry: AuditEntry) -> Iterator[TrailFinding]:
        """A chain's first entry is `opened`, and names the last acknowledged entry of its writer's chain before."""
        if entry.kind is not ActKind.OPENED:
            yield _make_finding(entry, TrailFault.MISSING, "its chain was never opened")
        self._replace_siblings(entry)
        if not entry.previous:
            return
        before = next((chain for chain in self._chains.values() if chain.has_hash(entry.previous)), None)
        if before is None:
            yield _make_finding(entry, TrailFault.CUT_SHORT, "the entry that its chain goes on from is not there")
        else:
            before.replaced = True

    def _replace_siblings(self, entry: AuditEntry) -> None:
        """Of chains that a writer began at one hash only the last can be acknowledged: it went on from no other."""
        writer, _, number = entry.chain.rpartition("|")
        begun = self._begun.setdefault((writer, entry.previous), {})
        begun[int(number) if number.isdecimal() else 0] = self._chains[entry.chain]
        last = max(begun)
        for at, progress in begun.items():
            progress.replaced = progress.replaced or at < last

    def _check_heads(self, entry: AuditEntry) -> Iterator[TrailFinding]:
        for name, head in entry.heads.items():
            chain = self._chains.get(name)
            if chain is None or not chain.has_hash(head):
                yield TrailFinding(
                    name, chain.next if chain else 0, TrailFault.CUT_SHORT, "a checkpoint saw more of it"
                )
            elif name != entry.chain:
                chain.confirmed = head

    def findings(self, now: datetime) -> list[TrailFinding]:
        """Everything that is wrong, in the order in which it shows; chains that ended without a word last."""
        return [*self._found, *self._find_cut_short(now)]

    def _find_cut_short(self, now: datetime) -> Iterable[TrailFinding]:
        for name, chain in self._chains.items():
            silent = now - datetime.fromisoformat(chain.time) > SILENCE
            if silent and not (chain.closed or chain.replaced) and chain.confirmed != chain.head:
                yield TrailFinding(name, chain.next, TrailFault.CUT_SHORT, "it ends without a word")


def _make_finding(entry: AuditEntry, fault: TrailFault, detail: str) -> TrailFinding:
    return TrailFinding(entry.chain, entry.sequence, fault, detail)
