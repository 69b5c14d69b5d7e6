"""Lists of cases by key against sets, whatever is added, taken off, written, read back and merged."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.correlation.block_lists import ENTRIES_A_PAGE, BlockLists

KEYS = (0, 3, 7, 2**52, 2**53 - 1)

Step = tuple[str, int, list[int]]

steps = st.lists(
    st.tuples(
        st.sampled_from(("add", "add", "remove", "write", "read back", "compact", "look")),
        st.integers(0, 5),
        st.lists(st.sampled_from(KEYS), unique=True),
    ),
    max_size=60,
)


class Kept:
    """Lists with what stands in for the pages on disk."""

    def __init__(self) -> None:
        self.lists = BlockLists()
        self.pages: dict[int, bytes] = {}

    def write(self) -> None:
        self.pages.update(self.lists.changed_pages())
        self.lists.mark_written()

    def read_back(self) -> None:
        self.lists = BlockLists(memoryview(self.pages[page]) for page in sorted(self.pages))

    def compact(self) -> None:
        self.lists = self.lists.compact_log()
        self.pages = dict(self.lists.changed_pages())
        self.lists.mark_written()

    def listed(self) -> set[tuple[int, int]]:
        entries, cases = self.lists.find_entries([KEYS])
        found = entries.tolist()
        assert cases.tolist() == [0] * len(found)
        assert len(set(found)) == len(found)
        return set(found)


def follow(kept: Kept, some: Sequence[Step]) -> None:
    held: set[tuple[int, int]] = set()
    for step, number, keys in some:
        if step == "add":
            kept.lists.add_case(number, keys)
            held |= {(key, number) for key in keys}
        elif step == "remove":
            kept.lists.remove_case(number, keys)
            held -= {(key, number) for key in keys}
        elif step == "look":
            assert kept.listed() == held
        else:
            kept.write()
            if step != "write":
                getattr(kept, step.replace(" ", "_"))()
    assert kept.listed() == held
    kept.write()
    kept.read_back()
    assert kept.listed() == held


@given(steps)
def test_what_is_listed_is_what_was_added_and_not_taken_off(some: list[Step]) -> None:
    follow(Kept(), some)


def test_a_log_of_several_pages_is_read_back() -> None:
    kept = Kept()
    for start in range(0, 3 * ENTRIES_A_PAGE, ENTRIES_A_PAGE // 2):
        kept.lists.add_case(1, range(start, start + ENTRIES_A_PAGE // 2))
        kept.write()
    assert sorted(kept.pages) == [0, 1, 2]
    assert {len(page) for page in kept.pages.values()} == {12 * ENTRIES_A_PAGE}
    kept.read_back()
    entries, _ = kept.lists.find_entries([range(3 * ENTRIES_A_PAGE)])
    assert entries["key"].tolist() == list(range(3 * ENTRIES_A_PAGE))


def test_many_keys_that_differ_in_their_lowest_bits_alone_are_told_apart() -> None:
    kept = Kept()
    for number in range(1, 3):
        kept.lists.add_case(number, range(2**52 + 5000 * number, 2**52, -number))
    kept.write()
    kept.read_back()
    keys = range(2**52 + 1, 2**52 + 10_001)
    entries, _ = kept.lists.find_entries([keys])
    expected = {(key, 1) for key in keys[:5000]} | {(key, 2) for key in keys[1::2]}
    assert set(entries.tolist()) == expected
    assert len(entries) == len(expected)


def test_a_log_is_wasteful_once_most_of_it_no_longer_holds() -> None:
    kept = Kept()
    kept.lists.add_case(1, KEYS)
    kept.write()
    fresh = kept.lists.wasteful
    for _ in range(2):
        kept.lists.remove_case(1, KEYS)
        kept.lists.add_case(1, KEYS)
    kept.write()
    kept.read_back()
    rewritten = kept.lists.wasteful
    kept.compact()
    assert (fresh, rewritten, kept.lists.wasteful) == (False, True, False)
    assert kept.listed() == {(key, 1) for key in KEYS}
