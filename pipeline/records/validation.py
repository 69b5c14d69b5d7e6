"""From the bytes of a message to a case record, or to everything that is wrong with it.

The schema (schemas/case.schema.json) says what a record is; this module adds what a schema cannot say: size, text
form, repeated keys, nesting, ids within the case, and who may send it. A good record costs about twice
what json.loads takes (tests/benchmarks/records); only a refused one gets the slow look that finds the exact place.
Messages name fields and limits, never the values sent, since they travel in receipts and logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import jsonschema_rs
import msgspec
import orjson

from pipeline.records import dates, hashing, json_text, schemas
from pipeline.records.agencies import Agency
from pipeline.records.json_text import pointer_to
from pipeline.records.messages import Reason
from pipeline.records.model import RECORD_TYPE, Case, Envelope, Person

MAX_BYTES = 1 << 20
"""Largest message (1 MiB)."""

MAX_PROBLEMS = 100
"""Problems reported of one record: more help nobody."""

DATE_FORMS = frozenset({"day", "partialDay", "birthDate", "instant", "when"})
"""Definitions of the schema whose pattern is the calendar's."""

JSON_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
"""What people call the types of JSON."""

SENDER = "/agencies/"
"""How a CloudEvents `source` begins that names its agency."""


class RecordProblem(msgspec.Struct, frozen=True):
    """One thing wrong with a message; `pointer` is a JSON pointer into it."""

    reason: Reason
    pointer: str
    message: str


class ValidRecord(msgspec.Struct, frozen=True):
    """A record that holds to the schema; `data` is its data as sent, in canonical JSON."""

    envelope: Envelope
    data: bytes

    @property
    def case(self) -> Case:
        """The case in the record."""
        return self.envelope.data


_UNEXPLAINED = RecordProblem(Reason.SCHEMA, "", "does not match schemas/case.schema.json")
"""Stands behind what the slow look finds, so that a refusal has a problem even if it should find none."""


