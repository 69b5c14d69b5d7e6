"""Holds together what a topic's value is in code (structs), in schemas/*.json, and in schemas/asyncapi.yaml."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import jsonschema_rs
import msgspec
import numpy as np
import orjson
import pytest
import yaml
from asyncapi_contract import CONTRACT, LAYOUTS, LayoutPart, make_contract
from msgspec import inspect

from pipeline.access import alerts, audit, folders
from pipeline.access.alerts import Alert
from pipeline.access.break_glass import (
    GlassReason,
    add_confirmation,
    add_review,
    add_withdrawal,
    open_alone,
    request_opening,
)
from pipeline.access.case_filters import Filters
from pipeline.access.disclosure_threads import Disclosure, GlassVerdict, Urgency
from pipeline.access.disclosures import DisclosureAsk, add_grant, add_request, new_thread
from pipeline.access.folders import (
    Folder,
    FolderChart,
    FolderItem,
    FolderRole,
    FolderVisit,
    ItemKind,
    KeptSearch,
    Reference,
)
from pipeline.access.guesses import AskedGuesses, NamedGuess
from pipeline.access.hit_ledger import Admission, HitAllowance, HitQuestion
from pipeline.access.notices import Notice, disclosure_notice, hit_told_notice
from pipeline.access.release import CaseMeta, release_counterpart
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.access.reviews import Assignment, Review, Verdict, undo_review
from pipeline.access.revocations import Revocation
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, link_id
from pipeline.correlation.fingerprinting import expiry_mark, make_fingerprint
from pipeline.correlation.hits import Hit
from pipeline.correlation.postings import PostedCase, encode_postings
from pipeline.correlation.projection import CounterpartView, make_hit
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    Follow,
    PairMessage,
    Watch,
    WatchMessage,
    case_id,
    encode_pair_message,
    order_pair,
)
from pipeline.matching.bands import HIT_BAND, Band, ExactMatch
from pipeline.matching.explain.explaining import explain
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.handling import Handling
from pipeline.matching.model import Model, load_model
from pipeline.matching.model_file import encode_model
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS
from pipeline.records import expiry, schemas
from pipeline.records.agencies import Agency
from pipeline.records.doubts import Doubt
from pipeline.records.expiry import Expiry
from pipeline.records.hashing import partition_of
from pipeline.records.intake import (
    IntakeContext,
    IntakeDecision,
    SourceMessage,
    decide_message,
    make_accepted_record,
    reject_batch,
)
from pipeline.records.messages import AcceptedRecord, KnownVersion, Outcome, Position, Reason, Receipt, RejectedMessage
from pipeline.records.model import Envelope
from pipeline.search.probes import fingerprint_of
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.positions import RejectedBatch
from pipeline.streams.registers import control
from pipeline.streams.runtime.faults import FAULTS
from pipeline.streams.runtime.transactions import Progress
from pipeline.transparency.growth import GrowingLog, grow_log
from pipeline.transparency.leaves import new_seed
from pipeline.transparency.log_records import HEAD_KEY, HeadRecord
from support.access.requesters import make_requester
from support.correlation.key_rings import RING
from support.records.samples import FR_PJ, changed, example, message
from support.transparency.log_world import KEYS, LOG

VALUES: dict[str, type[msgspec.Struct]] = {
    "case": Envelope,
    "accepted": AcceptedRecord,
    "fingerprint": Fingerprint,
    "link": Claim,
    "receipt": Receipt,
    "rejected": RejectedMessage,
    "hit": Hit,
    "expiry": Expiry,
    "agency": Agency,
    "progress": Progress,
    "audit": audit.AuditEntry,
    "control": control.ControlSetting,
    "review": Review,
    "assignment": Assignment,
    "disclosure": Disclosure,
    "notice": Notice,
    "subscription": Alert,
    "hit_guesses": AskedGuesses,
    "hit_question": HitQuestion,
    "hit_admission": Admission,
    "hit_allowance": HitAllowance,
    "folder": Folder,
    "folder_item": FolderItem,
    "folder_chart": FolderChart,
    "folder_visit": FolderVisit,
    "revocation": Revocation,
    "witnessed_head": HeadRecord,
}
"""Schemas of values that code has a struct for."""

EXACT = (0, 1, 2, 3)
LISTED = {
    "link.equal_a": EXACT,
    "link.equal_b": EXACT,
    "hit_question.exact": EXACT,
    "hit_admission.band": (Band.CERTAIN, HIT_BAND, Band.NONE),
}
"""Fields that hold some values of their enum only, or several at once. Admissions of before are of either band."""

OPAQUE = (inspect.RawType, inspect.AnyType)
JSON_TYPES: dict[type, str] = {
    inspect.StrType: "string",
    inspect.BytesType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.VarTupleType: "array",
    inspect.DictType: "object",
    inspect.DateTimeType: "string",
}


@pytest.mark.parametrize("name", schemas.names())
def test_every_schema_is_one_of_json_schema_2020_12(name: str) -> None:
    assert schemas.schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schemas.schema(name))
    assert schemas.validator(name).is_valid(None) is False


def test_no_schema_of_another_name() -> None:
    with pytest.raises(KeyError):
        schemas.schema("nothing")


@pytest.mark.parametrize("name", VALUES)
def test_struct_and_schema_have_the_same_fields_and_types(name: str) -> None:
    differences = list(_differences(inspect.type_info(VALUES[name]), {"$ref": f"{name}.schema.json"}, name, name))
    assert differences == []


def _differences(kind: Any, node: dict[str, Any], file: str, path: str) -> Iterator[str]:
    """Where a struct's type and a schema part with each other."""
    if isinstance(kind, OPAQUE):
        return
    node, file = _resolved(node, file)
    kind, nullable = _without_null(kind)
    if nullable != _allows_null(node):
        yield f"{path}: null is {'not ' if nullable else ''}allowed by the schema"
    node, file = _resolved(_main_branch(node), file)
    if isinstance(kind, inspect.StructType):
        yield from _struct_differences(kind, node, file, path)
    elif isinstance(kind, inspect.UnionType):
        yield from _union_differences(kind, node, file, path)
    elif isinstance(kind, inspect.VarTupleType):
        yield from _differences(kind.item_type, node["items"], file, f"{path}[]")
    elif isinstance(kind, inspect.TupleType):
        if len(kind.item_types) != len(node["prefixItems"]) or node["minItems"] != len(kind.item_types):
            yield f"{path}: {len(kind.item_types)} items in code, {node['prefixItems']} in the schema"
        for at, (item, part) in enumerate(zip(kind.item_types, node["prefixItems"], strict=False)):
            yield from _differences(item, part, file, f"{path}[{at}]")
    elif isinstance(kind, inspect.EnumType | inspect.LiteralType):
        options = kind.values if isinstance(kind, inspect.LiteralType) else [option.value for option in kind.cls]
        listed = [option for option in node.get("enum", [node.get("const")]) if option is not None]
        if sorted(LISTED.get(path, options)) != sorted(listed):
            yield f"{path}: {options} in code, {listed} in the schema"
    elif JSON_TYPES[type(kind)] not in _types(node):
        yield f"{path}: {JSON_TYPES[type(kind)]} in code, {_types(node)} in the schema"


