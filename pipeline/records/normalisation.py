"""From raw entities to normalised ones: the forms that matching compares, and warnings about what is doubtful."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.records import model, mrz, vehicles
from pipeline.records.countries import country_code
from pipeline.records.doubts import Doubt, Doubts
from pipeline.records.fields import FieldReader
from pipeline.records.identifier_types import BY_NAME
from pipeline.records.identifiers import canonical, slug
from pipeline.records.names import normalise_name
from pipeline.records.normalised import Entity, Normalised, NormalisedIdentifier, NormalisedName
from pipeline.records.weapons import calibre


def normalise(case: model.Case) -> Normalised:
    """All entities of a case in order; pure, and the same for equal entities in any case of the same country."""
    doubts = Doubts()
    entities = tuple(
        _FORMS[type(entity)](entity, FieldReader(f"/data/entities/{at}", case.country, doubts))
        for at, entity in enumerate(case.entities)
    )
    return Normalised(entities, doubts.warnings())


def _person(raw: model.Person, fields: FieldReader) -> Entity:
    return Entity(
        id=raw.id,
        type="person",
        role=raw.role or "",
        names=fields.names(raw.names, "person"),
        birth_date=fields.date(raw.birth_date, "birth_date"),
        birth_date_text=fields.text(raw.birth_date_text, "birth_date_text"),
        birth_place=fields.text(raw.birth_place, "birth_place"),
        gender=fields.gender(raw.gender),
        nationalities=fields.countries(raw.nationalities, "nationalities"),
        identifiers=fields.identifiers(raw.identifiers),
        phones=fields.phones(raw.phones, "phones"),
        emails=fields.emails(raw.emails, "emails"),
        addresses=fields.addresses(raw.addresses),
    )


def _organisation(raw: model.Organisation, fields: FieldReader) -> Entity:
    country = fields.country(raw.country, "country")
    return Entity(
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


def _vehicle(raw: model.Vehicle, fields: FieldReader) -> Entity:
    country = fields.country(raw.plate_country, "plate_country")
    plate = fields.identifier("plate", raw.plate, country, "plate")
    vin = fields.identifier("vin", raw.vin, "", "vin")
    make = vehicles.make(fields.text(raw.make, "make"))
    parts = vehicles.decode_vin(vin[0].value) if vin and not make else None
    return Entity(
        id=raw.id,
        type="vehicle",
        role=raw.role or "",
        identifiers=(*plate, *vin, *fields.identifiers(raw.identifiers)),
        make=make or (parts.make if parts else ""),
        model=vehicles.model(fields.text(raw.model, "model")),
        colour=vehicles.colour(fields.text(raw.colour, "colour")),
    )


def _phone(raw: model.Phone, fields: FieldReader) -> Entity:
    numbers = (
        fields.identifier("imei", raw.imei, "", "imei"),
        fields.identifier("imsi", raw.imsi, "", "imsi"),
        fields.identifier("iccid", raw.iccid, "", "iccid"),
        fields.identifiers(raw.identifiers),
    )
    return Entity(
        id=raw.id,
        type="phone",
        role=raw.role or "",
        identifiers=tuple(found for part in numbers for found in part),
        phones=fields.phone(raw.number, fields.country(raw.country, "country"), "number"),
    )


def _account(raw: model.Account, fields: FieldReader) -> Entity:
    country = fields.country(raw.country, "country")
    fields.bank(raw.bic, "bic")
    numbers = (
        fields.identifier("iban", raw.iban, "", "iban"),
        fields.identifier("account_number", raw.number, country, "number"),
        fields.identifier("wallet", raw.wallet, "", "wallet"),
        fields.identifiers(raw.identifiers),
    )
    return Entity(
        id=raw.id,
        type="account",
        role=raw.role or "",
        names=fields.names(raw.names, "person"),
        identifiers=tuple(found for part in numbers for found in part),
    )


def _document(raw: model.Document, fields: FieldReader) -> Entity:
    zone = fields.zone(raw.mrz, "mrz")
    known = BY_NAME.get(slug(raw.document_type or ""))
    kind = known.name if known else (zone.kind if zone else "document")
    country = fields.country(raw.country, "country") or (country_code(zone.issuer) if zone else "")
    printed = fields.identifier(kind, raw.number, country, "number")
    entity = Entity(
        id=raw.id,
        type="document",
        role=raw.role or "",
        names=fields.names(raw.names, "person"),
        identifiers=(*printed, *fields.identifiers(raw.identifiers)),
    )
    return _with_zone(entity, zone, kind, country, fields) if zone else entity


def _with_zone(entity: Entity, zone: mrz.Mrz, kind: str, country: str, fields: FieldReader) -> Entity:
    """The document with what its machine-readable zone says of it and its holder."""
    nationality = country_code(zone.nationality)
    name = normalise_name("", zone.given, "", zone.family, "", "transliteration", "person")
    return Entity(
        id=entity.id,
        type="document",
        role=entity.role,
        names=(*entity.names, *_new_name(name, entity.names)),
        birth_date=zone.birth_date,
        gender={"M": "male", "F": "female"}.get(zone.sex, ""),
        nationalities=(nationality,) if nationality else (),
        identifiers=_numbers(entity.identifiers, zone, kind, country, fields),
    )


def _new_name(name: NormalisedName, known: tuple[NormalisedName, ...]) -> tuple[NormalisedName, ...]:
    return (name,) if name.tokens and name.tokens not in {each.tokens for each in known} else ()


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


def _vessel(raw: model.Vessel, fields: FieldReader) -> Entity:
    flag = fields.country(raw.flag, "flag")
    numbers = (
        fields.identifier("imo", raw.imo, "", "imo"),
        fields.identifier("mmsi", raw.mmsi, "", "mmsi"),
        fields.identifier("call_sign", raw.call_sign, "", "call_sign"),
        fields.identifiers(raw.identifiers),
    )
    return Entity(
        id=raw.id,
        type="vessel",
        role=raw.role or "",
        names=fields.names(raw.names, "vessel"),
        nationalities=(flag,) if flag else (),
        identifiers=tuple(found for part in numbers for found in part),
    )


def _weapon(raw: model.Weapon, fields: FieldReader) -> Entity:
    serial = fields.identifier("serial", raw.serial, "", "serial")
    return Entity(
        id=raw.id,
        type="weapon",
        role=raw.role or "",
        identifiers=(*serial, *fields.identifiers(raw.identifiers)),
        make=fields.text(raw.make, "make"),
        model=fields.text(raw.model, "model"),
        calibre=calibre(fields.text(raw.calibre, "calibre")),
    )


def _address(raw: model.Address, fields: FieldReader) -> Entity:
    return Entity(
        id=raw.id,
        type="address",
        role=raw.role or "",
        identifiers=fields.identifiers(raw.identifiers),
        addresses=fields.address(raw),
        place=fields.place(raw.latitude, raw.longitude),
    )


def _event(raw: model.Event, fields: FieldReader) -> Entity:
    return Entity(
        id=raw.id,
        type="event",
        role=raw.role or "",
        identifiers=fields.identifiers(raw.identifiers),
        addresses=fields.addresses(raw.addresses),
        method=fields.text(raw.method, "method"),
        place=fields.place(raw.latitude, raw.longitude),
        span=fields.span(raw.start, raw.end),
    )


_FORMS: dict[type[model.Entity], Callable[[Any, FieldReader], Entity]] = {
    model.Person: _person,
    model.Organisation: _organisation,
    model.Vehicle: _vehicle,
    model.Phone: _phone,
    model.Account: _account,
    model.Document: _document,
    model.Vessel: _vessel,
    model.Weapon: _weapon,
    model.Address: _address,
    model.Event: _event,
}
