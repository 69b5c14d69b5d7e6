"""Helm as `make helm` builds it, and what it makes of deploy/helm/liaison."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from platformdirs import user_cache_path

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "liaison"
EXAMPLES = ROOT / "deploy" / "helm" / "examples"

KUBERNETES = "1.33"

Manifest = dict[str, Any]


def tools_folder() -> Path:
    """Where the Makefile builds programs that are no packages."""
    return user_cache_path("liaison") / "tools"


def find_helm() -> Path | None:
    """The program of the version that the Makefile names, else any on the path; None without."""
    version = re.search(r"^HELM_VERSION := (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    built = tools_folder() / f"helm-{version[1]}" / "helm"
    if built.exists():
        return built
    other = shutil.which("helm")
    return Path(other) if other else None


needs_helm = pytest.mark.skipif(find_helm() is None, reason="no helm here: `make helm` builds it")


def run_helm(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """What Helm says."""
    program = find_helm()
    assert program
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=False)


def template(*words: str | Path, release: str = "liaison") -> subprocess.CompletedProcess[str]:
    """What a release would be made of. Built by Go alone, Helm takes itself for one of an old Kubernetes."""
    options = ("--namespace", "liaison", "--kube-version", KUBERNETES)
    return run_helm("template", release, CHART, *options, *words)


def values_words(values: str, sets: Sequence[str]) -> list[str]:
    """Options for the values of an example, "" for the chart's own, and single ones, `path=json`."""
    words = ["--values", str(EXAMPLES / f"{values}.yaml")] if values else []
    return words + [word for one in sets for word in ("--set-json", one)]


@cache
def render(values: str = "", *sets: str) -> tuple[Manifest, ...]:
    """The objects of a release `liaison`, hooks among them. Not to be changed."""
    done = template(*values_words(values, sets))
    assert done.returncode == 0, done.stderr
    return tuple(one for one in yaml.safe_load_all(done.stdout) if one)
