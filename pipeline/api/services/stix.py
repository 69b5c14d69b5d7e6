"""Exported rows as STIX 2.1 objects (OASIS standard, 10 June 2021), for threat-intelligence platforms.

A case is an Incident made by its agency's Identity, persons and organisations are Identities, addresses Locations, and
Relationships join them; a link is a Relationship of two Incidents whose confidence is its probability, and whose
description says if it rests on a number in two hands. The owner's
handling is a Statement Marking. Ids are made of keys alone, so every export names the same things alike. The standard
knows no vehicle, phone by itself, bank account, document, weapon or event: these are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.access.redaction import LinkRow
from pipeline.access.reviews import Review, summarise_reviews
from pipeline.api.services.export_words import describe_link
from pipeline.index.documents import AsSent, CaseRecord
from pipeline.records.countries import country_code
from pipeline.records.entity_types import ENTITY_TYPES_BY_NAME
from pipeline.records.names import full_name

Object = dict[str, Any]

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://liaison.example/stix")

UNKNOWN_TIME: Final = "1970-01-01T00:00:00.000Z"
"""`created` must never change, and when a record was taken in is for its owner alone: where it states no opening, this.
"""

ALIASES: Final = frozenset({"alias", "nickname"})


def exporter_identity() -> Object:
    """Who made the bundle; so that none is empty."""
    return _make_identity("exporter", {"name": "Liaison", "identity_class": "system"})


def case_objects(row: CaseRecord) -> Iterator[Object]:
    """A case that is seen in full, and what it names.

    A later version must bear a later `modified`: it is the record's opening and a millisecond for each version.
    """
    key, data = row.case, row.data
    day = data.get("opened")
    opened = datetime.fromisoformat(f"{day}T00:00:00+00:00" if day else UNKNOWN_TIME)
    maker, marking = agency_object(row.agency), _make_marking(row.agency, data.get("handling") or {})
    yield from (maker, marking)
    incident = _make_incident(key, {
        "name": data.get("title") or key, "description": data.get("summary"), "created_by_ref": maker["id"],
        "object_marking_refs": [marking["id"]],
    }, _format_time(opened), _format_time(opened + timedelta(milliseconds=row.version)))  # fmt: skip
    yield incident
    for named in data.get("entities") or ():
        thing = _make_entity(key, named, incident)
        if thing is not None:
            yield thing
            yield _make_relationship(incident, thing["id"], {"description": named.get("role")})


def link_objects(row: LinkRow, reviews: Sequence[Review] = ()) -> Iterator[Object]:
    """A link and its ends; a hit-only one bears the requester's opaque reference and its agency, nothing else.

    `reviews` are those of a link that is seen in full: its labels say what they come to, `review-red` for one, and
    `review-disputed`. Its `modified` is later after each version of a case and each review, made or undone.
    """
    first = _make_incident(row.case_a, {"name": row.case_a}, UNKNOWN_TIME, UNKNOWN_TIME)
    yield first
    if row.hit:
        maker = agency_object(row.hit.agency)
        yield maker
        properties = {"name": f"A record of {row.hit.agency}", "created_by_ref": maker["id"]}
        second = _make_dated_object("incident", ("hit", row.hit.reference), properties, UNKNOWN_TIME, UNKNOWN_TIME)
    else:
        second = _make_incident(row.case_b or "", {"name": row.case_b}, UNKNOWN_TIME, UNKNOWN_TIME)
    yield second
    probability = row.probability
    judged = {"created": UNKNOWN_TIME, "modified": _link_modified(row, reviews), "description": describe_link(row),
              "labels": _review_labels(reviews),
              "confidence": None if probability is None else round(100 * probability)}  # fmt: skip
    yield _make_relationship(first, second["id"], judged, (row.link_id,))


def _link_modified(row: LinkRow, reviews: Sequence[Review]) -> str:
    """The last review's time, or else UNKNOWN_TIME, and a millisecond for each version and each change of a review.

    None of these ever grows less, and reviews are told with time and mark to whoever sees both sides. When one was
    undone is told to nobody, so that it was is counted.
    """
    last = max((review.time for review in reviews), default=datetime.fromisoformat(UNKNOWN_TIME))
    changes = (row.version_a or 0) + (row.version_b or 0) + len(reviews) + sum(review.undone for review in reviews)
    return _format_time(last.astimezone(UTC) + timedelta(milliseconds=changes))


def _review_labels(reviews: Sequence[Review]) -> list[str]:
    held = summarise_reviews(reviews)
    if not held.holding:
        return []
    return [f"review-{held.colour.value}", *(["review-disputed"] if held.disputed else [])]


def agency_object(agency: str) -> Object:
    """An agency, the same in every export."""
    return _make_identity(f"agency {agency}", {"name": agency, "identity_class": "organization"})


def _make_incident(key: str, properties: Mapping[str, Any], created: str, modified: str) -> Object:
    named = {"external_references": [{"source_name": "liaison", "external_id": key}]}
    return _make_dated_object("incident", ("case", key), {**properties, **named}, created, modified)


def _make_entity(case: str, named: AsSent, incident: Object) -> Object | None:
    """What a case names, marked and dated as the case is; None for what the standard does not know."""
    row = ENTITY_TYPES_BY_NAME.get(named["type"])
    made = row.stix if row else None
    if made is None:
        return None
    properties = _party_fields(named, made.identity_class) if made.identity_class else _place_fields(named)
    if properties is None:
        return None
    of_case: Object = {name: incident[name] for name in ("created_by_ref", "object_marking_refs")}
    return _make_dated_object(
        made.schema, ("entity", case, named["id"]), {**properties, **of_case}, incident["created"], incident["modified"]
    )


def _party_fields(named: AsSent, identity_class: str) -> Object:
    names = list(named.get("names") or ())
    full = [full_name(name) for name in names if name.get("kind") not in ALIASES] or [full_name(name) for name in names]
    others = [name for name in map(full_name, names) if name not in full[:1]]
    born = dict.fromkeys([named.get("birth_date"), *(named.get("birth_dates") or ())])
    said = {"also known as": others, "born": born, "nationality": named.get("nationalities")}
    contact = [*(named.get("phones") or ()), *(named.get("emails") or ())]
    return {
        "name": next(iter(full), "") or named["id"],
        "identity_class": identity_class,
        "description": "; ".join(f"{word} {', '.join(some)}" for word, some in _drop_empty(said)) or None,
        "contact_information": ", ".join(contact) or None,
    }


def _drop_empty(said: Mapping[str, Iterable[str | None] | None]) -> Iterator[tuple[str, list[str]]]:
    return ((word, some) for word, values in said.items() if (some := [value for value in values or () if value]))


def _place_fields(named: AsSent) -> Object | None:
    """A place; the standard asks for a country or coordinates."""
    country = country_code(named["country"]) if named.get("country") else ""
    whole = named.get("latitude") is not None and named.get("longitude") is not None
    if not country and not whole:
        return None
    point = {name: named[name] for name in ("latitude", "longitude")} if whole else {}
    street = " ".join(filter(None, (named.get("house"), named.get("street"))))
    return point | {
        "name": named.get("full"), "country": country or None, "administrative_area": named.get("region"),
        "city": named.get("city"), "street_address": street or None, "postal_code": named.get("postcode"),
    }  # fmt: skip


def _make_marking(agency: str, handling: AsSent) -> Object:
    """What the owner says of the use of a case, as a Statement Marking: TLP knows no purposes."""
    clauses = [f"{agency}: handling {handling.get('code', 'owner only')}"]
    clauses += [f"{word} {', '.join(some)}" for word, some in _drop_empty({
        "releasable to": handling.get("releasable_to"), "purposes": handling.get("purposes"),
    })]  # fmt: skip
    if handling.get("caveat"):
        clauses += [handling["caveat"], *map(": ".join, sorted(handling.get("caveat_translations", {}).items()))]
    statement = ". ".join(clauses)
    return _make_object("marking-definition", ("marking", statement), {
        "created": UNKNOWN_TIME, "definition_type": "statement", "definition": {"statement": statement},
    })  # fmt: skip


def _make_relationship(
    source: Object, target: str, properties: Mapping[str, Any], named: tuple[str, ...] = ()
) -> Object:
    inherited: Object = {name: source.get(name) for name in ("created", "modified", "object_marking_refs")}
    ends = {"relationship_type": "related-to", "source_ref": source["id"], "target_ref": target}
    return _make_object(
        "relationship", ("relationship", source["id"], target, *named), {**inherited, **properties, **ends}
    )


def _make_identity(name: str, properties: Mapping[str, Any]) -> Object:
    return _make_dated_object("identity", (name,), properties, UNKNOWN_TIME, UNKNOWN_TIME)


def _make_dated_object(
    schema: str, parts: tuple[str, ...], properties: Mapping[str, Any], created: str, modified: str
) -> Object:
    return _make_object(schema, parts, {"created": created, "modified": modified, **properties})


def _make_object(schema: str, parts: tuple[str, ...], properties: Mapping[str, Any]) -> Object:
    """Properties without a value are left out, as the standard asks."""
    given = {name: value for name, value in properties.items() if value not in (None, "", [])}
    return {"type": schema, "spec_version": "2.1", "id": f"{schema}--{_make_id(*parts)}", **given}


def _format_time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as STIX timestamps are; sorts as text."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bundle_id(*parts: str) -> str:
    """The id of a bundle, the same for the same request."""
    return f"bundle--{_make_id('bundle', *parts)}"


def _make_id(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))
