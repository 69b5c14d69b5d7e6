"""A person's own past searches, as their browser holds them: sealed, to be opened for them alone, for some days.

Servers keep nothing of them. The audit, which does keep each search, is there to hold its author to account, and is
not read for this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.api.paging import LENGTH_BYTES, PageCursor, SortValues
from pipeline.api.problems import UnprocessableError
from pipeline.api.session import Session
from pipeline.correlation.key_ring import KeyUse, keyed_id

MOST: Final = 50
"""Searches that a browser holds of one person."""

STEP_BYTES: Final = 512
"""A sealed search is padded to a multiple of this, so that its length tells little of it."""

MOST_BYTES: Final = 8192
"""A search that takes more is not held: filters with hundreds of values do."""


class PastSearch(msgspec.Struct, frozen=True, array_like=True):
    """What was asked, for which case reference and when last."""

    time: datetime
    case_reference: str
    question: str
    filters: Filters = NO_FILTERS


class SealedSearch(NamedTuple):
    """A search as a browser holds it. `id` is the same for the same search and case reference, and tells nothing."""

    id: str
    text: str


class OpenedSearch(NamedTuple):
    """A search, and the sealed text that it was opened from."""

    search: PastSearch
    text: str


def seal_search(session: Session, question: str, filters: Filters) -> SealedSearch | None:
    """The search that a requester has just made; None where none are held, or it is too long."""
    if not session.runtime.settings.search_history_days:
        return None
    made = PastSearch(session.now, session.grounds.case_reference, question, filters)
    place: SortValues = msgspec.to_builtins(made)
    taken = len(msgspec.msgpack.encode(place)) + LENGTH_BYTES
    if taken > MOST_BYTES:
        return None
    return SealedSearch(_make_id(session, made), _seal_of(session).seal(place, -(-taken // STEP_BYTES) * STEP_BYTES))


def open_searches(session: Session, sealed: Iterable[str]) -> list[OpenedSearch]:
    """Those of a requester's searches that are not too old, the latest first, each once.

    Left out are those that another person, or nobody, sealed.
    """
    found = sorted(_open_each(session, sealed), key=lambda one: one.search.time, reverse=True)
    latest: dict[str, OpenedSearch] = {}
    for one in found:
        latest.setdefault(_make_id(session, one.search), one)
    return list(latest.values())[:MOST]


def _open_each(session: Session, sealed: Iterable[str]) -> Iterator[OpenedSearch]:
    since = session.now - timedelta(days=session.runtime.settings.search_history_days)
    for text in sealed:
        try:
            search = msgspec.convert(_seal_of(session).open(text), PastSearch)
        except (UnprocessableError, msgspec.ValidationError):
            continue
        if search.time > since:
            yield OpenedSearch(search, text)


def _seal_of(session: Session) -> PageCursor:
    """The same seal as a cursor has: for one person, under the installation's secret."""
    return PageCursor(session, "past searches")


def _make_id(session: Session, made: PastSearch) -> str:
    who = session.requester
    asked = msgspec.json.encode((who.agency, who.subject, made.case_reference, made.question, made.filters)).decode()
    return keyed_id(session.runtime.opaque.ring, KeyUse.SEARCH_IDS, asked)
