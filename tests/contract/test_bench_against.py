"""`make bench-against` on this repository: the commit that is checked out against the tree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from support.waiting import wait

ROOT = Path(__file__).parents[2]
SMALL = ("--only", "stream", "--turns", "1", "--cases", "200", "--measured", "200", "--report-only")

pytestmark = [
    pytest.mark.rare,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a repository"),
]


def start(folder: Path, *words: str | Path) -> subprocess.Popen[str]:
    """The command, whose temporary folders are in one of the test's own."""
    command = [sys.executable, ROOT / "tests" / "benchmarks" / "against" / "run.py", "HEAD", *SMALL, *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests"), "TMPDIR": str(folder)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def worktrees(folder: Path) -> list[str]:
    """Those in the folder; others may come and go."""
    command = ["git", "-C", str(ROOT), "worktree", "list", "--porcelain"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.startswith(f"worktree {folder}/")]


def test_a_commit_and_the_tree_are_compared(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    process = start(tmp_path, "--figures", file)
    printed, complaints = process.communicate()
    assert process.returncode == 0, complaints
    found = json.loads(file.read_text(encoding="utf-8"))["figures"]["stream"]
    assert list(found) == ["intake", "correlate", "project", "all"]
    assert all(0.1 < one["ratio"] < 10 for one in found.values())  # one turn of few cases says no more
    assert "quartiles" in printed
    assert not worktrees(tmp_path)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("running", ["worktree", "benchmarks/stream"])
def test_an_ended_run_leaves_nothing(tmp_path: Path, running: str) -> None:
    process = start(tmp_path)
    wait(lambda: worktrees(tmp_path) and any(running in " ".join(words) for words in _commands_of(process)))
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, complaints
    assert not worktrees(tmp_path)
    assert not list(tmp_path.iterdir())


def _commands_of(process: subprocess.Popen[str]) -> list[list[str]]:
    """Command lines of the processes that it has started."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.Error):
            found.append(child.cmdline())
    return found
