"""The log as it grows: which leaf each entry becomes, and when a head is due. Pure; `attest` runs it on Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from pipeline.access.audit import ActKind, AuditEntry
from pipeline.errors import LiaisonError
from pipeline.times import Clock
from pipeline.transparency.checkpoints import Checkpoint, sign_head
from pipeline.transparency.leaves import LogLeaf, decode64, encode64, nonce_of, seal_entry, seed_of
from pipeline.transparency.log_records import HEAD_KEY, HeadRecord, decode_head, leaf_index, leaf_key
from pipeline.transparency.merkle import Frontier, leaf_hash
from pipeline.transparency.notes import SigningKey
from pipeline.transparency.tag_keys import TagKeys

HEAD_INTERVAL: Final = timedelta(seconds=30)
"""After this the next entry brings a head. Each writer makes an entry a minute, so none waits for longer than that."""

HEAD_ENTRIES: Final = 1000
"""Entries after which a head is signed at once (docs/adr/0001). More would let heads of a busy log hold less often what
was written last; fewer cost a signature and a message each."""


_encoder = msgspec.json.Encoder()


class LogMessage(NamedTuple):
    """A message of `audit_log`."""

    key: bytes
    value: bytes


class LogNotContinuedError(LiaisonError):
    """What the topic holds is not a log that this key and audit go on from."""


class GrowingLog:
    """The end of a log: its complete subtrees, its last leaf and its last head."""

    def __init__(self) -> None:
        self.tree = Frontier()
        self.last_nonce = ""
        self.head: Checkpoint | None = None
        self.signed: datetime | None = None
        """When this process signed its last head."""

    @classmethod
    def recover(cls, messages: Sequence[tuple[bytes | None, bytes]]) -> GrowingLog | None:
        """The log that ends in these messages; None where those before them must be known.

        Raises LogNotContinuedError for a head whose subtrees don't give its root.
        """
        made, begin = cls(), 0
        for at, (key, value) in enumerate(messages):
            if key == HEAD_KEY:
                made.head, made.tree, begin = *_resume_from_head(value), at + 1
        if messages and (begin == len(messages) == 1 or (not begin and messages[0][0] != leaf_key(0))):
            return None
        for key, value in messages[begin:]:
            made._append_leaf(leaf_index(key), value)
        if begin and begin == len(messages):
            made.last_nonce = LogLeaf.decode(messages[begin - 2][1]).nonce
        return made

    def _append_leaf(self, index: int | None, body: bytes) -> None:
        if index != self.tree.size:
            raise LogNotContinuedError("leaf {expected} of the audit log is missing", expected=self.tree.size)
        self.tree.append(leaf_hash(body))
        self.last_nonce = LogLeaf.decode(body).nonce

    def append(self, entry: AuditEntry, keys: TagKeys) -> LogMessage:
        """The leaf of the next entry."""
        index, leaf = self.tree.size, seal_entry(entry, keys, keys.current).leaf
        body = leaf.encode()
        self.tree.append(leaf_hash(body))
        self.last_nonce = leaf.nonce
        return LogMessage(leaf_key(index), body)

    def is_last(self, entry: AuditEntry, keys: TagKeys) -> bool:
        """Whether the last leaf is this entry's."""
        return nonce_of(seed_of(entry, keys)) == self.last_nonce

    @property
    def behind(self) -> int:
        """How many leaves the last head does not hold."""
        return self.tree.size - (self.head.size if self.head else 0)

    def is_head_due(self, last: AuditEntry, now: datetime) -> bool:
        """Whether a head is to follow, `last` being the last of the entries at hand."""
        late = self.signed is None or now - self.signed >= HEAD_INTERVAL
        return self.behind >= HEAD_ENTRIES or (self.behind > 0 and (late or last.kind is ActKind.CLOSED))

    def sign_head(self, last: AuditEntry, key: SigningKey, now: datetime) -> LogMessage:
        """The head over all leaves. Raises LogNotContinuedError where another log's heads stand before it.

        Its time is that of the last entry, so that an entry which claims to be older and comes later shows; never that
        of a clock ahead of ours, and never before the last head's.
        """
        if self.head is not None and self.head.origin != key.verifier.name:
            raise LogNotContinuedError(
                "the log is {old}, the signing key is {new}'s", old=self.head.origin, new=key.verifier.name
            )
        before = [self.head.time] if self.head and self.head.time else []
        time = max([min(datetime.fromisoformat(last.time), now), *map(datetime.fromisoformat, before)])
        self.head = Checkpoint(key.verifier.name, self.tree.size, self.tree.root, time.isoformat())
        self.signed = now
        subtrees = tuple(map(encode64, self.tree.subtrees))
        return LogMessage(HEAD_KEY, _encoder.encode(HeadRecord(sign_head(self.head, key), subtrees)))


def grow_log(
    log: GrowingLog, entries: Iterable[AuditEntry], keys: TagKeys, key: SigningKey, clock: Clock
) -> Iterator[LogMessage]:
    """The messages of new entries in their order, with the heads that are due."""
    last = None
    for last in entries:
        yield log.append(last, keys)
        if log.behind >= HEAD_ENTRIES:
            yield log.sign_head(last, key, clock())
    if last is not None and log.is_head_due(last, now := clock()):
        yield log.sign_head(last, key, now)


def _resume_from_head(value: bytes) -> tuple[Checkpoint, Frontier]:
    record = decode_head(value)
    head = Checkpoint.from_note(record.head)
    try:
        tree = Frontier(head.size, map(decode64, record.subtrees))
    except ValueError as error:
        raise LogNotContinuedError("the subtrees of the log's last head are not its tree's") from error
    if tree.root != head.root:
        raise LogNotContinuedError("the subtrees of the log's last head do not give its root")
    return head, tree
