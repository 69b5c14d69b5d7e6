"""Rows of a list that are made of entities: of records, and of FollowTheMoney files (followthemoney.tech).

A row of a record names the record and the entity and holds nothing of it: what it asks is made of the record as its
reader may see it whenever it is asked or shown. A FollowTheMoney entity is its sender's own: its row keeps its id, what
is asked of it, and how the file ties it to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import msgspec

from pipeline.api.list_planning import MOST_BYTES, MOST_ROWS, ListError, ListRow, ListTie
from pipeline.errors import LiaisonError
from pipeline.index.documents import AsSent, CaseDocument
from pipeline.locale import N_
from pipeline.records.names import full_name
from pipeline.search.questions import MAX_PARTS, MAX_QUESTION_CHARS, NAMED, parse_question, quote_value

AskedValues = dict[str, list[str]]
"""What is asked, by the question's field."""

ORDER: Final = (
    "type", "name", "born", "number", "plate", "phone", "email", "alias", "nickname", "birthplace", "nationality",
)  # fmt: skip
"""The fields of a question, what tells most first: what does not fit into a question is left out behind."""

ASKING: Final = frozenset({"name", "alias", "born", "number", "plate", "phone", "email"})
"""A question needs one of these: all else tells apart whom the rest finds."""

CHECKED: Final = frozenset({"born", "nationality"})
"""Fields whose values a question refuses where they make no sense."""


def ask_values(values: Mapping[str, Sequence[str]]) -> str:
    """The question that asks these values, as many as fit; "" where none finds anybody."""
    parts: list[str] = []
    asks = False
    for field in ORDER:
        for value in dict.fromkeys(map(str.strip, values.get(field, ()))):
            part = quote_value(field, value)
            length = sum(map(len, parts)) + len(parts) + len(part)
            if not value or length > MAX_QUESTION_CHARS or len(parts) == MAX_PARTS or not _is_readable(field, part):
                continue
            parts.append(part)
            asks = asks or field in ASKING
    return " ".join(parts) if asks else ""


@lru_cache(maxsize=4096)
def _is_readable(field: str, part: str) -> bool:
    if field not in CHECKED:
        return True
    try:
        parse_question(f"x {part}")
    except LiaisonError:
        return False
    return True


# ── entities of records ──

SENT: Final[Mapping[str, str]] = {
    "birth_date": "born", "birth_dates": "born", "birth_place": "birthplace", "birth_places": "birthplace",
    "nationalities": "nationality", "phones": "phone", "emails": "email", "plate": "plate", "vin": "number",
    "iban": "number", "wallet": "number", "imo": "number", "mmsi": "number", "call_sign": "number",
    "serial": "number", "imei": "number", "imsi": "number", "iccid": "number",
}  # fmt: skip
"""Fields of an entity as its agency sent it, and the field of a question that asks them."""

NAME_FIELDS: Final[Mapping[str, str]] = {"alias": "alias", "nickname": "nickname"}
"""By the kind of a name; any other is `name`."""

CLOSED: Final = N_("an item that you can't open")
"""Said of a row whose record its reader can't open, whatever the reason."""

NOTHING_ASKED: Final = N_("nothing of this can be searched")

ENTITY_FIELDS: Final = tuple(
    f"data.entities.{field}" for field in ("id", "type", "names", "identifiers", "number", *SENT)
)
"""What of a case's document its entities are asked by."""


def rows_of_record(case: CaseDocument) -> Iterator[ListRow]:
    """A row for each person and thing of a record that can be searched."""
    for named in case.sent_entities:
        if ask_entity(named):
            yield ListRow(f"{case.case} {named['id']}", country=case.country, source=case.case, entity=str(named["id"]))


def ask_entity(named: AsSent) -> str:
    """The question about an entity as its agency sent it; "" where nothing of it finds anybody."""
    values: AskedValues = {"type": [named["type"]] if named["type"] in NAMED else []}
    for name in named.get("names") or ():
        values.setdefault(NAME_FIELDS.get(name.get("kind") or "", "name"), []).append(full_name(name))
    values["number"] = [str(one.get("value") or "") for one in named.get("identifiers") or ()]
    for field, asked in SENT.items():
        values.setdefault(asked, []).extend(_as_texts(named.get(field)))
    if named.get("number"):
        values.setdefault("phone" if named["type"] == "phone" else "number", []).append(str(named["number"]))
    return ask_values(values)


