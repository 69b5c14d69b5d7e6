"""Turns the rows of an agency's table into case records (CloudEvents) by a mapping kit."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.evaluation import MappingProblem, RowEvaluation
from pipeline.feeds.kit import KitAgency, MappingKit
from pipeline.feeds.rows import SourceRow, read_header, read_rows
from pipeline.feeds.rules import Row
from pipeline.records.model import RECORD_TYPE, case_key


class MappedRow(msgspec.Struct, frozen=True):
    """What one row became: the event (None where the row gave no case), its case key, truth label and problems."""

    line: int
    event: dict[str, Any] | None
    case: str = ""
    truth: str = ""
    problems: tuple[MappingProblem, ...] = ()


class Mapper:
    """Maps one table; afterwards `unmapped` counts the filled cells of every column that the kit does not mention.

    `now` dates the events of kits without `time`.
    """

    def __init__(self, kit: MappingKit, now: Callable[[], datetime]) -> None:
        self._kit = kit
        self._now = now
        self._lines: dict[str, int] = {}
        self.unmapped: Counter[str] = Counter()

    def map_file(self, path: Path) -> Iterator[MappedRow]:
        """Map every row in file order; raises LiaisonError if the table lacks a column that the kit names."""
        self._check_header(path)
        for line in read_rows(path, self._kit.source):
            yield self._map_row(line)

    def _check_header(self, path: Path) -> None:
        declared = read_header(path, self._kit.source)
        if declared is None:
            return
        missing = self._kit.required - set(declared)
        if missing:
            lacking, held = ", ".join(sorted(missing)), ", ".join(declared)
            raise LiaisonError(f"{path} lacks the column {lacking} that kit {self._kit.name} names; it has {held}")
        self.unmapped.update(dict.fromkeys(set(declared) - self._kit.columns, 0))

    def _map_row(self, line: SourceRow) -> MappedRow:
        if line.problem:
            return MappedRow(line.number, None, problems=(MappingProblem("", line.problem),))
        self.unmapped.update(column for column, cell in line.row.items() if cell and column not in self._kit.columns)
        problems: list[MappingProblem] = []
        event = self._make_event(line.row, problems)
        data = event["data"]
        if "case_id" not in data:
            return MappedRow(
                line.number, None, problems=(*problems, MappingProblem("", "no case_id: the row is left out"))
            )
        self._check_repeated(event["id"], line.number, problems)
        case = case_key(data["agency"], data["case_id"])
        return MappedRow(line.number, event, case, self._truth_label(line.row), tuple(problems))

    def _make_event(self, row: Row, problems: list[MappingProblem]) -> dict[str, Any]:
        agency = self._deal_agency(row)
        data = {"agency": agency.name, "country": agency.country, "version": 1, "status": "active"}
        data |= RowEvaluation(row, problems).fill_object(self._kit.record)
        return {
            "specversion": "1.0",
            "id": f"{agency.name}:{data.get('case_id', '')}:{data['version']}",
            "source": f"/agencies/{agency.name}",
            "type": RECORD_TYPE,
            "time": self._event_time(row),
            "datacontenttype": "application/json",
            "data": data,
        }

    def _deal_agency(self, row: Row) -> KitAgency:
        """Deal the row out by a hash, so that the same record goes to the same agency on every run and machine."""
        if self._kit.deal is None:
            return self._kit.agencies[0]
        dealt = "\n".join(self._kit.deal.fill_texts(row))
        digest = hashlib.blake2b(dealt.encode(), digest_size=8).digest()
        return self._kit.agencies[int.from_bytes(digest) % len(self._kit.agencies)]

    def _event_time(self, row: Row) -> str:
        texts = self._kit.time.fill_texts(row) if self._kit.time else []
        return texts[0] if texts else self._now().isoformat(timespec="seconds")

    def _truth_label(self, row: Row) -> str:
        return "".join(self._kit.truth.fill_texts(row)[:1]) if self._kit.truth else ""

    def _check_repeated(self, event_id: str, number: int, problems: list[MappingProblem]) -> None:
        first = self._lines.setdefault(event_id, number)
        if first != number:
            problems.append(
                MappingProblem("", f"{event_id} stands on line {first} already: a case has one record a version")
            )
