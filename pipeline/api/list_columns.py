"""What the columns of an uploaded table are asked as: a guess, what becomes of each row, what is left out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final, Literal

import msgspec

from pipeline.api.list_rows import COLUMNS, ListRow
from pipeline.errors import LiaisonError
from pipeline.feeds.column_roles import (
    DAY_FIRST,
    MONTH_FIRST,
    SAMPLE_VALUES,
    fit_formats,
    guess_role,
    is_order_open,
    role_of_name,
)
from pipeline.feeds.dates import DateReading, stated_dates
from pipeline.feeds.tables.grids import GridRow, TableGrid
from pipeline.locale import LANGUAGES, N_, translate
from pipeline.records.countries import country_code
from pipeline.search.questions import FIELDS, parse_question, quote_value

NAME_PARTS: Final = ("given", "family")
"""Columns that make one name together, in this order."""

TARGETS: Final = ("", *COLUMNS, *NAME_PARTS)
"""What a column can be asked as; "" leaves it out."""

TARGET_LABELS: Final[Mapping[str, str]] = {
    "": N_("Not searched"),
    "id": N_("Your ID"),
    "name": N_("Full name"),
    "given": N_("Given name"),
    "family": N_("Family name"),
    "alias": N_("Other name"),
    "nickname": N_("Nickname"),
    "born": N_("Date of birth"),
    "birthplace": N_("Place of birth"),
    "nationality": N_("Nationality"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "number": N_("Document or account number"),
    "plate": N_("Plate"),
    "city": N_("City"),
    "type": N_("Person, organisation or vessel"),
    "country": N_("Country where phones are dialled"),
    "text": N_("Words in the title or summary"),
    "question": N_("Whole search"),
}
"""What a column is asked as, in words; a type of entity may bring more, which go by their prefix."""

TEMPLATE: Final = ("id", "name", "born", "birthplace", "nationality", "phone", "email", "number", "plate", "city")
"""The columns of the table that one may fill in."""

ROLE_TARGETS: Final[Mapping[str, str]] = {
    "given": "given", "family": "family", "full": "name", "organisation": "name", "alias": "alias",
    "birth_date": "born", "birth_place": "birthplace", "nationality": "nationality", "phone": "phone",
    "email": "email", "passport": "number", "national_id": "number", "iban": "number", "vin": "number",
    "imo": "number", "lei": "number", "plate": "plate", "city": "city", "case_id": "id",
}  # fmt: skip
"""What a column is asked as by what it is taken for (feeds/column_roles.py). A country may be of anything: of none."""

ONCE: Final = frozenset({"id", "question", "country", "given", "family"})
"""Guessed for one column alone: a second of that name is likelier something else."""

SEPARATORS: Final[Mapping[str, str]] = {"nationality": r"[|;,/\n]", "phone": r"[|;,\n]", "email": r"[|;,\s]"}
OTHERWISE: Final = r"[|;\n]"
"""Between the values of one cell. A comma parts the words of a name or of a place as well."""

CHECKED: Final = frozenset({"born", "nationality", "type"})
"""Fields that a question refuses to read as anything else."""

PREVIEW_ROWS: Final = 5
"""Rows shown as they will be searched."""

EXAMPLES: Final = 3
EXAMPLE_CHARS: Final = 60
"""Examples of a column or hint, and the characters of each: as much as its line on the page shows."""

HintKind = Literal[
    "no_query", "refused_row", "unread_row", "unread_column", "unread_value", "two_dates", "other_sheets", "damaged"
]


class ListHint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was left out, or is doubtful: of which kind, in which column, how often, with the first examples.

    `no_query` and `refused_row`: rows that ask nothing, or more than a search takes; their examples, as those of
    `unread_row`, are row numbers. `unread_value`: cells that can't be what their column is asked as. `two_dates`: dates
    of which both readings are asked. `damaged`: cells with signs that the encoding lacks.
    """

    kind: HintKind
    count: int
    column: str = ""
    examples: tuple[str, ...] = ()


class ListColumn(msgspec.Struct, frozen=True):
    """A column: its name, how many cells are filled, the first values, and what it is asked as ("" for nothing)."""

    name: str
    filled: int
    examples: tuple[str, ...]
    target: str


class ListPlan(msgspec.Struct, frozen=True):
    """What would be asked: the rows, and hints on what would not."""

    rows: tuple[ListRow, ...]
    hints: tuple[ListHint, ...]


class _HintCounter:
    """Counts by kind and column, and keeps the first examples."""

    def __init__(self) -> None:
        self._counts: dict[tuple[HintKind, str], int] = {}
        self._examples: dict[tuple[HintKind, str], list[str]] = {}

    def add(self, kind: HintKind, example: str, column: str = "", count: int = 1) -> None:
        place = (kind, column)
        self._counts[place] = self._counts.get(place, 0) + count
        held = self._examples.setdefault(place, [])
        if len(held) < EXAMPLES and example not in held:
            held.append(_shorten(example))

    def hints(self) -> tuple[ListHint, ...]:
        return tuple(
            ListHint(kind, count, column, tuple(self._examples[kind, column]))
            for (kind, column), count in self._counts.items()
        )


def guess_targets(grid: TableGrid) -> tuple[str, ...]:
    """What each column seems to be asked as, by its name and its values."""
    taken, targets = set[str](), list[str]()
    for at, name in enumerate(grid.columns):
        target = _guess_target(name, _column_values(grid, at, SAMPLE_VALUES))
        targets.append("" if target in ONCE and target in taken else target)
        taken.add(target)
    return tuple(targets)


