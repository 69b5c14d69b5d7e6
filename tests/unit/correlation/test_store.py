"""What only the store in memory has; the rest is tests/contract/test_block_store.py."""

from __future__ import annotations

import msgspec

from pipeline.correlation.store import MemoryStore
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.screening.rows import ROW_BYTES

CASE = Fingerprint("a:1", 1, "hash", "fr-pj", "FR", keys=(7,), sketch=b"sketched".ljust(ROW_BYTES))
OTHER = msgspec.structs.replace(CASE, case="b:1", country="BE")


def seen(store: MemoryStore) -> tuple[object, ...]:
    """All that a reader can see of these two cases."""
    numbers = store.find(["a:1", "b:1"])
    return (
        store.offset,
        store.records,
        numbers,
        [store.record(number).fingerprint for number in numbers.values()],
        store.entries([[7]])[0].tolist(),
        [store.followed(number) for number in numbers.values()],
    )


def test_a_snapshot_keeps_what_was_held_and_changes_nothing() -> None:
    store = MemoryStore()
    one = store.put(CASE, None)
    store.enlist(one, [7])
    store.records = 1
    store.commit(5)
    snapshot, before = store.snapshot(), seen(store)
    assert seen(snapshot) == before
    other = store.put(OTHER, None)
    store.enlist(other, [7])
    store.follow(one, other)
    store.put(msgspec.structs.replace(CASE, version=2, sketch=b"changed".ljust(ROW_BYTES)), one)
    store.commit(6)
    assert seen(snapshot) == before
    after = seen(store)
    snapshot.delist(one, [7])
    snapshot.put(OTHER, None)
    assert seen(store) == after
