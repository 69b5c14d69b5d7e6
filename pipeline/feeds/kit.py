"""Mapping kits: one YAML file says how an agency's own table becomes case records (format: kits/README.md).

A kit's record is held against the case record's schema before a row is read. The tables of a folder are recognised by
the names that kits give (`files`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatch
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import msgspec
import yaml

from pipeline.errors import LiaisonError
from pipeline.feeds.rules import (
    ConstantRule,
    ListRule,
    MappingRule,
    Node,
    ObjectNode,
    RuleNode,
    ScopedNode,
    Template,
    columns_of,
    compile_fields,
    compile_template,
    condition_columns,
)
from pipeline.feeds.tables.cells import ELEMENT, GROUPED
from pipeline.feeds.tables.reading import joined_path
from pipeline.feeds.tables.sources import COMPRESSED, ExtractRule, JoinSource, TableSource, check_source
from pipeline.records import schemas

SchemaPart = Mapping[str, Any]

ENTITY = "#/$defs/entity"
LIKENESS_LETTERS = 3
"""A word has to have, to be like another: handling codes have two, and each is as like as the next."""


def check_shape(record: ObjectNode) -> None:
    """Raise ValueError with the place of the first field that no record has, or constant that no record holds."""
    _check_node(record, _definitions()["case"], "record")


def suggest_word(written: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with the known word that is most like it, or "" where none is."""
    near = {word.casefold(): word for word in known}
    found = get_close_matches(written.casefold(), near, n=1) if len(written) >= LIKENESS_LETTERS else []
    return f"; did you mean {near[found[0]]}?" if found else ""


def _check_node(node: Node, written: SchemaPart, place: str) -> None:
    part = _resolve_part(written)
    match node:
        case ScopedNode():
            _check_node(node.node, written, place)
        case ConstantRule():
            _check_value(node.value, part, place)
        case RuleNode():
            held = part.get("items", part) if node.rule.is_list else part
            for value in (*node.rule.values.values(), node.rule.default):
                if value is not None:
                    _check_value(value, _resolve_part(held), place)
        case ListRule():
            if "items" not in part and "properties" in part:
                raise ValueError(f"`{place}` is one object, not a list of them")
            for number, item in enumerate(node.items):
                _check_node(item, part.get("items", {}), f"{place}[{number}]")
        case ObjectNode():
            _check_object(node, written, place)


def _check_object(node: ObjectNode, written: SchemaPart, place: str) -> None:
    part = _resolve_part(written)
    if "items" in part:
        raise ValueError(f"`{place}` is a list: begin each of its items with `-`")
    if "propertyNames" in part:
        for name, child in node.fields:
            if not jsonschema_rs.is_valid(dict(part["propertyNames"]), name):
                raise ValueError(f"`{place}.{name}`: must be {part['propertyNames']['description']}")
            _check_node(child, part["additionalProperties"], f"{place}.{name}")
        return
    known = _entity_fields(node, place) if written.get("$ref") == ENTITY else part.get("properties")
    for name, child in node.fields:
        if known is not None and name not in known:
            raise ValueError(f"`{place}.{name}`: a record has no such field here{suggest_word(name, known)}")
        _check_node(child, (known or {}).get(name, {}), f"{place}.{name}")


def _entity_fields(node: ObjectNode, place: str) -> dict[str, SchemaPart]:
    """The fields of an entity of the types that the kit gives it; of any type where a column tells it."""
    types = _definitions()["entity"]["properties"]["type"]
    match dict(node.fields).get("type"):
        case ConstantRule(value=value):
            possible = {value}
        case RuleNode(rule=rule) if rule.values:
            possible = {*rule.values.values(), *([] if rule.default is None else [rule.default])}
        case _:
            possible = set(types["enum"])
    for value in possible:
        _check_value(value, types, f"{place}.type")
    fields: dict[str, SchemaPart] = {}
    for value in possible:
        fields |= _definitions()[str(value)]["properties"]
    return {**fields, "type": types}


def _check_value(value: Any, part: SchemaPart, place: str) -> None:
    """Raise ValueError for a constant that the schema does not take."""
    if value is None or "properties" in part or "items" in part or jsonschema_rs.is_valid(dict(part), value):
        return
    if "enum" in part:
        known = [str(word) for word in part["enum"] if word is not None]
        raise ValueError(f"`{place}`: {value!r} is none of {', '.join(known)}{suggest_word(str(value), known)}")
    raise ValueError(f"`{place}`: {value!r} is not {part.get('description', 'what the record takes here')}")