def _struct_differences(kind: inspect.StructType, node: dict[str, Any], file: str, path: str) -> Iterator[str]:
    fields = {field.encode_name: field for field in kind.fields}
    if kind.tag_field:
        yield from [] if node["properties"].pop(kind.tag_field) == {"const": kind.tag} else [f"{path}: tag"]
    required = {name for name, field in fields.items() if field.required}
    if kind.array_like:
        parts = {part["title"]: part for part in node["prefixItems"]}
        if list(parts) != list(fields) or node["minItems"] != len(required):
            yield f"{path}: {list(fields)} in code, {list(parts)} in the schema"
    else:
        parts = node["properties"]
        if node["additionalProperties"] is not False or set(parts) != set(fields):
            yield f"{path}: fields {sorted(set(parts) ^ set(fields))} are in one only"
        if set(node.get("required", ())) - {kind.tag_field} != required:
            yield f"{path}: {sorted(required)} are required in code, {node.get('required')} in the schema"
    for name in parts.keys() & fields.keys():
        yield from _differences(fields[name].type, parts[name], file, f"{path}.{name}")


def _union_differences(kind: inspect.UnionType, node: dict[str, Any], file: str, path: str) -> Iterator[str]:
    """A union of tagged structs is a list of conditions in the schema."""
    branches = {part["if"]["properties"]["type"]["const"]: part["then"] for part in node["allOf"]}
    structs = {struct.tag: struct for struct in kind.types if isinstance(struct, inspect.StructType)}
    if not set(branches) == set(structs) == set(node["properties"]["type"]["enum"]):
        yield f"{path}: {sorted(map(str, structs))} in code, {sorted(branches)} in the schema"
    for tag in branches.keys() & structs.keys():
        yield from _differences(structs[tag], branches[str(tag)], file, f"{path}<{tag}>")


