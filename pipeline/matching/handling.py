"""What a record says of who may see it, and whom to ask: part of the fingerprint, since hits need both.

It stands apart from the fingerprint, so that an agency's client reads hits without what matching is made of.
"""

from __future__ import annotations

import msgspec


class Handling(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who may see the case (docs/disclosure.md). It is part of the fingerprint because hits need it."""

    code: str = "H0"
    releasable_to: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    caveat: str = ""


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The contact that the owner names for questions about the case."""

    unit: str = ""
    email: str = ""
    phone: str = ""


class OwnerScope(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Whose cases an alert asks for: those of these agencies and countries; an empty list means all."""

    agencies: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    def includes(self, agency: str, country: str) -> bool:
        """Whether the search asks for cases of this agency, which is of this country."""
        return (not self.agencies or agency in self.agencies) and (not self.countries or country in self.countries)
