"""Proposes a mapping kit for a table: what its columns seem to hold, each guess marked as one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.column_roles import (
    DAY_FIRST,
    ColumnRole,
    are_distinct,
    guess_role,
    guess_separator,
    is_order_open,
    name_parts,
)
from pipeline.feeds.kit import read_shipped_kits
from pipeline.feeds.previewing import ColumnValues, suspected_nulls
from pipeline.feeds.recognising import find_kit
from pipeline.feeds.tables.cells import cell_texts, leaf_cells
from pipeline.feeds.tables.guessing import GuessedSource, guess_source
from pipeline.feeds.tables.reading import TableReader
from pipeline.feeds.tables.sources import TableSource

CASE_ID = "case_id"
"""The role that several columns may have, until one is chosen."""
SAMPLE_ROWS = 5_000
"""Rows looked at: the first of a register show its form."""
EXAMPLE_LENGTH = 40
"""Characters of an example in a proposed kit: it stands in a comment, beside two others."""

PLACES = {
    "street": "full", "city": "city", "postcode": "postcode", "country": "country",
}  # fmt: skip
"""Roles that make an address, and their fields."""
PERSON_NUMBERS = ("passport", "national_id")
OTHERS = {
    "plate": ("v1", "vehicle", "plate"), "vin": ("v1", "vehicle", "vin"), "imo": ("s1", "vessel", "imo"),
    "iban": ("a1", "account", "iban"),
}  # fmt: skip
"""Roles of other things: entity id, type and field."""


class SurveyedColumn(msgspec.Struct):
    """A column's first values, how often it is filled, what it is taken for; `in_group`: a row has several of it."""

    name: str
    filled: int
    values: list[str]
    nulls: list[str]
    in_group: bool
    role: ColumnRole | None = None


def propose_kit(table: Path) -> str:
    """The text of a kit for the table. Raises LiaisonError for a table that can't be read or has no rows."""
    guessed = guess_source(table)
    columns, rows = _survey_columns(table, guessed.source)
    if not rows:
        raise LiaisonError(f"{table} has no row to propose a kit from")
    taken = set[str]()
    parts = name_parts(column.name for column in columns if not column.in_group)
    for column in columns:
        if column.name in parts:
            continue
        role = guess_role(column.name, column.values)
        column.role = role if role and role.role not in taken and not column.in_group else None
        taken |= {column.role.role} - {CASE_ID} if column.role else set()
    is_grouped = _choose_id(columns, rows)
    names = [column for part in parts for column in columns if column.name == part]
    lines = _write_kit(table, guessed, columns, names, rows, is_grouped=is_grouped)
    return "".join(f"{line}\n" for line in lines)


def _survey_columns(table: Path, source: TableSource) -> tuple[list[SurveyedColumn], int]:
    found: dict[str, ColumnValues] = {}
    values: dict[str, list[str]] = {}
    groups = set[str]()
    rows = 0
    for row in islice(TableReader(table, source).read_rows(), SAMPLE_ROWS):
        rows += not row.problem
        groups |= {column for column, cell in row.row.items() if isinstance(cell, list)}
        for column, cell in leaf_cells(row.row):
            counted = found.setdefault(column, ColumnValues())
            for text in cell_texts(cell):
                before = counted.filled
                counted.add(text)
                if counted.filled > before and len(held := values.setdefault(column, [])) < SAMPLE_ROWS:
                    held.append(text)
    columns = [
        SurveyedColumn(
            name,
            counted.filled,
            values.get(name, []),
            suspected_nulls(counted),
            any(name.startswith(f"{group}.") for group in groups),
        )
        for name, counted in found.items()
        if not name.startswith("#")
    ]
    return columns, rows


