"""The story that two installations are asked (tests/e2e/test_twin_installations.py) leaves nothing out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from pipeline.web import chart_files, files, live, sign_in
from pipeline.web.pages import PAGES
from pipeline.web.site import Site
from support.api.runtime import Api
from support.no_leak.story import Step, Story, closing, main_part, opening
from support.no_leak.worlds import STAGES

pytestmark = pytest.mark.rare  # as what it is about


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(STAGES, tmp_path)


def steps_of(*parts: Story) -> list[Step]:
    return [step for part in parts for step in part if isinstance(step, Step)]


def asked() -> set[str]:
    return {step.operation for step in steps_of(opening(), main_part())}


def test_every_operation_of_the_api_is_asked(api: Api) -> None:
    paths = api.app.openapi()["paths"]
    promised = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert promised - asked() == set()


def test_every_page_is_drawn() -> None:
    assert {f"GET {page.path}" for page in PAGES} - asked() == set()


def test_every_other_route_of_the_site_is_asked(api: Api) -> None:
    """But for what is the same for everybody and kept by browsers: scripts, styles, fonts."""
    site = Site(api.app)
    routers = [part.make_router(site) for part in (chart_files, files, live, sign_in)]
    assert operations_of(route for router in routers for route in router.routes) - asked() == set()


def operations_of(routes: Iterable[object]) -> set[str]:
    return {f"{method} {one.path}" for one in routes if isinstance(one, APIRoute) for method in one.methods or ()}


def test_steps_name_only_what_earlier_ones_kept() -> None:
    told = {"first"}
    for step in steps_of(opening(), main_part(), closing()):
        assert {*re.findall(r"{(\w+)}", step.path)} <= told, step
        told.add(step.keeps)


def test_a_story_is_the_same_each_time() -> None:
    assert [*map(str, steps_of(main_part()))] == [*map(str, steps_of(main_part()))]
