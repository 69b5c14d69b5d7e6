"""The image, built once for a session as `make images` builds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import build_images
import pytest

from support.images.containers import container, mounted, require_tools
from support.images.machines import make_machine, services
from support.installation.fixtures import records

__all__ = ["bases", "from_image", "image", "make_machine", "records", "root", "services"]

TAG = "localhost/liaison-tests"


@pytest.fixture(scope="session")
def bases() -> tuple[str, str]:
    """What is built on and with: made of Debian's packages unless an archive is at hand."""
    require_tools()
    return build_images.import_base(build_images.base_archive(build_images.cache_folder()))


@pytest.fixture(scope="session")
def image(bases: tuple[str, str]) -> str:
    """The image's name."""
    build_images.build(*bases, [TAG])
    return TAG


@pytest.fixture(scope="session")
def from_image(image: str) -> Iterator[str]:
    """A working container of it, whose root no test writes to."""
    with container(image) as name:
        yield name


@pytest.fixture(scope="session")
def root(from_image: str) -> Iterator[Path]:
    """Its root filesystem."""
    with mounted(from_image) as path:
        yield path
