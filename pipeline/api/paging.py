"""Pages that are filled until full: what a requester may not see leaves no gap, and no total tells of it.

A list whose items can move is read by MovingList, so that none comes twice or not at all because of what is written
between its pages; where they cannot (notices and accesses, by their offsets), the last item's place is enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec
import orjson

from pipeline.access.opaque import LONG_CURSOR_BYTES
from pipeline.api.problems import UnprocessableError
from pipeline.api.session import Session
from pipeline.index.points import Point

Item = TypeVar("Item")
Row = TypeVar("Row")
Place = list[Any]
"""Sort values of an item, behind which the next one is found."""

Fetch = Callable[[Place | None], Awaitable[list[tuple[Item, Place]]]]
"""Items behind a place, in their order, each with its own; fewer than `size` are the last."""

Show = Callable[[list[Item]], Awaitable[list[Row | None]]]
"""What the requester may see of each item; None leaves it out."""


NAME_BYTES: Final = 6
"""Of an item's digest: that it is taken for one of a hundred others has a chance of 4 in 10^13."""


class _Bookmark(msgspec.Struct, frozen=True, array_like=True):
    """Where one goes on in a moving list: without what its first page showed, in a point in time, behind a place."""

    first: bytes
    point: str = ""
    place: Place | None = None


class MovingList:
    """One page of a list whose items may move while it is read.

    The first page is of the index as it is, so a reader who asks for no second one opens no point in time. The second
    opens one and begins at its top, without what the first has shown: what moved in between comes there, once. All
    later pages are read from that point; a cursor is all there is of it here. Where it has gone, another one is opened
    and read from the same place on: only what moved between the two may come twice or be missed.
    """

    def __init__(self, session: Session, asked: object, cursor: str, point: Callable[[str | None], Point]) -> None:
        """Raises UnprocessableError for a cursor that is not this requester's, or of another question."""
        self._session, self._asked = session, asked
        position = session.position(asked, cursor)
        held = None if position is None else msgspec.convert(position, _Bookmark)
        self._first = held.first if held else b""
        self._shown = {self._first[at : at + NAME_BYTES] for at in range(0, len(self._first), NAME_BYTES)}
        self.after = held.place if held else None
        self.at = point(held.point if held else None)

    def was_shown(self, name: str) -> bool:
        """Whether an item of this name was on the first page."""
        return _short(name) in self._shown

    async def next(self, names: Iterable[str], place: Place | None) -> str | None:
        """The cursor of the page behind `place`, to which this one showed the items of these names; None for none."""
        if place is None:
            await self.at.close()
            return None
        if self.at.held:
            bookmark = _Bookmark(self._first, self.at.held, place)
        else:
            bookmark = _Bookmark(b"".join(map(_short, names)))
        return self._session.cursor(self._asked, bookmark, LONG_CURSOR_BYTES)


def _short(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=NAME_BYTES).digest()


async def page(
    fetch: Fetch[Item], show: Show[Item, Row], limit: int, size: int, after: Place | None
) -> tuple[list[Row], Place | None]:
    """The next `limit` rows and the place of the last one, None where there are no more; `fetch` brings `size`.

    One more than is shown is looked for, so that no full page offers an empty one.
    """
    rows: list[Row] = []
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


def opened(session: Session, context: str, cursor: str | None) -> Place | None:
    """The place that a cursor of this requester's agency and context names. Raises UnprocessableError for another's."""
    if cursor is None:
        return None
    place = session.runtime.opaque.position_of(_bound(session, context), cursor)
    if place is None:
        raise UnprocessableError("the cursor belongs to another search", "cursor")
    found: Place = orjson.loads(place)
    return found


def closed(session: Session, context: str, place: Place | None) -> str | None:
    """The cursor of a place; None for the last page."""
    if place is None:
        return None
    return session.runtime.opaque.cursor(_bound(session, context), orjson.dumps(place))


def _bound(session: Session, context: str) -> str:
    return f"{session.requester.agency}|{session.requester.subject}|{context}"