def _resolve_part(part: SchemaPart) -> SchemaPart:
    """What a reference stands for; what is said beside it counts less, as it only describes."""
    while (name := str(part.get("$ref", ""))) and name.startswith("#/$defs/"):
        part = _definitions()[name.removeprefix("#/$defs/")]
    return part


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = schemas.schema("case")["$defs"]
    return definitions


SHIPPED = resources.files("pipeline.feeds") / "kits"
KIT_SUFFIXES = {".yml", ".yaml"}


class KitAgency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A national agency's name and its ISO 3166-1 alpha-2 country."""

    name: str
    country: str


class KitFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The YAML file as written."""

    kit: Literal[1]
    name: str
    agencies: tuple[KitAgency, ...]
    record: dict[str, Any]
    description: str = ""
    files: tuple[str, ...] = ()
    source: TableSource = TableSource()
    deal: str = ""
    time: str = ""
    truth: str = ""
    ignore: tuple[str, ...] = ()


WORDED = (KitFile, KitAgency, TableSource, JoinSource, ExtractRule, MappingRule)
"""What takes the words of a kit outside of its record."""
UNKNOWN_FIELD = re.compile("unknown field `([^`]+)`")


class MappingKit(msgspec.Struct, frozen=True):
    """A checked kit with its rules compiled; `deal`, `time` and `truth` are None where the file leaves them out.

    `files` are patterns of the names that its tables have, such as *sdn*.csv.
    """

    name: str
    description: str
    files: tuple[str, ...]
    source: TableSource
    agencies: tuple[KitAgency, ...]
    record: ObjectNode
    deal: Template | None
    time: Template | None
    truth: Template | None
    columns: frozenset[str]
    """Every column that the kit uses or names in `ignore`; those of groups as `group.column`."""
    required: frozenset[str]
    """The columns that the table must have, or the kit's `extract` make."""

    def reads(self, column: str) -> bool:
        """Whether the kit uses the column, or leaves it or its group out on purpose."""
        return (
            column in self.columns
            or column == ELEMENT
            or any(f"{part}.*" in self.columns for part in _outer_groups(column))
        )


def _outer_groups(column: str) -> list[str]:
    """`a` and `a.b` of `a.b.c`."""
    parts = column.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def shipped_kits() -> dict[str, str]:
    """Name and first line of the description of every kit in the package."""
    return {kit.name: kit.description.split("\n")[0] for kit in read_shipped_kits()}


def read_shipped_kits() -> list[MappingKit]:
    """Every kit in the package, by name."""
    files = [file for file in SHIPPED.iterdir() if file.name.endswith(".yml")]
    kits = [parse_kit(file.read_text(encoding="utf-8"), file.name) for file in files]
    return sorted(kits, key=lambda kit: kit.name)


