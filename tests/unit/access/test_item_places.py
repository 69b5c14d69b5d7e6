"""Places of items: always one between two others, in the order of their bytes, short where a list grows at an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.item_places import places_between


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4)), max_size=40))
def test_there_is_always_a_place_between_two(steps: list[tuple[int, int]]) -> None:
    places: list[str] = []
    for at, count in steps:
        at = min(at, len(places))
        low, high = places[at - 1] if at else "", places[at] if at < len(places) else ""
        new = places_between(low, high, count)
        assert len(new) == count
        places[at:at] = new
    assert places == sorted(set(places))
    assert not any(place.endswith("0") or not place for place in places)


def test_places_stay_short_where_a_long_list_grows_at_an_end() -> None:
    places = places_between("", "", 10_000)
    assert places == sorted(set(places))
    assert max(map(len, places_between(places[-1], "", 10_000) + places_between("", places[0], 10_000))) <= 6
    with pytest.raises(ValueError, match="no place"):
        places_between("b", "a", 1)
    assert places_between("a", "b", 0) == []
