"""What a server of pages is made of."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import FastAPI

from pipeline.api.runtime import Runtime
from pipeline.web.people import PreparedPerson


class Site(NamedTuple):
    """The API's application, and the people who may sign in by a click (none outside a demo)."""

    api: FastAPI
    people: tuple[PreparedPerson, ...] = ()

    @property
    def runtime(self) -> Runtime:
        """The services' runtime, there once the server has started."""
        runtime: Runtime = self.api.state.runtime
        return runtime
