"""The normalised entity: what normalisation hands to matching. Raw values stay in the case record beside it."""

from __future__ import annotations

import msgspec


class NameToken(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One name token: `text` is NFKC, case-folded, in its own script; `kind` one of TOKEN_KINDS."""

    text: str
    kind: str


TOKEN_KINDS = ("title", "given", "family", "patronymic", "particle", "initial", "number", "legal_form", "core", "name")
"""`name` is a personal token whose part is not known; `core` an organisation's distinguishing token."""


class NormalisedName(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A name: `text` is the NFKC form without control characters.

    Flags are `mixed_script`, `placeholder` and `many_words` (more than are compared).
    """

    text: str
    tokens: tuple[NameToken, ...] = ()
    kind: str = "primary"
    flags: tuple[str, ...] = ()


class PartialDate(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A calendar date known to the year, the month or the day; month and day are 0 where unknown."""

    year: int
    month: int = 0
    day: int = 0


class BirthDate(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A birth date as stated: a date, then `last` is `first`; a range of both ends included; or about (`circa`) it."""

    first: PartialDate
    last: PartialDate
    circa: bool = False

    @property
    def exact(self) -> bool:
        """Whether it is one date, known as far as it goes."""
        return not self.circa and self.first == self.last


class NormalisedIdentifier(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A number that names a thing.

    `value` is the canonical core; `valid` the check digit's verdict, None where the type has none.
    """

    type: str
    value: str
    country: str = ""
    valid: bool | None = None


class NormalisedPhone(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`e164` with the leading plus; `national` the national significant number; `valid` by phonenumbers."""

    e164: str
    national: str
    valid: bool = True


class NormalisedAddress(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Address parts as pipeline.records.addresses reads them, each folded; "" where unknown.

    `way` is the kind of street ("st", "av"), which `street` is told without. Several buildings and units are parted by
    blanks, several streets and regions (all other names of places) by ", ".
    """

    text: str = ""
    house: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    building: str = ""
    unit: str = ""
    region: str = ""
    way: str = ""


class GeoPoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """WGS 84 degrees."""

    latitude: float
    longitude: float


class TimeSpan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A time span in whole Unix seconds, both ends included."""

    start: int
    end: int


class NormalisedEntity(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One normalised entity of a case.

    Everything that names it uniquely (IMEI, IBAN, VIN, plate, MRZ document, IMO, serial ...) is a NormalisedIdentifier.
    """

    id: str
    type: str
    role: str = ""
    names: tuple[NormalisedName, ...] = ()
    birth_date: PartialDate | None = None
    birth_dates: tuple[BirthDate, ...] = ()
    birth_date_text: str = ""
    birth_place: str = ""
    birth_places: tuple[str, ...] = ()
    birth_country: str = ""
    gender: str = ""
    nationalities: tuple[str, ...] = ()
    identifiers: tuple[NormalisedIdentifier, ...] = ()
    phones: tuple[NormalisedPhone, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[NormalisedAddress, ...] = ()
    make: str = ""
    model: str = ""
    colour: str = ""
    calibre: str = ""
    method: str = ""
    place: GeoPoint | None = None
    span: TimeSpan | None = None


class RecordWarning(msgspec.Struct, frozen=True, gc=False):
    """Something doubtful that did not drop the record; `pointer` is a JSON pointer into the message."""

    code: str
    pointer: str
    message: str


class NormalisedCase(msgspec.Struct, frozen=True, gc=False):
    """All entities of a case with the values that are compared (pipeline.records.limits), and what was doubted."""

    entities: tuple[NormalisedEntity, ...]
    warnings: tuple[RecordWarning, ...] = ()
