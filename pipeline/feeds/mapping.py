"""Turns the rows of an agency's table into case records (CloudEvents) by a mapping kit.

A kit's rules are evaluated over one row at a time. Everything that comes out empty is left out, and so is an object or
a list item in which columns are named but all of them are empty. What a case holds more of than a record may is cut,
and said: intake would reject all of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import orjson

from pipeline.errors import LiaisonError
from pipeline.feeds.dates import SERIAL, is_serial, stated_dates
from pipeline.feeds.kit import KitAgency, MappingKit
from pipeline.feeds.rules import (
    NUMBER,
    ConstantRule,
    ListRule,
    MappingRule,
    Node,
    ObjectNode,
    RuleNode,
    Scalar,
    ScopedNode,
)
from pipeline.feeds.tables.cells import (
    GROUPED,
    SourceRow,
    TableCell,
    TableRow,
    cell_texts,
    find_cell,
    find_rows,
    leaf_cells,
)
from pipeline.feeds.tables.conditions import all_hold
from pipeline.feeds.tables.files import ReportBytesRead
from pipeline.feeds.tables.reading import JoinedFiles, TableReader, explain_lacking
from pipeline.feeds.tables.row_store import SeenKeys
from pipeline.records.model import RECORD_TYPE, case_key

LIST_LIMITS = {"names": 50, "birth_dates": 50, "birth_places": 50}
"""How many a record takes of what lists have most of, by field: maxItems in schemas/case.schema.json."""
TEXT_LIMIT = 4_000
"""Characters of a text: maxLength there."""
FREE_TEXTS = ("summary", "remark")
"""Texts that a person reads and nothing is matched by: cut short they still serve."""


def cut_to_limits(data: dict[str, Any]) -> list[str]:
    """Cut a case's lists and free texts in place; say what was left out, one text for each."""
    said = _cut_texts(data, "")
    for entity in data.get("entities", ()):
        said += _cut_texts(entity, f"{entity.get('id', '')}.")
        for field, limit in LIST_LIMITS.items():
            values = entity.get(field, ())
            if len(values) > limit:
                entity[field] = values[:limit]
                said.append(
                    f"{entity.get('id', '')}.{field}: {len(values)} values, of which the first {limit} are kept"
                )
    return said


def _cut_texts(holder: dict[str, Any], prefix: str) -> list[str]:
    said = []
    for field in FREE_TEXTS:
        text = holder.get(field)
        if isinstance(text, str) and len(text) > TEXT_LIMIT:
            holder[field] = text[:TEXT_LIMIT]
            said.append(f"{prefix}{field}: {len(text):,} characters, of which the first {TEXT_LIMIT:,} are kept")
    return said


DIGEST_BYTES = 8
"""64 bits: two of a million ids collide with a chance of 3e-8 (birthday bound)."""


class MappingProblem(msgspec.Struct, frozen=True):
    """A value of the table that could not be mapped; `column` is the rule's source, `message` says why."""

    column: str
    message: str


