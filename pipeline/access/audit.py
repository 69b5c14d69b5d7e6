"""The audit trail as pure code: who did what, why, and what was shown, each entry bound to the one before by its hash.

A writer's entries form a chain: first `opened`, last `closed`, a `checkpoint` every minute. An entry's hash enters the
chain when Kafka has acknowledged it. What an unanswered send left behind may be in the topic, or come to it later, when
a broker that hung wakes up, or never. Therefore the next chain begins at the last hash that was acknowledged, and says
so in its `opened`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

CHECKPOINT_S: Final = 60.0
"""A chain without an entry for much longer than this was cut short, or its writer was killed."""


class ActKind(StrEnum):
    """What was done; `opened`, `checkpoint` and `closed` are the chain's own."""

    OPENED = "opened"
    SEARCH = "search"
    READ = "read"
    EXPORT = "export"
    DISCLOSURE = "disclosure"
    REVIEW = "review"
    SUBSCRIPTION = "subscription"
    PUSH = "push"
    OPERATION = "operation"
    REFUSED = "refused"
    """A request that was answered with 401, 403 or 422."""
    CHECKPOINT = "checkpoint"
    CLOSED = "closed"


class ShownForm(StrEnum):
    """How a record was shown."""

    FULL = "full"
    HIT = "hit"


class ShownCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case that was shown, by which rule of the policy (policy.Rule); entries from before rules name none."""

    case: str
    form: ShownForm
    rule: str = ""


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """What someone did, before it is bound into a chain.

    `object` names what was acted on besides the cases shown: a link, review, disclosure, subscription or ops command.
    `query` is encrypted (query_cipher.py), `heads` are a checkpoint's last hashes by chain. `rule` is the RequestRule
    by which it was answered or refused; entries from before rules name none.
    """

    kind: ActKind
    subject: str = ""
    agency: str = ""
    country: str = ""
    roles: tuple[str, ...] = ()
    purpose: str = ""
    case_reference: str = ""
    request: str = ""
    object: str = ""
    query: str = ""
    shown: tuple[ShownCase, ...] = ()
    heads: dict[str, str] = {}
    rule: str = ""


class AuditEntry(Act, frozen=True, omit_defaults=True, kw_only=True):
    """Value of topic `audit`, key = chain. `time` is RFC 3339; `previous` is "" for a writer's very first entry.

    `seed` (base64url) is what the salts of its commitments are derived from (transparency/leaves.py).
    """

    chain: str
    sequence: int
    previous: str
    hash: str
    time: str
    seed: str = ""


class Chain(msgspec.Struct, frozen=True):
    """How far a chain has come: `sequence` is its next entry's, `head` the hash of its last, or of the chain before."""

    name: str
    sequence: int = 0
    head: str = ""

    def make_entry(self, act: Act, at: datetime, seed: str = "") -> AuditEntry:
        """The entry that binds `act` to this chain."""
        fields = msgspec.structs.asdict(act) | {
            "chain": self.name,
            "sequence": self.sequence,
            "previous": self.head,
            "time": at.isoformat(),
            "seed": seed,
        }
        return with_hash(AuditEntry(hash="", **fields))

    def advance(self, entry: AuditEntry) -> Chain:
        """The chain once `entry` is in it."""
        return Chain(self.name, entry.sequence + 1, entry.hash)


def bind_acts(
    chain: Chain, acts: Iterable[tuple[Act, datetime]], new_seed: Callable[[], str] = str
) -> tuple[Chain, list[AuditEntry]]:
    """Bind acts to a chain in their order, each with a new seed; returns the chain after them and their entries."""
    entries = []
    for act, at in acts:
        entry = chain.make_entry(act, at, new_seed())
        entries.append(entry)
        chain = chain.advance(entry)
    return chain, entries


def with_hash(entry: AuditEntry) -> AuditEntry:
    """The entry with its hash filled in."""
    return msgspec.structs.replace(entry, hash=entry_hash(entry))


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256, as hex, over the entry's JSON with an empty hash and sorted keys; `previous` is part of it."""
    bare = msgspec.structs.replace(entry, hash="")
    return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()


class ChainHeads:
    """The last hash of every chain, as a reader of the whole topic knows them; what a checkpoint records."""

    def __init__(self) -> None:
        self._heads: dict[str, str] = {}
        self._closed: set[str] = set()

    def add_entry(self, entry: AuditEntry) -> None:
        """Take note of an entry, in the topic's order."""
        if entry.kind is ActKind.CHECKPOINT:
            for chain, head in entry.heads.items():
                self._heads.setdefault(chain, head)
            self._forget_recorded(entry.heads)
        self._heads[entry.chain] = entry.hash
        if entry.kind is ActKind.CLOSED:
            self._closed.add(entry.chain)

    def _forget_recorded(self, recorded: Mapping[str, str]) -> None:
        """A chain that is closed, and whose last hash a checkpoint holds, can lose nothing any more unseen."""
        for chain in [closed for closed in self._closed if recorded.get(closed) == self._heads[closed]]:
            self._closed.discard(chain)
            del self._heads[chain]

    def __call__(self) -> dict[str, str]:
        """The heads now."""
        return dict(self._heads)