class RefusedError(Exception):
    """The message is not an acceptable record."""

    def __init__(self, *problems: RecordProblem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return self.problems[0].message


def read(raw: bytes | None) -> ValidRecord:
    """The record in a message's value; for any other bytes it raises RefusedError with at least one problem."""
    if not raw:
        null = "empty (a Kafka null); to withdraw a case, send a version with status withdrawn"
        raise RefusedError(RecordProblem(Reason.NOT_JSON, "", null if raw is None else "empty message"))
    document = _parse(raw)
    if not _validator().is_valid(document):
        raise RefusedError(*(_slow_look(raw, document) or [_UNEXPLAINED]))
    if _too_deep(document):
        raise RefusedError(*_slow_look(raw, document))
    data = hashing.canonical_json(document["data"])
    if _looks_repeated(raw, document, data) and (found := _slow_look(raw, document)):
        raise RefusedError(*found)
    envelope = msgspec.convert(document, Envelope, strict=False)
    if contradictions := tuple(_contradictions(envelope.data)):
        raise RefusedError(*contradictions)
    return ValidRecord(envelope, data)


def load() -> None:
    """Read and compile the schema, so that an installation without it shows at its start. Raises LiaisonError."""
    _validator()


def sender_problems(record: ValidRecord, agency: Agency) -> Iterator[RecordProblem]:
    """What makes a record foreign to the agency whose topic it is sent on."""
    case, source = record.case, record.envelope.source
    if case.agency != agency.name:
        yield RecordProblem(Reason.FOREIGN_AGENCY, "/data/agency", f"this topic is that of agency {agency.name}")
    elif source.startswith(SENDER) and source.removeprefix(SENDER).split("/")[0] != agency.name:
        yield RecordProblem(Reason.FOREIGN_AGENCY, "/source", f"names another agency than {agency.name}")
    if case.country != agency.country:
        yield RecordProblem(Reason.FOREIGN_AGENCY, "/data/country", f"the country of {agency.name} is {agency.country}")


@cache
def _validator() -> jsonschema_rs.Validator:
    return schemas.validator("case")


def _parse(raw: bytes) -> Any:
    if len(raw) > MAX_BYTES:
        raise RefusedError(
            RecordProblem(Reason.TOO_LARGE, "", f"{len(raw)} bytes; the limit is {MAX_BYTES} bytes a message")
        )
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        flaw = json_text.flaw(raw) or json_text.JsonFlaw("", f"not JSON: {error.msg}")
        raise RefusedError(RecordProblem(Reason.NOT_JSON, flaw.pointer, flaw.message)) from None


def _looks_repeated(raw: bytes, document: dict[str, Any], data: bytes) -> bool:
    """Whether a key may stand twice.

    Each key brings one colon, and so does each colon in a text. The document's canonical form holds one of each
    repeated key only, so its count is lower: equal counts prove that no key stands twice, as long as no colon is
    written as an escape. A wrong suspicion only costs the slow look.
    """
    head = len(document) + sum([text.count(":") for text in document.values() if isinstance(text, str)])
    return raw.count(b":") != head + data.count(b":") or b"\\u003" in raw


def _too_deep(document: dict[str, Any]) -> bool:
    """Whether the document is nested too deep; of a valid one only its extensions can be."""
    if "extensions" not in document["data"]:
        return False
    level = [document["data"]["extensions"]]
    for _ in range(json_text.MAX_DEPTH - 2):
        inner = (part.values() if isinstance(part, dict) else part for part in level)
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
    return bool(level)


def _slow_look(raw: bytes, document: Any) -> list[RecordProblem]:
    """Everything wrong with the text, or if nothing is, with the document."""
    if flaw := json_text.flaw(raw):
        return [RecordProblem(Reason.NOT_JSON, flaw.pointer, flaw.message)]
    if unknown := _unknown_version(document):
        return [unknown]
    errors = islice(_validator().iter_errors(document), MAX_PROBLEMS)
    return [problem for error in errors for problem in _named(error)][:MAX_PROBLEMS]


def _unknown_version(document: Any) -> RecordProblem | None:
    stem = RECORD_TYPE[: -len("1")]
    kind = document.get("type") if isinstance(document, dict) else None
    if isinstance(kind, str) and kind.startswith(stem) and kind != RECORD_TYPE:
        message = f"unknown record version (known: {RECORD_TYPE}); it waits for replay"
        return RecordProblem(Reason.SCHEMA, "/type", message)
    return None


def _named(error: jsonschema_rs.ValidationError) -> Iterator[RecordProblem]:
    """A schema error in the words of the schema's own descriptions."""
    keyword, details = error.kind.name, error.kind.as_dict()
    place = error.instance_path
    if keyword == "additionalProperties":
        for name in details["unexpected"]:
            message = "unknown field; an agency's own fields go under /data/extensions"
            yield RecordProblem(Reason.SCHEMA, pointer_to([*place, name]), message)
    elif keyword == "required":
        yield RecordProblem(Reason.SCHEMA, pointer_to(place), f"`{details['property']}` is missing")
    elif keyword in ("maxLength", "maxItems", "maxProperties"):
        unit = "characters" if keyword == "maxLength" else "items"
        yield RecordProblem(Reason.TOO_LARGE, pointer_to(place), f"over the limit of {details['limit']} {unit}")
    elif keyword == "pattern" and DATE_FORMS.intersection(map(str, error.schema_path)):
        yield RecordProblem(Reason.DATE, pointer_to(place), dates.flaw(str(error.instance)))
    else:
        yield RecordProblem(Reason.SCHEMA, pointer_to(place), f"must be {_expected(error)}")


def _expected(error: jsonschema_rs.ValidationError) -> str:
    if error.kind.name == "type":
        wanted = " or ".join(JSON_TYPES[name] for name in error.kind.as_dict()["types"])
        names = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
        return f"{wanted}, not {JSON_TYPES[names.get(type(error.instance), 'null')]}"
    return str(schemas.node("case", error.schema_path[:-1]).get("description", ""))


def _contradictions(case: Case) -> Iterator[RecordProblem]:
    """What the parts of a case say against each other."""
    if case.handling.caveat_translations and not case.handling.caveat:
        message = "must be there where there are translations of it: it is what binds"
        yield RecordProblem(Reason.SCHEMA, "/data/handling/caveat", message)
    ids = {entity.id for entity in case.entities}
    for at, relation in enumerate(case.relations):
        for end, entity_id in (("from", relation.from_), ("to", relation.to)):
            if entity_id not in ids:
                message = "must be the id of an entity of this case"
                yield RecordProblem(Reason.SCHEMA, f"/data/relations/{at}/{end}", message)
    if len(ids) != len(case.entities):
        seen: set[str] = set()
        for at, entity in enumerate(case.entities):
            if entity.id in seen:
                yield RecordProblem(Reason.SCHEMA, f"/data/entities/{at}/id", "must be unique within the case")
            seen.add(entity.id)
    for at, entity in enumerate(case.entities):
        for number, text in enumerate(entity.birth_dates if isinstance(entity, Person) else ()):
            if dates.is_reversed(text):
                yield RecordProblem(Reason.DATE, f"/data/entities/{at}/birth_dates/{number}", dates.REVERSED)