class RowEvaluation:
    """Evaluates rules over one row and collects what it could not map."""

    def __init__(self, row: TableRow, problems: list[MappingProblem]) -> None:
        self._row = row
        self.problems = problems

    def fill_object(self, node: ObjectNode) -> dict[str, Any]:
        """The object, without what came out empty."""
        filled: dict[str, Any] = {}
        for name, child in node.fields:
            self._fill_field(filled, name, child)
        return filled

    def _fill_field(self, filled: dict[str, Any], name: str, child: Node) -> None:
        match child:
            case ConstantRule():
                filled[name] = child.value
            case RuleNode() if child.rule.dates:
                self._fill_dates(filled, name, child)
            case RuleNode():
                values = self._evaluate_rule(child)
                if values:
                    filled[name] = values if child.rule.is_list else self._single_value(child, values)
            case ObjectNode():
                inner = self.fill_object(child)
                if inner and self._has_values(child):
                    filled[name] = inner
            case ListRule():
                listed = self._evaluate_items(child)
                if listed:
                    filled[name] = listed
            case ScopedNode():
                if all_hold(child.where, self._row):
                    self._fill_field(filled, name, child.node)

    def _evaluate_items(self, node: ListRule) -> list[Any]:
        values = [value for item in node.items for value in self._evaluate_item(item)]
        return _fold_equal(values) if any(isinstance(item, ScopedNode) for item in node.items) else values

    def _evaluate_item(self, item: Node) -> list[Any]:
        match item:
            case ConstantRule():
                return [item.value]
            case RuleNode():
                return self._evaluate_rule(item)
            case ListRule():
                return [self._evaluate_items(item)]
            case ObjectNode():
                return self._evaluate_objects(item)
            case ScopedNode():
                return self._evaluate_scoped(item)

    def _evaluate_scoped(self, node: ScopedNode) -> list[Any]:
        if not node.group:
            return self._evaluate_item(node.node) if all_hold(node.where, self._row) else []
        values = list[Any]()
        for row in self._rows_of(node):
            if all_hold(node.where, row):
                numbered = {**row, NUMBER: str(len(values) + 1)}
                values += RowEvaluation(numbered, self.problems)._evaluate_item(node.node)  # noqa: SLF001 - its own kind
        return values

    def _rows_of(self, node: ScopedNode) -> Iterator[TableRow]:
        """The group's rows, those that `by` calls the same put together."""
        rows = find_rows(self._row, node.group)
        if node.by is None:
            yield from rows
            return
        together: dict[str, list[dict[str, TableCell]]] = {}
        for row in rows:
            together.setdefault("\n".join(node.by.fill_texts(row)), []).append(row)
        for same in together.values():
            yield {**same[0], GROUPED: same}

    def _evaluate_objects(self, node: ObjectNode) -> list[Any]:
        if not self._has_values(node):
            return []
        if node.rest is not None:
            return self._repeat_object(node.rest, node.each, self._evaluate_item(dict(node.fields)[node.each]))
        return [self.fill_object(node)]

    def _repeat_object(self, rest: ObjectNode, name: str, values: list[Any]) -> list[Any]:
        """The object once for each value; once without it where there is none but other columns are filled."""
        if not values:
            return [self._with_number(1).fill_object(rest)] if self._has_values(rest) else []
        return [
            {**self._with_number(number).fill_object(rest), name: value} for number, value in enumerate(values, start=1)
        ]

    def _with_number(self, number: int) -> RowEvaluation:
        return RowEvaluation({**self._row, NUMBER: str(number)}, self.problems)

    def _has_values(self, node: ObjectNode) -> bool:
        return not node.columns or any(cell_texts(find_cell(self._row, column)) for column in node.columns)

    def _evaluate_rule(self, leaf: RuleNode) -> list[Any]:
        if leaf.rule.dates:
            return self._state_dates(leaf)[0]
        texts = self._split_texts(leaf)
        if leaf.rule.is_plain:
            return texts
        values = (self._convert_value(leaf.rule, text) for text in texts)
        return [value for value in values if value is not None]

    def _split_texts(self, leaf: RuleNode) -> list[Any]:
        texts = leaf.fill_texts(self._row)
        separator = leaf.rule.split or leaf.rule.each
        if isinstance(separator, str) and separator:
            texts = [part.strip() for text in texts for part in text.split(separator) if part.strip()]
        for old, new in leaf.rule.replace.items():
            texts = [text.replace(old, new) for text in texts]
        return [leaf.rule.join.join(texts)] if leaf.rule.join and texts else texts

    def _single_value(self, leaf: RuleNode, values: list[Any]) -> Any:
        if len(values) > 1:
            self._add_problem(
                leaf.rule, f"holds {len(values)} values, of which the first is taken; say `split` or `each`"
            )
        return values[0]

    def _convert_value(self, rule: MappingRule, text: str) -> Scalar:
        if rule.values:
            return self._translate_value(rule, text)
        match rule.kind:
            case "text":
                return text
            case "digest":
                return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()
            case "integer" | "number":
                return self._convert_number(rule, text)

    def _translate_value(self, rule: MappingRule, text: str) -> Scalar:
        if text in rule.values:
            return rule.values[text]
        if rule.default is None:
            self._add_problem(rule, f"{text!r} is not in `values`")
        return rule.default

    def _convert_number(self, rule: MappingRule, text: str) -> Scalar:
        try:
            return int(text) if rule.kind == "integer" else float(text)
        except ValueError:
            self._add_problem(rule, f"{text!r} is not {'an integer' if rule.kind == 'integer' else 'a number'}")
            return None

    def _fill_dates(self, filled: dict[str, Any], name: str, leaf: RuleNode) -> None:
        """A date, or in a list all of them; the first text that states none goes to `or_text`."""
        dates, unread = self._state_dates(leaf)
        if dates:
            filled[name] = dates if leaf.rule.is_list else dates[0]
        if unread and leaf.rule.or_text:
            filled[leaf.rule.or_text] = unread[0]

    def _state_dates(self, leaf: RuleNode) -> tuple[list[str], list[str]]:
        """The dates of a rule, and the texts that state none for certain; without a list of one text only."""
        dates, unread = list[str](), list[str]()
        texts = self._split_texts(leaf)
        for text in texts if leaf.rule.is_list else texts[:1]:
            stated = stated_dates(text, leaf.reading)
            if len(stated) == 1:
                dates += stated
                continue
            unread.append(text)
            if not leaf.rule.or_text or len(unread) > 1:
                self._add_problem(leaf.rule, _explain_undated(text, leaf.rule, is_ambiguous=bool(stated)))
        return dates, unread

    def _add_problem(self, rule: MappingRule, message: str) -> None:
        self.problems.append(MappingProblem(rule.source, message))


