"""Mapping kits: one YAML file says how an agency's own table becomes case records (format: kits/README.md)."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from pipeline.errors import LiaisonError
from pipeline.feeds.record_shape import check_shape, suggest_word
from pipeline.feeds.rules import (
    MappingRule,
    ObjectNode,
    columns_of,
    compile_fields,
    condition_columns,
)
from pipeline.feeds.tables.cells import ELEMENT, GROUPED
from pipeline.feeds.tables.sources import ExtractRule, JoinSource, TableSource, check_source
from pipeline.feeds.templates import Template, compile_template

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
    for place, part in (("source", source), *_joins_of(source)):
        if isinstance(part, dict) and None in part:
            raise ValueError(f'`{place}`: quote the word `null`, or YAML takes it for nothing: "null": [...]')
    return msgspec.convert(written, KitFile)


def _joins_of(source: Any) -> list[tuple[str, Any]]:
    joins = source.get("join") if isinstance(source, dict) else None
    return [(f"source.join.{name}", join) for name, join in joins.items()] if isinstance(joins, dict) else []


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
