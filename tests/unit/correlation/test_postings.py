"""Postings: whom they go to, and that they come back as they were sent."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import numpy as np
import pytest

from pipeline.correlation.key_kinds import owner_partition
from pipeline.correlation.postings import (
    UNKNOWN_COUNTRY,
    PostedCase,
    Postings,
    country_number,
    decode_postings,
    encode_empty,
    encode_postings,
)
from pipeline.correlation.protocol import Posting, ProtocolError, case_id


def posted_cases(random: Random, count: int) -> list[PostedCase]:
    return [
        PostedCase(
            case_id(f"case {at}"),
            random.randrange(1 << 54),
            random.choice(("FR", "AA", "ZZ", "")),
            tuple(sorted({random.randrange(1 << 53) for _ in range(random.randrange(12))})),
        )
        for at in range(count)
    ]


def by_partition(postings: list[Posting]) -> dict[int, tuple[list[bytes], list[bytes]]]:
    found: dict[int, tuple[list[bytes], list[bytes]]] = defaultdict(lambda: ([], []))
    for posting in postings:
        found[posting.partition][0].append(posting.case)
        found[posting.partition][1].append(posting.value)
    return found


def keys_of(postings: Postings) -> list[list[int]]:
    return [part.tolist() for part in np.split(postings.keys, np.cumsum(postings.counts)[:-1])]


@pytest.mark.parametrize(("partitions", "words"), [(1, 0), (4, 1), (4, 17), (96, 6)])
def test_each_owner_of_keys_gets_what_it_owns_of_a_case(partitions: int, words: int) -> None:
    random = Random(7)
    cases = posted_cases(random, 50)
    sketches = np.array([[random.randrange(1 << 32) for _ in range(words)] for _ in cases], np.uint32).reshape(
        50, words
    )
    found = by_partition(encode_postings(cases, sketches, partitions))
    for partition in range(partitions):
        ids, values = found[partition]
        postings = decode_postings(ids, values, words)
        owned = [
            (at, [key for key in case.keys if owner_partition(key, partitions) == partition])
            for at, case in enumerate(cases)
        ]
        owned = [(at, keys) for at, keys in owned if keys]
        assert keys_of(postings)[: len(owned)] == [keys for _, keys in owned]
        held = [cases[at] for at, _ in owned]
        assert [case.tobytes() for case in postings.cases] == [case.case for case in held]
        assert postings.orders.tolist() == [case.order for case in held]
        assert postings.countries.tolist() == [country_number(case.country) for case in held]
        assert postings.sketches.tolist() == sketches[[at for at, _ in owned]].tolist()


def test_a_partition_that_a_case_has_left_gets_its_version_and_nothing_else() -> None:
    left = PostedCase(case_id("a:1"), 9, "FR", (8,), gone=(1, 3))
    postings = encode_postings([left], np.full((1, 2), 7, np.uint32), 4)
    assert [posting.partition for posting in postings] == [0, 1, 3]
    assert postings[1].value == encode_empty(9)
    found = decode_postings([left.case], [postings[1].value], 2)
    assert (found.orders.tolist(), found.counts.tolist(), found.countries.tolist()) == ([9], [0], [UNKNOWN_COUNTRY])
    assert found.sketches.tolist() == [[0, 0]]


def test_the_last_posting_of_a_case_holds() -> None:
    one, other = case_id("a:1"), case_id("b:1")
    found = decode_postings([one, other, one], [encode_empty(2), encode_empty(4), encode_empty(6)], 0)
    assert found.orders.tolist() == [6, 4]


def test_no_cases_have_no_postings() -> None:
    assert encode_postings([], np.empty((0, 3), np.uint32), 4) == []
    assert len(decode_postings([], [], 3).orders) == 0


def test_countries_have_numbers_of_their_own() -> None:
    letters = [chr(letter) for letter in range(ord("A"), ord("Z") + 1)]
    numbers = {country_number(one + other) for one in letters for other in letters}
    assert len(numbers) == 26 * 26
    assert UNKNOWN_COUNTRY not in numbers
    assert max(numbers) < 1 << 10
    assert [country_number(other) for other in ("", "fr", "FRA", "F1", "ÉÉ")] == [UNKNOWN_COUNTRY] * 5


@pytest.mark.parametrize("value", [b"", b"1234567", bytes(9), bytes(12), bytes(16), bytes(20)])
def test_what_is_no_posting_is_refused(value: bytes) -> None:
    """With sketches of two words, a posting has 8 bytes, or 16 and 8 for each key."""
    with pytest.raises(ProtocolError):
        decode_postings([case_id("a:1")], [value], 2)


def test_a_key_that_is_no_id_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_postings([b"short"], [encode_empty(2)], 2)