def _explain_undated(text: str, rule: MappingRule, *, is_ambiguous: bool) -> str:
    if is_ambiguous:
        return f"{text!r} is ambiguous"
    hint = (
        f"; if it is a workbook's count of days, add {SERIAL}"
        if is_serial(text) and len(text) > len("YYYY") and SERIAL not in rule.dates
        else ""
    )
    return f"{text!r} is a date in none of `dates`{hint}"


def _fold_equal(values: list[Any]) -> list[Any]:
    """The values in their order, equal ones once: rows of one case repeat what they have in common."""
    unique: dict[bytes, Any] = {}
    for value in values:
        unique.setdefault(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), value)
    return list(unique.values())


class MappedRow(msgspec.Struct, frozen=True):
    """What one row became: the event (None where the row gave no case), its case key, truth label and problems.

    `notes` say what was left out because a record holds no more. `lines` of the file could not be read as a row.
    """

    line: int
    event: dict[str, Any] | None
    case: str = ""
    truth: str = ""
    problems: tuple[MappingProblem, ...] = ()
    notes: tuple[str, ...] = ()
    lines: int = 1


class Mapper:
    """Maps one table; `now` dates the events of kits without `time`, `observe` sees every cell with its column.

    `version` is that of every record, in place of the kit's: a list as a whole has one.
    Afterwards `unmapped` counts the filled cells of every column that the kit does not mention, `unmet` are the columns
    that it names and no row has (of tables that declare none), and `unjoined` counts the rows of joined files, by join,
    whose key no row of the table has.
    """

    def __init__(
        self,
        kit: MappingKit,
        now: Callable[[], datetime],
        observe: Callable[[str, TableCell], None] | None = None,
        version: int | None = None,
    ) -> None:
        self._kit = kit
        self._now = now
        self._observe = observe
        self._version = version
        self._numbers = SeenKeys()
        self._met: dict[str, bool] = {}
        """The columns met, and whether the kit leaves each unread."""
        self.unmapped: Counter[str] = Counter()
        self.unmet: frozenset[str] = frozenset()
        self.unjoined: dict[str, int] = {}

    def measure_file(self, path: Path, joined: JoinedFiles | None = None) -> int:
        """How many bytes `map_file` will tell of; raises LiaisonError where a joined file is missing."""
        return TableReader(path, self._kit.source, joined).work_bytes

    def map_file(
        self, path: Path, joined: JoinedFiles | None = None, advance: ReportBytesRead | None = None
    ) -> Iterator[MappedRow]:
        """Map every row in file order; raises LiaisonError if the table lacks a column that the kit names."""
        table = TableReader(path, self._kit.source, joined, advance)
        columns = table.read_columns()
        if columns is not None:
            if self._kit.required - columns:
                raise LiaisonError(explain_lacking(table, self._kit.required, columns))
            self.unmapped.update({column: 0 for column in columns if not self._kit.reads(column)})
        for row in table.read_rows():
            yield self._map_row(row)
        self.unjoined = table.unjoined
        if columns is None:
            self.unmet = self._kit.required - self._met.keys()

    def _map_row(self, source: SourceRow) -> MappedRow:
        if source.problem:
            return MappedRow(source.number, None, problems=(MappingProblem("", source.problem),), lines=source.lines)
        self._count_columns(source.row)
        problems: list[MappingProblem] = []
        event = self._make_event(source.row, problems)
        data = event["data"]
        if "case_id" not in data:
            return MappedRow(
                source.number, None, problems=(*problems, MappingProblem("", "no case_id: the row is left out"))
            )
        self._check_repeated(event["id"], source.number, problems)
        case, notes = case_key(data["agency"], data["case_id"]), tuple(cut_to_limits(data))
        truth = "".join(self._kit.truth.fill_texts(source.row)[:1]) if self._kit.truth else ""
        return MappedRow(source.number, event, case, truth, tuple(problems), notes)

    def _count_columns(self, row: TableRow) -> None:
        for column, cell in leaf_cells(row):
            if self._observe is not None:
                self._observe(column, cell)
            is_unread = self._met.get(column)
            if is_unread is None:
                is_unread = self._met[column] = not self._kit.reads(column)
            if is_unread and cell:
                self.unmapped[column] += 1

    def _make_event(self, row: TableRow, problems: list[MappingProblem]) -> dict[str, Any]:
        agency = self._deal_agency(row)
        data = {"agency": agency.name, "country": agency.country, "version": 1, "status": "active"}
        data |= RowEvaluation(row, problems).fill_object(self._kit.record)
        if self._version is not None:
            data["version"] = self._version
        texts = self._kit.time.fill_texts(row) if self._kit.time else []
        return {
            "specversion": "1.0",
            "id": f"{agency.name}:{data.get('case_id', '')}:{data['version']}",
            "source": f"/agencies/{agency.name}",
            "type": RECORD_TYPE,
            "time": texts[0] if texts else self._now().isoformat(timespec="seconds"),
            "datacontenttype": "application/json",
            "data": data,
        }

    def _deal_agency(self, row: TableRow) -> KitAgency:
        """Deal the row out by a hash, so that the same record goes to the same agency on every run and machine."""
        if self._kit.deal is None:
            return self._kit.agencies[0]
        dealt = "\n".join(self._kit.deal.fill_texts(row))
        digest = hashlib.blake2b(dealt.encode(), digest_size=8).digest()
        return self._kit.agencies[int.from_bytes(digest) % len(self._kit.agencies)]

    def _check_repeated(self, event_id: str, number: int, problems: list[MappingProblem]) -> None:
        first = self._numbers.first_number(event_id, number)
        if first != number:
            problems.append(
                MappingProblem("", f"{event_id} stands on line {first} already: a case has one record a version")
            )
