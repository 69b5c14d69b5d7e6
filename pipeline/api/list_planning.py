"""Plans a table in a process of its own, behind everybody else's work: planning reads every row as a question.

    python -m pipeline.api.list_planning        PlanningRequest on standard input; DraftPlan or ListPlan on its output

A thread of the server that plans would take the interpreter from whoever answers others, at each step of an answer.
"""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from pipeline.api.list_columns import (
    PREVIEW_ROWS,
    ListColumn,
    ListHint,
    ListPlan,
    describe_columns,
    guess_targets,
    plan_rows,
)
from pipeline.api.list_rows import ListRow
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import TableGrid
from pipeline.feeds.tables.limited_process import ProcessLimits, limit_process, run_limited

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
