"""The fingerprint: everything that matching needs to know about one case, computed once at intake.

Fingerprints are trees without cycles, so they are kept out of garbage collection (gc=False), which otherwise took half
of a pair's time by walking over all fingerprints that a worker holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from pipeline.matching.handling import Contact, Handling, OwnerScope
from pipeline.matching.names import NamePrint, make_name_print
from pipeline.records.limits import ENTITY_VALUES, MOST_LETTERS
from pipeline.records.normalised import (
    BirthDate,
    GeoPoint,
    NormalisedAddress,
    NormalisedEntity,
    NormalisedIdentifier,
    PartialDate,
    TimeSpan,
)
from pipeline.records.placeholders import is_placeholder, is_placeholder_date, is_placeholder_number

CONFUSABLE_CLASSES = str.maketrans("OQDILBSZG", "000118526")
"""Maps letters to the digits that people and scanners take them for."""

WILDCARDS = frozenset("?*")
"""What stands in a partial plate for characters that nobody read: one, or any number of them."""

TAIL_DIGITS = 7
"""Digits of a subscriber's number without area code, in the North American and most European plans."""

WORD = re.compile(r"\w+")


class IdentifierPrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A number with its type. `valid` is 1 if the check digit is right, 0 if it is wrong, -1 if the type has none."""

    type: str
    value: str
    country: str = ""
    valid: int = -1


class PhonePrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A phone number; `national` is the national significant number of `e164`."""

    e164: str
    national: str


class AddressPrint(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """An address in parts, as pipeline.records.addresses reads them; "" where unknown.

    House and postcode have no spaces; `text` is set only if no street is known. `way` is the kind of street, which
    `street` lacks. Several buildings or units are parted by blanks, several streets or regions by ", ".
    """

    house: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    text: str = ""
    building: str = ""
    unit: str = ""
    region: str = ""
    way: str = ""


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
    """The compact, comparable form of one entity.

    Its keys are short because it is sent over Kafka and decoded for each candidate. Every tuple ascends and has no
    duplicates, so the order in which an agency states its values does not matter; `method` holds the distinct words of
    an event's method. `birth_date` is the only date of birth. If there are several, or it is a range or approximate,
    `birth_dates` holds all of them and `birth_date` is None. The same holds for `birth_place` and `birth_places`.
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
        """All dates of birth."""
        return self.birth_dates if self.birth_date is None else (BirthDate(self.birth_date, self.birth_date),)

    @property
    def all_birth_places(self) -> tuple[str, ...]:
        """All places of birth."""
        return (self.birth_place,) if self.birth_place else self.birth_places

    @property
    def selectors(self) -> frozenset[str]:
        """Exact values that identify something by themselves: identifiers, phones, e-mails, doors."""
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
    """Value of topic `fingerprints.<generation>`, key = case key.

    `hash` covers the whole content except the version. It is taken over the raw fields, so it does not depend on the
    generation, and case documents and claims of any generation can be compared. `keys` are the blocking keys,
    ascending, each < 2**53 (exact in every JSON reader); a withdrawn case has none. `sketch` bounds the score of the
    case with another one (pipeline.matching.bounds.sketches); b"" bounds nothing. `expired` marks a value without
    content that comes after the version whose retention ended and before the next version. Only alerts have a
    `scope`; it does not affect the score. `first` says that no earlier version of the case was ever sent.
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
    first: bool = False


def entity_prints(entities: Iterable[NormalisedEntity]) -> Entities:
    """The comparable forms of a case's entities."""
    return tuple(map(entity_print, entities))


def entity_print(entity: NormalisedEntity) -> EntityPrint:
    """The comparable form of `entity`, without placeholders such as "unknown", 1900-01-01 or a number of zeros."""
    birth_date, birth_dates = _make_birth_dates(entity)
    birth_place, birth_places = _make_birth_places(entity)
    phones = {
        PhonePrint(phone.e164, phone.national) for phone in entity.phones if not is_placeholder_number(phone.national)
    }
    # another place is no contradiction to an address that states only a country
    made = map(_make_address, entity.addresses)
    addresses = {address for address in made if address != AddressPrint(country=address.country)}
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
        phones=tuple(sorted(phones)[:ENTITY_VALUES]),
        emails=_drop_repeated(entity.emails),
        addresses=tuple(sorted(addresses)[:ENTITY_VALUES]),
        make=_fold_text(entity.make),
        model=_fold_text(entity.model),
        colour=_fold_text(entity.colour),
        calibre=_fold_text(entity.calibre),
        method=tuple(sorted(set(WORD.findall(_fold_text(entity.method))))) if entity.method else (),
        place=entity.place,
        span=entity.span,
    )


