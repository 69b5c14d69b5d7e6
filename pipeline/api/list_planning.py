"""What the rows of a list are asked as: columns that name it, or a guess that its sender corrects.

    python -m pipeline.api.list_planning        PlanningRequest on standard input; DraftPlan or ListPlan on its output

A list whose header says what each column is asked as is taken as it stands (`parse_rows`). Of any other table the
columns are guessed and mapped, and each row is read with them (`plan_rows`). That is done in a process of its own,
behind everybody else's work: planning reads every row as a question, and a thread of the server that plans would take
the interpreter from whoever answers others, at each step of an answer. Both read their table by feeds/tables.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.column_roles import (
    DAY_FIRST,
    MONTH_FIRST,
    ROLES,
    SAMPLE_VALUES,
    fit_formats,
    guess_role,
    is_order_open,
    role_of_name,
)
from pipeline.feeds.dates import DateReading, stated_dates
from pipeline.feeds.tables.cells import cell_texts
from pipeline.feeds.tables.delimited import read_delimited, read_delimited_columns
from pipeline.feeds.tables.grids import GridRow, TableGrid
from pipeline.feeds.tables.json_rows import read_json_lines
from pipeline.feeds.tables.limited_process import ProcessLimits, limit_process, run_limited
from pipeline.feeds.tables.sources import TableSource
from pipeline.locale import LANGUAGES, N_, translate
from pipeline.records.countries import country_code
from pipeline.records.identifiers import canonical
from pipeline.records.placeholders import is_placeholder, is_placeholder_number
from pipeline.search.questions import ASKED_AS, FIELDS, parse_question, quote_value, whole_years

ListFormat = Literal["csv", "ndjson"]

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 4 << 20
"""About 400 characters a row; the whole list is in memory while it is taken in."""

MAX_TITLE_CHARS: Final = 120
"""A longer file name is cut; it only names the list."""

SEVERAL: Final = "|"
"""Between the values of one cell, as of a person with two names."""

DELIMITERS: Final = (",", ";", "\t")

COLUMNS: Final = ("id", "question", "country", *FIELDS)
"""`id` is the sender's own, `question` is asked as it stands, `country` is where phones are dialled."""

_AGAIN: Final = re.compile(r" \(\d+\)$")
"""Behind the name of a column that comes again (feeds/tables/delimited.py): its values are asked as well."""


class ListTie(msgspec.Struct, frozen=True):
    """That a file ties an entity to another one: by which relation, what the other is in it, and the other's id."""

    relation: str
    role: str
    other: str


class ListRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row: its sender's own id, what it asks, where its phones are dialled ("" not said), its line in the file.

    `line` is 0 where nobody counted: then it is the row's place in the list. `problem` is why it asks nothing, with its
    `values`. A row of the `entity` of a record names that as its `source`; what it asks is made when it is asked
    (entity_rows.py). `schema` and `ties` are those of an entity of a FollowTheMoney file.
    """

    own: str = ""
    question: str = ""
    country: str = ""
    line: int = 0
    source: str = ""
    entity: str = ""
    schema: str = ""
    ties: tuple[ListTie, ...] = ()
    problem: str = ""
    values: dict[str, str] = {}


class ListError(LiaisonError):
    """The list cannot be read as a whole; a row that asks for nothing is its own row's trouble."""


def parse_rows(raw: bytes, form: ListFormat) -> tuple[ListRow, ...]:
    """The rows of a list whose header says what each column is asked as, empty ones aside.

    Raises ListError; its message tells the line, never a value.
    """
    if len(raw) > MOST_BYTES:
        raise ListError("the list is larger than {most} bytes; split it", most=MOST_BYTES)
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListError("the list is not UTF-8 text; save it as UTF-8") from error
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        path = Path(f"/dev/fd/{file.fileno()}")
        try:
            found = tuple(_read_csv(path, raw) if form == "csv" else _read_ndjson(path, raw))
        except ListError:
            raise
        except LiaisonError as error:  # what is no text of its form at all; its message is for who has the file
            raise _unreadable_error(1) from error
    if not found:
        raise ListError("the list is empty")
    if len(found) > MOST_ROWS:
        raise ListError("the list has more than {most} rows; split it", most=MOST_ROWS)
    return found


def _read_csv(path: Path, raw: bytes) -> Iterator[ListRow]:
    head = raw.partition(b"\n")[0].decode("utf-8-sig")
    source = TableSource(format="csv", delimiter=max(DELIMITERS, key=head.count))
    names = {column: _AGAIN.sub("", column).casefold() for column in read_delimited_columns(path, source)}
    _require_known(names.values(), 1)
    for row in read_delimited(path, source, strict=True):
        if row.problem:
            raise _unreadable_error(row.number)
        values: dict[str, list[str]] = {}
        for column, cell in row.row.items():
            values.setdefault(names[column], []).extend("".join(cell_texts(cell)).split(SEVERAL))
        if any(map(str.strip, chain.from_iterable(values.values()))):
            yield _state_row(values)


