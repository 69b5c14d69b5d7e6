"""Build a release: wheel, sdist, bills of materials, the changelog's section and their hashes, into build/release.

    make release            # builds and checks what a commit without changes gives
    make release TAG=1      # and tags it, where its section of the changelog has a date and is of its version

The same commit gives the same bytes wherever it is built: times are the commit's (SOURCE_DATE_EPOCH), and both packages
are built twice and compared. docs/releasing.md has the steps before and after.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import yaml
from bills import NAME, bill_of, python_component, read_lock
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "build" / "release"
INSTALLS = ("", "server", "local", "parquet", "train", "demo")
"""The extras of the package, each an install with a bill of materials of its own; "" is the base."""

SECTION = re.compile(r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$", re.MULTILINE)


class ReleaseError(Exception):
    """What keeps a release from being built."""


def package_version(root: Path = ROOT) -> str:
    """The version that pyproject.toml states."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def sections(root: Path = ROOT) -> dict[str, tuple[str, str]]:
    """The changelog's versions, the newest first, each with its date ("unreleased" until it has one) and its text."""
    parts = SECTION.split((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    return {
        version: (date, text.strip()) for version, date, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    }


def version_problems(root: Path = ROOT) -> list[str]:
    """What does not agree with pyproject.toml's version: the changelog's newest dated section, charts."""
    version = package_version(root)
    dated = [name for name, (date, _) in sections(root).items() if date != "unreleased"]
    stated = {"CHANGELOG.md": dated[:1]} if dated else {}
    for path in sorted(root.glob("deploy/**/Chart.yaml")):
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        stated[str(path.relative_to(root))] = [str(held["version"]), str(held["appVersion"])]
    return [
        f"{place} says {found}, pyproject.toml {version}"
        for place, several in stated.items()
        for found in several
        if found != version
    ]


def build_release(target: Path, *, tag: bool = False, root: Path = ROOT) -> list[Path]:
    """Build everything into the folder, anew, and give its files; with `tag`, tag the commit.

    Raises ReleaseError where something is not as it must be. The tree must have no changes: what is built is what the
    commit holds.
    """
    if problems := version_problems(root):
        raise ReleaseError("; ".join(problems))
    if changed := git(root, "status", "--porcelain"):
        raise ReleaseError(f"the tree has changes, so no commit would be what is released:\n{changed}")
    version = package_version(root)
    date, text = sections(root).get(version, ("unreleased", ""))
    if tag and (date == "unreleased" or version != next(iter(sections(root)))):
        raise ReleaseError(f"the topmost section of CHANGELOG.md is not {version} with a date")
    epoch = int(git(root, "log", "-1", "--format=%ct"))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    build_packages(target, epoch, root)
    write_bills(target, epoch, root)
    (target / f"CHANGELOG-{version}.md").write_text(f"# {version} ({date})\n\n{text}\n", encoding="utf-8")
    files = sorted(target.iterdir())
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (target / "SHA256SUMS").write_text(sums, encoding="utf-8")
    if tag:
        git(root, "tag", "--annotate", f"v{version}", "--message", version)
    return [*files, target / "SHA256SUMS"]


def build_packages(target: Path, epoch: int, root: Path = ROOT) -> None:
    """Wheel and sdist, built twice. Raises ReleaseError where the two differ, or where none can be built."""
    with tempfile.TemporaryDirectory() as again:
        for folder in (target, Path(again)):
            command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)]
            environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
            ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
            if ran.returncode:
                raise ReleaseError(ran.stderr or ran.stdout)
        for built in Path(again).iterdir():
            if built.read_bytes() != (target / built.name).read_bytes():
                raise ReleaseError(f"{built.name} is another one each time that it is built")


def write_bills(target: Path, epoch: int, root: Path = ROOT) -> None:
    """A CycloneDX document of each install, by what the lock pins for it."""
    pins, version = read_lock(root / "requirements.lock"), package_version(root)
    for extra in INSTALLS:
        name = f"{NAME}[{extra}]" if extra else NAME
        main = Component(
            name=name, version=version, type=ComponentType.APPLICATION, bom_ref=name,
            purl=PackageURL("pypi", None, NAME, version), licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        )  # fmt: skip
        needed = closure([Requirement(name)])
        parts = [python_component(metadata.distribution(one), pins[one]) for one in needed]
        path = target / f"{NAME}{f'-{extra}' if extra else ''}.cdx.json"
        path.write_text(bill_of(main, parts, epoch), encoding="utf-8")


def closure(wanted: Sequence[Requirement]) -> list[str]:
    """All that requirements need besides ourselves, on this platform and by what is installed, which is the lock's."""
    todo, seen = list(wanted), set[tuple[str, frozenset[str]]]()
    while todo:
        one = todo.pop()
        if (key := (canonicalize_name(one.name), frozenset(one.extras))) in seen:
            continue
        seen.add(key)
        for text in metadata.distribution(one.name).requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                todo.append(needed)
    return sorted({name for name, _ in seen} - {NAME})


def git(root: Path, *words: str) -> str:
    """What git says; raises ReleaseError with its own words where it fails."""
    ran = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    if ran.returncode:
        raise ReleaseError(ran.stderr.strip())
    return ran.stdout.strip()


def main(words: Sequence[str] | None = None) -> int:
    """Build a release; 0 done, 1 with one line on what is in the way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tag", action="store_true", help="tag the commit")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder, written anew (build/release)")
    asked = parser.parse_args(words)
    try:
        files = build_release(asked.target, tag=asked.tag)
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    for path in files:
        print(f"{path.stat().st_size:>12,} {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
