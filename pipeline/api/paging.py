"""Pages that are filled until full, and cursors, which say where one ended: no gap or total tells of what is hidden.

A cursor is held by its reader until the next page is asked for. It is sealed under the installation's secret: it tells
nothing of what was last on its page, not even by its length, and opens for the same reader and list alone. Servers keep
nothing of it.

A list whose items can move is read by MovingList, so that none comes twice or not at all because of what is written
between its pages; where they cannot (accesses, by their offsets), the last item's place is enough. Notices that are
polled go by places of their own (pipeline.api.services.notices).
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.api.problems import UnprocessableError
from pipeline.api.session import Session
from pipeline.correlation.key_ring import ID_BYTES, KeyUse, UnknownKeyError
from pipeline.index.engine import PointInTime

CURSOR_BYTES: Final = 640
"""The sort values of any item fit; all cursors of a list are as long, whatever was last on the page. So do six bytes
for each of a hundred items; where a page shows fewer at most, the cursor behind the first is shorter."""

LONG_CURSOR_BYTES: Final = 1664
"""With them a point in time and six bytes for each of a hundred items."""

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
"""96 and 128 bits: the nonce that NIST SP 800-38D recommends for GCM, and the longest tag."""

LENGTH_BYTES: Final = 2
"""Of the place, before it: enough for 65,535 bytes."""

CURSOR_CHARS: Final = -(-(ID_BYTES + NONCE_BYTES + LONG_CURSOR_BYTES + TAG_BYTES) * 4 // 3)
"""The longest cursor in base64."""

SortValues = list[Any]
"""Sort values of an item, behind which the next one is found."""


class PageCursor:
    """Seals and opens the cursors of one list for one reader: base64url of key id, nonce, AES-GCM of the padded place.

    A place is MessagePack. Versions before 0.2.0 wrote JSON.
    """

    def __init__(self, session: Session, listed: str, *asked: object, size: int = CURSOR_BYTES) -> None:
        """`listed` names the list, `asked` is what narrows it; a place takes at most `size` bytes with its length."""
        who = session.requester
        question = "|".join([listed, *([msgspec.json.encode(asked).decode()] if asked else [])])
        self._context = f"{who.agency}|{who.subject}|{question}".encode()
        self._ring, self._size = session.runtime.opaque.ring, size

    def seal(self, place: Sequence[Any] | msgspec.Struct, size: int | None = None) -> str:
        """The cursor of a place; another text each time. Raises ValueError for a place that does not fit.

        `size`: of places that are all shorter, such as those behind first pages.
        """
        key_id, nonce = self._ring.current, os.urandom(NONCE_BYTES)
        body = self._cipher(key_id).encrypt(
            nonce, _padded(msgspec.msgpack.encode(place), size or self._size), self._context
        )
        return base64.urlsafe_b64encode(bytes.fromhex(key_id) + nonce + body).decode().rstrip("=")

    def open(self, cursor: str | None) -> SortValues | None:
        """The place that a cursor was made of; None without one, at the beginning of the list.

        Raises UnprocessableError for a cursor of another reader, list or time, or that nobody issued.
        """
        if not cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            key_id, nonce = raw[:ID_BYTES], raw[ID_BYTES:][:NONCE_BYTES]
            padded = self._cipher(key_id.hex()).decrypt(nonce, raw[ID_BYTES + NONCE_BYTES :], self._context)
        except (InvalidTag, UnknownKeyError, ValueError) as error:
            raise UnprocessableError("the cursor does not belong to this request", "cursor") from error
        value = padded[LENGTH_BYTES : LENGTH_BYTES + int.from_bytes(padded[:LENGTH_BYTES], "big")]
        if value.startswith(b"["):
            raise UnprocessableError(
                "the cursor is of a version before 0.2.0; ask without it, from the beginning", "cursor"
            )
        place: SortValues = msgspec.msgpack.decode(value)
        return place

    def _cipher(self, key_id: str) -> AESGCM:
        return AESGCM(self._ring.derive_key(KeyUse.CURSORS, key_id))


def _padded(value: bytes, size: int) -> bytes:
    """Length, value, zeros."""
    if len(value) + LENGTH_BYTES > size:
        raise ValueError("the position does not fit a cursor")
    return len(value).to_bytes(LENGTH_BYTES, "big") + value.ljust(size - LENGTH_BYTES, b"\0")


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
