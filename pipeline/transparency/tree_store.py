"""A tree's hashes on disk, in tiles of 256 (the shape of c2sp.org/tlog-tiles), in LMDB.

Tile `(level, index)` holds the hashes of up to 256 complete subtrees of 256^level leaves each. Several processes may
have one store open: an append is one transaction that says which leaf it begins with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import lmdb
import msgspec

from pipeline.transparency.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_proof,
    inclusion_proof,
    node_hash,
    range_root,
)

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES

MAP_BYTES: Final = 1 << 36
"""Address space only: 64 GiB hold some 700 million leaves with their places."""

CACHED_UPPER: Final = 256
CACHED_LOWEST: Final = 8
"""Whole tiles, which never change: 10 million leaves have 153 above the lowest, and a proof asks one eight times."""

FORMAT: Final = 1

STATE: Final = b"state"

Items = Iterable[tuple[bytes, bytes]]


class TreeState(msgspec.Struct, frozen=True):
    """How far a store has come: leaves, the next offset of its topic, the topic's id, and the store's format."""

    size: int = 0
    position: int = 0
    topic: str = ""
    format: int = FORMAT


class TreeStore:
    """The hashes of a log, and named tables beside them that change in the same transaction."""

    def __init__(self, folder: Path, tables: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._environment = lmdb.open(str(folder), map_size=MAP_BYTES, max_dbs=len(tables) + 2, mode=0o600)
        self._tiles, self._states, *named = (self._environment.open_db(n.encode()) for n in ("tiles", "state", *tables))
        self._tables: dict[str, Any] = dict(zip(tables, named, strict=True))
        self._upper, self._lowest = (
            lru_cache(CACHED_UPPER)(self._tile_levels),
            lru_cache(CACHED_LOWEST)(self._tile_levels),
        )

    def close(self) -> None:
        """Close the store; what was appended is on disk."""
        self._environment.close()

    @property
    def state(self) -> TreeState:
        """What the last transaction left, whoever made it."""
        with self._environment.begin() as transaction:
            return self._read_state(transaction)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self.state.size

    def append(
        self, first: int, hashes: Sequence[bytes], state: TreeState, tables: Mapping[str, Items] | None = None
    ) -> bool:
        """Add leaves from index `first` on and leave `state`, whose size is set here; False where others have done so.

        What goes into `tables` is written with them. Raises ValueError for leaves that leave a gap.
        """
        with self._environment.begin(write=True) as transaction:
            size = self._read_state(transaction).size
            if first > size:
                raise ValueError(f"leaf {size} is missing before leaf {first}")
            if first < size or (not hashes and not tables and self._read_state(transaction).position >= state.position):
                return False
            self._extend_level(transaction, 0, size, hashes)
            for name, items in (tables or {}).items():
                for key, value in items:
                    transaction.put(key, value, db=self._tables[name])
            done = msgspec.structs.replace(state, size=size + len(hashes))
            transaction.put(STATE, msgspec.json.encode(done), db=self._states)
            return True

    def clear(self, state: TreeState) -> None:
        """Begin anew."""
        with self._environment.begin(write=True) as transaction:
            for database in (self._tiles, *self._tables.values()):
                transaction.drop(database, delete=False)
            transaction.put(STATE, msgspec.json.encode(state), db=self._states)
        self._upper.cache_clear()
        self._lowest.cache_clear()

    def put(self, table: str, key: bytes, value: bytes) -> None:
        """Write one item of a table."""
        with self._environment.begin(write=True) as transaction:
            transaction.put(key, value, db=self._tables[table])

    def get(self, table: str, key: bytes) -> bytes | None:
        """One item of a table."""
        with self._environment.begin() as transaction:
            found: bytes | None = transaction.get(key, db=self._tables[table])
            return found

    def items(self, table: str, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """All items of a table by key, or from the last one on."""
        with self._environment.begin() as transaction:
            cursor = transaction.cursor(self._tables[table])
            yield from cursor.iterprev() if backwards else cursor

    def node_at(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree (merkle.NodeAt). Raises ValueError where it is not complete."""
        tile, height = divmod(level, TILE_HEIGHT)
        first = index << height
        place, inside = first >> TILE_HEIGHT, first & (TILE_WIDTH - 1)
        held = self._load_tile(tile, place)
        if (inside + (1 << height)) * HASH_BYTES > len(held):
            raise ValueError(f"the subtree {index} of level {level} is not complete")
        if len(held) == TILE_BYTES:
            return (self._upper if tile else self._lowest)(tile, place)[height][inside >> height]
        return _levels_of(_split_hashes(held[inside * HASH_BYTES :][: HASH_BYTES << height]))[-1][0]

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        return range_root(self.node_at, 0, size) if size else EMPTY_ROOT

    def prove_inclusion(self, index: int, size: int) -> list[bytes]:
        """The path of a leaf in the tree of `size` leaves. Raises ValueError."""
        return inclusion_proof(self.node_at, index, size)

    def prove_consistency(self, first: int, second: int) -> list[bytes]:
        """What shows that one tree begins with another. Raises ValueError."""
        return consistency_proof(self.node_at, first, second)

    def _read_state(self, transaction: lmdb.Transaction) -> TreeState:
        found = transaction.get(STATE, db=self._states)
        return msgspec.json.decode(found, type=TreeState) if found else TreeState()

    def _extend_level(self, transaction: lmdb.Transaction, level: int, size: int, hashes: Sequence[bytes]) -> None:
        """Append to the tiles of a level that has `size` hashes; the roots of those that are whole go a level up."""
        place, held = size >> TILE_HEIGHT, (size & (TILE_WIDTH - 1)) * HASH_BYTES
        kept = bytes(transaction.get(_tile_key(level, place), db=self._tiles) or b"") if held else b""
        content, roots = kept[:held] + b"".join(hashes), []
        for begin in range(0, len(content), TILE_BYTES):
            tile = content[begin : begin + TILE_BYTES]
            transaction.put(_tile_key(level, place + begin // TILE_BYTES), tile, db=self._tiles)
            if len(tile) == TILE_BYTES:
                roots.append(_levels_of(_split_hashes(tile))[-1][0])
        if roots:
            self._extend_level(transaction, level + 1, place, roots)

    def _load_tile(self, level: int, index: int) -> bytes:
        with self._environment.begin() as transaction:
            return transaction.get(_tile_key(level, index), db=self._tiles) or b""

    def _tile_levels(self, level: int, index: int) -> list[list[bytes]]:
        return _levels_of(_split_hashes(self._load_tile(level, index)))


def _tile_key(level: int, index: int) -> bytes:
    return level.to_bytes(1, "big") + encode_index(index)


def _split_hashes(content: bytes) -> list[bytes]:
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def _levels_of(hashes: list[bytes]) -> list[list[bytes]]:
    """The hashes of a power of two of nodes, and of each level above them up to their root."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below), 2)])
    return levels


def encode_index(index: int) -> bytes:
    """Eight bytes that sort as numbers do."""
    return index.to_bytes(8, "big")
