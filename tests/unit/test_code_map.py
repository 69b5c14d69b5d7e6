"""What docs/code-map.md says of packages holds: which there are, in which order, and what is in each."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PIPELINE: Final = ROOT / "pipeline"
TEXT: Final = (ROOT / "docs" / "code-map.md").read_text(encoding="utf-8")
CONTRACTS: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]

SECTION: Final = re.compile(r"^### (pipeline/.*?)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
SECTIONS: Final = {
    package: text for title, text in SECTION.findall(TEXT) for package in re.findall(r"pipeline/(\w+)", title)
}
"""The text of each package's section, in the map's order."""

CITED: Final = re.compile(r"`([\w/]*\w\.py|\w+/)`")
OUTSIDE_THE_ORDER: Final = ("locale", "engines", "localstack", "demo")
"""Packages of which the map says where they lie rather than listing them there."""


def _layers(container: str) -> list[str]:
    """The layers of a package by import-linter's contract, from the bottom up; of those that share one, each."""
    [found] = [one["layers"] for one in CONTRACTS if one["type"] == "layers" and container in one.get("containers", ())]
    return [name for layer in reversed(found) for name in re.findall(r"\w+", layer.removeprefix(f"{container}."))]


def _lines(package: Path) -> int:
    return sum(path.read_text(encoding="utf-8").count("\n") for path in package.rglob("*.py"))


def test_each_package_has_a_section() -> None:
    packages = {path.parent.name for path in PIPELINE.glob("*/__init__.py")}
    assert packages - SECTIONS.keys() == {"cli"}, "cli stands with the modules on top"
    assert SECTIONS.keys() <= packages


def test_packages_stand_from_the_bottom_up_as_import_linter_holds_them() -> None:
    [layers] = [one["layers"] for one in CONTRACTS if any("pipeline.cli" in layer for layer in one.get("layers", ()))]
    order = [set(re.findall(r"pipeline\.(\w+)", layer)) for layer in reversed(layers)]
    ranks = [
        next(rank for rank, layer in enumerate(order) if package in layer)
        for package in SECTIONS
        if package not in OUTSIDE_THE_ORDER
    ]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("package", SECTIONS)
def test_what_a_section_names_is_in_its_package(package: str) -> None:
    missing = [
        name
        for name in CITED.findall(SECTIONS[package])
        if not any(
            path.match(f"*/{name.rstrip('/')}") and path.is_relative_to(PIPELINE / package)
            for path in PIPELINE.rglob(Path(name).name)
        )
        and not (PIPELINE / name).exists()
        and not (ROOT / name).exists()
        and package not in ("engines", "localstack")
    ]
    assert missing == []


def test_parts_of_streams_stand_from_the_bottom_up() -> None:
    items = [line for line in SECTIONS["streams"].splitlines() if line.startswith("- ")]
    parts = [part for line in items for part in re.findall(r"(?:^- |; )`(\w+)/`", line)]
    layers = _layers("pipeline.streams")
    assert set(parts) == set(layers)
    assert [layers.index(part) for part in parts] == sorted(layers.index(part) for part in parts)


def test_what_is_called_the_largest_is() -> None:
    sizes = {package: _lines(PIPELINE / package) for package in SECTIONS}
    told = [package for package, text in SECTIONS.items() if "largest package" in text]
    assert told == [max(sizes, key=lambda package: sizes[package])]
