"""Exported STIX holds to the published JSON Schemas (stix_schemas, of oasis-open/cti-stix2-json-schemas)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from pipeline.access.reviews import Verdict
from pipeline.api.services.exports import What, export_records
from pipeline.api.services.reviews import LinkReview, retract_review, review_link
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.api.runtime import api as api
from support.api.runtime import stages as stages
from support.records.builder import person, record
from support.records.samples import example

FOLDER = Path(__file__).with_name("stix_schemas")
SCHEMAS = {file.stem: orjson.loads(file.read_bytes()) for file in FOLDER.rglob("*.json")}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


async def bundle(api: Api, what: What, who: Any = ANNA) -> dict[str, Any]:
    """An exported bundle, each of its objects held to its schema."""
    raw = b"".join([part async for part in export_records(api.session(who), what, "stix")])
    told: dict[str, Any] = orjson.loads(raw)
    assert told.keys() == {"type", "id", "objects"}
    assert re.fullmatch(f"bundle--{UUID}", told["id"])
    for one in told["objects"]:
        faults = Draft202012Validator(SCHEMAS[one["type"]], registry=REGISTRY).iter_errors(one)
        assert [error.message for error in faults] == [], one
        assert one.get("created", "") <= one.get("modified", "9")
    ids = [one["id"] for one in told["objects"]]
    assert len(ids) == len(set(ids))
    return told


def of(told: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in told["objects"] if one["type"] == kind]


async def test_a_case_with_all_kinds_of_entity(api: Api) -> None:
    api.hold(example()["data"])
    told = await bundle(api, "cases")
    (incident,) = of(told, "incident")
    assert (incident["name"], incident["created"]) == ("Vol à main armée", "2026-10-28T00:00:00.000Z")
    assert incident["external_references"] == [{"source_name": "liaison", "external_id": "fr-pj:2026-004711"}]
    (marking,) = of(told, "marking-definition")
    assert incident["object_marking_refs"] == [marking["id"]]
    assert marking["definition"]["statement"].endswith("Ne pas contacter le suspect.")
    persons = {one["name"]: one for one in of(told, "identity") if one["identity_class"] == "individual"}
    assert persons["Иван Петров"]["description"] == "also known as Ivan Petrov; born 1980-05; nationality RU"
    assert persons["Иван Петров"]["contact_information"] == "+33 6 12 34 56 78, Ivan@mail.example"
    ends = {one["target_ref"] for one in of(told, "relationship") if one["source_ref"] == incident["id"]}
    assert persons["Иван Петров"]["id"] in ends
    assert {one["id"] for one in told["objects"]} >= ends


async def test_all_birth_dates_are_told_once(api: Api) -> None:
    man = person("Ivan Petrov", birth_date="1980", birth_dates=["1980-05-03", "1980", "1970/1975"])
    api.hold(record("fr-pj", entities=[man]))
    (told,) = [one for one in of(await bundle(api, "cases"), "identity") if one["name"] == "Ivan Petrov"]
    assert told["description"] == "born 1980, 1980-05-03, 1970/1975"


async def test_links_name_the_incidents_of_the_cases_and_of_a_hit_its_agency_alone(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"), record("es-cnp", code="H3"))
    for other in ("be-fp:1", "nl-np:1", "es-cnp:1"):
        api.link("fr-pj:1", other)
    cases, told = await bundle(api, "cases"), await bundle(api, "links")
    incidents = {one["id"]: one["name"] for one in of(told, "incident")}
    pairs = {
        (incidents[one["source_ref"]], incidents[one["target_ref"]]): one.get("confidence")
        for one in of(told, "relationship")
    }
    full, hit = ("be-fp:1", "fr-pj:1"), ("fr-pj:1", "A record of nl-np")
    assert pairs.keys() == {full, hit}
    assert (pairs[full] or 0) > 90
    assert pairs[hit] is None
    assert {one["id"] for one in of(cases, "incident")} <= incidents.keys()
    assert not any(word in orjson.dumps(told) for word in (b"nl-np:1", b"es-cnp"))


async def test_the_same_is_named_alike_in_every_export(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", code="H2"))
    api.link("fr-pj:1", "be-fp:1")
    anna, again, bert = await bundle(api, "links"), await bundle(api, "links"), await bundle(api, "links", BERT)
    assert anna == again
    assert {one["id"] for one in of(anna, "incident")} != {one["id"] for one in of(bert, "incident")}


async def test_a_later_version_is_modified_later_and_when_it_came_is_not_told(api: Api) -> None:
    stamps = []
    for version in (1, 2, 12):
        api.hold(record("fr-pj", version=version, opened="2026-01-10"))
        (incident,) = of(await bundle(api, "cases", BERT), "incident")
        stamps.append((incident["created"], incident["modified"]))
    assert stamps == [("2026-01-10T00:00:00.000Z", f"2026-01-10T00:00:00.{version:03}Z") for version in (1, 2, 12)]


async def relationship(api: Api, who: Any = ANNA) -> dict[str, Any]:
    (told,) = of(await bundle(api, "links", who), "relationship")
    return told


async def test_a_link_that_was_judged_or_has_another_version_is_modified_later(api: Api) -> None:
    """A platform that holds the object takes the later of two with one id."""
    api.hold(record("fr-pj"), record("be-fp"))
    name = api.link("fr-pj:1", "be-fp:1")
    told = [await relationship(api)]
    assert "labels" not in told[0]
    judged = await review_link(api.session(ANNA), name, LinkReview(Verdict.SAME, "the same person", True))
    told.append(await relationship(api))
    assert told[-1]["labels"] == ["review-red"]
    await review_link(api.session(BERT), name, LinkReview(Verdict.DIFFERENT, "another person"))
    told.append(await relationship(api))
    assert told[-1]["labels"] == ["review-red", "review-disputed"]
    await retract_review(api.session(ANNA), judged.judged.own or "")
    told.append(await relationship(api))
    assert told[-1]["labels"] == ["review-green"]
    api.hold(record("fr-pj", version=2))
    api.link("fr-pj:1", "be-fp:1")
    told.append(await relationship(api))
    assert len({one["id"] for one in told}) == 1
    times = [one["modified"] for one in told]
    assert times == sorted(set(times)), "each later than the one before"
    assert await relationship(api) == told[-1], "nothing new is no new version"


async def test_reviews_that_a_reader_may_not_see_move_nothing(api: Api) -> None:
    """Anna has a hit alone: that Bert, who sees both records, has judged the link changes no byte for her."""
    api.hold(record("fr-pj"), record("be-fp", code="H2"))
    name = api.link("fr-pj:1", "be-fp:1")
    before = (await bundle(api, "links"))["objects"]
    await review_link(api.session(BERT), name, LinkReview(Verdict.SAME, "the same person"))
    assert (await relationship(api, BERT))["labels"] == ["review-white"]
    assert (await bundle(api, "links"))["objects"] == before


@pytest.mark.parametrize("what", ["links", "cases"])
async def test_nothing_to_tell_is_a_bundle_too(api: Api, what: What) -> None:
    assert [one["name"] for one in (await bundle(api, what))["objects"]] == ["Liaison"]
