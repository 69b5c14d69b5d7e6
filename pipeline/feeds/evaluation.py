"""Evaluates a mapping kit's rules over one row of the table.

Everything that comes out empty is left out, and so is an object or a list item in which columns are named but all of
them are empty.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from pipeline.feeds.dates import stated_dates
from pipeline.feeds.rules import NUMBER, Constant, Items, MappingRule, Node, ObjectNode, Row, RuleNode, Scalar

DIGEST_BYTES = 8
"""64 bits: two of a million ids collide with a chance of 3e-8 (birthday bound)."""


class MappingProblem(msgspec.Struct, frozen=True):
    """A value of the table that could not be mapped; `column` is the rule's source, `message` says why."""

    column: str
    message: str


class RowEvaluation:
    """Evaluates rules over one row and collects what it could not map."""

    def __init__(self, row: Row, problems: list[MappingProblem]) -> None:
        self._row = row
        self.problems = problems

    def object(self, node: ObjectNode) -> dict[str, Any]:
        """The object, without what came out empty."""
        filled: dict[str, Any] = {}
        for name, child in node.fields:
            self._fill(filled, name, child)
        return filled

    def _fill(self, filled: dict[str, Any], name: str, child: Node) -> None:
        match child:
            case Constant():
                filled[name] = child.value
            case RuleNode() if child.rule.dates:
                self._fill_date(filled, name, child)
            case RuleNode():
                values = self._values(child)
                if values:
                    filled[name] = values if child.rule.split else self._only(child, values)
            case ObjectNode():
                inner = self.object(child)
                if inner and self._concerns(child):
                    filled[name] = inner
            case Items():
                listed = self._items(child)
                if listed:
                    filled[name] = listed

    def _items(self, node: Items) -> list[Any]:
        return [value for item in node.items for value in self._item(item)]

    def _item(self, item: Node) -> list[Any]:
        match item:
            case Constant():
                return [item.value]
            case RuleNode():
                return self._values(item)
            case Items():
                return [self._items(item)]
            case ObjectNode():
                return self._objects(item)

    def _objects(self, node: ObjectNode) -> list[Any]:
        if not self._concerns(node):
            return []
        for name, child in node.fields:
            if isinstance(child, RuleNode) and child.rule.each:
                rest = ObjectNode.of(tuple(field for field in node.fields if field[0] != name))
                return self._repeated(rest, name, self._values(child))
        return [self.object(node)]

    def _repeated(self, rest: ObjectNode, name: str, values: list[Any]) -> list[Any]:
        """The object once for each value; once without it where there is none but other columns are filled."""
        if not values:
            return [self._numbered(1).object(rest)] if self._concerns(rest) else []
        return [{**self._numbered(number).object(rest), name: value} for number, value in enumerate(values, start=1)]

    def _numbered(self, number: int) -> RowEvaluation:
        return RowEvaluation({**self._row, NUMBER: str(number)}, self.problems)

    def _concerns(self, node: ObjectNode) -> bool:
        return not node.columns or any(self._row.get(column) for column in node.columns)

    def _values(self, leaf: RuleNode) -> list[Any]:
        texts = leaf.template.texts(self._row)
        if separator := leaf.rule.split or leaf.rule.each:
            texts = [part.strip() for text in texts for part in text.split(separator) if part.strip()]
        return [value for value in (self._value(leaf.rule, text) for text in texts) if value is not None]

    def _only(self, leaf: RuleNode, values: list[Any]) -> Any:
        if len(values) > 1:
            self._doubt(leaf.rule, f"holds {len(values)} values, of which the first is taken; say `split` or `each`")
        return values[0]

    def _value(self, rule: MappingRule, text: str) -> Scalar:
        if rule.values:
            return self._translated(rule, text)
        match rule.kind:
            case "text":
                return text
            case "digest":
                return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()
            case "integer" | "number":
                return self._number(rule, text)

    def _translated(self, rule: MappingRule, text: str) -> Scalar:
        if text in rule.values:
            return rule.values[text]
        if rule.default is None:
            self._doubt(rule, f"{text!r} is not in `values`")
        return rule.default

    def _number(self, rule: MappingRule, text: str) -> Scalar:
        try:
            return int(text) if rule.kind == "integer" else float(text)
        except ValueError:
            self._doubt(rule, f"{text!r} is not {'an integer' if rule.kind == 'integer' else 'a number'}")
            return None

    def _fill_date(self, filled: dict[str, Any], name: str, leaf: RuleNode) -> None:
        for text in leaf.template.texts(self._row)[:1]:
            stated = stated_dates(text, leaf.rule.dates, leaf.rule.zone)
            if len(stated) == 1:
                filled[name] = stated.pop()
            elif leaf.rule.or_text:
                filled[leaf.rule.or_text] = text
            else:
                self._doubt(leaf.rule, f"{text!r} {'is ambiguous' if stated else 'is a date in none of `dates`'}")

    def _doubt(self, rule: MappingRule, message: str) -> None:
        self.problems.append(MappingProblem(rule.source, message))
