"""The built wheel, installed by plain pip into clean environments outside the checkout."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
import release

from support.installation.clean_environment import Environment, install
from support.installation.fixtures import installation, make_installation, records, start_all, start_stage

__all__ = ["installation", "make_installation", "records", "start_all", "start_stage"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that a release of this tree would have, its changes included."""
    folder = tmp_path_factory.mktemp("wheel")
    release.build_packages(folder, int(time.time()))
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def client(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The base install: the agency's client."""
    return install(tmp_path_factory.mktemp("client") / "venv", str(wheel))


@pytest.fixture
def damaged(client: Environment, tmp_path: Path) -> Environment:
    """A copy of the client's environment, to take files from."""
    folder = tmp_path / "venv"
    shutil.copytree(client.folder, folder, symlinks=True)
    script = folder / "bin" / "liaison"
    script.write_text(script.read_text().replace(str(client.folder), str(folder)))
    home = tmp_path / "home"
    home.mkdir()
    return client._replace(folder=folder, home=home)
