"""What narrows a search: days, places of ownership, offences, agencies. Pure; only for cases that may be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.index.queries import Body

LONGEST: Final = 128
"""Characters of a value: more than any agency's name, country or offence code has. Each is recorded in the audit."""


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


Code = Annotated[str, Meta(max_length=LONGEST)]
Goal = Annotated[int, Meta(ge=1, le=7)]
Day = Annotated[str, Meta(examples=["2026-10-28"], extra={"rule": is_day})]
"""YYYY-MM-DD; the rule is asked where a request is read (pipeline.api.request_structs)."""


class Filters(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that are given must hold; of a list any one value. Days are YYYY-MM-DD, both ends included.

    `offences` are scheme:code as stored, `goals` the Global Policing Goals 1 to 7.
    """

    agencies: Annotated[tuple[Code, ...], Meta(max_length=50, description="Owner agencies.")] = ()
    countries: Annotated[tuple[Code, ...], Meta(max_length=50, description="Owners' countries.")] = ()
    offences: Annotated[
        tuple[Code, ...], Meta(max_length=50, description="scheme:code.", examples=[["ICCS:0501"]])
    ] = ()
    goals: Annotated[tuple[Goal, ...], Meta(max_length=7, description="Global Policing Goals, 1 to 7.")] = ()
    opened_from: Day | None = None
    opened_to: Day | None = None
    closed_from: Day | None = None
    closed_to: Day | None = None
    open_only: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Filters()

    @property
    def bounded(self) -> bool:
        """Whether every value is as short as those that cases have."""
        return all(len(value) <= LONGEST for value in (*self.agencies, *self.countries, *self.offences))


def filter_clauses(filters: Filters) -> tuple[Body, ...]:
    """The filters as query clauses."""
    return (*_list_clauses(filters), *_day_clauses(filters), *_open_clauses(filters))


def offence_clauses(offences: tuple[str, ...]) -> tuple[Body, ...]:
    """That a case has one of these offences, or of those within one: their codes begin with its own."""
    within = [{"prefix": {"offences": code}} for code in offences]
    return ({"bool": {"should": within, "minimum_should_match": 1}},) if within else ()


def _list_clauses(filters: Filters) -> Iterator[Body]:
    wanted = {
        "agency": filters.agencies,
        "country": filters.countries,
        "offences": filters.offences,
        "policing_goals": filters.goals,
    }
    return ({"terms": {field: list(values)}} for field, values in wanted.items() if values)


def _day_clauses(filters: Filters) -> Iterator[Body]:
    for field, first, last in (
        ("opened", filters.opened_from, filters.opened_to),
        ("closed", filters.closed_from, filters.closed_to),
    ):
        ends = {"gte": first, "lte": last}
        if given := {end: day for end, day in ends.items() if day}:
            yield {"range": {field: given}}


def _open_clauses(filters: Filters) -> Iterator[Body]:
    if filters.open_only:
        yield {"bool": {"must_not": [{"exists": {"field": "closed"}}]}}
