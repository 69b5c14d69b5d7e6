"""The log as a server tells of it: hashes, heads, and which leaf each entry is; made from `audit_log`, and made anew.

Several processes of a machine share one folder: whoever reads first writes, the others find it done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.transparency.checkpoints import Checkpoint
from pipeline.transparency.leaves import LeafError, LogLeaf, decode64
from pipeline.transparency.log_records import decode_head, leaf_index
from pipeline.transparency.merkle import leaf_hash
from pipeline.transparency.notes import NoteError
from pipeline.transparency.tree_store import TreeState, TreeStore, encode_index

log = logging.getLogger(__name__)

PLACES: Final = "places"
HEADS: Final = "heads"

LAST: Final = b"last"


class ServedHead(NamedTuple):
    """A head as it was signed; its signature is for its reader to check."""

    checkpoint: Checkpoint
    note: str


class ServedLog:
    """A copy of the log's hashes; `mismatched` counts heads that are not those of the leaves."""

    def __init__(self, folder: Path) -> None:
        self.store = TreeStore(folder, (PLACES, HEADS))
        self.mismatched = 0

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def begin_topic(self, topic: str) -> int:
        """The offset to read the topic with this id from; what is held of another is given up."""
        state = self.store.state
        if state.topic != topic:
            state = TreeState(topic=topic)
            self.store.clear(state)
        return state.position

    def add_messages(self, messages: Sequence[tuple[int, bytes | None, bytes]]) -> None:
        """Take messages (offset, key, value) in their order; those that another process has taken are left out."""
        state = self.store.state
        hashes: list[bytes] = []
        places: list[tuple[bytes, bytes]] = []
        heads: list[tuple[bytes, bytes]] = []
        for _, key, value in messages:
            index = _leaf_index(key)
            if index is None:
                heads.append((key or b"", value))
            elif index == state.size + len(hashes):
                hashes.append(leaf_hash(value))
                places += _nonce_place(index, value)
        position = TreeState(position=max(state.position, messages[-1][0] + 1), topic=state.topic)
        self.store.append(state.size, hashes, position, {PLACES: places})
        for _, value in heads:
            self._take_head(value)

    def _take_head(self, value: bytes) -> None:
        try:
            note = decode_head(value).head
            head = Checkpoint.from_note(note)
        except (LeafError, NoteError) as error:
            log.error("a head of the audit log can't be read: %s", error)
            self.mismatched += 1
            return
        if head.size > self.store.size or self.store.root(head.size) != head.root:
            log.error("the signed head of %d leaves is not that of the log's leaves; keep both", head.size)
            self.mismatched += 1
            return
        last = self.last_head()
        if last is None or head.size > last.checkpoint.size:
            self.store.put(HEADS, LAST, note.encode())

    def last_head(self) -> ServedHead | None:
        """The last head that is the leaves'; None before there is one."""
        note = self.store.get(HEADS, LAST)
        if note is None:
            return None
        text = note.decode()
        return ServedHead(Checkpoint.from_note(text), text)

    def head_time(self) -> datetime | None:
        """When the last head was signed."""
        last = self.last_head()
        return datetime.fromisoformat(last.checkpoint.time) if last and last.checkpoint.time else None

    def place_of(self, nonce: str) -> int | None:
        """The index of the leaf with this nonce."""
        found = self.store.get(PLACES, decode64(nonce))
        return None if found is None else int.from_bytes(found, "big")

    def leaf_at(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self.store.node_at(0, index)

    def prove_inclusion(self, index: int, size: int) -> Iterable[bytes]:
        """The path of a leaf. Raises ValueError where there is no such leaf."""
        return self.store.prove_inclusion(index, size)


def _leaf_index(key: bytes | None) -> int | None:
    try:
        return leaf_index(key)
    except LeafError:
        return -1


def _nonce_place(index: int, body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Where a leaf is found by its nonce; one that can't be read is the leaf of no entry."""
    try:
        yield decode64(LogLeaf.decode(body).nonce), encode_index(index)
    except LeafError:
        log.error("leaf %d of the audit log can't be read", index)
