"""Exported rows as FollowTheMoney entities (followthemoney.tech, the model of Aleph and OpenSanctions), one a line.

A case is a Project, what it names takes part in it, a link is an UnknownLink of two Projects. Ids are made of keys
alone, so every export names the same things alike, and entities that come twice merge by id. The model knows no lone
phone, document, weapon or event: these are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipeline.access.redaction import HitRow, LinkRow
from pipeline.api.answers import ListResultRow
from pipeline.api.services.export_words import describe_link
from pipeline.index.documents import AsSent, CaseRecord
from pipeline.records.countries import country_code
from pipeline.records.dates import birth_date, shared_part
from pipeline.records.entity_types import ENTITY_TYPES_BY_NAME, FollowTheMoneySchema
from pipeline.records.names import full_name
from pipeline.records.phones import phone
from pipeline.search.questions import parse_question

FtmEntity = dict[str, Any]

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://liaison.example/follow-the-money")

ALIASES: Final = frozenset({"alias", "nickname"})

COUNTRIES: Final = {"country": "country", "plate_country": "country", "flag": "flag", "nationalities": "nationality"}
"""Fields of countries and their properties, which hold lower-case ISO 3166-1 codes."""


def case_entities(row: CaseRecord) -> Iterator[FtmEntity]:
    """A case that is seen in full, and what it names."""
    key, data = row.case, row.data
    project, handling = _make_id("case", key), data.get("handling") or {}
    yield _make_entity(project, "Project", {
        "name": [data.get("title") or key], "projectId": [key], "publisher": [row.agency],
        "country": _country_codes([row.country]), "summary": [data.get("summary")],
        "startDate": [data.get("opened")],
        "endDate": [data.get("closed")],
        "notes": [handling.get("caveat"), *handling.get("caveat_translations", {}).values()],
    })  # fmt: skip
    for named in data.get("entities") or ():
        for shape in _choose_schemas(named):
            thing = _make_id("entity", key, named["id"], shape.name)
            yield _make_entity(thing, shape.name, _make_properties(named, shape, row.country))
            yield _make_participation(project, named, thing, party=shape.party)


def link_entities(row: LinkRow) -> Iterator[FtmEntity]:
    """A link and its ends; a hit-only one bears the requester's opaque reference and its agency, nothing else."""
    ends = [_make_end(row.case_a), _make_hit_end(row.hit) if row.hit else _make_end(row.case_b or "")]
    yield from ends
    yield _make_entity(_make_id("link", row.link_id), "UnknownLink", {
        "subject": [ends[0]["id"]], "object": [ends[1]["id"]],
        "role": [describe_link(row)], "recordId": [row.link_id],
    })  # fmt: skip


def row_entities(name: str, row: ListResultRow, records: Mapping[str, CaseRecord]) -> Iterator[FtmEntity]:
    """What a row of the list `name` found: the records whole that are in `records`, each tied to the row's entity.

    A row of a FollowTheMoney file keeps its entity's own id, so that ties lead to it wherever it came from. A row of a
    record's entity is tied as its record, any other as an entity of its own with the names that it asks.
    """
    met = [*(match.case for match in row.matches), *(hit.reference for hit in row.hits)]
    if not met:
        return
    if row.source:
        entry = _make_end(row.source)
    elif row.schema and row.id:
        entry = {"id": row.id}
    else:
        asked = parse_question(row.query)
        entry = _make_entity(_make_id("row", name, str(row.row)), "LegalEntity", {"name": asked.names})
    if "schema" in entry:
        yield entry
    for key in (match.case for match in row.matches):
        yield from case_entities(records[key]) if key in records else ()
    yield from map(_make_hit_end, row.hits)
    ends = [(match.case, _make_id("case", match.case), match.band) for match in row.matches]
    ends += [(hit.reference, _make_id("hit", hit.reference), hit.band) for hit in row.hits]
    for what, end, band in ends:
        yield _make_entity(_make_id("found", name, str(row.row), what), "UnknownLink", {
            "subject": [entry["id"]], "object": [end], "role": [band.value],
        })  # fmt: skip


def _make_end(key: str) -> FtmEntity:
    return _make_entity(_make_id("case", key), "Project", {"projectId": [key]})


def _make_hit_end(hit: HitRow) -> FtmEntity:
    return _make_entity(_make_id("hit", hit.reference), "Project", {"publisher": [hit.agency]})


def _choose_schemas(named: AsSent) -> Iterator[FollowTheMoneySchema]:
    """The schemas that an entity becomes: none, one, or two where an account has both a number and a wallet."""
    row = ENTITY_TYPES_BY_NAME.get(named["type"])
    for shape in row.follow_the_money if row else ():
        if not shape.only_with or any(named.get(field) for field in shape.only_with):
            yield shape


def _make_properties(named: AsSent, shape: FollowTheMoneySchema, country: str) -> dict[str, list[Any]]:
    """The properties of an entity in one of its schemas; numbers without a country's code are of `country`."""
    properties: dict[str, list[Any]] = {}
    for field, name in shape.properties.items():
        values = _as_list(named.get(field))
        if field == "birth_dates":
            values = [_partial_date(value) for value in values]
        elif field == "phones":
            values = [_phone_number(value, country) for value in values]
        properties.setdefault(name, []).extend(values)
    properties |= {
        name: _country_codes(_as_list(named.get(field))) for field, name in COUNTRIES.items() if field in named
    }
    names = list(named.get("names") or ())
    properties["name"] = [full_name(name) for name in names if name.get("kind") not in ALIASES]
    properties["alias"] = [full_name(name) for name in names if name.get("kind") in ALIASES]
    if shape.name != "Address":
        properties["address"] = [address.get("full") for address in named.get("addresses") or ()]
    return properties


def _make_participation(project: str, named: AsSent, thing: str, *, party: bool) -> FtmEntity:
    """That a case names something: a party takes part in it, how anything else belongs to it is not said."""
    schema, ends = (
        ("ProjectParticipant", {"project": [project], "participant": [thing]})
        if party
        else ("UnknownLink", {"subject": [project], "object": [thing]})
    )
    return _make_entity(_make_id("part", project, thing), schema, {**ends, "role": [named.get("role")]})


def _make_entity(id_: str, schema: str, given: Mapping[str, Iterable[Any]]) -> FtmEntity:
    """Every property is a list of texts; one without values is left out."""
    properties = {
        name: list(dict.fromkeys(str(value) for value in values if value not in (None, "")))
        for name, values in given.items()
    }
    return {"id": id_, "schema": schema, "properties": {name: some for name, some in properties.items() if some}}


def _partial_date(stated: str | None) -> str:
    """A birth date as the model knows them: of a range what both ends have in common, of a date about its year."""
    return shared_part(birth_date(stated)) if stated else ""


def _phone_number(stated: str | None, country: str) -> str:
    """A number in E.164, as the model asks, where it is a valid one; else as it was sent."""
    found = phone(stated, country) if stated else None
    return found.e164 if found and found.valid else stated or ""


def _make_id(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _country_codes(texts: Iterable[str | None]) -> list[str]:
    return [country_code(text).lower() for text in texts if text]