def fill_row(row: ListRow, case: CaseDocument | None) -> ListRow:
    """A row of a record's entity with what it asks of the record as it is read now, None where it is not."""
    if not row.source:
        return row
    named = next((one for one in case.sent_entities if str(one["id"]) == row.entity), None) if case else None
    if named is None:
        return msgspec.structs.replace(row, own="", problem=CLOSED)
    question = ask_entity(named)
    return msgspec.structs.replace(row, question=question, problem="" if question else NOTHING_ASKED)


# ── FollowTheMoney ──

PROPERTIES: Final[Mapping[str, str]] = {
    "name": "name", "alias": "alias", "previousName": "alias", "weakAlias": "nickname", "birthDate": "born",
    "birthPlace": "birthplace", "nationality": "nationality", "citizenship": "nationality", "phone": "phone",
    "email": "email", "passportNumber": "number", "idNumber": "number", "taxNumber": "number",
    "registrationNumber": "number", "leiCode": "number", "vatCode": "number", "innCode": "number",
    "ogrnCode": "number", "dunsCode": "number", "imoNumber": "number", "mmsi": "number", "callSign": "number",
    "vin": "number", "serialNumber": "number", "iban": "number", "accountNumber": "number", "bban": "number",
    "publicKey": "number", "number": "number", "imei": "number", "imsi": "number",
}  # fmt: skip
"""Properties of the model (version 4.11), and the field of a question that asks them; and some that it does not know,
but files have: `vin`, `bban`, `imei`, `imsi`."""

SCHEMA_TYPES: Final[Mapping[str, str]] = {
    "Person": "person", "Company": "organisation", "Organization": "organisation", "PublicBody": "organisation",
    "Vessel": "vessel",
}  # fmt: skip
"""Schemas whose names are of one type; a LegalEntity is a person or an organisation."""

PLATED: Final = frozenset({"Vehicle"})
"""Schemas whose registration number is a plate."""

RELATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "Ownership": ("owner", "asset"), "Directorship": ("director", "organization"), "Family": ("person", "relative"),
    "Associate": ("person", "associate"), "Membership": ("member", "organization"),
    "Employment": ("employee", "employer"), "Representation": ("agent", "client"),
    "UnknownLink": ("subject", "object"), "ProjectParticipant": ("participant", "project"),
    "Succession": ("predecessor", "successor"), "Similar": ("candidate", "match"),
}  # fmt: skip
"""Schemas that tie two entities, and the properties that name these; each is told of both of its ends."""

HELD: Final[Mapping[str, str]] = {"Identification": "holder", "Passport": "holder"}
"""Schemas of documents, whose numbers are asked of their holder."""

MOST_TIES: Final = 20
"""Of one entity: what a person reads in a row."""

SUFFIX: Final = ".ftm.json"
"""Ends the names of the model's files, which hold an object on each line."""

NO_JSON: Final = N_("not a line of JSON")
NO_ENTITY: Final = N_("not a FollowTheMoney entity: it needs id, schema and properties")
NOT_SEARCHED: Final = N_("entities of schema {schema} are not searched")

LONGEST_ID: Final = 200
"""Characters of an id that are kept."""


class FtmLine(msgspec.Struct, frozen=True):
    """An entity of a file; Aleph's and others' further fields are left unread."""

    id: str
    schema: str
    properties: dict[str, Any]

    def texts(self, name: str) -> list[str]:
        """The values of a property; of an entity in the place of one its id."""
        return _as_texts(self.properties.get(name))


def is_follow_the_money(raw: bytes) -> bool:
    """Whether a text looks as a file of the model does: by its first line that is an object."""
    for line in raw[: 1 << 20].splitlines()[:20]:
        try:
            held = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(held, dict):
            return "schema" in held and "properties" in held
    return False


