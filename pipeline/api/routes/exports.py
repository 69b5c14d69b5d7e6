"""GET /v1/export/{what}: a file, streamed as it is recorded."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from pipeline.api.routes.answers import describe_problems
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services.export_formats import MEDIA_TYPES, ExportFormat, What
from pipeline.api.services.exports import export_records
from pipeline.api.streaming import start_file

router = APIRouter(prefix="/v1", tags=["export"])

ExportFormatQuery = Annotated[ExportFormat, Query(description="File format.")]


@router.get("/export/{what}", summary="Export links or cases", response_class=Response, responses=describe_problems())
async def export(session: SessionOf, what: What, form: ExportFormatQuery = "ndjson") -> Response:
    """Every link or case that you see; null where one side is only a hit."""
    return await start_file(session, export_records(session, what, form), MEDIA_TYPES[form])
