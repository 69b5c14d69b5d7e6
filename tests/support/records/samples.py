"""The example of docs/record.md, filled in, and ways to change it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson

from pipeline.records.agencies import Agency

FR_PJ = Agency("fr-pj", "FR")

_EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "fr-pj:2026-004711:3",
    "source": "/agencies/fr-pj",
    "type": "org.liaison.case.v1",
    "time": "2026-11-01T10:00:00Z",
    "datacontenttype": "application/json",
    "data": {
        "case_id": "2026-004711",
        "agency": "fr-pj",
        "country": "FR",
        "version": 3,
        "status": "active",
        "opened": "2026-10-28",
        "closed": None,
        "title": "Vol à main armée",
        "summary": "Deux individus ont attaqué une bijouterie.",
        "language": "fr",
        "offences": [{"scheme": "ICCS", "code": "0501"}],
        "policing_goals": [6],
        "handling": {
            "code": "H1",
            "releasable_to": ["BE", "DE"],
            "purposes": ["investigation", "correlation"],
            "caveat": "Ne pas contacter le suspect.",
        },
        "evaluation": {"scheme": "4x4", "source": "A", "information": "1"},
        "retain_until": "2031-11-01",
        "contact": {"unit": "BRB", "email": "brb@pj.example", "phone": "+33 1 40 79 67 10"},
        "entities": [
            {
                "id": "p1",
                "type": "person",
                "role": "suspect",
                "names": [{"full": "Иван Петров"}, {"given": "Ivan", "family": "Petrov", "kind": "alias"}],
                "birth_date": "1980-05",
                "birth_place": "Москва",
                "gender": "male",
                "nationalities": ["RU"],
                "identifiers": [{"type": "passport", "value": "75 1234567", "country": "RU"}],
                "addresses": [
                    {"full": "12 rue de la Paix, 75002 Paris", "city": "Paris", "postcode": "75002", "country": "FR"}
                ],
                "phones": ["+33 6 12 34 56 78"],
                "emails": ["Ivan@mail.example"],
            },
            {
                "id": "o1",
                "type": "organisation",
                "names": [{"full": "Petrov Import GmbH"}],
                "country": "Deutschland",
                "identifiers": [{"type": "lei", "value": "529900T8BM49AURSDO55"}],
            },
            {
                "id": "v1",
                "type": "vehicle",
                "plate": "AB-123-CD",
                "plate_country": "FR",
                "vin": "1M8GDM9AXKP042788",
                "make": "VW",
                "model": "Golf",
                "colour": "noir",
            },
            {
                "id": "n1",
                "type": "phone",
                "number": "06 12 34 56 78",
                "imei": "49-015420-323751-8",
                "imsi": "208011234567890",
            },
            {
                "id": "a1",
                "type": "account",
                "iban": "FR14 2004 1010 0505 0001 3M02 606",
                "bic": "PSSTFRPPPAR",
                "wallet": "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            },
            {
                "id": "d1",
                "type": "document",
                "document_type": "passport",
                "number": "L898902C3",
                "country": "Utopia",
                "mrz": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
            },
            {"id": "s1", "type": "vessel", "imo": "IMO 9074729", "mmsi": "227006760", "names": [{"full": "Étoile"}]},
            {"id": "w1", "type": "weapon", "serial": "AB-12345", "make": "Glock", "calibre": "9 mm Para"},
            {
                "id": "l1",
                "type": "address",
                "full": "5 rue du Port, 13002 Marseille",
                "latitude": 43.3,
                "longitude": 5.36,
            },
            {
                "id": "e1",
                "type": "event",
                "start": "2026-10-27T22:00:00Z",
                "end": "2026-10-27T22:30:00Z",
                "latitude": 48.85,
                "longitude": 2.35,
                "method": "Voiture bélier",
            },
        ],
        "relations": [{"from": "p1", "to": "v1", "type": "owner"}],
    },
}


def example() -> dict[str, Any]:
    """The whole event, free to change."""
    return copy.deepcopy(_EXAMPLE)


def message(**changes: Any) -> bytes:
    """The event as bytes, with these fields of `data` changed; a change to ... leaves the field out."""
    event = example()
    event["data"] |= changes
    event["data"] = {name: value for name, value in event["data"].items() if value is not ...}
    return orjson.dumps(event)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The event as bytes, after `change` was done to it."""
    event = example()
    change(event)
    return orjson.dumps(event)


def only(entity: dict[str, Any], **fields: Any) -> bytes:
    """The event with this one entity and other fields of `data`."""
    return message(entities=[{"id": "x1", **entity}], relations=..., **fields)
