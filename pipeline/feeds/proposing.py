"""Proposes a mapping kit for a table: what its columns seem to hold, each guess marked as one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.column_roles import (
    DAY_FIRST,
    ColumnRole,
    are_distinct,
    are_written_dates,
    guess_formats,
    guess_role,
    guess_separator,
    is_nearly_distinct,
    is_order_open,
    name_parts,
)
from pipeline.feeds.kit import find_kit, read_shipped_kits
from pipeline.feeds.previewing import ColumnValues, suspected_nulls
from pipeline.feeds.tables.cells import TableRow, cell_texts, leaf_cells
from pipeline.feeds.tables.guessing import GuessedSource, guess_source
from pipeline.feeds.tables.reading import TableReader
from pipeline.feeds.tables.sources import TableSource
from pipeline.records import schemas

CASE_ID = "case_id"
"""The role that several columns may have, until one is chosen."""
SOME_ROWS = 0.5
"""The share of rows in which a case id is filled at least: the others are no cases without it."""
SAMPLE_ROWS = 5_000
"""Rows looked at: the first of a register show its form."""
EXAMPLE_LENGTH = 40
"""Characters of an example in a proposed kit: it stands in a comment, beside two others."""

PLACES = {
    "street": "full", "city": "city", "postcode": "postcode", "country": "country",
}  # fmt: skip
"""Roles that make an address, and their fields."""
NAMES = ("full", "given", "family")
PERSON_NUMBERS = ("passport", "national_id")
KINDS = ("type", "kind", "art", "typ", "tipo", "soort", "rodzaj", "druh", "vrsta", "tyyppi", "liik", "fajta", "tip")
"""Names of columns that tell of what kind a number beside them is."""
OTHERS = {
    "plate": ("v", "vehicle", "plate"), "vin": ("v", "vehicle", "vin"), "imo": ("s", "vessel", "imo"),
    "iban": ("a", "account", "iban"),
}  # fmt: skip
"""Roles of other things: letter of the entity's id, type and field."""
CASE_ID_SIGN = re.compile(schemas.schema("case")["$defs"]["caseId"]["pattern"])
"""Holds for each sign that a case id may have in it."""


class SurveyedColumn(msgspec.Struct):
    """A column's first values, how often it is filled, what it is taken for.

    `group` is that of whose rows it is a column, of a group in a group `outer.inner`; "" for the table's own.
    """

    name: str
    filled: int
    values: list[str]
    nulls: list[str]
    group: str = ""
    is_list: bool = False
    role: ColumnRole | None = None

    @property
    def label(self) -> str:
        """Its name where the rows of its group are mapped."""
        return self.name.removeprefix(f"{self.group}.") if self.group else self.name


class Holder(msgspec.Struct, frozen=True):
    """What a person or thing of a case is read from: columns of the table or of a group's rows, by their roles.

    `inner` are the groups in its rows, by what each holds: names, or numbers of documents.
    """

    by_role: dict[str, SurveyedColumn]
    parts: tuple[SurveyedColumn, ...] = ()
    group: str = ""
    inner: tuple[Holder, ...] = ()
    kinds: tuple[SurveyedColumn, ...] = ()
    """Columns that may say what kind of number it is."""

    @property
    def has_name(self) -> bool:
        """Whether it names somebody."""
        own = self.parts or any(role in self.by_role for role in NAMES)
        return bool(own) or any(inner.has_name for inner in self.inner)


def propose_kit(table: Path, sheet: str = "") -> str:
    """The text of a kit for the table, of a workbook for this sheet.

    Raises LiaisonError for a table that can't be read or has no rows.
    """
    guessed = guess_source(table, sheet)
    columns, rows = _survey_columns(table, guessed.source)
    if not rows:
        raise LiaisonError(f"{table} has no row to propose a kit from")
    own, *people = _split_people([column for column in columns if not column.group])
    root, *others = map(_hold_columns, (own, *people))
    is_grouped = _choose_id(own, rows)
    root = msgspec.structs.replace(root, by_role=_roles_of(own))
    outer = dict.fromkeys(column.group.partition(".")[0] for column in columns if column.group)
    groups = [_hold_group(name, columns) for name in outer]
    lines = _write_kit(table, guessed, columns, [root, *others, *groups], rows, is_grouped=is_grouped)
    return "".join(f"{line}\n" for line in lines)


