"""What a kept list of many rows takes: a round of the idle server, its progress, a page, all its rows.

    PYTHONPATH=tests python tests/benchmarks/stores/kept_list.py [--rows 100000] [--pages 50]

One process with an index in memory. Each row found one of CASES, which is compared with it again when it is shown.
Times are milliseconds of the process's CPU, medians of all pages or rounds; pages are spread over the whole list.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from pipeline.api.list_planning import ListRow
from pipeline.api.list_store import CaseFinding, ListJob, ListRowFindings
from pipeline.api.list_worker import run_round
from pipeline.api.paging import PageCursor
from pipeline.api.services.cross_reference import list_found_records
from pipeline.api.services.list_checks import read_list_check
from pipeline.api.services.list_results import ALL_ROWS, read_results
from pipeline.matching.bands import Band
from pipeline.matching.model import load_model
from pipeline.ops.row_file import RowFile
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import record

PAGE_ROWS = 50
CASES = 200
NAME = "b" * 32


def keep_list(api: Api, rows: int) -> ListJob:
    """A list that is done, each of whose rows found one case."""
    api.hold(*(record("fr-pj", str(at)) for at in range(CASES)))
    job = ListJob(NAME, ANNA, api.session(ANNA).grounds, "en", api.now, rows)
    api.runtime.lists.add(job, (ListRow(question="ivan petrov born:1980-05-01"),) * rows)
    (folder,) = api.settings.list_folder.iterdir()
    found = RowFile(folder / "found", ListRowFindings, api.runtime.cipher, job.created)
    each = [ListRowFindings((CaseFinding(f"fr-pj:{at}", 2310, Band.CERTAIN, ("name", "key")),)) for at in range(CASES)]
    for name, content in found.seal([each[at % CASES] for at in range(rows)]).items():
        (folder / name).write_bytes(content)
    return job


async def weigh(times: int, ask: Callable[[int], Awaitable[object]]) -> str:
    """The median and the most CPU of some calls, in milliseconds."""
    taken = []
    for at in range(times):
        begun = time.process_time()
        await ask(at)
        taken.append((time.process_time() - begun) * 1000)
    return f"{median(taken):9.2f} {max(taken):9.2f}"


async def measure(api: Api, rows: int, pages: int) -> None:
    """Print a line for each."""
    job = keep_list(api, rows)
    cursors = PageCursor(api.session(ANNA), "list", job.grounds.purpose, NAME, ALL_ROWS)
    lists = api.runtime.lists

    async def read_page(at: int) -> object:
        first = at * (rows - PAGE_ROWS) // max(1, pages - 1)
        return await read_results(api.session(ANNA), NAME, PAGE_ROWS, cursors.seal([first]))

    async def read_stored_page(at: int) -> object:
        first = at * (rows - PAGE_ROWS) // max(1, pages - 1)
        return list(lists.read_checked(job, first, first + PAGE_ROWS))

    async def read_all(_: int) -> object:
        return sum(1 for _ in lists.read_checked(job))

    print(f"{rows} rows{'median ms':>29} {'most':>9}")
    asked: tuple[tuple[str, int, Callable[[int], Awaitable[object]]], ...] = (
        ("a round of the idle server", pages, lambda _: run_round(api.runtime, sweeps=False)),
        ("progress", pages, lambda _: read_list_check(api.session(ANNA), NAME)),
        (f"{PAGE_ROWS} rows from the disk", pages, read_stored_page),
        (f"a page of {PAGE_ROWS} rows, compared", pages, read_page),
        ("all rows from the disk", 1, read_all),
        ("found records, first asked for", 1, lambda _: list_found_records(api.session(ANNA), NAME)),
        ("a page of found records", pages, lambda _: list_found_records(api.session(ANNA), NAME)),
    )
    for said, times, ask in asked:
        print(f"{said:30} {await weigh(times, ask)}")


def main() -> None:
    """Print what a list takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(measure(Api(PureStages(load_model()), Path(home)), asked.rows, asked.pages))


if __name__ == "__main__":
    main()
