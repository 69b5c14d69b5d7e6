"""What a search or an alert is narrowed by: facets (country, agency, type, role, offence, year), days, goals. Pure.

Only for cases that may be read: of one that is shown as a hit the agency and its country may narrow, nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.matching.handling import OwnerScope

LONGEST: Final = 128
"""Characters of a value: more than any agency's name, country or offence code has. Each is recorded in the audit."""


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


CodeText = Annotated[str, Meta(max_length=LONGEST)]
Year = Annotated[int, Meta(ge=1000, le=9999)]
Goal = Annotated[int, Meta(ge=1, le=7)]
Day = Annotated[str, Meta(examples=["2026-10-28"], extra={"rule": is_day})]
"""YYYY-MM-DD; the rule is asked where a request is read (pipeline.api.request_structs)."""


class Filters(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that are given must hold; of a list any one value. Days are YYYY-MM-DD, both ends included.

    `offences` are scheme:code as stored, `goals` the Global Policing Goals 1 to 7.
    """

    agencies: Annotated[tuple[CodeText, ...], Meta(max_length=50, description="Owner agencies.")] = ()
    countries: Annotated[tuple[CodeText, ...], Meta(max_length=50, description="Owners' countries.")] = ()
    offences: Annotated[
        tuple[CodeText, ...], Meta(max_length=50, description="scheme:code.", examples=[["ICCS:0501"]])
    ] = ()
    goals: Annotated[tuple[Goal, ...], Meta(max_length=7, description="Global Policing Goals, 1 to 7.")] = ()
    opened_from: Day | None = None
    opened_to: Day | None = None
    closed_from: Day | None = None
    closed_to: Day | None = None
    open_only: bool = False
    types: Annotated[
        tuple[CodeText, ...], Meta(max_length=50, description="Types of entities in it.", examples=[["vehicle"]])
    ] = ()
    roles: Annotated[
        tuple[CodeText, ...], Meta(max_length=50, description="Roles of entities in it.", examples=[["suspect"]])
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

    @property
    def scope(self) -> OwnerScope:
        """Whose cases pass: all that may narrow a case of which no more is told than that."""
        return OwnerScope(self.agencies, self.countries)


NO_FILTERS: Final = Filters()
