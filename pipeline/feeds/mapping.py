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
from pipeline.feeds.limits import cut_to_limits
from pipeline.feeds.tables.cells import SourceRow, TableCell, TableRow, leaf_cells
from pipeline.feeds.tables.files import ReportBytesRead
from pipeline.feeds.tables.headers import explain_lacking
from pipeline.feeds.tables.reading import JoinedFiles, TableReader
from pipeline.feeds.tables.row_store import SeenKeys
from pipeline.records.envelopes import RECORD_TYPE
from pipeline.records.model import case_key


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
            self._check_columns(table, columns)
        for row in table.read_rows():
            yield self._map_row(row)
        self.unjoined = table.unjoined
        if columns is None:
            self.unmet = self._kit.required - self._met.keys()

    def _check_columns(self, table: TableReader, declared: set[str]) -> None:
        if self._kit.required - declared:
            raise LiaisonError(explain_lacking(table, self._kit.required, declared))
        self.unmapped.update({column: 0 for column in declared if not self._kit.reads(column)})

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
        return MappedRow(source.number, event, case, self._truth_label(source.row), tuple(problems), notes)

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
        return {
            "specversion": "1.0",
            "id": f"{agency.name}:{data.get('case_id', '')}:{data['version']}",
            "source": f"/agencies/{agency.name}",
            "type": RECORD_TYPE,
            "time": self._event_time(row),
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

    def _event_time(self, row: TableRow) -> str:
        texts = self._kit.time.fill_texts(row) if self._kit.time else []
        return texts[0] if texts else self._now().isoformat(timespec="seconds")

    def _truth_label(self, row: TableRow) -> str:
        return "".join(self._kit.truth.fill_texts(row)[:1]) if self._kit.truth else ""

    def _check_repeated(self, event_id: str, number: int, problems: list[MappingProblem]) -> None:
        first = self._numbers.first_number(event_id, number)
        if first != number:
            problems.append(
                MappingProblem("", f"{event_id} stands on line {first} already: a case has one record a version")
            )
