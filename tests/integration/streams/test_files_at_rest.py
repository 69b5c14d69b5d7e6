"""What workers leave on disk: stores, locks, ids, for the user that runs them alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from support.installation.file_modes import open_to_others
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]


@pytest.fixture
def usual_umask() -> Iterator[None]:
    """As most machines have it: whoever makes a file lets everyone read it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
def test_whatever_workers_make_is_their_users_alone(
    installation: Installation,
    records: RecordMaker,
    start_all: Callable[[], list[subprocess.Popen[bytes]]],
    wait_for: WaitFor,
) -> None:
    home = installation.settings.home
    home.chmod(0o755)
    person = records.person()
    installation.push([records.message(agency, "one", people=[person]) for agency in ("fr-pj", "be-fp")])
    start_all()
    wait_for(lambda: len(installation.hits()) == 2, 90)
    logs = {str(log) for log in home.glob("stage_process-*.log")}
    assert list(home.glob("stores/**/*.mdb"))
    assert set(open_to_others(home)) - logs == set(), "but for the logs, which the test itself makes"
