"""What only the store in memory has; the rest is tests/contract/test_block_store.py."""

from __future__ import annotations

import msgspec

from pipeline.correlation.store import MemoryStore
from pipeline.matching.fingerprint import Fingerprint
from support.matching.sketches import sketch_of

CASE = Fingerprint("a:1", 1, "hash", "fr-pj", "FR", keys=(7,), sketch=sketch_of("sketched"))
OTHER = msgspec.structs.replace(CASE, case="b:1", country="BE")


def seen(store: MemoryStore) -> tuple[object, ...]:
    """All that a reader can see of these two cases."""
    numbers = store.find_cases(["a:1", "b:1"])
    return (
        store.offset,
        store.records,
        numbers,
        [store.get_case(number).fingerprint for number in numbers.values()],
        store.find_entries([[7]])[0].tolist(),
        [store.followed_links(number) for number in numbers.values()],
    )


def test_a_snapshot_keeps_what_was_held_and_changes_nothing() -> None:
    store = MemoryStore()
    one = store.put_case(CASE, None)
    store.list_under_keys(one, [7])
    store.records = 1
    store.commit(5)
    snapshot, before = store.snapshot(), seen(store)
    assert seen(snapshot) == before
    other = store.put_case(OTHER, None)
    store.list_under_keys(other, [7])
    store.follow_link(one, other)
    store.put_case(msgspec.structs.replace(CASE, version=2, sketch=sketch_of("changed")), one)
    store.commit(6)
    assert seen(snapshot) == before
    after = seen(store)
    snapshot.unlist_from_keys(one, [7])
    snapshot.put_case(OTHER, None)
    assert seen(store) == after
