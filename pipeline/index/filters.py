"""What narrows a search, as query clauses; and whether a case that was read passes the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.access.case_filters import Filters
from pipeline.index.documents import CaseDocument
from pipeline.index.queries import Body

FACETS: Final = {
    "countries": "country",
    "agencies": "agency",
    "types": "types",
    "roles": "roles",
    "offences": "offences",
    "years": "opened",
}
"""Filters of which any of several values may hold, and which are counted by value; each with its field of the index."""


YEAR_DIGITS: Final = 4


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


NARROWED: Final = (*FACETS.values(), "policing_goals", "closed")
"""Fields of a case's document that filters look at."""


def passes_filters(document: CaseDocument, filters: Filters, offences: tuple[str, ...] = ()) -> bool:
    """Whether a case, read with its NARROWED fields, is among those that the clauses of filters and offences select."""
    return (
        filters.scope.includes(document.agency, document.country)
        and all(_shares(values, held) for values, held in _values_of(document, filters))
        and _lies_within(document.opened, filters.opened_from, filters.opened_to)
        and _lies_within(document.closed, filters.closed_from, filters.closed_to)
        and not (filters.open_only and document.closed)
        and (not offences or any(held.startswith(offences) for held in document.offences))
    )


def _values_of(document: CaseDocument, filters: Filters) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    yield filters.types, document.types
    yield filters.roles, document.roles
    yield filters.offences, document.offences
    yield filters.goals, document.policing_goals
    yield filters.years, (int(document.opened[:YEAR_DIGITS]),) if document.opened else ()


def _shares(values: tuple[object, ...], held: tuple[object, ...]) -> bool:
    return not values or not set(values).isdisjoint(held)


def _lies_within(day: str | None, first: str | None, last: str | None) -> bool:
    """Days compare as texts."""
    if first is None and last is None:
        return True
    return day is not None and (first is None or first <= day) and (last is None or day <= last)