def _resolved(node: dict[str, Any], file: str) -> tuple[dict[str, Any], str]:
    while "$ref" in node:
        name, _, pointer = node["$ref"].partition("#/")
        file = name.removesuffix(schemas.SUFFIX) or file
        steps: list[str | int] = list(pointer.split("/")) if pointer else []
        node = orjson.loads(orjson.dumps(schemas.node(file, steps)))
    return node, file


def _without_null(kind: Any) -> tuple[Any, bool]:
    """A type without None, and whether that was among it; what is said of a type besides is left out."""
    if isinstance(kind, inspect.Metadata):
        return _without_null(kind.type)
    if not isinstance(kind, inspect.UnionType):
        return kind, False
    kept = tuple(each for each in kind.types if not isinstance(each, inspect.NoneType))
    nullable = len(kept) < len(kind.types)
    return (_without_null(kept[0])[0] if len(kept) == 1 else inspect.UnionType(kept)), nullable


def _allows_null(node: dict[str, Any]) -> bool:
    return "null" in _types(node) or None in node.get("enum", ()) or {"type": "null"} in node.get("anyOf", ())


def _main_branch(node: dict[str, Any]) -> dict[str, Any]:
    branches: list[dict[str, Any]] = [each for each in node.get("anyOf", ()) if each != {"type": "null"}]
    return branches[0] if branches else node


def _types(node: dict[str, Any]) -> list[str]:
    types = node.get("type", ["string"] if "enum" in node else [])
    return types if isinstance(types, list) else [types]


@pytest.mark.parametrize(
    ("name", "path", "catalogue", "others"),
    [
        ("receipt", "properties/reason", Reason, frozenset()),
        ("receipt", "properties/outcome", Outcome, frozenset()),
        ("receipt", "$defs/recordWarning/properties/code", Doubt, frozenset()),
        ("accepted", "$defs/recordWarning/properties/code", Doubt, frozenset()),
        ("rejected", "properties/reason", Reason, FAULTS),
    ],
)
def test_catalogues_of_codes_are_those_of_the_schemas(
    name: str, path: str, catalogue: type[StrEnum], others: frozenset[str]
) -> None:
    listed = schemas.node(name, list(path.split("/")))["enum"]
    assert set(listed) == {str(code) for code in catalogue} | others


def test_every_constraint_of_the_record_is_described_for_people() -> None:
    """A rejection's message is the description of what the schema asks for."""
    words = {"pattern", "enum", "minimum", "maximum", "minLength"}
    nodes = [node for node in _nodes(schemas.schema("case")) if words & node.keys()]
    assert [node for node in nodes if "description" not in node] == []


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _nodes(part)


@pytest.fixture(scope="module")
def scoring() -> Model:
    return load_model()


def _received(raw: bytes | None, key: str = "fr-pj:2026-004711", known: dict[str, Any] | None = None) -> IntakeDecision:
    encoded = key.encode()
    place = Position("cases.fr-pj", partition_of(encoded, 4), 7)
    context = IntakeContext({"fr-pj": FR_PJ}, 4, (known or {}).get, lambda: datetime(2026, 11, 1, tzinfo=UTC))
    return decide_message(SourceMessage(place, "fr-pj", encoded, raw), context)