def _read_ndjson(path: Path, raw: bytes) -> Iterator[ListRow]:
    lines = raw.split(b"\n")
    for row in read_json_lines(path, TableSource(format="jsonl")):
        if not lines[row.number - 1].strip():
            continue
        if row.problem:
            raise _unreadable_error(row.number)
        _require_known(row.row, row.number)
        yield _state_row({name: cell_texts(cell) for name, cell in row.row.items()})


def _require_known(names: Iterable[str], line: int) -> None:
    if not set(names) <= set(COLUMNS):
        raise ListError("line {line}: unknown column; the columns are {columns}", line=line, columns=", ".join(COLUMNS))


def _unreadable_error(line: int) -> ListError:
    return ListError("line {line}: not readable as CSV or JSON", line=line)


def _state_row(cells: Mapping[str, list[str]]) -> ListRow:
    """A row that asks each value as its column says."""
    values = {name: [text for value in some if (text := value.strip())] for name, some in cells.items()}
    asked = [
        *values.get("question", ()),
        *(quote_value(field, text) for field in FIELDS for text in values.get(field, ())),
    ]
    own, country = (" ".join(values.get(name, ())) for name in ("id", "country"))
    return ListRow(own, " ".join(asked), country.upper())


NAME_PARTS: Final = ("given", "family")
"""Columns that make one name together, in this order."""

DATE_ORDERS: Final = {"born_day_first": (DAY_FIRST, MONTH_FIRST), "born_month_first": (MONTH_FIRST, DAY_FIRST)}
"""Columns of dates of birth whose sender says what stands first: the format that reads them, and the other."""

TARGETS: Final = ("", *COLUMNS, *NAME_PARTS, *DATE_ORDERS)
"""What a column can be asked as; "" leaves it out."""

BORN: Final = ("born", *DATE_ORDERS)
"""What columns of dates of birth are asked as: all are the field `born` of a question."""

TARGET_LABELS: Final[Mapping[str, str]] = {
    "": N_("Not searched"),
    "id": N_("Your ID"),
    "name": N_("Full name"),
    "given": N_("Given name"),
    "family": N_("Family name"),
    "alias": N_("Other name"),
    "nickname": N_("Nickname"),
    "born": N_("Date of birth"),
    "born_day_first": N_("Date of birth, the day first"),
    "born_month_first": N_("Date of birth, the month first"),
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
    **{role: ASKED_AS[role] for role in ROLES if role in ASKED_AS and role not in ("country", "title")},
    "given": "given", "family": "family", "passport": "number", "case_id": "id",
}  # fmt: skip
"""What a column is asked as by what it is taken for (feeds/column_roles.py). A country may be of anything: of none."""

BY_NAME_ALONE: Final = frozenset({"birth_date", "phone"})
"""What a column is taken for by its name, be few of its values such: those that aren't are told of."""

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
    known = [value for value in values if not is_placeholder(value.strip().casefold())]
    role = guess_role(name, known)
    named = role.role if role else role_of_name(name)
    return ROLE_TARGETS.get(named, "") if role or named in BY_NAME_ALONE else ""


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
    readings = {at: _date_reading(grid, at, target) for at, target in enumerate(targets) if target in BORN}
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
            asked = "born" if target in BORN else target
            values.setdefault(asked, []).extend(_read_cell(asked, cell, readings.get(at), counter, columns[at]))
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
        found = () if _is_nothing(target, value) else _read_value(target, value, dates)
        if not found:
            counter.add("unread_value", value, column)
        elif len(found) > 1:
            counter.add("two_dates", value, column)
        yield from found


def _is_nothing(target: str, value: str) -> bool:
    """Whether a value says that it is not known, as a record's would: no letter or digit, n/a, 0000."""
    if not any(map(str.isalnum, value)) or is_placeholder(value.casefold()):
        return True
    return target == "number" and is_placeholder_number(canonical(value))


def _read_value(target: str, value: str, dates: DateReading | None) -> tuple[str, ...]:
    """What a value is asked as: nothing where it can't be read, two dates where both may be meant."""
    if target == "country":
        code = country_code(value)
        return (code,) if code else ()
    if dates is not None and (stated := [date for one in _whole_dates(value) for date in stated_dates(one, dates)]):
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


