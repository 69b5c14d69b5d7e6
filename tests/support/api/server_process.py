"""Serve API and pages by `liaison serve`'s own server over the API's in-memory parts.

`python -m support.api.server_process PORT`. Settings come from the environment. LIAISON_HOME holds what the test says
while the server runs: `clock-offset-s`, by how much its clock is ahead, and `left`, an agency a line that has left.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.api.application import create_app
from pipeline.api.runtime import Runtime
from pipeline.engines.ports import LOOPBACK
from pipeline.matching.model import load_model
from pipeline.records.agencies import Agency, AgencyState
from pipeline.settings import Settings
from pipeline.times import now
from pipeline.transparency.served_log import ServedLog
from pipeline.web.app import mount_pages
from pipeline.web.serving import make_config
from pipeline.web.site import PREPARED
from support.api.runtime import Api, OpenRegistry
from support.index.documents import PureStages
from support.records.builder import record


class FileRegistry(OpenRegistry):
    """Agencies that the test says have left are removed."""

    def __init__(self, left: Path) -> None:
        super().__init__()
        self._left = left

    def get(self, name: str, default: Any = None) -> Any:
        left = self._left.read_text().split() if self._left.exists() else []
        return Agency(name, name[:2].upper(), state=AgencyState.REMOVED) if name in left else super().get(name, default)


class ServedApi(Api):
    """The in-memory API by the machine's clock, moved as the test says."""

    def __init__(self, stages: PureStages, home: Path) -> None:
        super().__init__(stages, home, log=ServedLog(home / "log"))
        self.runtime.agencies = FileRegistry(home / "left")
        self.runtime.agencies |= {name: Agency(name, name[:2].upper()) for name in ("fr-pj", "be-fp", "nl-np")}

    @property
    def now(self) -> datetime:
        path = self.settings.home / "clock-offset-s"
        return now() + timedelta(seconds=float(path.read_text()) if path.exists() else 0)

    @now.setter
    def now(self, _: datetime) -> None:
        """The clock is not set."""


def served(settings: Settings) -> uvicorn.Server:
    """The server over a few cases of one man."""
    api = ServedApi(PureStages(load_model()), settings.home)
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"))
    api.link("fr-pj:1", "be-fp:1")

    @asynccontextmanager
    async def opening() -> AsyncIterator[Runtime]:
        yield api.runtime

    app = create_app(opening)

    async def fail(_: Request) -> Response:
        raise RuntimeError("a fault of ours")

    app.router.routes.insert(0, Route("/v1/failure", fail))
    mount_pages(app, PREPARED)
    return uvicorn.Server(make_config(app, settings, LOOPBACK, int(sys.argv[1])))


if __name__ == "__main__":
    served(Settings()).run()