def _split_people(columns: Sequence[SurveyedColumn]) -> list[list[SurveyedColumn]]:
    """The columns of each person of a nested object (`driver.name`, `owner.name`), after all others.

    Where one object alone has names, whatever else stands in the row may be that person's.
    """
    objects: dict[str, list[SurveyedColumn]] = {}
    for column in columns:
        objects.setdefault(column.name.partition(".")[0] if "." in column.name else "", []).append(column)
    named = [some for name, some in objects.items() if name and _hold_columns(some).has_name]
    for column in columns:
        column.role = None
    if len(named) < 2:
        return [list(columns)]
    return [[column for column in columns if all(column not in some for some in named)], *named]


def _hold_columns(columns: Sequence[SurveyedColumn], group: str = "") -> Holder:
    """Guess the roles of the columns of one object; a role is taken once, but for ids, of which one is chosen."""
    taken = set[str]()
    parts = name_parts(column.label for column in columns)
    for column in columns:
        if column.label in parts:
            continue
        role = guess_role(column.label, column.values)
        column.role = role if role and role.role not in taken else None
        taken |= {column.role.role} - {CASE_ID} if column.role else set()
    numbered = tuple(column for part in parts for column in columns if column.label == part)
    kinds = tuple(column for column in columns if column.label.casefold().split("_")[-1] in KINDS)
    return Holder(_roles_of(columns), numbered, group, kinds=kinds)


def _hold_group(name: str, columns: Sequence[SurveyedColumn]) -> Holder:
    inner = dict.fromkeys(column.group for column in columns if column.group.startswith(f"{name}."))
    held = _hold_columns([column for column in columns if column.group == name], name)
    within = tuple(_hold_columns([column for column in columns if column.group == one], one) for one in inner)
    return msgspec.structs.replace(held, inner=within)


def _roles_of(columns: Iterable[SurveyedColumn]) -> dict[str, SurveyedColumn]:
    return {column.role.role: column for column in columns if column.role}


def _survey_columns(table: Path, source: TableSource) -> tuple[list[SurveyedColumn], int]:
    found: dict[str, ColumnValues] = {}
    values: dict[str, list[str]] = {}
    groups, lists = set[str](), set[str]()
    rows = 0
    for row in islice(TableReader(table, source).read_rows(), SAMPLE_ROWS):
        if row.problem:
            continue
        rows += 1
        groups.update(_group_names(row.row))
        for column, cell in leaf_cells(row.row):
            counted = found.setdefault(column, ColumnValues())
            if isinstance(cell, tuple):
                lists.add(column)
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
            max((group for group in groups if name.startswith(f"{group}.")), key=len, default=""),
            name in lists,
        )
        for name, counted in found.items()
        if not name.rpartition(".")[2].startswith("#") and name not in groups
    ]
    return columns, rows


def _group_names(row: TableRow, prefix: str = "") -> Iterator[str]:
    """The groups of a row, those within others as `outer.inner`."""
    for column, cell in row.items():
        if isinstance(cell, list):
            yield f"{prefix}{column}"
            for inner in cell:
                yield from _group_names(inner, f"{prefix}{column}.")


def _choose_id(columns: Sequence[SurveyedColumn], rows: int) -> bool:
    """One column is the case's id; whether several rows have the same, so that they are one case.

    First choice is a column that is called an id and has its own value in every row, then the one of those called so
    that is filled most, if its values are distinct but for a few, then one that is called so and filled in every row,
    then the first with its own value in every row. A column of dates is none: cases of one day would be one case.
    """
    called = [column for column in columns if column.role and column.role.role == CASE_ID]
    for column in called:
        column.role = None
    called = [column for column in called if not are_written_dates(column.values)]
    distinct = [column for column in columns if are_distinct(column.values, column.filled, rows)]
    for column in [one for one in called if one in distinct][:1]:
        column.role = ColumnRole(CASE_ID, "its name and its values, of which every row has another")
        return False
    nearly = [one for one in called if is_nearly_distinct(one.values) and one.filled >= SOME_ROWS * rows]
    for column in sorted(nearly, key=lambda one: -one.filled)[:1]:
        repeats = len(set(column.values)) < len(column.values)
        same = "; rows with the same are one case" if repeats else ", which are distinct"
        column.role = ColumnRole(CASE_ID, f"its name and its values in {column.filled:,} of {rows:,} rows{same}")
        return repeats
    for column in [one for one in called if one.filled == rows][:1]:
        column.role = ColumnRole(CASE_ID, "its name; rows with the same are one case")
        return True
    for column in [one for one in distinct if one.role is None and not guess_formats(one.values)][:1]:
        column.role = ColumnRole(CASE_ID, "its values, of which every row has another")
    return False


