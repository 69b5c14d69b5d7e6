"""CycloneDX bills of materials: of an install (tools/release.py), and of all that an image holds.

    python bills.py LOCK BASE SITE...       prints an image's; deploy/Dockerfile runs it

LOCK is requirements.lock, each SITE a folder that Python packages are installed in. BASE is a folder with what the
image's base tells of itself: `python`, its interpreter's version, and where it has them `os-release` and `status`,
dpkg's database. The same content gives the same bytes: the time is SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.utils import canonicalize_name

NAME: Final = "liaison-pipeline"

PIN: Final = re.compile(
    r"^([a-z0-9._-]+)==(\S+)(?: ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE
)
LONGEST_LICENCE: Final = 80
"""Characters of a licence's name: some packages state its whole text instead."""

FIELD: Final = re.compile(r"^([A-Za-z-]+): (.*)$", re.MULTILINE)
"""A field of dpkg's database that has one line."""
SOURCE: Final = re.compile(r"(\S+)(?: \((\S+)\))?")
"""The source package that a package is built from, with its version where that is another one."""
ASSIGNED: Final = re.compile(r'^([A-Z_]+)="?([^"\n]*)"?$', re.MULTILINE)
"""A line of os-release."""


class Pin(NamedTuple):
    """What the lock says of one package: its version, and SHA-256 of each file that it may be installed from."""

    version: str
    hashes: tuple[str, ...]


def read_lock(path: Path) -> dict[str, Pin]:
    """What the lock pins, by name."""
    found = PIN.finditer(path.read_text(encoding="utf-8"))
    return {match[1]: Pin(match[2], tuple(re.findall(r"sha256:([0-9a-f]{64})", match[3]))) for match in found}


def python_component(installed: metadata.Distribution, pin: Pin | None) -> Component:
    """An installed package, with its licence as it states it and the files that the lock allows.

    One of our own is not in the lock.
    """
    name = canonicalize_name(installed.name)
    purl = PackageURL("pypi", None, name, installed.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=one) for one in pin.hashes] if pin else []
    files = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(purl)), hashes=hashes)
    licences = [LicenseFactory().make_from_string(text) for text in licences_of(installed)]
    return Component(
        name=name, version=installed.version, bom_ref=str(purl), purl=purl, licenses=licences[:1],
        external_references=[files] if pin else [],
    )  # fmt: skip


def licences_of(installed: metadata.Distribution) -> Iterator[str]:
    """The licences that an installed package states, the exactest statement first."""
    told = installed.metadata
    yield from told.get_all("License-Expression", [])
    if (text := "".join(told.get_all("License", [])).strip()) and "\n" not in text and len(text) <= LONGEST_LICENCE:
        yield text
    for classifier in told.get_all("Classifier", []):
        if classifier.startswith("License :: "):
            yield classifier.rpartition(" :: ")[2]


def debian_components(status: str, release: str) -> list[Component]:
    """The installed packages of dpkg's database; `release` is os-release."""
    system = dict(ASSIGNED.findall(release))
    paragraphs = (dict(FIELD.findall(paragraph)) for paragraph in status.split("\n\n"))
    return [
        _debian_component(fields, system) for fields in paragraphs if fields.get("Status", "").endswith(" installed")
    ]


def _debian_component(fields: dict[str, str], system: dict[str, str]) -> Component:
    """A package; the security trackers go by its source's name, which scanners know as `upstream`."""
    name, version = fields["Package"], fields["Version"]
    told = {"arch": fields["Architecture"], "distro": f"{system['ID']}-{system['VERSION_ID']}"}
    if source := SOURCE.match(fields.get("Source", "")):
        told["upstream"] = "@".join(filter(None, source.groups()))
    purl = PackageURL("deb", system["ID"], name, version, told)
    return Component(name=name, version=version, bom_ref=str(purl), purl=purl)


def interpreter_component(version: str) -> Component:
    """The interpreter of a base that did not get it from Debian's packages."""
    purl = PackageURL("generic", None, "python", version)
    cpe = f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*"
    return Component(name="python", version=version, bom_ref=str(purl), purl=purl, cpe=cpe)


def bill_of(main: Component, parts: Sequence[Component], epoch: int) -> str:
    """The bill of materials of a component, as JSON; the same one for the same parts."""
    told = (main.name, main.version or "", *sorted(str(part.purl) for part in parts))
    bom = Bom(
        components=parts,
        serial_number=uuid5(NAMESPACE_URL, "|".join(told)),
        metadata=BomMetaData(component=main, timestamp=datetime.fromtimestamp(epoch, UTC)),
    )
    bom.register_dependency(main, bom.components)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n"


def image_bill(lock: Path, base: Path, sites: Sequence[str], epoch: int) -> str:
    """The bill of an image with these packages on this base, as the command's arguments have it."""
    pins = read_lock(lock)
    held = {canonicalize_name(one.name): one for one in metadata.distributions(path=[*sites])}
    parts = [python_component(one, pins.get(name)) for name, one in held.items()]
    if (status := base / "status").exists():
        parts += debian_components(status.read_text("utf-8"), (base / "os-release").read_text("utf-8"))
    version = (base / "python").read_text("utf-8").strip()
    if f"python{version.rpartition('.')[0]}" not in {part.name for part in parts}:
        parts.append(interpreter_component(version))
    main = Component(
        name=NAME, version=held[canonicalize_name(NAME)].version, type=ComponentType.CONTAINER, bom_ref="image"
    )
    return bill_of(main, parts, epoch)


if __name__ == "__main__":
    lock, base, *sites = sys.argv[1:]
    sys.stdout.write(image_bill(Path(lock), Path(base), sites, int(os.environ["SOURCE_DATE_EPOCH"])))
