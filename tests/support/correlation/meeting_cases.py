"""Made-up postings for tests of meeting stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from pipeline.correlation.meeting_store import CaseNumberArray, LookUp, MeetingStore
from pipeline.correlation.postings import IdArray, Postings
from pipeline.correlation.protocol import case_id

WORDS = 3
"""Of a sketch."""


def spread_key(key: int) -> int:
    """A key whose hash is spread as those of cases are."""
    return int.from_bytes(blake2b(key.to_bytes(8), digest_size=6).digest()) | key % 24 << 48


def make_postings(cases: Mapping[str, tuple[int, Sequence[int]]]) -> Postings:
    """Postings of some cases, by name: version and keys; country and sketch follow from name and version."""
    keys = [sorted(keys) for _, keys in cases.values()]
    sketches = [sketch_words(name, version) if held else [0] * WORDS for name, (version, held) in cases.items()]
    return Postings(
        np.frombuffer(b"".join(map(case_id, cases)), np.uint8).reshape(-1, 16),
        np.array([version for version, _ in cases.values()], np.uint64),
        np.array([country_of(name) if held else 0 for name, (_, held) in cases.items()], np.uint16),
        np.array(sketches, np.uint32).reshape(-1, WORDS),
        np.array([key for some in keys for key in some], np.uint64),
        np.array(list(map(len, keys)), np.int64),
    )


def sketch_words(name: str, version: int) -> list[int]:
    digest = blake2b(f"{name} {version}".encode(), digest_size=4 * WORDS).digest()
    words: list[int] = np.frombuffer(digest, np.uint32).tolist()
    return words


def country_of(name: str) -> int:
    return 1 + sum(name.encode()) % 600


def put(store: MeetingStore, cases: Mapping[str, tuple[int, Sequence[int]]]) -> None:
    postings = make_postings(cases)
    store.put_postings(postings, find_numbers(store, postings.cases))


def find_numbers(store: MeetingStore, cases: IdArray) -> CaseNumberArray:
    """The number of each case, NO_CASE of one that is not known."""
    return store.look_up(cases, np.empty(0, np.uint64)).numbers


def look_up_keys(store: MeetingStore, keys: Sequence[int]) -> LookUp:
    """Keys without cases."""
    return store.look_up(np.empty((0, 16), np.uint8), np.array(keys, np.uint64))


def listed(store: MeetingStore, keys: Sequence[int]) -> dict[int, list[bytes]]:
    """The ids of the cases under each key, sorted."""
    asked, numbers, countries = look_up_keys(store, keys).find_entries(np.arange(len(keys)))
    assert countries.tolist() == store.get_countries(numbers).tolist()
    found: dict[int, list[bytes]] = {key: [] for key in keys}
    for at, case in zip(asked.tolist(), store.get_ids(numbers), strict=True):
        found[keys[at]].append(case.tobytes())
    return {key: sorted(cases) for key, cases in found.items()}


def assert_holds(store: MeetingStore, cases: Mapping[str, tuple[int, Sequence[int]]], keys: Sequence[int]) -> None:
    """The store has the rows of these cases, and lists them under their keys; `keys` are all keys that there are."""
    postings = make_postings(cases)
    numbers = find_numbers(store, postings.cases)
    assert len(set(numbers.tolist())) == len(cases)
    assert (store.get_ids(numbers) == postings.cases).all()
    assert (store.get_orders(numbers) == postings.orders).all()
    assert (store.get_countries(numbers) == postings.countries).all()
    assert (store.get_sketches(numbers) == postings.sketches).all()
    expected = {key: sorted(case_id(name) for name, (_, held) in cases.items() if key in held) for key in keys}
    assert listed(store, keys) == expected
    counted = look_up_keys(store, keys).sizes.tolist()
    assert all(count >= len(expected[key]) for key, count in zip(keys, counted, strict=True))