def _samples(scoring: Model) -> Iterator[tuple[str, msgspec.Struct]]:
    yield "case", msgspec.convert(example(), Envelope)
    yield "agency", FR_PJ
    yield "progress", Progress(17, "topic-id")
    yield "control", control.ControlSetting("active_generation", "0123456789ab", "an operator", "2026-11-01T10:00:00Z")
    file = msgspec.Raw(encode_model(scoring.file))
    batch = RejectedBatch("cases.fr-pj", "AAAAAAAAAAAAAAAAAAAAAA", 2, 7, 9)
    yield (
        "control",
        control.ControlSetting("rejected_batch", "cases.fr-pj-2-7", "x", "2026-11-01T10:00:00Z", batch=batch),
    )
    yield (
        "control",
        control.ControlSetting("rejected_batch", "4", "an operator", "2026-11-01T10:00:00Z", audit_format=4),
    )
    yield "control", control.ControlSetting("generation", "0123456789ab", "uid 1", "2026-11-01T10:00:00Z", 4, file)
    decisions = [_received(message()), _received(message(status="withdrawn")), _received(b"{"), _received(None)]
    unreadable = SourceMessage(Position("cases.fr-pj", 0, 7), "fr-pj", None, None)
    decisions.append(reject_batch(unreadable, 9, "its records are malformed", "2026-11-01T10:00:00.000+00:00"))
    for decision in decisions:
        yield "receipt", decision.receipt
        if decision.rejected:
            yield "rejected", decision.rejected
        if decision.taken:
            whole = make_fingerprint(decision.taken.case, decision.taken.normalised, scoring)
            raw = msgspec.Raw(msgspec.json.encode(whole))
            yield "fingerprint", whole
            yield "accepted", make_accepted_record(decision.taken, decision.receipt, raw, "0123456789ab")
    yield from _ended()
    first = decisions[0].taken
    assert first is not None
    other = _received(changed(lambda event: event["data"].update(case_id="2")), "fr-pj:2").taken
    assert other is not None
    a, b = (make_fingerprint(taken.case, taken.normalised, scoring) for taken in (first, other))
    side, two = (
        ClaimSide(each.case, each.version, hash=each.hash, agency=each.agency, country=country, handling=each.handling)
        for each, country in ((a, "BE"), (b, "DE"))
    )
    evidence = msgspec.Raw(msgspec.json.encode(explain(a, b, scoring, "0123456789ab")))
    claim = Claim(
        link_id(a.case, b.case), ClaimState.LIVE, 0, "0123456789ab", side, two, 900, 0.99, Band.CERTAIN, evidence
    )
    yield "link", claim
    yield (
        "link",
        Claim(claim.link, ClaimState.RETRACTED, 0, claim.generation, ClaimSide(a.case, 3), ClaimSide(b.case, 4)),
    )
    hit = make_hit(claim, side, two, None, release_counterpart(claim, side, two), RING)
    assert hit is not None
    yield "hit", hit
    yield from (("audit", entry) for entry in _audited())
    yield "witnessed_head", HeadRecord("text\n\n\u2014 x AAAA\n", ("A" * 43,))
    yield from _decided(claim)


def _ended() -> Iterator[tuple[str, msgspec.Struct]]:
    """A version whose retention is over."""
    asked = Expiry("fr-pj:2026-004711", 3, "0" * 32)
    made = expiry.mark(asked, FR_PJ, KnownVersion(3, "0" * 32))
    assert made is not None
    raw = msgspec.Raw(msgspec.json.encode(expiry_mark(made)))
    yield "expiry", asked
    yield "fingerprint", expiry_mark(made)
    place = Position("expiries", 1, 7)
    yield "accepted", expiry.accepted(made, asked, place, "2026-11-24T10:00:00Z", raw, "0123456789ab")


