"""The bill of materials of an image, by what its packages and its base tell of themselves (tools/bills.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bills

RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
STATUS = """\
Package: libstdc++6
Status: install ok installed
Architecture: amd64
Source: gcc-12
Version: 12.2.0-14+deb12u1
Description: library
 Status: none of this paragraph's

Package: perl-base
Status: deinstall ok config-files
Architecture: amd64
Version: 5.36.0-7

Package: libcom-err2
Status: install ok installed
Architecture: amd64
Source: e2fsprogs (1.47.0-2)
Version: 1.47.0-2+b2
"""
LOCKED = "a" * 64


def make_base(folder: Path, status: str = "") -> Path:
    """What a base tells of itself."""
    folder.mkdir()
    (folder / "python").write_text("3.11.14\n")
    (folder / "os-release").write_text(RELEASE)
    if status:
        (folder / "status").write_text(status)
    return folder


def bill(tmp_path: Path, base: Path) -> dict[str, Any]:
    """The bill of an image with our package and one of others on a base."""
    site = tmp_path / "site"
    for name, version in (("liaison_pipeline", "1.2"), ("Some.Thing", "3.0")):
        about = site / f"{name}-{version}.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text(f"Name: {name}\nVersion: {version}\nLicense-Expression: MIT\n")
    lock = tmp_path / "lock"
    lock.write_text(f"some-thing==3.0 \\\n    --hash=sha256:{LOCKED}\n")
    first, second = (bills.image_bill(lock, base, [str(site)], 1_577_836_800) for _ in range(2))
    assert first == second
    held: dict[str, Any] = json.loads(first)
    return held


def test_it_names_packages_of_python_and_of_the_base(tmp_path: Path) -> None:
    python = "\nPackage: python3.11\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.11.2-6\n"
    held = bill(tmp_path, make_base(tmp_path / "base", STATUS + python))
    named = {part["purl"]: part for part in held["components"]}
    assert sorted(named) == [
        "pkg:deb/debian/libcom-err2@1.47.0-2%2Bb2?arch=amd64&distro=debian-12&upstream=e2fsprogs%401.47.0-2",
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12",
        "pkg:deb/debian/python3.11@3.11.2-6?arch=amd64&distro=debian-12",
        "pkg:pypi/liaison-pipeline@1.2",
        "pkg:pypi/some-thing@3.0",
    ]
    other = named["pkg:pypi/some-thing@3.0"]
    assert other["licenses"] == [{"license": {"id": "MIT"}}]
    assert [one["content"] for one in other["externalReferences"][0]["hashes"]] == [LOCKED]
    main = held["metadata"]["component"]
    assert (main["type"], main["name"], main["version"]) == ("container", "liaison-pipeline", "1.2")
    assert held["metadata"]["timestamp"] == "2020-01-01T00:00:00+00:00"


def test_of_a_base_without_debians_packages_it_names_the_interpreter(tmp_path: Path) -> None:
    held = bill(tmp_path, make_base(tmp_path / "base"))
    assert {part["purl"] for part in held["components"]} == {
        "pkg:generic/python@3.11.14", "pkg:pypi/liaison-pipeline@1.2", "pkg:pypi/some-thing@3.0",
    }  # fmt: skip
