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
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import yaml
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
NAME: Final = "liaison-pipeline"
TARGET = ROOT / "build" / "release"
INSTALLS = ("", "server", "local", "parquet", "train", "demo")
"""The extras of the package, each an install with a bill of materials of its own; "" is the base."""

SECTION = re.compile(r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$", re.MULTILINE)
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)
LONGEST_LICENCE = 80
"""Characters of a licence's name: some packages state its whole text instead."""


class ReleaseError(Exception):
    """What keeps a release from being built."""


class Pin(NamedTuple):
    """What the lock says of one package: its version, and SHA-256 of each file that it may be installed from."""

    version: str
    hashes: tuple[str, ...]


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
    pins = read_lock(root / "requirements.lock")
    for extra in INSTALLS:
        name = f"{NAME}[{extra}]" if extra else NAME
        bom = bill_of(name, package_version(root), closure([Requirement(name)]), pins, epoch)
        outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
        path = target / f"{NAME}{f'-{extra}' if extra else ''}.cdx.json"
        path.write_text(outputter.output_as_string(indent=1) + "\n", encoding="utf-8")


def read_lock(path: Path) -> dict[str, Pin]:
    """What the lock pins, by name."""
    found = PIN.finditer(path.read_text(encoding="utf-8"))
    return {match[1]: Pin(match[2], tuple(re.findall(r"sha256:([0-9a-f]{64})", match[3]))) for match in found}


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


def bill_of(name: str, version: str, needed: Sequence[str], pins: Mapping[str, Pin], epoch: int) -> Bom:
    """The bill of materials of an install; the same one for the same lock."""
    main = Component(
        name=name, version=version, type=ComponentType.APPLICATION, bom_ref=name,
        purl=PackageURL("pypi", None, NAME, version), licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )  # fmt: skip
    held = [f"{one}=={pins[one].version}" for one in needed]
    bom = Bom(
        components=[component_of(one, pins[one]) for one in needed],
        serial_number=uuid5(NAMESPACE_URL, "|".join((name, version, *held))),
        metadata=BomMetaData(component=main, timestamp=datetime.fromtimestamp(epoch, UTC)),
    )
    bom.register_dependency(main, bom.components)
    return bom


def component_of(name: str, pin: Pin) -> Component:
    """A pinned package, with its licence as it states it and the files that the lock allows."""
    purl = PackageURL("pypi", None, name, pin.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=one) for one in pin.hashes]
    files = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(purl)), hashes=hashes)
    licences = [LicenseFactory().make_from_string(text) for text in licences_of(name)]
    return Component(
        name=name, version=pin.version, bom_ref=str(purl), purl=purl, licenses=licences[:1], external_references=[files]
    )


def licences_of(name: str) -> Iterator[str]:
    """The licences that an installed package states, the exactest statement first."""
    told = metadata.metadata(name)
    yield from told.get_all("License-Expression", [])
    if (text := "".join(told.get_all("License", [])).strip()) and "\n" not in text and len(text) <= LONGEST_LICENCE:
        yield text
    for classifier in told.get_all("Classifier", []):
        if classifier.startswith("License :: "):
            yield classifier.rpartition(" :: ")[2]


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