def _write_kit(
    table: Path,
    guessed: GuessedSource,
    columns: Sequence[SurveyedColumn],
    holders: Sequence[Holder],
    rows: int,
    *,
    is_grouped: bool,
) -> Iterator[str]:
    by_role = holders[0].by_role
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
    people = [holder for holder in holders if holder.has_name]
    others = [holder for holder in holders if _others_of(holder) or "organisation" in holder.by_role]
    written = [
        [
            *_write_person(holder, _number(holder, people), is_grouped=is_grouped),
            *_write_organisation(holder, _number(holder, others)),
            *_write_others(holder, _number(holder, others)),
        ]
        for holder in holders
    ]
    yield from case
    if any(written):
        yield "  entities:"
    for lines in written:
        yield from lines
    groups = {holder.group: lines for holder, lines in zip(holders, written, strict=True) if holder.group}
    own = [*case, *(line for holder, lines in zip(holders, written, strict=True) if not holder.group for line in lines)]
    yield from _write_unplaced(
        [column for column in columns if not _is_in(column, groups.get(column.group.partition(".")[0], own))]
    )


def _number(holder: Holder, among: Sequence[Holder]) -> str:
    """What stands behind the letter of an entity's id: a row's number, `{#}`; of several holders their own."""
    place = among.index(holder) + 1 if holder in among else 1
    if not holder.group:
        return str(place)
    return f"{place}-{{#}}" if len(among) > 1 else "{#}"


def _begin_entity(holder: Holder, letter: str, number: str, kind: str) -> Iterator[str]:
    if holder.group:
        yield f"    - for: {_quote(holder.group)}      # guess: one for each, by the columns' names"
        yield f"      id: {_quote(letter + number)}"
    else:
        yield f"    - id: {letter}{number}"
    yield f"      type: {kind}"


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
        yield _case_id(column)
    else:
        yield '  case_id: ""      # no column has another value in every row: put in what tells the cases apart'
    if column := by_role.get("opened"):
        yield f"  opened: {_dates(column)}"
    if column := by_role.get("title"):
        yield _leaf("  title", column)
    yield '  # handling: {code: H1, releasable_to: ["*"], purposes: [investigation, correlation]}   # else yours alone'


def _case_id(column: SurveyedColumn) -> str:
    """The rule of the case id, with a sign for what no case id may have in it: blanks, # and |."""
    signs = set("".join(column.values))
    refused = sorted(sign for sign in signs if not CASE_ID_SIGN.search(sign))
    if not refused:
        return _leaf("  case_id", column)
    sign = next((one for one in "_-." if one not in signs), "_")
    replaced = f"{{from: {_quote(column.name)}, replace: {_quote(dict.fromkeys(refused, sign))}}}"
    return f"  case_id: {replaced}      # guess: by {_reason(column)}; a case id has no blank, # or |"


def _write_person(holder: Holder, number: str, *, is_grouped: bool) -> Iterator[str]:
    by_role = holder.by_role
    fields = _name_fields(holder)
    named = [inner for inner in holder.inner if inner.has_name]
    if not fields and not named:
        return
    yield from _begin_entity(holder, "p", number, "person")
    if (column := by_role.get("role")) and holder.group:
        yield _leaf("      role", column)
    yield "      names:"
    repeated = "for: rows, " if is_grouped and not holder.group else ""
    if fields:
        yield f"        - {{{repeated}{', '.join(fields)}}}      # guess: by the columns' names"
    for inner in named:
        within = ", ".join(_name_fields(inner))
        yield f"        - {{for: {_quote(_inner_name(inner, holder))}, {within}}}      # guess: by the columns' names"
    if column := by_role.get("alias"):
        separator = guess_separator(column.values)
        each = (
            f"{{from: {_quote(column.label)}, each: {'true' if column.is_list else _quote(separator)}}}"
            if separator or column.is_list
            else _braced(column)
        )
        yield f"        - {{full: {each}, kind: alias}}      # guess: by {_reason(column)}"
    if column := by_role.get("birth_date"):
        yield f"      birth_date: {_dates(column, 'birth_date_text')}"
    for field in ("birth_place", "birth_country", "gender"):
        if column := by_role.get(field):
            yield _leaf(f"      {field}", column)
    for role, field in (("nationality", "nationalities"), ("phone", "phones"), ("email", "emails")):
        if column := by_role.get(role):
            split = "list: true" if column.is_list else f"split: {_quote(guess_separator(column.values) or ';')}"
            yield f"      {field}: {{from: {_quote(column.label)}, {split}}}      # guess: by {_reason(column)}"
    yield from _write_address(by_role)
    yield from _write_numbers(holder)


