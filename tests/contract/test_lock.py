"""What is installed is what was locked, byte for byte: a package that was replaced at its registry is refused."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
UV = Path(sys.executable).with_name("uv")

PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==\S+( ; [^\\]+)?")


def test_every_pin_has_hashes_and_nothing_else_is_in_the_lock() -> None:
    pins = LOCK.read_text(encoding="utf-8").replace(" \\\n    ", "\n\t").split("\n")
    names = [line for line in pins if line and not line.startswith("\t")]
    assert len(names) > 100
    assert all(PIN.fullmatch(name) for name in names)
    hashes = [line for line in pins if line.startswith("\t")]
    assert all(re.fullmatch(r"\t--hash=sha256:[0-9a-f]{64}", line) for line in hashes)
    assert all(after.startswith("\t") for before, after in itertools.pairwise(pins) if before in names)


def test_both_ways_of_installing_take_hashes() -> None:
    make, docker = (ROOT / "Makefile").read_text(), (ROOT / "deploy" / "Dockerfile").read_text()
    assert "uv pip sync --quiet --require-hashes" in make
    for text in (make, docker):
        assert "pip install" in text.split("--require-hashes")[0]
        assert "grep '^uv=='" not in text
    assert "--constraints requirements.lock" in docker


def wheel(folder: Path, content: str) -> Path:
    """A package of one module."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    about = "tiny-1.0.dist-info"
    files = {
        "tiny.py": content,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}")
    files[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("way", ["requirements", "constraints"])
def test_a_package_that_is_not_what_was_locked_is_refused(tmp_path: Path, way: str) -> None:
    registry = tmp_path / "registry"
    registry.mkdir()
    locked = hashlib.sha256(wheel(registry, "good = True\n").read_bytes()).hexdigest()
    lock = tmp_path / "lock.txt"
    lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{locked}\n")
    what = ["--requirements", str(lock)] if way == "requirements" else ["--constraints", str(lock), "tiny"]
    command = [str(UV), "pip", "install", "--quiet", "--offline", "--no-cache", "--no-index", *what]
    command += ["--find-links", str(registry), "--python", sys.executable]

    def install(target: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, "--target", str(tmp_path / target)], capture_output=True, text=True)

    assert install("good").returncode == 0
    assert (tmp_path / "good" / "tiny.py").exists()
    wheel(registry, "import os  # somebody else's\n")
    refused = install("bad")
    assert refused.returncode != 0
    assert "Hash mismatch" in refused.stderr
    assert not (tmp_path / "bad" / "tiny.py").exists()