def parse_entities(raw: bytes) -> tuple[ListRow, ...]:
    """A row for each entity of a file, in its order, and for each line that is none, which says so.

    What comes on several lines under one id is one entity. Relations are told of their two ends, numbers of documents
    asked of their holders. Raises ListError for a file that is too large, is no text, or has no entity.
    """
    if len(raw) > MOST_BYTES:
        raise ListError("the list is larger than {most} bytes; split it", most=MOST_BYTES)
    lines: dict[str, tuple[int, list[FtmLine]]] = {}
    rows: list[ListRow] = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        found = _read_line(line)
        if isinstance(found, str):
            rows.append(ListRow(line=number, problem=found))
        else:
            lines.setdefault(found.id, (number, []))[1].append(found)
    ties, numbers = _find_ties(parts for _, parts in lines.values()), _find_numbers(lines)
    for name, (number, parts) in lines.items():
        schema = parts[0].schema
        if schema in RELATIONS or (schema in HELD and any(part.texts(HELD[schema]) for part in parts)):
            continue
        rows.append(_make_row(name, number, parts, ties.get(name, ()), numbers.get(name, ())))
    if not lines:
        raise ListError("the list is empty" if not rows else NO_ENTITY)
    if len(rows) > MOST_ROWS:
        raise ListError("the list has more than {most} rows; split it", most=MOST_ROWS)
    return tuple(sorted(rows, key=lambda row: row.line))


def _read_line(line: bytes) -> FtmLine | str:
    """The entity of a line, or what is wrong with it."""
    try:
        held = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return NO_JSON
    try:
        found = msgspec.convert(held, FtmLine)
    except (msgspec.ValidationError, RecursionError):
        return NO_ENTITY
    return found if found.id.strip() and found.schema.strip() else NO_ENTITY


def _find_ties(entities: Iterable[list[FtmLine]]) -> dict[str, list[ListTie]]:
    """How each entity is tied to others, by its id; a relation of something to itself ties nothing."""
    found: dict[str, list[ListTie]] = {}
    for part in chain.from_iterable(entities):
        ends = RELATIONS.get(part.schema)
        if ends is None:
            continue
        for a in part.texts(ends[0]):
            for b in part.texts(ends[1]):
                if a != b:
                    found.setdefault(a, []).append(ListTie(part.schema, ends[1], b[:LONGEST_ID]))
                    found.setdefault(b, []).append(ListTie(part.schema, ends[0], a[:LONGEST_ID]))
    return found


def _find_numbers(lines: Mapping[str, tuple[int, list[FtmLine]]]) -> dict[str, list[str]]:
    """The numbers of documents by the id of their holder."""
    found: dict[str, list[str]] = {}
    for _, parts in lines.values():
        for part in parts:
            for holder in part.texts(HELD.get(part.schema, "")):
                found.setdefault(holder, []).extend([*part.texts("number"), *part.texts("passportNumber")])
    return found


def _make_row(
    name: str, number: int, parts: Sequence[FtmLine], ties: Sequence[ListTie], numbers: Sequence[str]
) -> ListRow:
    schema = parts[0].schema
    values: AskedValues = {"type": [SCHEMA_TYPES[schema]] if schema in SCHEMA_TYPES else [], "number": list(numbers)}
    for part in parts:
        for prop, field in PROPERTIES.items():
            plated = part.schema in PLATED and prop == "registrationNumber"
            values.setdefault("plate" if plated else field, []).extend(part.texts(prop))
        if "name" not in part.properties:
            values.setdefault("name", []).extend(_join_names(part))
    values["nationality"] = [value.upper() if len(value) == len("RU") else value for value in values["nationality"]]
    if schema == "Phone":
        values["phone"] = [*values["phone"], *values.pop("number")]
    question = ask_values(values)
    known = dict.fromkeys(ties)
    return ListRow(
        name[:LONGEST_ID],
        question,
        line=number,
        schema=schema,
        ties=tuple(known)[:MOST_TIES],
        problem="" if question else NOT_SEARCHED,
        values={} if question else {"schema": schema[:LONGEST_ID]},
    )


def _join_names(part: FtmLine) -> Iterator[str]:
    """The name of a person whose parts alone are told."""
    told = [" ".join(part.texts(prop)) for prop in ("firstName", "middleName", "fatherName", "lastName")]
    if joined := " ".join(filter(None, told)):
        yield joined


def _as_texts(value: Any) -> list[str]:
    """The texts of a value, be it one or several; of an entity in the place of one its id."""
    some = value if isinstance(value, list | tuple) else [value]
    named = [one.get("id") if isinstance(one, dict) else one for one in some]
    return [str(one) for one in named if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip()]