def _choose_id(columns: Sequence[SurveyedColumn], rows: int) -> bool:
    """One column is the case's id; whether several rows have the same, so that they are one case.

    First choice is a column that is called an id and has its own value in every row, then one that is called so and
    filled in every row, then the first with its own value in every row.
    """
    called = [column for column in columns if column.role and column.role.role == CASE_ID]
    for column in called:
        column.role = None
    distinct = [column for column in columns if are_distinct(column.values, column.filled, rows)]
    for column in [one for one in called if one in distinct][:1]:
        column.role = ColumnRole(CASE_ID, "its name and its values, of which every row has another")
        return False
    for column in [one for one in called if one.filled == rows][:1]:
        column.role = ColumnRole(CASE_ID, "its name; rows with the same are one case")
        return True
    for column in [one for one in distinct if one.role is None][:1]:
        column.role = ColumnRole(CASE_ID, "its values, of which every row has another")
    return False


def _write_kit(
    table: Path,
    guessed: GuessedSource,
    columns: Sequence[SurveyedColumn],
    parts: Sequence[SurveyedColumn],
    rows: int,
    *,
    is_grouped: bool,
) -> Iterator[str]:
    by_role = {column.role.role: column for column in columns if column.role}
    name = "".join(char if char.isalnum() else "-" for char in table.name.split(".")[0].lower()) or "proposed"
    yield f"# Proposed from the first {rows:,} rows of {table.name}. Whatever says `guess` is one: look at each,"
    yield f"# then see what comes of it:  liaison feed map {table.name} --mapping {name}.yml --preview"
    if shipped := find_kit(table, read_shipped_kits()):
        yield f"# A kit for files called so is shipped; look at that first:  --mapping {shipped.name}"
    yield from ("kit: 1", f"name: {name}")
    yield from _write_source(guessed, columns)
    if is_grouped:
        yield f"  group_by: {_quote(by_role[CASE_ID].name)}      # guess: by {_reason(by_role[CASE_ID])}"
    yield "agencies:"
    yield "  - {name: my-agency, country: XX}      # put in your agency's name and country"
    yield "record:"
    case = list(_write_case(by_role))
    person = _write_person(by_role, parts, is_grouped=is_grouped)
    entities = [*person, *_write_organisation(by_role), *_write_others(by_role)]
    yield from case
    if entities:
        yield from ("  entities:", *entities)
    yield from _write_unplaced([column for column in columns if not _is_in(column, [*case, *entities])])


def _write_source(guessed: GuessedSource, columns: Sequence[SurveyedColumn]) -> Iterator[str]:
    plain = msgspec.to_builtins(guessed.source)
    words = {key: value for key, value in plain.items() if value != msgspec.to_builtins(TableSource())[key]}
    yield "source:"
    for key, value in words.items():
        reason = guessed.reasons.get(key)
        yield f"  {key}: {_quote(value)}" + (f"      # guess: {reason}" if reason else "")
    nulls = sorted({text for column in columns for text in column.nulls})
    if nulls:
        yield f'  "null": {_quote(nulls)}      # guess: these look like words for nothing'
    if not words and not nulls:
        yield "  format: csv"


def _write_case(by_role: Mapping[str, SurveyedColumn]) -> Iterator[str]:
    if column := by_role.get(CASE_ID):
        yield _leaf("  case_id", column)
    else:
        yield '  case_id: ""      # no column has another value in every row: put in what tells the cases apart'
    if column := by_role.get("opened"):
        yield f"  opened: {_dates(column)}"
    if column := by_role.get("title"):
        yield _leaf("  title", column)
    yield '  # handling: {code: H1, releasable_to: ["*"], purposes: [investigation, correlation]}   # else yours alone'