def _audited() -> Iterator[audit.AuditEntry]:
    who = {"subject": "anna", "agency": "fr-pj", "country": "FR", "roles": ("investigator",)}
    why = {"purpose": "investigation", "case_reference": "2026/1", "request": "r1", "query": "AAAA", "object": "l1"}
    shown = (
        audit.ShownCase("fr-pj:1", audit.ShownForm.FULL),
        audit.ShownCase("be-fp:2", audit.ShownForm.HIT, "hit_only"),
        audit.ShownCase("be-fp:3", audit.ShownForm.COUNTED, "released"),
    )
    facts = audit.ActFacts(posed=True, asked=True, not_asked="budget", hits=1, shared=True, form="xlsx")
    acts = [
        audit.Act(audit.ActKind.OPENED),
        audit.Act(audit.ActKind.SEARCH, **who, **why, shown=shown, rule="role"),  # type: ignore[arg-type]
        audit.Act(audit.ActKind.EXPORT, **who, **why, shown=shown, rule="role", part="1/25"),  # type: ignore[arg-type]
        audit.Act(audit.ActKind.READ, **who, **why, shown=shown, rule="role", facts=facts),  # type: ignore[arg-type]
        audit.Act(audit.ActKind.CHECKPOINT, heads={"host|1|0": "ab"}),
    ]
    at = datetime(2026, 11, 1, tzinfo=UTC)
    yield from audit.bind_acts(audit.Chain("host|1|0"), [(act, at) for act in acts], new_seed)[1]


def test_leaves_and_heads_of_the_audit_log_hold_to_its_schema() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    entries = [msgspec.structs.replace(entry, seed=new_seed()) for entry in _audited()]
    messages = list(grow_log(GrowingLog(), entries, KEYS, LOG, lambda: now))
    assert [key for key, _ in messages] == [b"0", b"1", b"2", b"3", b"4", HEAD_KEY]
    for _, value in messages:
        assert [error.message for error in schemas.validator("audit_log").iter_errors(orjson.loads(value))] == []


def _decided(claim: Claim) -> Iterator[tuple[str, msgspec.Struct]]:
    """What people decide about a link or a case."""
    now, later = datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    chief = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
    made = Review(
        "r1", claim.link, claim.a.case, claim.b.case, 3, 4, claim.generation, Verdict.SAME, "be-fp", "chief", now,
        "the same passport", evidence=("0123456789abcdef",),
    )  # fmt: skip
    yield "review", made
    yield "review", undo_review(made, chief, later)
    query = alerts.make_alert("s1", "ivan petrov", "BE", chief, Grounds(Purpose.INVESTIGATION, "2026/1"), now)
    yield "subscription", query
    filters = Filters(("fr-pj",), ("FR",), ("ICCS:0501",), (5,), "2026-01-01", open_only=True, roles=("suspect",))
    narrowed = msgspec.structs.replace(query, filters=filters)
    yield "subscription", narrowed
    yield "fingerprint", fingerprint_of(narrowed, load_model())
    yield "subscription", alerts.close_alert(query, later)
    yield "fingerprint", fingerprint_of(query, load_model())
    yield "assignment", Assignment(claim.link, "be-fp", "someone", "chief", now)
    yield "revocation", Revocation("anna", now, later, token="ab" * 32)
    yield "revocation", Revocation("chief@host", now, later, agency="fr-pj", subject="anna")
    case = CaseMeta("fr-pj:1", "fr-pj", Handling("H2", ("BE",), ("investigation",)))
    why, blank = Grounds(Purpose.INVESTIGATION, "2026/1"), new_thread(RING, case, chief)
    asked = add_request(blank, case, chief, why, DisclosureAsk("urgent need", Urgency.URGENT, later), now)
    for thread in (asked, add_grant(asked, case, chief, later, "", now), *_glass_samples(case, chief, why, now)):
        yield "disclosure", thread
        if notice := disclosure_notice(thread, RING):
            yield "notice", notice
    yield from _folder_samples(claim, chief, why, now)
    yield from _gate_samples(claim, now, later)


def _folder_samples(
    claim: Claim, chief: Requester, why: Grounds, now: datetime
) -> Iterator[tuple[str, msgspec.Struct]]:
    folder = folders.make_folder("f1", "Kestrel", chief, why, now)
    yield "folder", folders.share_folder(folder, "anna", FolderRole.READER, now)
    yield "folder", folders.close_folder(folder, now)
    searched = Reference(ItemKind.SEARCH, search=KeptSearch("ivan petrov", "BE", Filters(("fr-pj",), open_only=True)))
    for reference in (searched, Reference(ItemKind.ENTITY, case=claim.a.case, entity="p1"), Reference(ItemKind.NOTE)):
        item = folders.make_item(folders.item_id(RING, "f1", reference), folder, reference, chief, now)
        yield "folder_item", folders.edit_item(folders.move_to(item, "V", now), chief, now, text="called")
        yield "folder_item", folders.drop_item(item, now)
    yield "folder_chart", FolderChart("f1", item.id, "be-fp", now, "{}")
    sights = {item.id: folders.make_sight(RING, "f1", chief, ("1",), ["0c1f"])}
    visit = folders.add_visit(None, folder, chief, sights, now)
    yield "folder_visit", folders.add_visit(visit, folder, chief, {}, now + timedelta(days=1))
    yield "folder_visit", folders.close_visit(visit, now)


