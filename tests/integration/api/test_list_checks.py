"""A list on the real engines, whose server is killed while it works: every row is answered, once."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from pipeline.access.audit import ActKind
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.token_keys import issue_token
from pipeline.api.list_store import STEP, ListStore
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.index.documents import case_document
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from support.access.requesters import ANNA
from support.api.index import index
from support.api.runtime import GROUNDS
from support.index.documents import PureStages
from support.ports import own_port
from support.processes.starting import Process, started
from support.records.builder import record
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

SERVER_PROCESS = "support.web.server_process"
ROWS = 200
KEPT = 5
"""Steps before the server is killed, while the rows of another one have been asked and are not kept."""

ENGINE_AWAY = "lists are not worked on now"
"""What the server logs where a step met an engine that did not answer: it is taken again as well."""

Serve = Callable[..., Process]


@pytest.fixture
async def written(engine_settings: Settings, stages: PureStages) -> None:
    await index(engine_settings, stages, [case_document(stages.accepted(record(one))) for one in ("fr-pj", "be-fp")])


@pytest.fixture
def port() -> int:
    return own_port()


@pytest.fixture
def serve(
    written: None, engine_environment: dict[str, str], port: int, tmp_path: Path, wait_for: WaitFor
) -> Iterator[Serve]:
    """Start the server; it ends with the test."""
    environment = {**engine_environment, "LIAISON_MAX_INDEX_LAG": "0", "LIAISON_REQUEST_RATE": "1000000"}
    with started(SERVER_PROCESS, environment, tmp_path) as start:

        def serving(*words: str) -> Process:
            process = start(str(port), *words)
            wait_for(lambda: accepts(LOOPBACK, port) or process.poll() is not None)
            return process

        yield serving


async def test_a_list_survives_its_server(
    serve: Serve, engine_settings: Settings, port: int, wait_for: WaitFor, tmp_path: Path
) -> None:
    token = issue_token(engine_settings, ANNA, datetime.now(UTC), timedelta(hours=1))
    client = httpx.Client(
        base_url=f"http://{LOOPBACK}:{port}",
        headers={**GROUNDS, "Authorization": f"Bearer {token}"},
        timeout=PATIENCE_S,
    )
    rows = b"id,name,born\n" + b"".join(b"%d,Ivan Petrov,1980-05-01\n" % row for row in range(ROWS))

    def told() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/v1/list-checks/{name}").json()["list"]
        return found

    with client:
        process = serve(str(KEPT))
        name = client.post("/v1/list-checks", content=rows, headers={"Content-Type": "text/csv"}).json()["list"]["id"]
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
        cipher = QueryCipher(keys_in(engine_settings.audit_key_folder))
        store = ListStore(engine_settings.list_folder, cipher, engine_settings.namespace)
        assert store.read_progress(store.read_job(ANNA, name)).done == KEPT * STEP
        serve()
        wait_for(lambda: told()["state"] == "done", deadline_s=180)
        found = [orjson.loads(line) for line in client.get(f"/v1/list-checks/{name}/file?form=ndjson").iter_lines()]
    assert [row["id"] for row in found] == [str(row) for row in range(ROWS)]
    assert {tuple(one["case"] for one in row["matches"]) for row in found} == {("be-fp:1", "fr-pj:1")}
    searched = Counter([entry.request async for entry in read_entries(engine_settings) if entry.kind is ActKind.SEARCH])
    assert searched.keys() == {f"{name}-{row}" for row in range(1, ROWS + 1)}
    again = {f"{name}-{row}" for row in range(KEPT * STEP + 1, (KEPT + 1) * STEP + 1)}
    repeated = {request for request, times in searched.items() if times > 1}
    assert again <= repeated
    failed = sum(log.read_text().count(ENGINE_AWAY) for log in tmp_path.glob("server_process-*.log"))
    assert len(repeated) <= STEP * (1 + failed)