def _guess_target(name: str, values: Sequence[str]) -> str:
    own = name.strip().casefold()
    if target := own if own in COLUMNS else _labelled_targets().get(own):
        return target
    role = guess_role(name, values)
    if role is None and role_of_name(name) == "birth_date":
        return "born"  # dates of which few can be read: those that can't are told of
    return ROLE_TARGETS.get(role.role, "") if role else ""


@cache
def _labelled_targets() -> dict[str, str]:
    """Targets by their words in each language: so the template is read as it was meant."""
    return {
        translate(label, language).casefold(): target
        for target, label in TARGET_LABELS.items()
        for language in LANGUAGES
        if target
    }


def describe_columns(grid: TableGrid, targets: Sequence[str]) -> tuple[ListColumn, ...]:
    """The columns with what each is asked as."""
    return tuple(
        ListColumn(name, sum(bool(row.cells[at]) for row in grid.rows), _examples(grid, at), targets[at])
        for at, name in enumerate(grid.columns)
    )


def plan_rows(grid: TableGrid, targets: Sequence[str]) -> ListPlan:
    """Each row as it would be asked; every row stays, be it one that asks nothing."""
    counter = _HintCounter()
    readings = {at: _date_reading(grid, at) for at, target in enumerate(targets) if target == "born"}
    rows = tuple(_make_row(row, grid.columns, targets, readings, counter) for row in grid.rows)
    for number in grid.unread:
        counter.add("unread_row", str(number))
    for at, target in enumerate(targets):
        if not target and (filled := sum(bool(row.cells[at]) for row in grid.rows)):
            counter.add("unread_column", ", ".join(_examples(grid, at)), grid.columns[at], filled)
    for name in grid.sheets:
        if name != grid.sheet:
            counter.add("other_sheets", name)
    return ListPlan(rows, counter.hints())


def _make_row(
    row: GridRow,
    columns: Sequence[str],
    targets: Sequence[str],
    readings: Mapping[int, DateReading],
    counter: _HintCounter,
) -> ListRow:
    values: dict[str, list[str]] = {}
    for at, (target, cell) in enumerate(zip(targets, row.cells, strict=True)):
        if "\N{REPLACEMENT CHARACTER}" in cell:
            counter.add("damaged", cell, columns[at])
        if target and cell:
            values.setdefault(target, []).extend(_read_cell(target, cell, readings.get(at), counter, columns[at]))
    if name := " ".join(part for role in NAME_PARTS for part in values.get(role, ())):
        values.setdefault("name", []).insert(0, name)
    question = " ".join(
        [*values.get("question", ()), *(quote_value(field, text) for field in FIELDS for text in values.get(field, ()))]
    )
    _count_trouble(row.number, question, counter)
    own, country = " ".join(values.get("id", ())), "".join(values.get("country", ())[:1])
    return ListRow(own, question, country, row.number)


def _count_trouble(number: int, question: str, counter: _HintCounter) -> None:
    if not question:
        counter.add("no_query", str(number))
        return
    try:
        parse_question(question)
    except LiaisonError as error:
        counter.add("refused_row" if error.values else "no_query", str(number))


def _read_cell(target: str, cell: str, dates: DateReading | None, counter: _HintCounter, column: str) -> Iterator[str]:
    """The values of a cell that can be asked as `target`."""
    whole = " ".join(cell.split())
    if target in ("id", "question"):
        yield whole
        return
    parts = [whole] if target in NAME_PARTS else re.split(SEPARATORS.get(target, OTHERWISE), cell)
    for value in filter(None, map(str.strip, parts)):
        found = _read_value(target, value, dates) if any(map(str.isalnum, value)) else ()
        if not found:
            counter.add("unread_value", value, column)
        elif len(found) > 1:
            counter.add("two_dates", value, column)
        yield from found


def _read_value(target: str, value: str, dates: DateReading | None) -> tuple[str, ...]:
    """What a value is asked as: nothing where it can't be read, two dates where both may be meant."""
    if target == "country":
        code = country_code(value)
        return (code,) if code else ()
    if dates is not None and (stated := stated_dates(value, dates)):
        return tuple(sorted({date[: len("YYYY-MM-DD")] for date in stated}))
    return (value,) if target not in CHECKED or _is_readable(target, value) else ()


@lru_cache(maxsize=4096)
def _is_readable(target: str, value: str) -> bool:
    """Whether a question takes the value as what its field says."""
    try:
        parse_question(f"x {quote_value(target, value)}")
    except LiaisonError:
        return False
    return True


def _date_reading(grid: TableGrid, at: int) -> DateReading:
    """How a column writes its dates; where no value tells days from months, both ways."""
    values = _column_values(grid, at, SAMPLE_VALUES)
    formats, _ = fit_formats(values)
    if DAY_FIRST in formats and is_order_open(values):
        formats = (*formats, MONTH_FIRST)
    return DateReading(formats)


def _column_values(grid: TableGrid, at: int, most: int) -> list[str]:
    return [row.cells[at] for row in grid.rows if row.cells[at]][:most]


def _examples(grid: TableGrid, at: int) -> tuple[str, ...]:
    distinct: Iterable[str] = dict.fromkeys(_column_values(grid, at, SAMPLE_VALUES))
    return tuple(_shorten(value) for value in list(distinct)[:EXAMPLES])


def _shorten(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= EXAMPLE_CHARS else f"{plain[:EXAMPLE_CHARS]}…"
