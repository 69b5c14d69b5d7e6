"""Stacks of this folder's own: other tests go on using theirs while these kill engines."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.localstack import stack
from pipeline.settings import Settings
from support.installation.command import Home, new_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A fresh home for one test; its engines, if any are left, are ended."""
    yield new_home(tmp_path)
    stack.stop_engines(Settings(home=tmp_path))


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Home]:
    """A home whose stack the tests of one module share, each bringing it up as it needs it."""
    path = Path(tempfile.mkdtemp(prefix="liaison-localstack-"))
    yield new_home(path)
    stack.stop_engines(Settings(home=path))
    shutil.rmtree(path)
