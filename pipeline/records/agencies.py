"""The agency registry's entry: the value of topic `agencies`, key = agency name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from pipeline.records.model import RecordContact
from pipeline.records.signing_policy import SigningPolicy


class AgencyState(StrEnum):
    """`removed`: its records are no longer taken; its entry stays, so that its topics keep their meaning."""

    ACTIVE = "active"
    REMOVED = "removed"


class Agency(msgspec.Struct, frozen=True, omit_defaults=True):
    """One participating agency; `country` is an ISO 3166-1 alpha-2 code.

    `signing` holds its public keys and whether its records are taken only signed. `owners_told` are the purposes of its
    searches of which owners of silent records may be told.
    """

    name: str
    country: str
    contact: RecordContact = RecordContact()
    state: AgencyState = AgencyState.ACTIVE
    signing: SigningPolicy = SigningPolicy()
    owners_told: tuple[str, ...] = ()
    title: str = ""
    """Its full name as people know it, in its own language; pages show it before the name that topics have."""

    @property
    def needs_seal(self) -> bool:
        """Whether it says what only an operator may say: such an entry counts only under the installation's seal."""
        return self.signing != SigningPolicy() or bool(self.owners_told)


Registry = Mapping[str, Agency]
"""Agencies by name."""


def title_of(registry: Registry, name: str) -> str | None:
    """An agency's full name; None where it has none."""
    agency = registry.get(name)
    return (agency.title or None) if agency else None


def tells_owners(registry: Registry, name: str, purpose: str) -> bool:
    """Whether an agency lets owners of silent records be told of its searches for a purpose."""
    agency = registry.get(name)
    return agency is not None and purpose in agency.owners_told
