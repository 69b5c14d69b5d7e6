"""An agency's side of the log: keeps every hash, every head and the leaves with its own tags, and believes nothing.

What does not fit is kept beside what it contradicts, as a finding; a witness never gives up what it has seen.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import LiaisonError
from pipeline.transparency.checkpoints import Checkpoint, SignedHead
from pipeline.transparency.leaves import LeafError, LogLeaf, own_places
from pipeline.transparency.log_records import decode_head, leaf_index
from pipeline.transparency.merkle import leaf_hash
from pipeline.transparency.notes import NoteError, VerifierKey
from pipeline.transparency.tree_store import TreeState, TreeStore, encode_index

log = logging.getLogger(__name__)

HEADS: Final = "heads"
OWN: Final = "own"
FINDINGS: Final = "findings"
PINNED: Final = "pinned"
KEY_IDS: Final = "key ids"
"""By the first leaf that bears it, each id under which tags were met."""

TABLES: Final = (HEADS, OWN, FINDINGS, PINNED, KEY_IDS)

LOG_KEY: Final = b"log key"
SCANNED: Final = b"scanned"
ASKED: Final = b"asked"

SCAN: Final = 2
"""What a look through the leaves notes: 1 was own leaves, 2 is these and the ids of tag keys."""

TOLERANCE: Final = timedelta(hours=1)
"""Servers' clocks differ by less, and a broker that hangs applies a late entry sooner."""


MAX_FINDINGS: Final = 1000
"""The first ones say what happened; the rest of a log that was replaced would fill the disk."""

MAX_KEY_IDS: Final = 1000
"""An installation rotates its secret a few times a year; a log with more ids was made to fill the disk."""

SHOWN_ID_CHARS: Final = 32
"""Of an id of a tag key in a finding: an honest one has 8 characters, a forged one may have a megabyte."""


class LogFault(StrEnum):
    """What is wrong with the log, or with what its server answered."""

    UNSIGNED = "unsigned"
    REWRITTEN = "rewritten"
    """What was in the log has changed, or is gone."""
    FORKED = "forked"
    """The log has signed two heads of one size with different roots: one for us, one for others."""
    MISSING = "missing"
    BACKDATED = "backdated"
    """An entry claims to be older than a head that does not hold it."""
    ALTERED = "altered"
    """What an act is said to be is not what the log holds of it."""
    WITHHELD = "withheld"
    """The log holds an act that concerns us, and its server does not tell of it."""
    BEHIND = "behind"
    """The answer ends before acts that are not new, or other agencies have seen more of the log."""
    KEY_WITHHELD = "key_withheld"
    """Leaves bear tags under a key that the log's server does not hand out: whose records they are can't be told."""


class LogFinding(msgspec.Struct, frozen=True):
    """A fault, at the leaf or size of tree where it shows."""

    fault: LogFault
    at: int
    told: str


