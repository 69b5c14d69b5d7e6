"""The gateway over HTTP on a real broker: a name stands for one content, and no line is lost by any name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from pipeline.access.requester import Role
from pipeline.matching.model import load_model
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.index.documents import PureStages
from support.installation.installation import Installation
from support.processes.starting import Start
from support.records.builder import event_bytes

pytestmark = pytest.mark.engines

SENDER = replace(ANNA, roles=frozenset({Role.FEED}))
Send = Callable[..., httpx.Response]


def record(number: int, **data: Any) -> bytes:
    return event_bytes("fr-pj", str(number), **data)


def told(answer: httpx.Response) -> dict[str, int]:
    """The first line of an answer: what was taken."""
    assert answer.status_code == 200, answer.text
    first: dict[str, int] = json.loads(answer.text.splitlines()[0])
    return first


def receipts(answer: httpx.Response) -> list[tuple[int, str]]:
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return sorted((line["line"], line["outcome"]) for line in lines if "outcome" in line)


@pytest.fixture
def send(installation: Installation, start_stage: Start, tmp_path: Path) -> Send:
    """Sends lines under a name; intake runs and answers."""
    start_stage("intake")
    given = installation.settings.model_dump(include={"kafka_url", "namespace", "case_partitions"})
    api = Api(PureStages(load_model()), tmp_path, **given)

    def sent(lines: Iterable[bytes], upload: str, query: str = "") -> httpx.Response:
        path = f"/v1/feeds/fr-pj/cases?upload={upload}{query}"
        headers = {"Content-Type": "application/x-ndjson"}
        return asyncio.run(api.request("POST", path, SENDER, headers, content=b"\n".join(lines)))

    return sent


def test_other_lines_under_a_name_are_refused_before_one_is_skipped(send: Send, installation: Installation) -> None:
    first = [record(number) for number in range(3)]
    assert told(send(first, "daily")) == {"lines": 3, "sent": 3, "before": 0, "left_out": 0}
    others = [record(number) for number in range(10, 14)]
    mended = [first[0], record(1, title="mended"), first[2]]
    for lines in (others, mended, first[:2], [*first[1:], first[0]]):
        answer = send(lines, "daily")
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json"), answer.text
        assert "another name" in answer.json()["detail"]
    again = send(first, "daily")
    assert told(again) == {"lines": 3, "sent": 0, "before": 3, "left_out": 0}
    assert receipts(again) == [(1, "accepted"), (2, "accepted"), (3, "accepted")]
    assert told(send([*first, *others], "daily")) == {"lines": 7, "sent": 4, "before": 3, "left_out": 0}
    assert told(send(others, "evening"))["sent"] == 4
    assert len(installation.receipts()) == 11


def test_a_line_that_was_left_out_is_not_taken_for_one_that_was_sent(send: Send) -> None:
    wrong = [record(1), record(2, opened="2026-02-30"), record(3)]
    right = [record(number) for number in (1, 2, 3)]
    assert told(send(wrong, "daily"))["left_out"] == 1
    assert told(send(wrong, "daily")) == {"lines": 3, "sent": 0, "before": 2, "left_out": 1}
    assert send(right, "daily").status_code == 409
    assert send(wrong, "daily", "&validate=false").status_code == 409
    assert told(send(right, "daily-mended"))["sent"] == 3


def test_a_request_without_lines_under_a_known_name_is_refused(send: Send) -> None:
    assert told(send([record(1)], "daily"))["sent"] == 1
    assert send([], "daily").status_code == 409
    assert told(send([], "empty"))["sent"] == 0
