"""The fingerprint: everything matching needs to know of one case, computed once at intake.

Its parts are trees of values without cycles, so the garbage collector leaves them alone (gc=False): walking over the
fingerprints that a worker holds took it half of a pair's time.
"""

from __future__ import annotations

import re

import msgspec

from pipeline.matching.names import NamePrint, make_name_print
from pipeline.records.normalised import (
    BirthDate,
    GeoPoint,
    NormalisedAddress,
    NormalisedEntity,
    NormalisedIdentifier,
    NormalisedPhone,
    PartialDate,
    TimeSpan,
)
from pipeline.records.placeholders import is_placeholder, is_placeholder_date, is_placeholder_number

CONFUSABLE_CLASSES = str.maketrans("OQDILBSZG", "000118526")
"""Characters that people and scanners take for each other, each to its digit."""

TAIL_DIGITS = 7
"""A subscriber's number without any area code, as the North American and most European plans have it."""

WORD = re.compile(r"\w+")

MAX_NAMES = 50
MAX_VALUES = 50
"""Per entity and field; a bounded fingerprint keeps every pair's cost bounded (docs/record.md limits names to 50)."""


class Handling(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who may see the case (docs/disclosure.md); travels with the fingerprint because hits need it."""

    code: str = "H0"
    releasable_to: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    caveat: str = ""


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Whom the owner names for questions about the case."""

    unit: str = ""
    email: str = ""
    phone: str = ""


class OwnerScope(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Whose cases a saved search asks for: of any of the agencies, and of any of the countries; of all where empty."""

    agencies: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    def includes(self, agency: str, country: str) -> bool:
        """Whether it asks for cases of an agency of this country."""
        return (not self.agencies or agency in self.agencies) and (not self.countries or country in self.countries)


class IdentifierPrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """`valid`: 1 check digit passed, 0 failed, -1 the type has none."""

    type: str
    value: str
    country: str = ""
    valid: int = -1


class PhonePrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """`national` is the national significant number of `e164`."""

    e164: str
    national: str


class AddressPrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Parts without spaces where they are codes; `text` only where no street is known."""

    house: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    text: str = ""


class EntityPrint(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={
        "names": "n", "birth_date": "d", "birth_dates": "ds", "birth_date_text": "x", "birth_place": "b",
        "birth_places": "bs", "birth_country": "bc", "gender": "g",
        "nationalities": "c", "identifiers": "i", "phones": "p", "emails": "m", "addresses": "a",
        "make": "mk", "model": "md", "colour": "cl", "calibre": "ca", "method": "h", "place": "l", "span": "s",
    },
):  # fmt: skip
    """The compact, comparable form of one entity; one-letter keys because it travels and is decoded per candidate.

    `method` holds the distinct words of the event's method in ascending order; every tuple is ascending and without
    duplicates, so that the order in which an agency states its values changes nothing. `birth_date` is the only date of
    birth; where there are several, or the one is a range or about, `birth_dates` holds all and `birth_date` is None. So
    with `birth_place` and `birth_places`.
    """

    id: str
    type: str
    names: tuple[NamePrint, ...] = ()
    birth_date: PartialDate | None = None
    birth_dates: tuple[BirthDate, ...] = ()
    birth_date_text: str = ""
    birth_place: str = ""
    birth_places: tuple[str, ...] = ()
    birth_country: str = ""
    gender: str = ""
    nationalities: tuple[str, ...] = ()
    identifiers: tuple[IdentifierPrint, ...] = ()
    phones: tuple[PhonePrint, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[AddressPrint, ...] = ()
    make: str = ""
    model: str = ""
    colour: str = ""
    calibre: str = ""
    method: tuple[str, ...] = ()
    place: GeoPoint | None = None
    span: TimeSpan | None = None

    @property
    def all_birth_dates(self) -> tuple[BirthDate, ...]:
        """The date of birth, or all of them."""
        return self.birth_dates if self.birth_date is None else (BirthDate(self.birth_date, self.birth_date),)

    @property
    def all_birth_places(self) -> tuple[str, ...]:
        """The place of birth, or all of them."""
        return (self.birth_place,) if self.birth_place else self.birth_places

    @property
    def selectors(self) -> frozenset[str]:
        """Exact values that name something by themselves: identifiers, phones, e-mails, doors."""
        found = [f"i{identifier.value.translate(CONFUSABLE_CLASSES)}" for identifier in self.identifiers]
        found += [f"p{phone.national[-TAIL_DIGITS:]}" for phone in self.phones]
        found += [f"m{email}" for email in self.emails]
        for address in self.addresses:
            if address.postcode:
                found.append(f"a{address.postcode}|{address.house}|{'' if address.house else address.street}")
            if address.text:
                found.append(f"t{address.text}")
        return frozenset(found)


Entities = tuple[EntityPrint, ...]
"""The entities of one case."""


class Fingerprint(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Value of topic `blocks.<generation>`, key = case key.

    `hash` covers the whole content but the version and does not depend on the generation: it is taken over the raw
    fields that feed the fingerprint, so that case documents and claims of any generation can be compared.
    `keys` are the blocking keys, ascending, each < 2**53 (exact in every JSON reader); a withdrawn case has none.
    `sketch` bounds what the case can score with another (pipeline.matching.screening.sketches); b"" bounds nothing.
    `expired` marks the content-free value that orders after the version whose retention ended and before its next one.
    `scope` is a saved search's alone; no score looks at it.
    """

    case: str
    version: int
    hash: str
    agency: str
    country: str
    withdrawn: bool = False
    expired: bool = False
    retain_until: str = ""
    handling: Handling = Handling()
    contact: Contact = Contact()
    keys: tuple[int, ...] = ()
    entities: tuple[EntityPrint, ...] = ()
    sketch: bytes = b""
    scope: OwnerScope = OwnerScope()


def entity_print(entity: NormalisedEntity) -> EntityPrint:
    """The comparable form of `entity`; placeholders ("unknown", 1900-01-01, all zeros) leave no trace in it."""
    birth_date, birth_dates = _make_birth_dates(entity)
    birth_place, birth_places = _make_birth_places(entity)
    return EntityPrint(
        id=entity.id,
        type=entity.type,
        names=_make_names(entity),
        birth_date=birth_date,
        birth_dates=birth_dates,
        birth_date_text=_fold_text(entity.birth_date_text),
        birth_place=birth_place,
        birth_places=birth_places,
        birth_country=_fold_text(entity.birth_country),
        gender=_fold_text(entity.gender),
        nationalities=_drop_repeated(entity.nationalities),
        identifiers=_make_identifiers(entity.identifiers),
        phones=_make_phones(entity.phones),
        emails=_drop_repeated(entity.emails),
        addresses=_make_addresses(entity.addresses),
        make=_fold_text(entity.make),
        model=_fold_text(entity.model),
        colour=_fold_text(entity.colour),
        calibre=_fold_text(entity.calibre),
        method=tuple(sorted(set(WORD.findall(_fold_text(entity.method))))),
        place=entity.place,
        span=entity.span,
    )


def _make_names(entity: NormalisedEntity) -> tuple[NamePrint, ...]:
    names = {name.text: name for name in entity.names}
    prints = (make_name_print(names[text], entity.type) for text in sorted(names))
    distinct = dict.fromkeys(print_ for print_ in prints if print_.tokens)
    return tuple(distinct)[:MAX_NAMES]


def _date(date: PartialDate | None) -> PartialDate | None:
    return None if date is None or is_placeholder_date(date) else date


def _make_birth_dates(entity: NormalisedEntity) -> tuple[PartialDate | None, tuple[BirthDate, ...]]:
    date = _date(entity.birth_date)
    if not entity.birth_dates:
        return date, ()
    stated = {*entity.birth_dates, BirthDate(date, date)} if date is not None else set(entity.birth_dates)
    dates = tuple(sorted(stated)[:MAX_VALUES])
    return (dates[0].first, ()) if len(dates) == 1 and dates[0].exact else (None, dates)


def _make_birth_places(entity: NormalisedEntity) -> tuple[str, tuple[str, ...]]:
    if not entity.birth_places:
        return _fold_text(entity.birth_place), ()
    places = _drop_repeated((entity.birth_place, *entity.birth_places))
    return (places[0], ()) if len(places) == 1 else ("", places)


def _fold_text(value: str) -> str:
    if not value:
        return ""
    folded = value.casefold().strip()
    return "" if is_placeholder(folded) else folded


def _drop_repeated(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({text for value in values if (text := _fold_text(value))})[:MAX_VALUES])


def _make_identifiers(identifiers: tuple[NormalisedIdentifier, ...]) -> tuple[IdentifierPrint, ...]:
    prints = {
        IdentifierPrint(
            identifier.type,
            identifier.value,
            identifier.country,
            -1 if identifier.valid is None else int(identifier.valid),
        )
        for identifier in identifiers
        if not is_placeholder_number(identifier.value)
    }
    return tuple(sorted(prints)[:MAX_VALUES])


def _make_phones(phones: tuple[NormalisedPhone, ...]) -> tuple[PhonePrint, ...]:
    prints = {PhonePrint(phone.e164, phone.national) for phone in phones if not is_placeholder_number(phone.national)}
    return tuple(sorted(prints)[:MAX_VALUES])


def _make_addresses(addresses: tuple[NormalisedAddress, ...]) -> tuple[AddressPrint, ...]:
    """Without those that name but a country: that others lie elsewhere in it, or in another, is no contradiction."""
    prints = {_make_address(address) for address in addresses}
    return tuple(sorted(one for one in prints if one != AddressPrint(country=one.country))[:MAX_VALUES])


def _make_address(address: NormalisedAddress) -> AddressPrint:
    return AddressPrint(
        house=_fold_text(address.house).replace(" ", ""),
        street=_fold_text(address.street),
        postcode=_fold_text(address.postcode).replace(" ", ""),
        city=_fold_text(address.city),
        country=_fold_text(address.country),
        text="" if address.street else _fold_text(address.text),
    )
