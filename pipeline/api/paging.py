"""Pages that are filled until full: what a requester may not see leaves no gap, and no total tells of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson

from pipeline.api.problems import Unprocessable
from pipeline.api.session import Session

Item = TypeVar("Item")
Row = TypeVar("Row")
Place = list[Any]
"""Sort values of an item, behind which the next one is found."""

Fetch = Callable[[Place | None], Awaitable[list[tuple[Item, Place]]]]
"""Items behind a place, in their order, each with its own; fewer than `size` are the last."""

Show = Callable[[list[Item]], Awaitable[list[Row | None]]]
"""What the requester may see of each item; None leaves it out."""


async def page(
    fetch: Fetch[Item], show: Show[Item, Row], limit: int, size: int, after: Place | None
) -> tuple[list[Row], Place | None]:
    """The next `limit` rows and the place of the last one, None where there are no more; `fetch` brings `size`."""
    rows: list[Row] = []
    while True:
        found = await fetch(after)
        for (_, place), row in zip(found, await show([item for item, _ in found]), strict=True):
            after = place
            if row is not None:
                rows.append(row)
            if len(rows) == limit:
                return rows, after
        if len(found) < size:
            return rows, None


def opened(session: Session, context: str, cursor: str | None) -> Place | None:
    """The place that a cursor of this requester's agency and context names. Raises Unprocessable for another's."""
    if cursor is None:
        return None
    place = session.runtime.opaque.position_of(_bound(session, context), cursor)
    if place is None:
        raise Unprocessable("the cursor belongs to another question", "cursor")
    found: Place = orjson.loads(place)
    return found


def closed(session: Session, context: str, place: Place | None) -> str | None:
    """The cursor of a place; None for the last page."""
    if place is None:
        return None
    return session.runtime.opaque.cursor(_bound(session, context), orjson.dumps(place))


def _bound(session: Session, context: str) -> str:
    return f"{session.requester.agency}|{session.requester.subject}|{context}"
