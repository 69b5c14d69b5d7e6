"""Merkle trees and their proofs as in Certificate Transparency: RFC 6962 section 2.1, verified as in RFC 9162."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
"""Of SHA-256, the hash of RFC 6962."""

EMPTY_ROOT: Final = sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""The hash of a complete subtree by `(level, index)`: of the 2^level leaves from index * 2^level on."""


def leaf_hash(body: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that can only grow: its size and the hashes of its complete subtrees, the largest first."""

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        """Raises ValueError where the number of subtrees is not that of the size's binary digits 1."""
        self.size, self.subtrees = size, list(subtrees)
        if len(self.subtrees) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees")

    def append(self, hash_: bytes) -> None:
        """Add a leaf by its hash."""
        below = self.size
        while below & 1:
            hash_ = node_hash(self.subtrees.pop(), hash_)
            below >>= 1
        self.subtrees.append(hash_)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The tree's root."""
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Frontier()
    for each in leaves:
        tree.append(each)
    return tree.root


def range_root(node: NodeAt, begin: int, end: int) -> bytes:
    """The root over the leaves from `begin` up to `end`, a range as RFC 6962 splits them."""
    count = end - begin
    if count == 0:
        return EMPTY_ROOT
    if count.bit_count() == 1:
        level = count.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + _split_point(count)
    return node_hash(range_root(node, begin, middle), range_root(node, middle, end))


def inclusion_proof(node: NodeAt, index: int, size: int) -> list[bytes]:
    """The path of leaf `index` in the tree of `size` leaves, from the leaf upwards. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split_point(end - begin)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, begin, middle))
            begin = middle
    return path[::-1]


def consistency_proof(node: NodeAt, first: int, second: int) -> list[bytes]:
    """What shows that the tree of `second` leaves begins with that of `first`. Raises ValueError."""
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} leaves has no proof from {first}")
    path, begin, end, whole = [], 0, second, True
    while first < end:
        middle = begin + _split_point(end - begin)
        if first <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, begin, middle))
            begin, whole = middle, False
    if not whole:
        path.append(range_root(node, begin, end))
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from leaf `index`, given by its hash, to the root of `size` leaves (RFC 9162, 2.1.3.2)."""
    return 0 <= index < size and _climb(index, size - 1, leaf, path)[1:] == (0, root)


def is_consistent(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the path shows that the larger tree begins with the smaller (RFC 9162, 2.1.4.2).

    Every tree begins with the empty one.
    """
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    hashes = [first_root, *path] if first.bit_count() == 1 else list(path)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return bool(hashes) and _climb(place, last, hashes[0], hashes[1:]) == (first_root, 0, second_root)


def _climb(place: int, last: int, node: bytes, path: Iterable[bytes]) -> tuple[bytes, int, bytes]:
    """Walk from a node towards the root over the path's siblings, in a level whose last node has the number `last`.

    Returns what its left siblings alone make of it, the number of the last node in the level that was reached (0: it is
    the root's; -1: the path goes on beyond it), and what all siblings make of it.
    """
    small = large = node
    for sibling in path:
        if last == 0:
            return small, -1, large
        if place & 1 or place == last:
            small, large = node_hash(sibling, small), node_hash(sibling, large)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            large = node_hash(large, sibling)
        place, last = place >> 1, last >> 1
    return small, last, large


def _split_point(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
