"""Records as agencies send them, made of what a test says of them; the rest is what any record has.

person("Ivan Petrov", birth_date="1980-05-01")                 an entity
named("Ivan Petrov", "Vanya Petrov")                           one of several names
case_data("fr-pj", "1", [person("Ivan Petrov")], title="Vol")  a case: what an event carries
event(case_data(...)), event_bytes("fr-pj", "1", [...])         the event as a feed sends it
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from pipeline.records.model import RECORD_TYPE

RawEntity = dict[str, Any]
"""An entity as the case schema has it."""
RawCase = dict[str, Any]
"""The `data` of an event, as the case schema has it."""

PURPOSES = ("investigation", "correlation")


def handling(code: str = "H0", releasable_to: Iterable[str] = ("*",), purposes: Iterable[str] = PURPOSES) -> RawEntity:
    """A handling code with its release; by default all may read."""
    return {"code": code, "releasable_to": list(releasable_to), "purposes": list(purposes)}


def person(full: str = "", /, *, given: str = "", family: str = "", **fields: Any) -> RawEntity:
    """A person of this name; `names=[...]` in its place gives several."""
    name = {part: text for part, text in (("full", full), ("given", given), ("family", family)) if text}
    return {"type": "person", **({"names": [name]} if name else {}), **fields}


def named(*names: str, **fields: Any) -> RawEntity:
    """A person of several names."""
    return person(names=[{"full": name} for name in names], **fields)


def vehicle(plate: str, country: str, **fields: Any) -> RawEntity:
    """A vehicle with a number plate of a country."""
    return {"type": "vehicle", "plate": plate, "plate_country": country, **fields}


def case_data(
    agency: str = "fr-pj",
    case_id: str = "1",
    entities: Iterable[RawEntity] = (),
    *,
    version: int = 1,
    status: str = "active",
    **fields: Any,
) -> RawCase:
    """A case of an agency, whose country its name begins with; entities without an id are e0, e1, ... in order."""
    numbered = [{"id": f"e{place}", **entity} for place, entity in enumerate(entities)]
    identity = {"case_id": case_id, "agency": agency, "country": agency[:2].upper(), "version": version}
    return {**identity, "status": status, **({"entities": numbered} if numbered else {}), **fields}


def event(data: RawCase) -> dict[str, Any]:
    """The CloudEvent that carries a case."""
    agency = data["agency"]
    return {
        "specversion": "1.0",
        "id": f"{agency}:{data['case_id']}:{data['version']}",
        "source": f"/agencies/{agency}",
        "type": RECORD_TYPE,
        "data": data,
    }


def event_bytes(agency: str = "fr-pj", case_id: str = "1", entities: Iterable[RawEntity] = (), **fields: Any) -> bytes:
    """The event of a case (`case_data`) as a feed sends it."""
    return orjson.dumps(event(case_data(agency, case_id, entities, **fields)))


def record(agency: str, case_id: str = "1", code: str = "H0", to: Iterable[str] = ("*",), **fields: Any) -> RawCase:
    """A case about one man, Ivan Petrov, born on 1 May 1980: the one that most tests share."""
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    text = {"title": f"Affair {case_id}", "contact": {"unit": f"desk of {agency}"}}
    return case_data(agency, case_id, **{"entities": [man], "handling": handling(code, to), **text, **fields})
