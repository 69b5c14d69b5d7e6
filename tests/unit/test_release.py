"""The version stands in three places, which agree: the package, the changelog, and the chart for Kubernetes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$")


def package_version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def sections() -> list[tuple[str, str]]:
    """The changelog's versions with their dates, the newest first."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    found = [SECTION.match(line) for line in lines if line.startswith("## ")]
    assert all(found), "a section is `## VERSION (date)`"
    return [(match[1], match[2]) for match in found if match]


def test_the_newest_section_with_a_date_is_the_packages() -> None:
    released = [version for version, date in sections() if date != "unreleased"]
    assert released[:1] in ([], [package_version()])


def test_sections_are_in_order_and_only_the_topmost_is_open() -> None:
    versions = [tuple(map(int, version.split("."))) for version, _ in sections()]
    assert versions == sorted(set(versions), reverse=True)
    assert versions[0] >= tuple(map(int, package_version().split(".")))
    assert "unreleased" not in [date for _, date in sections()[1:]]


def test_the_chart_is_of_this_version_and_runs_its_image() -> None:
    held = yaml.safe_load((ROOT / "deploy/helm/liaison/Chart.yaml").read_text(encoding="utf-8"))
    assert (held["version"], held["appVersion"]) == (package_version(), package_version())
