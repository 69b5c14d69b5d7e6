"""Trees and proofs against published vectors, and against the definitions of RFC 6962 for any tree."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transparency.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    range_root,
    root_of,
)
from pipeline.transparency.tree_store import TILE_WIDTH, TreeState, TreeStore

LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The reference tree of Certificate Transparency (google/certificate-transparency, merkle_tree_test.cc)."""

PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCIES = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


class Tree:
    """A whole tree in memory."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.hashes = hashes

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.hashes[index]
        return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def root(self, size: int) -> bytes:
        return range_root(self.node, 0, size)


REFERENCE = Tree([leaf_hash(one) for one in LEAVES])


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % at) for at in range(count)]


def test_the_reference_tree_has_its_published_roots() -> None:
    assert sha256(b"").digest() == EMPTY_ROOT == root_of([])
    for size, root in enumerate(ROOTS, start=1):
        assert REFERENCE.root(size).hex() == root == root_of(REFERENCE.hashes[:size]).hex()


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_reference_tree_has_its_published_paths(index: int, size: int) -> None:
    path = inclusion_proof(REFERENCE.node, index, size)
    assert [one.hex() for one in path] == PATHS[index, size]
    assert is_included(REFERENCE.hashes[index], index, size, path, REFERENCE.root(size))


@pytest.mark.parametrize(("first", "second"), CONSISTENCIES)
def test_the_reference_tree_has_its_published_consistency(first: int, second: int) -> None:
    path = consistency_proof(REFERENCE.node, first, second)
    assert [one.hex() for one in path] == CONSISTENCIES[first, second]
    assert is_consistent(first, second, path, REFERENCE.root(first), REFERENCE.root(second))


@given(st.integers(1, 70), st.data())
def test_a_path_leads_to_its_root_and_to_no_other(size: int, data: st.DataObject) -> None:
    tree = Tree(hashes(size))
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(tree.node, index, size), tree.root(size)
    assert is_included(tree.hashes[index], index, size, path, root)
    other = data.draw(st.integers(0, size + 2))
    assert other == index or not is_included(tree.hashes[index], other, size, path, root)
    assert not is_included(leaf_hash(b"x"), index, size, path, root)
    assert not is_included(tree.hashes[index], index, size, [*path, root], root)
    for at in range(len(path)):
        assert not is_included(tree.hashes[index], index, size, path[:at] + path[at + 1 :], root)


@given(st.integers(1, 70), st.data())
def test_consistency_holds_for_what_a_tree_began_with_and_for_nothing_else(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    tree = Tree(hashes(second))
    path = consistency_proof(tree.node, first, second)
    assert is_consistent(first, second, path, tree.root(first), tree.root(second))
    changed = Tree([*tree.hashes])
    changed.hashes = [leaf_hash(b"x") if at == first - 1 else one for at, one in enumerate(tree.hashes)]
    assert not is_consistent(first, second, path, changed.root(first), tree.root(second))
    assert not is_consistent(first, second, path, tree.root(first), changed.root(second))
    assert not is_consistent(first, second, [*path, b"\0" * 32], tree.root(first), tree.root(second))


def test_every_tree_begins_with_the_empty_one() -> None:
    assert is_consistent(0, 8, [], EMPTY_ROOT, REFERENCE.root(8))
    assert not is_consistent(0, 8, [], REFERENCE.root(1), REFERENCE.root(8))
    assert not is_consistent(9, 8, [], REFERENCE.root(8), REFERENCE.root(8))


@given(st.integers(0, 300))
def test_a_frontier_grows_to_the_same_root(size: int) -> None:
    tree, grown = Tree(hashes(size)), Frontier()
    for each in tree.hashes:
        grown.append(each)
    assert grown.root == (tree.root(size) if size else EMPTY_ROOT)
    assert Frontier(grown.size, grown.subtrees).root == grown.root


def test_a_frontier_knows_how_many_subtrees_it_has() -> None:
    with pytest.raises(ValueError, match="complete subtrees"):
        Frontier(3, [b"\0" * 32])


def store_of(folder: Path, count: int, chunk: int) -> TreeStore:
    store, all_ = TreeStore(folder), hashes(count)
    for first in range(0, count, chunk):
        assert store.append(first, all_[first : first + chunk], TreeState())
    return store


@pytest.mark.parametrize("chunk", [1, 100, TILE_WIDTH, 70_000])
def test_a_store_gives_the_same_proofs_whatever_came_together(tmp_path: Path, chunk: int) -> None:
    count = 70_000 if chunk > 1 else 600
    store, tree = store_of(tmp_path, count, chunk), Tree(hashes(count))
    assert store.size == count
    for size in (1, 255, 256, 257, 599, count):
        if size <= count:
            assert store.root(size) == root_of(tree.hashes[:size])
            for index in {0, size // 2, size - 1}:
                path = store.prove_inclusion(index, size)
                assert is_included(tree.hashes[index], index, size, path, store.root(size))
            assert is_consistent(size, count, store.prove_consistency(size, count), store.root(size), store.root(count))
    store.close()


def test_a_store_opened_again_goes_on_and_takes_nothing_twice(tmp_path: Path) -> None:
    store_of(tmp_path, 300, 300).close()
    store = TreeStore(tmp_path)
    assert store.append(0, hashes(300), TreeState()) is False
    assert store.append(300, hashes(400)[300:], TreeState(position=9))
    assert (store.size, store.state.position) == (400, 9)
    assert store.root(400) == root_of(hashes(400))
    with pytest.raises(ValueError, match="leaf 400 is missing"):
        store.append(401, [b"\0" * 32], TreeState())
    with pytest.raises(ValueError, match="not complete"):
        store.node_at(0, 400)
    store.clear(TreeState(topic="t"))
    assert (store.size, store.state.topic) == (0, "t")
    store.close()
