"""Evaluates a mapping kit's rules over one row of the table.

Everything that comes out empty is left out, and so is an object or a list item in which columns are named but all of
them are empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from pipeline.feeds.dates import SERIAL, is_serial, stated_dates
from pipeline.feeds.rules import (
    ConstantRule,
    ListRule,
    MappingRule,
    Node,
    ObjectNode,
    RuleNode,
    Scalar,
    ScopedNode,
)
from pipeline.feeds.tables.cells import GROUPED, TableCell, TableRow, cell_texts, find_cell, find_rows
from pipeline.feeds.tables.conditions import all_hold
from pipeline.feeds.templates import NUMBER

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
