"""The fingerprint: everything matching needs to know of one case, computed once at intake."""

from __future__ import annotations

import msgspec

from pipeline.records.normalised import Entity


class Handling(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may see the case (disclosure.md); travels with the fingerprint because hits need it."""

    code: str = "H0"
    releasable_to: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    caveat: str = ""


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    unit: str = ""
    email: str = ""
    phone: str = ""


class Fingerprint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `blocks.<generation>`, key = case key.

    `hash` covers the whole content but the version and does not depend on the generation: it is taken over the raw
    fields that feed the fingerprint, so that case documents and claims of any generation can be held against each other.
    `keys` are the blocking keys, ascending, each < 2**53 (exact in every JSON reader); a withdrawn case has none.
    """

    case: str
    version: int
    hash: str
    agency: str
    country: str
    withdrawn: bool = False
    retain_until: str = ""
    handling: Handling = Handling()
    contact: Contact = Contact()
    keys: tuple[int, ...] = ()
    entities: tuple[Entity, ...] = ()
