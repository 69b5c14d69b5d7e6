"""A page is filled past what is left out, and the last one is known for the last, full or not."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.cursors import SortValues
from pipeline.api.paging import fill_page


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 4), st.integers(1, 4))
def test_pages_are_full_but_the_last_and_none_is_empty(visible: list[bool], limit: int, size: int) -> None:
    async def fetch(after: SortValues | None) -> list[tuple[int, SortValues]]:
        first = after[0] + 1 if after else 0
        return [(at, [at]) for at in range(first, min(first + size, len(visible)))]

    async def show(items: list[int]) -> list[int | None]:
        return [at if visible[at] else None for at in items]

    async def pages() -> list[list[int]]:
        found, place = await fill_page(fetch, show, limit, size, None)
        read = [found]
        while place is not None:
            found, place = await fill_page(fetch, show, limit, size, place)
            read.append(found)
        return read

    rows = [at for at, seen in enumerate(visible) if seen]
    wanted = [rows[at : at + limit] for at in range(0, len(rows), limit)]
    assert asyncio.run(pages()) == (wanted or [[]])
