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

    `signing` holds its public keys and whether its records are taken only signed.
    """

    name: str
    country: str
    contact: RecordContact = RecordContact()
    state: AgencyState = AgencyState.ACTIVE
    signing: SigningPolicy = SigningPolicy()


Registry = Mapping[str, Agency]
"""Agencies by name."""
