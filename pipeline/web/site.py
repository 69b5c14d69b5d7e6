"""What a server of pages is made of: the API's application, what is known of people, and who may sign in by a click.

Only a demo has such people, as nothing is at stake there: investigators, an auditor, and who operates it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from fastapi import FastAPI

from pipeline.access.requester import Requester, Role
from pipeline.api.runtime import Runtime
from pipeline.errors import LiaisonError
from pipeline.locale import N_


class Site(NamedTuple):
    """The API's application, and the people who may sign in by a click (none outside a demo)."""

    api: FastAPI
    people: tuple[PreparedPerson, ...] = ()
    names: Mapping[str, str] = {}
    """What people are called, by their sign-in names, as far as it is known."""
    phones: Mapping[str, str] = {}
    """Their phones, likewise; only who decides on somebody's access request is shown theirs."""

    @property
    def runtime(self) -> Runtime:
        """The services' runtime, there once the server has started."""
        runtime: Runtime = self.api.state.runtime
        return runtime


PHONE: Final = re.compile(r"\+?[0-9](?:[ ./-]?[0-9]){2,14}")
"""A number as people write it: at most 15 digits (ITU-T E.164), at least three (an extension). Brackets are no part of
it: of "+33 (0)1" nobody would dial the 0."""

_Name = Annotated[str, msgspec.Meta(min_length=1)]


class KnownPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody who signs in is called, and where they are reached; an empty phone is none."""

    name: _Name
    phone: str = ""


def read_people(file: Path | None) -> dict[str, KnownPerson]:
    """What is known of people, by their sign-in names, as a file of `Settings.people_file` says; none without one.

    Raises LiaisonError where it can't be read, or holds a phone that is none.
    """
    if file is None:
        return {}
    try:
        read = msgspec.json.decode(file.read_bytes(), type=dict[str, _Name | KnownPerson])
    except (OSError, msgspec.MsgspecError) as error:
        raise LiaisonError("LIAISON_PEOPLE_FILE: {file}: {error}", file=str(file), error=str(error)) from error
    people = {login: KnownPerson(said) if isinstance(said, str) else said for login, said in read.items()}
    for login, person in people.items():
        if person.phone and not PHONE.fullmatch(person.phone):
            raise LiaisonError(
                "LIAISON_PEOPLE_FILE: {file}: the phone of {login} is not a phone number", file=str(file), login=login
            )
    return people


WORKING_DAY = timedelta(hours=12)
"""How long a prepared person's token holds."""


class PreparedPerson(NamedTuple):
    """A prepared person, and what they are there to show."""

    requester: Requester
    name: str
    about: str


def _make_person(name: str, agency: str, country: str, about: str, *roles: Role) -> PreparedPerson:
    subject = f"{name.split()[0].lower()}@{agency}"
    return PreparedPerson(Requester(subject, agency, country, frozenset(roles)), name, about)


PREPARED = (
    _make_person("Claire Martin", "fr-pj", "FR", N_("Investigator"), Role.INVESTIGATOR),
    _make_person(
        "Pieter Janssens", "be-fp", "BE", N_("Investigator and supervisor"), Role.INVESTIGATOR, Role.SUPERVISOR
    ),
    _make_person("Lotte Maes", "be-fp", "BE", N_("Supervisor"), Role.SUPERVISOR),
    _make_person("Marc Dubois", "fr-pj", "FR", N_("Supervisor"), Role.SUPERVISOR),
    _make_person("Ewa Nowak", "pl-kg", "PL", N_("Investigator"), Role.INVESTIGATOR),
    _make_person("Sofie Peeters", "be-fp", "BE", N_("Auditor"), Role.AUDITOR),
    _make_person("Noor Visser", "liaison-ops", "NL", N_("Operations"), Role.OPS),
)


def first_of_each_agency(people: tuple[PreparedPerson, ...]) -> tuple[PreparedPerson, ...]:
    """The first person of each agency, in the order of the agencies."""
    found: dict[str, PreparedPerson] = {}
    for person in people:
        found.setdefault(person.requester.agency, person)
    return tuple(found.values())


def find_person(people: tuple[PreparedPerson, ...], subject: str) -> PreparedPerson | None:
    """The prepared person of this subject."""
    return next((person for person in people if person.requester.subject == subject), None)