def _write_person(
    by_role: Mapping[str, SurveyedColumn], parts: Sequence[SurveyedColumn], *, is_grouped: bool
) -> Iterator[str]:
    fields = [f"{role}: {_braced(by_role[role])}" for role in ("full", "given", "family") if role in by_role]
    if parts and "full" not in by_role:
        fields = [f"full: {_braced(*parts, *(by_role[role] for role in ('family',) if role in by_role))}"]
    if not fields:
        return
    yield from ("    - id: p1", "      type: person", "      names:")
    repeated = "for: rows, " if is_grouped else ""
    yield f"        - {{{repeated}{', '.join(fields)}}}      # guess: by the columns' names"
    if column := by_role.get("alias"):
        separator = guess_separator(column.values)
        each = f"{{from: {_quote(column.name)}, each: {_quote(separator)}}}" if separator else _braced(column)
        yield f"        - {{full: {each}, kind: alias}}      # guess: by {_reason(column)}"
    if column := by_role.get("birth_date"):
        yield f"      birth_date: {_dates(column, 'birth_date_text')}"
    for field in ("birth_place", "birth_country", "gender"):
        if column := by_role.get(field):
            yield _leaf(f"      {field}", column)
    for role, field in (("nationality", "nationalities"), ("phone", "phones"), ("email", "emails")):
        if column := by_role.get(role):
            separator = guess_separator(column.values) or ";"
            rule = f"{{from: {_quote(column.name)}, split: {_quote(separator)}}}"
            yield f"      {field}: {rule}      # guess: by {_reason(column)}"
    yield from _write_address(by_role)
    numbers = [role for role in PERSON_NUMBERS if role in by_role]
    if numbers:
        yield "      identifiers:"
    issuer = f", country: {_braced(by_role['issuer'])}" if "issuer" in by_role else ""
    for role in numbers:
        number = f"{{type: {role}, value: {_braced(by_role[role])}{issuer if role == 'passport' else ''}}}"
        yield f"        - {number}      # guess: by {_reason(by_role[role])}"


def _write_address(by_role: Mapping[str, SurveyedColumn]) -> Iterator[str]:
    parts = [f"{field}: {_braced(by_role[role])}" for role, field in PLACES.items() if role in by_role]
    if parts:
        yield "      addresses:"
        yield f"        - {{{', '.join(parts)}}}      # guess: by the columns' names"


def _write_organisation(by_role: Mapping[str, SurveyedColumn]) -> Iterator[str]:
    if column := by_role.get("organisation"):
        yield from ("    - id: o1", "      type: organisation")
        yield f"      names: [{{full: {_braced(column)}}}]      # guess: by {_reason(column)}"
        if number := by_role.get("lei"):
            yield f"      identifiers: [{{type: lei, value: {_braced(number)}}}]      # guess: by {_reason(number)}"


def _write_others(by_role: Mapping[str, SurveyedColumn]) -> Iterator[str]:
    held: dict[tuple[str, str], list[str]] = {}
    for role, (entity, kind, field) in OTHERS.items():
        if role in by_role:
            held.setdefault((entity, kind), []).append(f"{field}: {_braced(by_role[role])}")
    for (entity, kind), fields in held.items():
        yield f"    - {{id: {entity}, type: {kind}, {', '.join(fields)}}}      # guess: by the columns' names"


def _is_in(column: SurveyedColumn, lines: Sequence[str]) -> bool:
    """Whether a rule names the column."""
    return any(_braced(column)[1:-1] in line or f"from: {_quote(column.name)}" in line for line in lines)


def _write_unplaced(columns: Sequence[SurveyedColumn]) -> Iterator[str]:
    if columns:
        yield "# Not placed, with filled cells and examples: put them into the record or, on purpose, under `ignore`."
    for column in columns:
        shown = "; ".join(dict.fromkeys(" ".join(text.split())[:EXAMPLE_LENGTH] for text in column.values[:3]))
        yield f"#   {column.name}: {column.filled:,}" + (f", such as {shown}" if shown else "")


def _dates(column: SurveyedColumn, or_text: str = "") -> str:
    formats = column.role.formats if column.role else ()
    rest = f", or_text: {or_text}" if or_text else ""
    doubt = "; day before month is one too" if DAY_FIRST in formats and is_order_open(column.values) else ""
    rule = f"{{from: {_quote(column.name)}, dates: {_quote(list(formats))}{rest}}}"
    return f"{rule}      # guess: by {_reason(column)}{doubt}"


def _leaf(field: str, column: SurveyedColumn) -> str:
    return f"{field}: {_braced(column)}      # guess: by {_reason(column)}"


def _reason(column: SurveyedColumn) -> str:
    return column.role.reason if column.role else ""


def _braced(*columns: SurveyedColumn) -> str:
    escaped = [column.name.replace("{", "{{").replace("}", "}}") for column in columns]
    return _quote(" ".join(f"{{{name}}}" for name in escaped))


def _quote(value: object) -> str:
    """JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False)
