"""What narrows a search: facets (country, agency, type, role, offence, year), days, goals. Pure.

Only for cases that may be read.
"""

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
Year = Annotated[int, Meta(ge=1000, le=9999)]
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
    types: Annotated[
        tuple[Code, ...], Meta(max_length=50, description="Types of entities in it.", examples=[["vehicle"]])
    ] = ()
    roles: Annotated[
        tuple[Code, ...], Meta(max_length=50, description="Roles of entities in it.", examples=[["suspect"]])
    ] = ()
    years: Annotated[tuple[Year, ...], Meta(max_length=50, description="In which it was opened.")] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Filters()

    @property
    def bounded(self) -> bool:
        """Whether every value is as short as those that cases have."""
        words = (*self.agencies, *self.countries, *self.offences, *self.types, *self.roles)
        return all(len(value) <= LONGEST for value in words)


FACETS: Final = {
    "countries": "country",
    "agencies": "agency",
    "types": "types",
    "roles": "roles",
    "offences": "offences",
    "years": "opened",
}
"""Filters of which any of several values may hold, and which are counted by value; each with its field of the index."""


def filter_clauses(filters: Filters) -> tuple[Body, ...]:
    """The filters as query clauses."""
    return (*facet_clauses(filters).values(), *other_clauses(filters))


def facet_clauses(filters: Filters) -> dict[str, Body]:
    """Of FACETS those that narrow, each as a query clause."""
    return {name: _facet_clause(name, values) for name in FACETS if (values := getattr(filters, name))}


def _facet_clause(name: str, values: tuple[str, ...] | tuple[int, ...]) -> Body:
    if name == "years":
        within: list[Body] = [
            {"range": {"opened": {"gte": f"{year}-01-01", "lte": f"{year}-12-31"}}} for year in values
        ]
        return {"bool": {"should": within, "minimum_should_match": 1}}
    return {"terms": {FACETS[name]: list(values)}}


def other_clauses(filters: Filters) -> tuple[Body, ...]:
    """The filters that are no facets."""
    goals = ({"terms": {"policing_goals": list(filters.goals)}},) if filters.goals else ()
    return (*goals, *_day_clauses(filters), *_open_clauses(filters))


def offence_clauses(offences: tuple[str, ...]) -> tuple[Body, ...]:
    """That a case has one of these offences, or of those within one: their codes begin with its own."""
    within = [{"prefix": {"offences": code}} for code in offences]
    return ({"bool": {"should": within, "minimum_should_match": 1}},) if within else ()


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
