"""What is answered where a page failed."""

from __future__ import annotations

from typing import Any, cast

import pytest
from fastapi import FastAPI, Request
from nicegui import app

from pipeline.errors import LiaisonError
from pipeline.web.error_pages import serve_error_pages
from pipeline.web.site import Site


async def test_an_index_that_is_away_is_one_line_of_the_log_and_names_nothing_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each open page asks for notices again and again: an outage was a traceback for each of them."""
    serve_error_pages(Site(FastAPI()))
    away = cast("Any", app.exception_handlers[LiaisonError])
    scope = {"type": "http", "path": "/v1/x", "headers": [], "state": {"language": "en", "request_id": "r"}}
    answer = await away(Request(scope), LiaisonError("Elasticsearch at elastic-7.internal refused"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert b"the search index is not responding; try again" in answer.body
    assert b"internal" not in answer.body
    assert [line.exc_info for line in caplog.records] == [None]