def _date_reading(grid: TableGrid, at: int, target: str) -> DateReading:
    """How a column writes its dates; where neither its sender nor a value tells days from months, both ways."""
    values = [one for value in _column_values(grid, at, SAMPLE_VALUES) for one in _whole_dates(value)]
    formats, _ = fit_formats(values)
    if target in DATE_ORDERS:
        first, other = DATE_ORDERS[target]
        stated = [first.replace("/", sign) for sign in DATE_SIGNS]
        others = {other.replace("/", sign) for sign in DATE_SIGNS}
        return DateReading((*stated, *(one for one in formats if one not in others)))
    if DAY_FIRST in formats and is_order_open(values):
        formats = (*formats, MONTH_FIRST)
    return DateReading(formats)


DATE_SIGNS: Final = "/.-"
"""What stands between the parts of a date in numbers."""

_SHORT_YEAR: Final = re.compile(r"(\d{1,2}([./-])\d{1,2}\2)(\d{2})")


def _whole_dates(value: str) -> tuple[str, ...]:
    """A date whose year has two digits as what it may be with four; any other text as it is."""
    found = _SHORT_YEAR.fullmatch(value.strip())
    return tuple(f"{found[1]}{year}" for year in whole_years(found[3])) if found else (value,)


def _column_values(grid: TableGrid, at: int, most: int) -> list[str]:
    return [row.cells[at] for row in grid.rows if row.cells[at]][:most]


def _examples(grid: TableGrid, at: int) -> tuple[str, ...]:
    distinct: Iterable[str] = dict.fromkeys(_column_values(grid, at, SAMPLE_VALUES))
    return tuple(_shorten(value) for value in list(distinct)[:EXAMPLES])


def _shorten(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= EXAMPLE_CHARS else f"{plain[:EXAMPLE_CHARS]}…"


IN_PLACE_BYTES: Final = 8 << 10
"""A table of at most as much JSON, some 200 rows of two cells, is planned by the process that asks, which takes 15 ms:
a process of its own takes half a second of a processor to start."""

LIMITS: Final = ProcessLimits(memory_bytes=1 << 30, cpu_s=30, niceness=10)
"""Twenty times what the largest list, of 80 columns, takes. Whoever asks the server for less goes before
it."""

MAX_WAIT_S: Final = 120
"""A busy machine may take longer than the processor's time."""


class DraftPlan(msgspec.Struct, frozen=True):
    """What would be asked of a table whose columns are asked as `targets`: its first rows, and what is left out."""

    targets: tuple[str, ...]
    columns: tuple[ListColumn, ...]
    preview: tuple[ListRow, ...]
    hints: tuple[ListHint, ...]


class PlanningError(LiaisonError):
    """A table that takes more to plan than its process may take."""


class PlanningRequest(msgspec.Struct, frozen=True):
    """A table, what its columns are asked as (None: to be guessed), and whether every row is wanted or the first.

    `grid` is a TableGrid as JSON, which only who plans decodes.
    """

    grid: msgspec.Raw
    targets: tuple[str, ...] | None
    every_row: bool


def plan_draft(grid: msgspec.Raw, targets: tuple[str, ...] | None = None) -> DraftPlan:
    """Plan every row and keep the first: once for a mapping, and kept with its draft. Blocks. Raises PlanningError.

    Without `targets` they are guessed.
    """
    return msgspec.json.decode(_run(PlanningRequest(grid, targets, every_row=False)), type=DraftPlan)


def plan_list(grid: msgspec.Raw, targets: tuple[str, ...]) -> ListPlan:
    """Plan every row and keep them all. Blocks. Raises PlanningError."""
    return msgspec.json.decode(_run(PlanningRequest(grid, targets, every_row=True)), type=ListPlan)


def _run(asked: PlanningRequest) -> bytes:
    """The plan, encoded."""
    if len(memoryview(asked.grid)) <= IN_PLACE_BYTES:
        return msgspec.json.encode(_plan(asked))
    answer = run_limited(__name__, msgspec.json.encode(asked), MAX_WAIT_S)
    if answer is None:
        raise PlanningError("the list takes too long to be planned; split it")
    return answer


def _plan(asked: PlanningRequest) -> DraftPlan | ListPlan:
    grid = msgspec.json.decode(asked.grid, type=TableGrid)
    targets = guess_targets(grid) if asked.targets is None else asked.targets
    plan = plan_rows(grid, targets)
    if asked.every_row:
        return plan
    return DraftPlan(targets, describe_columns(grid, targets), plan.rows[:PREVIEW_ROWS], plan.hints)


if __name__ == "__main__":
    limit_process(LIMITS)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=PlanningRequest)
    sys.stdout.buffer.write(msgspec.json.encode(_plan(request)))