def _name_fields(holder: Holder) -> list[str]:
    fields = [f"{role}: {_braced(holder.by_role[role])}" for role in NAMES if role in holder.by_role]
    if holder.parts and "full" not in holder.by_role:
        family = [holder.by_role[role] for role in ("family",) if role in holder.by_role]
        return [f"full: {_braced(*holder.parts, *family)}"]
    return fields


def _write_numbers(holder: Holder) -> Iterator[str]:
    by_role = holder.by_role
    numbers = [role for role in PERSON_NUMBERS if role in by_role]
    held = [(inner, column) for inner in holder.inner if not inner.has_name and (column := _number_of(inner))]
    if numbers or held:
        yield "      identifiers:"
    issuer = f", country: {_braced(by_role['issuer'])}" if "issuer" in by_role else ""
    for role in numbers:
        value = f"{{type: {role}, value: {_braced(by_role[role])}{issuer if role == 'passport' else ''}}}"
        yield f"        - {value}      # guess: by {_reason(by_role[role])}"
    for inner, column in held:
        role = column.role.role if column.role else ""
        kind = _braced(inner.kinds[0]) if inner.kinds else role if role in PERSON_NUMBERS else "document"
        country = next((inner.by_role[role] for role in ("issuer", "country") if role in inner.by_role), None)
        given_by = f", country: {_braced(country)}" if country else ""
        value = f"{{for: {_quote(_inner_name(inner, holder))}, type: {kind}, value: {_braced(column)}{given_by}}}"
        yield f"        - {value}      # guess: by {_reason(column)}"


def _number_of(inner: Holder) -> SurveyedColumn | None:
    """The column of a nested list that is the number of a document: called so, or a number and nothing else."""
    return next((inner.by_role[role] for role in (*PERSON_NUMBERS, CASE_ID) if role in inner.by_role), None)


def _inner_name(inner: Holder, outer: Holder) -> str:
    return inner.group.removeprefix(f"{outer.group}.")


def _write_address(by_role: Mapping[str, SurveyedColumn]) -> Iterator[str]:
    parts = [f"{field}: {_braced(by_role[role])}" for role, field in PLACES.items() if role in by_role]
    if parts:
        yield "      addresses:"
        yield f"        - {{{', '.join(parts)}}}      # guess: by the columns' names"


def _write_organisation(holder: Holder, number: str) -> Iterator[str]:
    if column := holder.by_role.get("organisation"):
        yield from _begin_entity(holder, "o", number, "organisation")
        yield f"      names: [{{full: {_braced(column)}}}]      # guess: by {_reason(column)}"
        if lei := holder.by_role.get("lei"):
            yield f"      identifiers: [{{type: lei, value: {_braced(lei)}}}]      # guess: by {_reason(lei)}"


def _others_of(holder: Holder) -> dict[tuple[str, str], list[str]]:
    """The fields of vehicles, ships and accounts, by id letter and type."""
    held: dict[tuple[str, str], list[str]] = {}
    for role, (letter, kind, field) in OTHERS.items():
        if role in holder.by_role:
            held.setdefault((letter, kind), []).append(f"{field}: {_braced(holder.by_role[role])}")
    return held


def _write_others(holder: Holder, number: str) -> Iterator[str]:
    repeated = f"for: {_quote(holder.group)}, " if holder.group else ""
    for (letter, kind), fields in _others_of(holder).items():
        told = f"{repeated}id: {_quote(letter + number) if holder.group else letter + number}, type: {kind}"
        yield f"    - {{{told}, {', '.join(fields)}}}      # guess: by the columns' names"


def _is_in(column: SurveyedColumn, lines: Sequence[str]) -> bool:
    """Whether a rule names the column."""
    return any(_braced(column)[1:-1] in line or f"from: {_quote(column.label)}" in line for line in lines)


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
    rule = f"{{from: {_quote(column.label)}, dates: {_quote(list(formats))}{rest}}}"
    return f"{rule}      # guess: by {_reason(column)}{doubt}"


def _leaf(field: str, column: SurveyedColumn) -> str:
    return f"{field}: {_braced(column)}      # guess: by {_reason(column)}"


def _reason(column: SurveyedColumn) -> str:
    return column.role.reason if column.role else ""


def _braced(*columns: SurveyedColumn) -> str:
    escaped = [column.label.replace("{", "{{").replace("}", "}}") for column in columns]
    return _quote(" ".join(f"{{{name}}}" for name in escaped))


def _quote(value: object) -> str:
    """JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False)