def _glass_samples(case: CaseMeta, chief: Requester, why: Grounds, now: datetime) -> Iterator[Disclosure]:
    own, wanted = new_thread(RING, case, chief, chief.subject), GlassReason("life")
    requested = request_opening(own, case, chief, why, wanted, now)
    alone = open_alone(own, case, chief, why, wanted, timedelta(hours=24), now)
    yield from (requested, add_confirmation(requested, case, chief, now), add_withdrawal(requested, chief, now), alone)
    yield add_review(alone, chief, GlassVerdict.NOT_JUSTIFIED, "no need", now)


def _gate_samples(claim: Claim, now: datetime, later: datetime) -> Iterator[tuple[str, msgspec.Struct]]:
    told = CounterpartView("fr-pj", claim.a.contact, HIT_BAND, full=False, asks=claim.b.hash, exact=ExactMatch.NAME)
    hit = make_hit(claim, claim.b, claim.a, None, told, RING)
    assert hit is not None
    owner = hit_told_notice(claim.a.case, hit.id, hit.receiver, "correlation", now)
    guess = NamedGuess(("0123456789abcdef",), "01234567", (("passport", "89abcdef"),))
    yield "hit_guesses", AskedGuesses("fr-pj", "fr-pj:1", (guess,))
    yield "hit_guesses", AskedGuesses("fr-pj", "sub:1", beyond=True)
    yield "hit_question", HitQuestion("q", "be-fp", "fr-pj", claim.b.hash, hit, owner_notice=owner)
    yield "hit_question", HitQuestion(owner.id, "be-fp", "fr-pj", notice=owner)
    yield "hit_admission", Admission("q", "be-fp", "fr-pj", now, claim.b.hash, HIT_BAND, claim.a.contact)
    yield "hit_admission", Admission("spent|be-fp|fr-pj", "be-fp", "fr-pj", now, spent=3)
    yield "hit_allowance", HitAllowance("fr-pj", "be-fp", 500, later, "chief", now)


def test_what_the_structs_encode_holds_to_the_schemas(scoring: Model) -> None:
    samples = list(_samples(scoring))
    assert {name for name, _ in samples} == set(VALUES)
    for name, value in samples:
        encoded = orjson.loads(msgspec.json.encode(value))
        assert [error.message for error in schemas.validator(name).iter_errors(encoded)] == []


ASYNCAPI: dict[str, Any] = yaml.safe_load((schemas.folder() / "asyncapi.yaml").read_text())
CHANNELS = {channel["address"]: channel for channel in ASYNCAPI["channels"].values()}


def test_asyncapi_is_what_the_catalogue_says() -> None:
    assert CONTRACT.read_text() == make_contract(), "run `make reference`"


def test_asyncapi_has_the_topics_of_the_catalogue_and_no_other() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert set(CHANNELS) == {topic.pattern for topic in topics.CATALOGUE}


@pytest.mark.parametrize("topic", topics.CATALOGUE, ids=lambda topic: str(topic.pattern))
def test_asyncapi_says_of_a_topic_what_it_is_kept_like(topic: topics.Topic) -> None:
    channel = CHANNELS[topic.pattern]
    configuration = channel["bindings"]["kafka"]["topicConfiguration"]
    wanted = topic.configuration()
    assert configuration["cleanup.policy"] == [wanted["cleanup.policy"]]
    assert str(configuration["retention.ms"]) == wanted["retention.ms"]
    assert channel.get("x-erasure", "") == topic.erasure
    assert sorted(channel.get("parameters", ())) == [
        name for name in ("agency", "generation") if f"{{{name}}}" in topic.pattern
    ]


