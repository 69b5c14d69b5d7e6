"""The types of entities, and those to which several comparisons apply."""

from __future__ import annotations

TYPES = ("person", "organisation", "vehicle", "phone", "account", "document", "vessel", "weapon", "address", "event")

ALL = frozenset(TYPES)
PERSON = frozenset({"person"})
NAMED = frozenset({"person", "organisation", "vessel", "account", "document", "address", "vehicle"})
VEHICLE = frozenset({"vehicle"})
MADE = frozenset({"vehicle", "vessel", "weapon"})
WEAPON = frozenset({"weapon"})
EVENT = frozenset({"event"})
ADDRESS = frozenset({"address"})
