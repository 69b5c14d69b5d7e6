"""One function for each entity type that turns a raw entity into a normalised one; ENTITY_TYPES names them.

A type whose fields need no rule of their own takes `PlainFields` instead of a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.records import model, mrz, vehicles
from pipeline.records.countries import country_code
from pipeline.records.doubts import Doubt
from pipeline.records.fields import FieldReader
from pipeline.records.identifier_types import BY_NAME
from pipeline.records.identifiers import canonical, slug
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity, NormalisedIdentifier

Normalise = Callable[[Any, FieldReader], NormalisedEntity]
"""From a raw entity, one of pipeline.records.model's structs, to the normalised one."""


@dataclass(frozen=True, slots=True)
class PlainFields:
    """The normaliser of a type whose fields are numbers, names and texts without a rule that ties one to another.

    `numbers` maps a field to the type of identifier that it holds (pipeline.records.identifier_types, or a word of its
    own); `nation` is the field of the one country that the thing belongs to; `texts` maps each of make, model, colour
    and calibre that the type has to what brings it into one spelling. `named` reads `names`.
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    nation: str = ""
    named: bool = False
    texts: Mapping[str, Callable[[str], str]] = field(default_factory=dict)

    def __call__(self, raw: Any, fields: FieldReader) -> NormalisedEntity:
        """Normalise one entity of this type."""
        entity_type = str(raw.__struct_config__.tag)
        country = fields.country(getattr(raw, self.nation), self.nation) if self.nation else ""
        numbers = [
            found
            for name, identifier_type in self.numbers.items()
            for found in fields.identifier(identifier_type, getattr(raw, name), "", name)
        ]
        identifiers = (*numbers, *fields.identifiers(raw.identifiers))
        names = fields.names(raw.names, entity_type) if self.named else ()
        texts = {name: spell(fields.text(getattr(raw, name), name)) for name, spell in self.texts.items()}
        return NormalisedEntity(
            id=raw.id,
            type=entity_type,
            role=raw.role or "",
            names=names,
            nationalities=(country,) if country else (),
            identifiers=identifiers,
            make=texts.get("make", ""),
            model=texts.get("model", ""),
            colour=texts.get("colour", ""),
            calibre=texts.get("calibre", ""),
        )


def normalise_person(raw: model.Person, fields: FieldReader) -> NormalisedEntity:
    """A person; a date as read stays a text."""
    return NormalisedEntity(
        id=raw.id,
        type="person",
        role=raw.role or "",
        names=fields.names(raw.names, "person"),
        birth_date=fields.date(raw.birth_date, "birth_date"),
        birth_dates=fields.birth_dates(raw.birth_dates, "birth_dates"),
        birth_date_text=fields.text(raw.birth_date_text, "birth_date_text"),
        birth_place=fields.text(raw.birth_place, "birth_place"),
        birth_places=fields.texts(raw.birth_places, "birth_places"),
        birth_country=fields.country(raw.birth_country, "birth_country"),
        gender=fields.gender(raw.gender),
        nationalities=fields.countries(raw.nationalities, "nationalities"),
        identifiers=fields.identifiers(raw.identifiers),
        phones=fields.phones(raw.phones, "phones"),
        emails=fields.emails(raw.emails, "emails"),
        addresses=fields.addresses(raw.addresses),
    )


def normalise_organisation(raw: model.Organisation, fields: FieldReader) -> NormalisedEntity:
    """A company, association or public body; the country of its register is its nationality."""
    country = fields.country(raw.country, "country")
    return NormalisedEntity(
        id=raw.id,
        type="organisation",
        role=raw.role or "",
        names=fields.names(raw.names, "organisation"),
        nationalities=(country,) if country else (),
        identifiers=fields.identifiers(raw.identifiers),
        phones=fields.phones(raw.phones, "phones"),
        emails=fields.emails(raw.emails, "emails"),
        addresses=fields.addresses(raw.addresses),
    )


def normalise_vehicle(raw: model.Vehicle, fields: FieldReader) -> NormalisedEntity:
    """A road vehicle; a VIN tells the make where none is stated."""
    country = fields.country(raw.plate_country, "plate_country")
    plate = fields.identifier("plate", raw.plate, country, "plate")
    vin = fields.identifier("vin", raw.vin, "", "vin")
    make = vehicles.make(fields.text(raw.make, "make"))
    if vin and not make:
        make = vehicles.vin_make(vin[0].value) or ""
    return NormalisedEntity(
        id=raw.id,
        type="vehicle",
        role=raw.role or "",
        identifiers=(*plate, *vin, *fields.identifiers(raw.identifiers)),
        make=make,
        model=vehicles.model(fields.text(raw.model, "model")),
        colour=vehicles.colour(fields.text(raw.colour, "colour")),
    )


def normalise_phone(raw: model.Phone, fields: FieldReader) -> NormalisedEntity:
    """A line or a device."""
    numbers = (
        fields.identifier("imei", raw.imei, "", "imei"),
        fields.identifier("imsi", raw.imsi, "", "imsi"),
        fields.identifier("iccid", raw.iccid, "", "iccid"),
        fields.identifiers(raw.identifiers),
    )
    return NormalisedEntity(
        id=raw.id,
        type="phone",
        role=raw.role or "",
        identifiers=tuple(found for part in numbers for found in part),
        phones=fields.phone(raw.number, fields.country(raw.country, "country"), "number"),
    )


def normalise_account(raw: model.Account, fields: FieldReader) -> NormalisedEntity:
    """A bank account or wallet, named for its holder."""
    country = fields.country(raw.country, "country")
    fields.bank(raw.bic, "bic")
    numbers = (
        fields.identifier("iban", raw.iban, "", "iban"),
        fields.identifier("account_number", raw.number, country, "number"),
        fields.identifier("wallet", raw.wallet, "", "wallet"),
        fields.identifiers(raw.identifiers),
    )
    return NormalisedEntity(
        id=raw.id,
        type="account",
        role=raw.role or "",
        names=fields.names(raw.names, "person"),
        identifiers=tuple(found for part in numbers for found in part),
    )


def normalise_document(raw: model.Document, fields: FieldReader) -> NormalisedEntity:
    """A document, named for its holder, with what its machine-readable zone says."""
    zone = fields.zone(raw.mrz, "mrz")
    known = BY_NAME.get(slug(raw.document_type or ""))
    kind = known.name if known else (zone.kind if zone else "document")
    country = fields.country(raw.country, "country") or (country_code(zone.issuer) if zone else "")
    printed = fields.identifier(kind, raw.number, country, "number")
    entity = NormalisedEntity(
        id=raw.id,
        type="document",
        role=raw.role or "",
        names=fields.names(raw.names, "person"),
        identifiers=(*printed, *fields.identifiers(raw.identifiers)),
    )
    return _with_zone(entity, zone, kind, country, fields) if zone else entity


def _with_zone(
    entity: NormalisedEntity, zone: mrz.Mrz, kind: str, country: str, fields: FieldReader
) -> NormalisedEntity:
    """The document with what its machine-readable zone says of it and its holder."""
    nationality = country_code(zone.nationality)
    name = normalise_name("", zone.given, "", zone.family, "", "transliteration", "person")
    is_new = bool(name.tokens) and name.tokens not in {each.tokens for each in entity.names}
    return NormalisedEntity(
        id=entity.id,
        type="document",
        role=entity.role,
        names=(*entity.names, *((name,) if is_new else ())),
        birth_date=zone.birth_date,
        gender={"M": "male", "F": "female"}.get(zone.sex, ""),
        nationalities=(nationality,) if nationality else (),
        identifiers=_numbers(entity.identifiers, zone, kind, country, fields),
    )


def _numbers(
    stated: tuple[NormalisedIdentifier, ...], zone: mrz.Mrz, kind: str, country: str, fields: FieldReader
) -> tuple[NormalisedIdentifier, ...]:
    """The stated numbers and the zone's, whose check digit vouches for both where they agree."""
    value = canonical(zone.number)
    if not value:
        return stated
    printed = next((each for each in stated if each.type == kind), None)
    if printed and printed.value != value:
        fields.doubt(Doubt.MRZ_MISMATCH, "number")
    read = NormalisedIdentifier(kind, value, country, "number" not in zone.failed)
    return (read, *(each for each in stated if each.value != value))


def normalise_address(raw: model.Address, fields: FieldReader) -> NormalisedEntity:
    """A place."""
    return NormalisedEntity(
        id=raw.id,
        type="address",
        role=raw.role or "",
        identifiers=fields.identifiers(raw.identifiers),
        addresses=fields.address(raw),
        place=fields.place(raw.latitude, raw.longitude),
    )


def normalise_event(raw: model.Event, fields: FieldReader) -> NormalisedEntity:
    """Something that happened between two times, somewhere."""
    return NormalisedEntity(
        id=raw.id,
        type="event",
        role=raw.role or "",
        identifiers=fields.identifiers(raw.identifiers),
        addresses=fields.addresses(raw.addresses),
        method=fields.text(raw.method, "method"),
        place=fields.place(raw.latitude, raw.longitude),
        span=fields.span(raw.start, raw.end),
    )