@pytest.mark.parametrize("topic", topics.CATALOGUE, ids=lambda topic: str(topic.pattern))
def test_a_topic_of_messages_has_a_schema_or_a_layout(topic: topics.Topic) -> None:
    if topic.layout:
        assert not topic.schema
        assert topic.layout in LAYOUTS
        return
    assert topic is topics.UPLOADS or topic.schema in schemas.names(), (
        f"schemas/{topic.schema}{schemas.SUFFIX} is missing"
    )


def _split(data: bytes, parts: Sequence[LayoutPart]) -> list[bytes]:
    """What each part of a layout holds; a repeated one, of which there is one at most, each time."""
    (left,) = {len(data) - sum(part.size for part in parts if not part.repeated)}
    sizes = []
    for part in parts:
        if part.repeated:
            assert left % part.size == 0
            sizes += [part.size] * (left // part.size)
        else:
            sizes.append(part.size or left)
    assert sum(sizes) == len(data)
    ends = list(itertools.accumulate(sizes))
    return [data[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def test_messages_about_pairs_are_laid_out_as_told(scoring: Model) -> None:
    taken = _received(message()).taken
    assert taken is not None
    version = CaseVersion(make_fingerprint(taken.case, taken.normalised, scoring))
    a, b = order_pair(case_id("fr-pj:1"), case_id("be-fp:2"))
    sent: list[tuple[str, str, PairMessage | WatchMessage, int, list[int]]] = [
        ("pairs", "ask", Ask(a, b, 4, 7), 1, [4, 7]),
        ("pairs", "ask", Ask(a, b, 4, 0, sampled=True), 2, [4, 0]),
        ("pairs", "answer", Answer(a, b, version), 3, [_number(version.encoded)]),
        ("pairs", "answer", Answer(a, b, version, sampled=True), 4, [_number(version.encoded)]),
        ("watches", "watch", Watch(a, b, True, 7), 5, [1, 7]),
        ("watches", "follow", Follow(a, b, False), 6, [0]),
    ]
    for topic, name, one, kind, values in sent:
        layout = LAYOUTS[topic][name]
        key, value = encode_pair_message(one)
        assert _split(key, layout.key) == [bytes([kind]), a, b]
        assert [_number(part) for part in _split(value, layout.value)] == values
        assert str(kind) in layout.key[0].content
    assert not list(schemas.validator("fingerprint").iter_errors(orjson.loads(version.encoded)))


def test_postings_are_laid_out_as_told() -> None:
    layout, case = LAYOUTS["postings"]["posting"], case_id("fr-pj:1")
    sketches = np.arange(SMALL_SKETCH_WORDS, dtype=np.uint32)[None]
    posted = PostedCase(case, order=6, country="FR", keys=(3, 5, 8), gone=(0,))
    odd, gone = encode_postings([posted], sketches, 2)[1:]
    head, sketch, *keys = _split(odd.value, layout.value)
    country = 1 + 26 * (ord("F") - ord("A")) + ord("R") - ord("A")
    assert (_split(odd.case, layout.key), _number(head)) == ([case], 6 * 1024 + country)
    assert (sketch, [_number(key) for key in keys]) == (sketches.astype("<u4").tobytes(), [3, 5])
    assert _number(gone.value) == 6 * 1024
    assert len(gone.value) == layout.value[0].size


def test_asyncapi_tells_each_layout() -> None:
    for topic in topics.CATALOGUE:
        for name in LAYOUTS.get(topic.layout, {}):
            told = ASYNCAPI["components"]["messages"][name]
            assert told["contentType"] == "application/octet-stream"
            assert told["payload"]["format"] == told["bindings"]["kafka"]["key"]["format"] == "binary"
        assert ("x-purged" in CHANNELS[topic.pattern]) == topic.purged


def test_every_channel_has_a_sender_and_a_receiver() -> None:
    actions = {
        (each["channel"]["$ref"].removeprefix("#/channels/"), each["action"])
        for each in ASYNCAPI["operations"].values()
    }
    used = ASYNCAPI["channels"].keys() - {topics.UPLOADS.pattern}
    assert actions == {(name, action) for name in used for action in ("send", "receive")}
