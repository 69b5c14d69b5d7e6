"""A place in the notices passes what is settled alone, and names what of the rest its reader was given."""

from __future__ import annotations

import uuid

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.cursors import CURSOR_BYTES, LENGTH_BYTES
from pipeline.api.services.notice_places import MOST_AHEAD, NoticePlace, is_of_topic

OFFSETS = st.integers(0, 2**63 - 1)

TOPIC, FORMER = (str(uuid.UUID(int=number)) for number in (1, 2))


def test_it_begins_before_all_and_goes_on_from_an_old_cursor() -> None:
    assert NoticePlace.from_cursor(None, TOPIC) == NoticePlace.from_cursor([-1], TOPIC) == NoticePlace(-1)
    assert NoticePlace.from_cursor([7], TOPIC) == NoticePlace(7)
    assert NoticePlace.from_cursor([7, 2, 1], TOPIC) == NoticePlace(7, (9, 10))
    assert is_of_topic([7], TOPIC)


def test_a_cursor_of_another_topic_begins_before_all() -> None:
    cursor = NoticePlace(7, (9,)).to_cursor(FORMER)
    assert NoticePlace.from_cursor(cursor, FORMER) == NoticePlace(7, (9,))
    assert NoticePlace.from_cursor(cursor, TOPIC) == NoticePlace()
    assert is_of_topic(cursor, FORMER)
    assert not is_of_topic(cursor, TOPIC)


@given(st.sets(OFFSETS, min_size=1, max_size=MOST_AHEAD + 1))
def test_a_cursor_brings_it_back_and_holds_whatever_fits(offsets: set[int]) -> None:
    passed, *ahead = sorted(offsets)
    place = NoticePlace(passed, tuple(ahead))
    assert NoticePlace.from_cursor(place.to_cursor(TOPIC), TOPIC) == place
    assert place.fits
    assert len(msgspec.msgpack.encode(place.to_cursor(TOPIC))) + LENGTH_BYTES <= CURSOR_BYTES
    assert not NoticePlace(0, tuple(range(1, MOST_AHEAD + 2))).fits


def test_what_is_settled_is_passed_and_what_is_not_is_named() -> None:
    first = NoticePlace().give(3, end=10)
    assert first == NoticePlace(3)
    second = first.give(12, end=10)
    assert second == NoticePlace(9, (12,))
    assert second.give(11, end=10) == NoticePlace(9, (11, 12))
    assert second.give(14, end=13) == NoticePlace(12, (14,))


@pytest.mark.parametrize(
    ("offset", "end", "then"),
    [(20, 15, NoticePlace(14, (16,))), (20, 30, NoticePlace(20)), (12, 30, NoticePlace(12, (16,)))],
)  # fmt: skip
def test_what_was_looked_at_in_vain_is_passed_once_it_is_settled(offset: int, end: int, then: NoticePlace) -> None:
    assert NoticePlace(9, (12, 16)).pass_settled(offset, end) == then


def test_a_server_that_knows_of_less_leads_nobody_back() -> None:
    assert NoticePlace(9, (12,)).pass_settled(20, end=0) == NoticePlace(9, (12,))
    assert NoticePlace(9, (12,)).give(14, end=0) == NoticePlace(9, (12, 14))
