"""Charts as files, read and written in a process of its own, as tables are: what somebody brings delays nobody else."""

from __future__ import annotations

import asyncio

from pipeline.api.chart_exchange import (
    BroughtChart,
    FileForm,
    read_bounded,
    require_file_size,
    write_bounded,
)
from pipeline.api.chart_picture import FileChart
from pipeline.api.session import Session, costly


@costly
async def read_chart_file(session: Session, raw: bytes) -> BroughtChart:
    """What a file brings; no record is asked for it.

    Raises ForbiddenError, RequestTooLargeError, UnprocessableError, TooManyRequestsError.
    """
    session.require_reader()
    require_file_size(len(raw))
    async with session.runtime.processes:
        return await asyncio.to_thread(read_bounded, raw)


@costly
async def write_chart_file(session: Session, form: FileForm, chart: FileChart) -> bytes:
    """A chart as a file; who opened it has recorded what is in it. Raises UnprocessableError, TooManyRequestsError."""
    async with session.runtime.processes:
        return await asyncio.to_thread(write_bounded, form, chart)
