"""Works on lists: each row is a search of its requester's, with their rights and budget, and an audit entry of its own.

Lists take turns, so that a long one holds up no short one. The rows of a step are searched at once, steps one after
the other. A process that dies leaves its list to the next one, which goes on after the last step kept; the rows of the
step between are asked again under the same request id, so that the audit shows it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from math import inf
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.tokens import TokenError, check_agency
from pipeline.api.answering import take_turns
from pipeline.api.answers import SearchAnswer, SearchRow, told
from pipeline.api.list_planning import ListRow
from pipeline.api.list_store import STEP, CaseFinding, HitFinding, ListJob, ListRowFindings, NoListError
from pipeline.api.problems import UnprocessableError
from pipeline.api.runtime import Runtime
from pipeline.api.services.list_results import fill_rows
from pipeline.api.services.search import MOST, Search, search
from pipeline.api.session import Session
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band
from pipeline.ops.row_file import DamagedRowsError

log = logging.getLogger(__name__)

SWEEP_S: Final = 60.0
"""How often what is over is looked for; nobody is shown it meanwhile."""

IDLE_S: Final = 1.0
"""Pause while there is nothing to do; also how long one waits for an engine that is away."""

STEPS_A_TURN: Final = 25
"""Steps of one list before the next one's turn: 200 rows."""

FAULT: Final = "this row could not be checked"
"""What is said of a row that met a fault of ours."""

MOST_CASES: Final = 10
"""Cases kept for a row: who needs more asks by a search."""

STRONG: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
NUMBERS: Final = frozenset({"number", "phone", "email"})
"""By which bands or clauses a case may be equal to its row. Where such fill a row those behind are looked at as well,
since the records of one agency would leave out another's."""


async def run_list_worker(runtime: Runtime) -> None:
    """Work on what comes, for as long as the server lives."""
    swept_s = -inf
    while True:
        sweeps = time.monotonic() >= swept_s + SWEEP_S
        try:
            busy = await run_round(runtime, sweeps=sweeps)
        except (LiaisonError, OSError) as error:
            log.warning("lists are not worked on now: %s", type(error).__name__)
            busy = False
        if sweeps:
            swept_s = time.monotonic()
        if not busy:
            await asyncio.sleep(IDLE_S)


async def run_round(runtime: Runtime, *, sweeps: bool = True) -> bool:
    """A turn for every list that is not done; True while there is more to do. It `sweeps` away what is over before.

    Raises UnavailableError or LiaisonError: try again later.
    """
    lists, busy = runtime.lists, False
    if sweeps:
        await asyncio.to_thread(_sweep, runtime)
    for job in await asyncio.to_thread(lists.list_unfinished_jobs):
        if _is_over(runtime, job):
            lists.delete(job)
            continue
        try:
            with suppress(NoListError), lists.lock_job(job) as locked:
                if locked and await _advance_list(runtime, job):
                    busy = True
        except DamagedRowsError:
            log.warning("list %s can't be worked on: its file is damaged; whoever sent it is told so", job.id)
    return busy


def _sweep(runtime: Runtime) -> None:
    runtime.lists.delete_expired(runtime.clock())
    for job in runtime.lists.list_all_jobs():
        if _is_over(runtime, job):
            runtime.lists.delete(job)


def _is_over(runtime: Runtime, job: ListJob) -> bool:
    """Whether a list has had its time, or its requester's agency takes part no more."""
    try:
        check_agency(job.requester, runtime.agencies)
    except TokenError:
        return True
    return runtime.clock() >= job.expires


async def _advance_list(runtime: Runtime, job: ListJob) -> bool:
    """Take up to STEPS_A_TURN steps of a list; True where rows are left."""
    lists = runtime.lists
    done = lists.read_progress(job).done
    for first in range(done, min(job.rows, done + STEPS_A_TURN * STEP), STEP):
        session = Session(runtime, job.requester, job.grounds, job.language, f"{job.id}-{first + 1}")
        rows = await asyncio.to_thread(tuple, lists.read_rows(job, first, first + STEP))
        async with session.answer(ActKind.READ) as answer:
            step = enumerate(await fill_rows(answer, rows), first)
            answer.tell_nothing()  # each row is asked as a search of its own
        searches = [asyncio.ensure_future(_search_row(runtime, job, at, row)) for at, row in step]
        await asyncio.wait(searches)  # all of them: one that went on alone would be asked again beside itself
        await asyncio.to_thread(lists.append, job, tuple(search.result() for search in searches))
    return not lists.read_progress(job).is_done


async def _search_row(runtime: Runtime, job: ListJob, at: int, row: ListRow) -> ListRowFindings:
    """What the search of one row finds, or why it cannot be asked. Raises UnavailableError, LiaisonError.

    A row that meets a fault of ours holds up no other.
    """
    session = Session(runtime, job.requester, job.grounds, job.language, f"{job.id}-{at + 1}")
    if row.problem:
        return ListRowFindings(problem=row.problem, values=row.values)
    most = MOST_CASES + bool(row.source)  # which finds itself
    try:
        asked = Search(row.question, row.country, limit=most)
        answer = await search(session, asked, with_reasons=False)
        results = await _read_on(session, asked, answer)
    except UnprocessableError as error:
        return ListRowFindings(problem=error.message, values={name: str(value) for name, value in error.values.items()})
    except LiaisonError:
        raise
    except Exception as error:
        log.error("a row of a list cannot be asked: %s", type(error).__name__)  # its text may hold the row
        return ListRowFindings(problem=FAULT)
    # Cases and what of the question they met, and nothing that they say: that is compared when results are read.
    cases = tuple(
        CaseFinding(found.case, told(found.score) or 0, told(found.band) or Band.NONE, told(found.met) or ())
        for found in _choose_results([one for one in results if one.case != row.source])
    )
    hits = tuple(HitFinding(hit.reference, hit.band) for hit in answer.hits)
    return ListRowFindings(cases, hits, not_asked=answer.not_asked)


async def _read_on(session: Session, asked: Search, answer: SearchAnswer) -> list[SearchRow]:
    """The results of a row, with those behind them as long as they may be equal and another agency's."""
    results, following = list(answer.results), answer.next
    while following and results and _may_be_equal(results[-1]):
        page = await search(session, msgspec.structs.replace(asked, cursor=following, limit=MOST), with_reasons=False)
        results, following = [*results, *page.results], page.next
    return results


def _choose_results(results: Sequence[SearchRow]) -> list[SearchRow]:
    """The first MOST_CASES in their order; of those that may be equal each agency's first before its second."""
    equal = [row for row in results if _may_be_equal(row)]
    others = [row for row in results if not _may_be_equal(row)]
    chosen = {row.case for row in (*take_turns(equal), *others)[:MOST_CASES]}
    return [row for row in results if row.case in chosen]


def _may_be_equal(row: SearchRow) -> bool:
    return told(row.band) in STRONG or not NUMBERS.isdisjoint(told(row.met) or ())
