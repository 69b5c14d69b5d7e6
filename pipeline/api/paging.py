"""Pages that are filled until full: what a requester may not see leaves no gap, and no total tells of it.

A list whose items can move is read by MovingList, so that none comes twice or not at all because of what is written
between its pages; where they cannot (accesses, by their offsets), the last item's place is enough. Notices that are
polled go by places of their own (pipeline.api.services.notice_places).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import msgspec

from pipeline.api.cursors import CURSOR_BYTES, LONG_CURSOR_BYTES, PageCursor, SortValues
from pipeline.api.session import Session
from pipeline.index.engine import PointInTime

ItemT = TypeVar("ItemT")
ShownT = TypeVar("ShownT")
FetchItems = Callable[[SortValues | None], Awaitable[list[tuple[ItemT, SortValues]]]]
"""Items behind a place, in their order, each with its own; fewer than `size` are the last."""

Show = Callable[[list[ItemT]], Awaitable[list[ShownT | None]]]
"""What the requester may see of each item; None leaves it out."""


NAME_BYTES: Final = 6
"""Of an item's digest: that it is taken for one of a hundred others has a chance of 4 in 10^13."""


MOST_NAMES: Final = 100
"""Items of a page: more than any list shows at once."""


class _Bookmark(msgspec.Struct, frozen=True, array_like=True):
    """Where one goes on in a moving list: without what its first page showed, in a point in time, behind a place."""

    first: bytes
    point: str = ""
    place: SortValues | None = None


class MovingList:
    """One page of a list whose items may move while it is read.

    The first page is of the index as it is, so a reader who asks for no second one opens no point in time. The second
    opens one and begins at its top, without what the first has shown: what moved in between comes there, once. All
    later pages are read from that point; a cursor is all there is of it here. Where it has gone, another one is opened
    and read from the same place on: only what moved between the two may come twice or be missed.
    """

    def __init__(
        self,
        session: Session,
        listed: str,
        *asked: object,
        cursor: str | None,
        point: Callable[[str | None], PointInTime],
        limit: int = MOST_NAMES,
    ) -> None:
        """The page behind `cursor` of a list, as PageCursor names it, for the purpose of this request.

        `limit`: items that a page with a next one shows; the cursor behind the first is as long as they need.

        Raises UnprocessableError for a cursor of another requester, purpose or list.
        """
        self._first_bytes = CURSOR_BYTES - NAME_BYTES * (MOST_NAMES - limit)
        self._cursor = PageCursor(session, listed, session.grounds.purpose, *asked, size=LONG_CURSOR_BYTES)
        place = self._cursor.open(cursor)
        held = None if place is None else msgspec.convert(place, _Bookmark)
        self._first = held.first if held else b""
        self._shown = {self._first[at : at + NAME_BYTES] for at in range(0, len(self._first), NAME_BYTES)}
        self.after = held.place if held else None
        self.at = point(held.point if held else None)

    def was_shown(self, name: str) -> bool:
        """Whether an item of this name was on the first page."""
        return _digest_name(name) in self._shown

    async def next_cursor(self, names: Iterable[str], place: SortValues | None) -> str | None:
        """The cursor of the page behind `place`, to which this one showed the items of these names; None for none."""
        if place is None:
            await self.at.close()
            return None
        if self.at.held:
            return self._cursor.seal(_Bookmark(self._first, self.at.held, place))
        return self._cursor.seal(_Bookmark(b"".join(map(_digest_name, names))), self._first_bytes)


def _digest_name(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=NAME_BYTES).digest()


async def fill_page(
    fetch: FetchItems[ItemT], show: Show[ItemT, ShownT], limit: int, size: int, after: SortValues | None
) -> tuple[list[ShownT], SortValues | None]:
    """The next `limit` rows and the place of the last one, None where there are no more; `fetch` brings `size`.

    One more than is shown is looked for, so that no full page offers an empty one.
    """
    rows: list[ShownT] = []
    end = after
    while True:
        found = await fetch(after)
        for (_, after), row in zip(found, await show([item for item, _ in found]), strict=True):
            if row is None:
                continue
            if len(rows) == limit:
                return rows, end
            rows.append(row)
            end = after
        if len(found) < size:
            return rows, None