def _make_names(entity: NormalisedEntity) -> tuple[NamePrint, ...]:
    """The prints by the names' texts; of a text that is stated in several ways, the most telling print."""
    if len(entity.names) == 1:
        only = make_name_print(entity.names[0], entity.type)
        return (only,) if only.tokens else ()
    found: dict[str, NamePrint] = {}
    for name in entity.names:
        made = make_name_print(name, entity.type)
        before = found.setdefault(name.text, made)
        if made != before:
            found[name.text] = min(before, made, key=_tell_least)
    distinct = dict.fromkeys(found[text] for text in sorted(found) if found[text].tokens)
    return tuple(distinct)[:ENTITY_VALUES]


def _tell_least(print_: NamePrint) -> tuple[bool, bool, NamePrint]:
    """How little a print tells: one of nothing, a nickname, one whose parts are not known ("name") come last."""
    return not print_.tokens, print_.weak, print_


def _make_birth_dates(entity: NormalisedEntity) -> tuple[PartialDate | None, tuple[BirthDate, ...]]:
    date = entity.birth_date
    if date is not None and is_placeholder_date(date):
        date = None
    if not entity.birth_dates:
        return date, ()
    stated = {*entity.birth_dates, BirthDate(date, date)} if date is not None else set(entity.birth_dates)
    dates = tuple(sorted(stated)[:ENTITY_VALUES])
    return (dates[0].first, ()) if len(dates) == 1 and dates[0].exact else (None, dates)


def _make_birth_places(entity: NormalisedEntity) -> tuple[str, tuple[str, ...]]:
    if not entity.birth_places:
        return _fold_text(entity.birth_place), ()
    places = _drop_repeated((entity.birth_place, *entity.birth_places))
    return (places[0], ()) if len(places) == 1 else ("", places)


def _fold_text(value: str) -> str:
    if not value:
        return ""
    folded = value[:MOST_LETTERS].casefold().strip()
    return "" if is_placeholder(folded) else folded


def _drop_repeated(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({text for value in values if (text := _fold_text(value))})[:ENTITY_VALUES]) if values else ()


def _make_identifiers(identifiers: tuple[NormalisedIdentifier, ...]) -> tuple[IdentifierPrint, ...]:
    if not identifiers:
        return ()
    prints = {
        IdentifierPrint(
            identifier.type,
            identifier.value[:MOST_LETTERS],
            identifier.country,
            -1 if identifier.valid is None else int(identifier.valid),
        )
        for identifier in identifiers
        if not is_placeholder_number(identifier.value)
    }
    return tuple(sorted(prints)[:ENTITY_VALUES])


def _make_address(address: NormalisedAddress) -> AddressPrint:
    return AddressPrint(
        house=_fold_text(address.house).replace(" ", ""),
        street=_fold_text(address.street),
        postcode=_fold_text(address.postcode).replace(" ", ""),
        city=_fold_text(address.city),
        country=_fold_text(address.country),
        text="" if address.street else _fold_text(address.text),
        building=address.building,
        unit=address.unit,
        region=address.region,
        way=address.way,
    )
