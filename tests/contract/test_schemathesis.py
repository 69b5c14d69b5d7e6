"""schemathesis holds the API to its own OpenAPI document, over HTTP, with what nobody here thought of sending.

It runs from an environment of its own (schemathesis.txt): what it depends on does not go with the rest of the tests.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from pipeline.api.application import create_app
from pipeline.api.runtime import Runtime
from pipeline.engines.ports import LOOPBACK
from support.access.requesters import ANNA
from support.api.runtime import GROUNDS, Api
from support.api.runtime import stages as stages
from support.index.documents import PureStages
from support.records.builder import record
from support.waiting import PATIENCE_S, WaitFor

pytestmark = pytest.mark.rare

PINS = Path(__file__).with_name("schemathesis.txt")
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
ENVIRONMENT = Path(sys.prefix) / "schemathesis"
EXAMPLES = 30
"""Cases an operation and phase: a minute in all."""

LEFT_OUT = (
    "/v1/notices/stream",  # has no end
    "/v1/feeds/{agency}/cases",  # needs Kafka: tests/integration/feeds
)
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "ignored_auth",
)  # fmt: skip


@pytest.fixture(scope="module")
def schemathesis() -> Path:
    """The command, installed once for each version of the pins."""
    ENVIRONMENT.mkdir(exist_ok=True)
    done = ENVIRONMENT / "installed.txt"
    with (ENVIRONMENT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_bytes() != PINS.read_bytes():
            _install()
            done.write_bytes(PINS.read_bytes())
    return ENVIRONMENT / "bin" / "schemathesis"


def _install() -> None:
    uv, python = Path(sys.prefix) / "bin" / "uv", ENVIRONMENT / "bin" / "python"
    try:
        subprocess.run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, ENVIRONMENT], check=True)
        subprocess.run([uv, "pip", "sync", "--quiet", "--python", python, PINS], check=True)
    except subprocess.CalledProcessError:
        if os.environ.get("CI"):
            raise
        pytest.skip("schemathesis cannot be had: no package index")


@pytest.fixture
def served(stages: PureStages, tmp_path: Path, wait_for: WaitFor) -> Iterator[tuple[str, Api]]:
    """An API on in-memory parts, served on loopback."""
    api = Api(stages, tmp_path, request_rate=10**9)
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"))
    api.link("be-fp:1", "fr-pj:1")

    @asynccontextmanager
    async def opening() -> AsyncIterator[Runtime]:
        yield api.runtime

    config = uvicorn.Config(create_app(opening), host=LOOPBACK, port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive())
        yield f"http://{LOOPBACK}:{server.servers[0].sockets[0].getsockname()[1]}", api
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.timeout(1800)
def test_the_api_keeps_to_its_document(schemathesis: Path, served: tuple[str, Api], tmp_path: Path) -> None:
    url, api = served
    headers = {**GROUNDS, "Authorization": f"Bearer {api.token(ANNA)}"}
    command: list[Path | str] = [
        schemathesis, "run", f"{url}/openapi.json", "--checks", ",".join(CHECKS), "--max-examples", str(EXAMPLES),
        "--phases", "examples,coverage,fuzzing", "--generation-deterministic",
        "--request-timeout", str(PATIENCE_S), "--warnings", "off", "--continue-on-failure",
        *(word for name, value in headers.items() for word in ("--header", f"{name}: {value}")),
        *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
    ]  # fmt: skip
    environment = {**os.environ, "NO_COLOR": "1", "SCHEMATHESIS_HOOKS": str(HOOKS)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
