"""The version stands in several places, which agree; a release is refused where they do not, or a file has changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import bills
import pytest
import release
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
EPOCH = 1_764_547_200


def test_the_places_that_state_the_version_agree() -> None:
    assert release.version_problems() == []


def test_sections_are_in_order_and_only_the_topmost_is_open() -> None:
    held = release.sections()
    versions = [tuple(map(int, version.split("."))) for version in held]
    assert versions == sorted(set(versions), reverse=True)
    assert versions[0] >= Version(release.package_version()).release
    assert "unreleased" not in [date for date, _ in list(held.values())[1:]]
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    assert len(headings) == len(held), "a section is `## VERSION (date)`"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of its own with what states a version: 1.2.3, released."""
    root = tmp_path / "tree"
    chart = root / "deploy" / "helm" / "Chart.yaml"
    chart.parent.mkdir(parents=True)
    chart.write_text("version: 1.2.3\nappVersion: '1.2.3'\n")
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3 (2026-12-01)\n\n- new\n\n## 1.2.2 (2026-11-01)\n")
    commit(root)
    return root


def commit(root: Path) -> None:
    named = (["config", "user.name", "x"], ["config", "user.email", "x@example.org"])
    for words in (["init", "-q"], *named, ["add", "-A"], ["commit", "-qm", "release"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)


def test_a_release_is_refused_where_versions_differ_or_a_file_has_changed(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tree / "new.txt").write_text("x")
    with pytest.raises(release.ReleaseError, match="the tree has changes"):
        release.build_release(target, root=tree)
    (tree / "deploy" / "helm" / "Chart.yaml").write_text("version: 1.2.3\nappVersion: 1.2.2\n")
    with pytest.raises(release.ReleaseError, match=r"Chart\.yaml says 1\.2\.2, pyproject\.toml 1\.2\.3"):
        release.build_release(target, root=tree)
    assert not target.exists()


def test_a_tag_needs_a_dated_section_of_the_version_on_top(tree: Path, tmp_path: Path) -> None:
    text = (tree / "CHANGELOG.md").read_text()
    (tree / "CHANGELOG.md").write_text(text.replace("## 1.2.3", "## 1.3.0 (unreleased)\n\n## 1.2.3"))
    commit(tree)
    with pytest.raises(release.ReleaseError, match=r"the topmost section of CHANGELOG.md is not 1.2.3 with a date"):
        release.build_release(tmp_path / "target", tag=True, root=tree)


def test_a_release_has_packages_bills_changes_and_hashes(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "build_packages", lambda target, _epoch, _root: (target / "x.whl").write_bytes(b"x"))
    shutil.copy(ROOT / "requirements.lock", tree)
    commit(tree)
    first, second = (release.build_release(tmp_path / name, root=tree, tag=name == "b") for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    names = [path.name for path in first]
    assert {"CHANGELOG-1.2.3.md", "liaison-pipeline.cdx.json", "liaison-pipeline-server.cdx.json", "x.whl"} < {*names}
    assert (tmp_path / "a" / "CHANGELOG-1.2.3.md").read_text() == "# 1.2.3 (2026-12-01)\n\n- new\n"
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "a")
    assert checked.returncode == 0
    tags = subprocess.run(["git", "-C", str(tree), "tag"], capture_output=True, text=True, check=True).stdout
    assert tags == "v1.2.3\n"


def test_a_bill_names_what_the_lock_pins_for_the_install(tmp_path: Path) -> None:
    release.write_bills(tmp_path, EPOCH)
    base, server = (json.loads((tmp_path / name).read_text()) for name in
                    ("liaison-pipeline.cdx.json", "liaison-pipeline-server.cdx.json"))  # fmt: skip
    assert base["metadata"]["timestamp"] == datetime.fromtimestamp(EPOCH, UTC).isoformat()
    of_base, of_server = ({part["name"]: part for part in bill["components"]} for bill in (base, server))
    assert of_base.keys() < of_server.keys()
    assert {"aiokafka", "msgspec", "typer"} <= of_base.keys()
    assert not {"numpy", "faust-streaming", "rigour", "pyicu", "pytest"} & of_base.keys()
    pin = bills.read_lock(ROOT / "requirements.lock")["msgspec"]
    held = of_base["msgspec"]
    assert (held["version"], held["purl"]) == (pin.version, f"pkg:pypi/msgspec@{pin.version}")
    assert {one["content"] for one in held["externalReferences"][0]["hashes"]} == {*pin.hashes}
    assert all(part.get("licenses") for part in of_server.values())


def test_every_install_is_within_the_lock() -> None:
    pins = bills.read_lock(ROOT / "requirements.lock")
    for extra in release.INSTALLS:
        assert {*release.closure([Requirement(f"liaison-pipeline[{extra}]")])} <= pins.keys()