def load_kit(kit: str) -> MappingKit:
    """Load a kit by path or by a shipped kit's name; raises LiaisonError that names the place of the mistake."""
    path = Path(kit)
    if path.suffix in KIT_SUFFIXES or path.is_file():
        try:
            return parse_kit(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise LiaisonError(f"cannot read the mapping kit {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise LiaisonError(f"{path} is no mapping kit: it is not utf-8") from error
    shipped = SHIPPED / f"{kit}.yml"
    if not shipped.is_file():
        raise LiaisonError(f"no mapping kit {kit}; give a .yml file or one of {', '.join(shipped_kits())}")
    return parse_kit(shipped.read_text(encoding="utf-8"), shipped.name)


def parse_kit(text: str, origin: str) -> MappingKit:
    """Check and compile a kit's YAML; `origin` is the name that errors carry."""
    try:
        return _compile_kit(_convert_kit(yaml.safe_load(text)))
    except yaml.YAMLError as error:
        raise LiaisonError(f"{origin} is not YAML: {' '.join(str(error).split())}") from error
    except msgspec.ValidationError as error:
        raise LiaisonError(f"{origin}: {str(error).replace('`$.', '`')}{_suggest_field(str(error))}") from error
    except ValueError as error:
        raise LiaisonError(f"{origin}: {error}{_suggest_field(str(error))}") from error


def _suggest_field(said: str) -> str:
    """The word of a kit that is most like the one which msgspec says is unknown."""
    found = UNKNOWN_FIELD.search(said)
    words = {field.encode_name for struct in WORDED for field in msgspec.structs.fields(struct)}
    return suggest_word(found[1], words) if found else ""


def _convert_kit(written: Any) -> KitFile:
    """The file in its shape; raises ValueError for what YAML makes of a file that is none, or of a bare `null:`."""
    if not isinstance(written, dict):
        raise ValueError("it is no mapping kit; one begins with `kit: 1`")
    source = written.get("source")
    joins = source.get("join") if isinstance(source, dict) else None
    inner = joins.items() if isinstance(joins, dict) else ()
    for place, part in (("source", source), *((f"source.join.{name}", join) for name, join in inner)):
        if isinstance(part, dict) and None in part:
            raise ValueError(f'`{place}`: quote the word `null`, or YAML takes it for nothing: "null": [...]')
    return msgspec.convert(written, KitFile)


def _compile_kit(written: KitFile) -> MappingKit:
    _check_agencies(written)
    record = compile_fields(written.record, "record")
    check_shape(record)
    deal, time, truth = (
        compile_template(text, place) if text else None
        for place, text in (("deal", written.deal), ("time", written.time), ("truth", written.truth))
    )
    check_source(written.source)
    taken = columns_of(record).union(*(template.columns for template in (deal, time, truth) if template))
    required = frozenset(map(_plain_name, taken | condition_columns(record) | _source_columns(written.source)))
    return MappingKit(
        name=written.name,
        description=written.description.strip(),
        files=written.files,
        source=written.source,
        agencies=written.agencies,
        record=record,
        deal=deal,
        time=time,
        truth=truth,
        columns=required | frozenset(written.ignore),
        required=required - {ELEMENT},
    )


def _source_columns(source: TableSource) -> frozenset[str]:
    """The columns that the source itself looks at."""
    extracted = {f"{rule.group}.{rule.source}" if rule.group else rule.source for rule in source.extract.values()}
    joined = {joined.key for joined in source.join.values()}
    matched = {f"{name}.{joined.match or joined.key}" for name, joined in source.join.items()}
    tested = {f"{name}.{column}" for name, joined in source.join.items() for column in joined.where}
    return frozenset(source.where).union(source.lead, extracted, joined, matched, tested, {source.group_by} - {""})


def _plain_name(column: str) -> str:
    """Without the group `rows`: its columns are the table's own; nor the place in a list, as in `names.0.given`."""
    return ".".join(part for part in column.removeprefix(f"{GROUPED}.").split(".") if not part.isdigit())


def _check_agencies(written: KitFile) -> None:
    if not written.agencies:
        raise ValueError("`agencies` must name at least one agency")
    if len(written.agencies) > 1 and not written.deal:
        raise ValueError("`deal` must say which column deals the rows out to the several `agencies`")
    taken = {"agency", "country"} & written.record.keys()
    if taken:
        raise ValueError(f"`record.{min(taken)}` comes from `agencies`; leave it out of `record`")
    if "case_id" not in written.record:
        raise ValueError("`record.case_id` is missing")


class RecognisedTable(msgspec.Struct, frozen=True):
    """A table and its kit."""

    path: Path
    kit: MappingKit


class FolderSurvey(msgspec.Struct, frozen=True):
    """What a folder holds: tables with their kits, and files that no kit is for."""

    tables: tuple[RecognisedTable, ...]
    unknown: tuple[Path, ...]


def survey_folder(folder: Path) -> FolderSurvey:
    """Look at the folder's files; its own kits come before those of the package. Raises LiaisonError for none."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    kits = [*(load_kit(str(path)) for path in files if path.suffix in KIT_SUFFIXES), *read_shipped_kits()]
    tables = [
        RecognisedTable(path, kit)
        for path in files
        if path.suffix not in KIT_SUFFIXES and (kit := find_kit(path, kits))
    ]
    if not tables:
        taken = ", ".join(pattern for kit in kits for pattern in kit.files)
        raise LiaisonError(
            f"{folder} has no file that a mapping kit is for, by its name: {taken}; "
            "a kit of your own in the folder says its in `files`"
        )
    known = {table.path for table in tables} | {
        joined_path(table.path, name, joined) for table in tables for name, joined in table.kit.source.join.items()
    }
    unknown = tuple(path for path in files if path not in known and path.suffix not in KIT_SUFFIXES)
    return FolderSurvey(tuple(tables), unknown)


def find_kit(path: Path, kits: list[MappingKit]) -> MappingKit | None:
    """The first kit that is for files called so."""
    name = path.name.lower().removesuffix(COMPRESSED)
    return next((kit for kit in kits if any(fnmatch(name, pattern.lower()) for pattern in kit.files)), None)