class Witness:
    """What an agency has seen of one log, in a folder of its own; `keys` are its tag keys by id."""

    def __init__(self, folder: Path, log_key: VerifierKey, keys: Mapping[str, bytes]) -> None:
        """Raises LiaisonError where the folder is a witness of another log."""
        self.store = TreeStore(folder, TABLES)
        self.log_key, self._keys = log_key, keys
        pinned = self.store.get(PINNED, LOG_KEY)
        if pinned is not None and pinned != log_key.text.encode():
            self.store.close()
            raise LiaisonError("{folder} witnesses the log {key}", folder=str(folder), key=pinned.decode())
        if pinned is None:
            self.store.put(PINNED, LOG_KEY, log_key.text.encode())
        self._size = self.store.size
        times = [head.checkpoint.time for head in self.read_heads() if self._matches_tree(head.checkpoint)]
        self._newest = max(map(datetime.fromisoformat, filter(None, times)), default=None)
        self._noted = set(self.read_findings())
        self._hashes: list[bytes] = []
        self._own: list[tuple[bytes, bytes]] = []
        self._first_met = {id_: int.from_bytes(at, "big") for at, id_ in self.store.items(KEY_IDS)}
        self._new_ids: list[tuple[bytes, bytes]] = []

    def close(self) -> None:
        """Close the store; what was committed is on disk."""
        self.store.close()

    @property
    def is_scanned(self) -> bool:
        """Whether all leaves were looked through with these tag keys.

        Keys that came later find what came before only once it is read again.
        """
        return self.store.get(PINNED, SCANNED) == self._keys_mark

    def note_scanned(self) -> None:
        """Note that all leaves so far were looked through with these tag keys."""
        if not self.is_scanned:
            self.store.put(PINNED, SCANNED, self._keys_mark)

    @property
    def _keys_mark(self) -> bytes:
        held = sorted((key_id, key.hex()) for key_id, key in self._keys.items())
        return sha256(msgspec.json.encode((SCAN, held))).digest()

    @property
    def size(self) -> int:
        """How many leaves were seen."""
        return self._size + len(self._hashes)

    def add_message(self, key: bytes | None, value: bytes) -> None:
        """Take a message of `audit_log`, in its order."""
        try:
            index = leaf_index(key)
            if index is None:
                self.add_head(decode_head(value).head)
            else:
                self._add_leaf(index, value)
        except LeafError as error:
            self._add_finding(LogFault.MISSING, self.size, str(error))

    def _add_leaf(self, index: int, body: bytes) -> None:
        if index < self.size:
            self._check_repeated_leaf(index, body)
            return
        if index > self.size:
            self._add_finding(LogFault.MISSING, self.size, f"the next leaf to come was {index}")
            return
        self._hashes.append(leaf_hash(body))
        leaf = LogLeaf.decode(body)
        if self._newest and datetime.fromisoformat(leaf.minute) < self._newest - TOLERANCE:
            self._add_finding(
                LogFault.BACKDATED, index, f"it is of {leaf.minute}, behind a head of {self._newest:%FT%H:%MZ}"
            )
        self._keep_own(index, leaf, body)

    def _check_repeated_leaf(self, index: int, body: bytes) -> None:
        if index >= self._size:
            self.commit(self.store.state)
        if self.store.node_at(0, index) != leaf_hash(body):
            self._add_finding(LogFault.REWRITTEN, index, "another leaf was there before")
        else:
            self._keep_own(index, LogLeaf.decode(body), body)

    def _keep_own(self, index: int, leaf: LogLeaf, body: bytes) -> None:
        key_id = leaf.key.encode()
        if key_id not in self._first_met and len(self._first_met) < MAX_KEY_IDS:
            self._first_met[key_id] = index
            self._new_ids.append((encode_index(index), key_id))
        if leaf.key in self._keys and own_places(leaf, self._keys[leaf.key]):
            self._own.append((encode_index(index), body))

    def add_head(self, note: str, other: str = "") -> bool:
        """Take a head, from the log or from another agency's witness; False where it can't be compared yet.

        One that contradicts what was seen is kept beside it. What another witness tells without the log's signature
        says nothing of the log.
        """
        try:
            head = SignedHead.from_signed_note(note, self.log_key).checkpoint
        except NoteError as error:
            if other:
                log.warning("what the witness of %s tells is not signed by the log: %s", other, error)
            else:
                self._add_finding(LogFault.UNSIGNED, self.size, str(error))
            return True
        self.commit(self.store.state)
        if head.size > self._size:
            return False
        self.store.put(HEADS, encode_index(head.size) + head.root, note.encode())
        if head.root != self.store.root(head.size):
            self._add_finding(LogFault.FORKED, head.size, f"{other or 'the log'} has a signed head with another root")
        elif head.time:
            time = datetime.fromisoformat(head.time)
            self._newest = max(time, self._newest or time)
        return True

    def commit(self, state: TreeState) -> None:
        """Write what was seen since the last commit, with the position in the topic that it goes to."""
        hashes, self._hashes = self._hashes, []
        own, self._own = self._own, []
        ids, self._new_ids = self._new_ids, []
        self.store.append(self._size, hashes, state, {OWN: own, KEY_IDS: ids})
        self._size += len(hashes)

    def read_heads(self, *, backwards: bool = False) -> Iterator[SignedHead]:
        """The heads, by size or from the largest on; where two of one size differ, both."""
        for _, note in self.store.items(HEADS, backwards=backwards):
            yield SignedHead.from_signed_note(note.decode(), self.log_key)

    def last_head(self) -> SignedHead | None:
        """The largest head that fits what was seen."""
        return next((head for head in self.read_heads(backwards=True) if self._matches_tree(head.checkpoint)), None)

    def own_leaves(self) -> dict[int, bytes]:
        """The leaves that bear the agency's tags: index and body."""
        return {int.from_bytes(key, "big"): body for key, body in self.store.items(OWN)}

    def key_ids(self) -> dict[str, int]:
        """The ids of tag keys that leaves bear, each with the first such leaf."""
        return {key_id.decode(): at for key_id, at in self._first_met.items()}

    def position_in(self, topic: str) -> int:
        """From which offset on another agency's heads were not read, in the topic of this id."""
        return int.from_bytes(self.store.get(PINNED, _position_key(topic)) or b"", "big")

    def note_position(self, topic: str, offset: int) -> None:
        """Note that another agency's heads were read up to an offset of the topic of this id."""
        self.store.put(PINNED, _position_key(topic), encode_index(offset))

    def note_keys_asked(self, size: int) -> None:
        """Note that the log had this many leaves when its server was asked for the tag keys, and answered."""
        if size > self._asked:
            self.store.put(PINNED, ASKED, encode_index(size))

    @property
    def _asked(self) -> int:
        return int.from_bytes(self.store.get(PINNED, ASKED) or b"", "big")

    def judge_keys(self, met: Mapping[str, int] | None = None) -> tuple[list[LogFinding], list[str]]:
        """The tag keys that leaves bear and this witness lacks: those withheld from it, and those to be asked for.

        A key is withheld if its leaves were there when the server was asked for the keys. It stays a finding until the
        key is handed out. `met` are ids beside those of the leaves that were seen.
        """
        lacking = {id_: at for id_, at in {**(met or {}), **self.key_ids()}.items() if id_ not in self._keys}
        findings = [
            LogFinding(
                LogFault.KEY_WITHHELD,
                at,
                f"from here on leaves bear tags under the key {key_id[:SHOWN_ID_CHARS]}, which was not handed out when"
                " your tag keys were fetched",
            )
            for key_id, at in lacking.items()
            if at < self._asked
        ]
        return findings, [key_id for key_id, at in lacking.items() if at >= self._asked]

    def read_findings(self) -> list[LogFinding]:
        """What did not fit so far, in the order in which it showed."""
        return [msgspec.json.decode(value, type=LogFinding) for _, value in self.store.items(FINDINGS)]

    def _add_finding(self, fault: LogFault, at: int, detail: str) -> None:
        made = LogFinding(fault, at, detail)
        if made not in self._noted and len(self._noted) < MAX_FINDINGS:
            self.store.put(FINDINGS, encode_index(len(self._noted)), msgspec.json.encode(made))
            self._noted.add(made)

    def _matches_tree(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.size <= self._size and checkpoint.root == self.store.root(checkpoint.size)


def _position_key(topic: str) -> bytes:
    return f"read|{topic}".encode()
