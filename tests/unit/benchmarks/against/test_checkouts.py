"""Commits of a small repository, each in a checkout of its own."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from benchmarks.against import checkouts
from benchmarks.against.checkouts import (
    Checkout,
    FailedError,
    TimeSlices,
    UsageError,
    checked_out,
    needs,
    run_by_slices,
)
from support.waiting import wait

PROJECT = '[project]\nname = "small"\nversion = "{}"\n[project.scripts]\nliaison = "{}"\n'


def git(repository: Path, *words: str) -> str:
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    done = subprocess.run(["git", "-C", repository, *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(repository: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--no-verify", "--message", "more")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a commit `v1`, and another whose code says something else."""
    found = tmp_path / "here" / "repository"
    found.mkdir(parents=True)
    git(found, "init", "--quiet")
    (tmp_path / "here" / "shared").mkdir()
    (tmp_path / "here" / "shared" / "data").write_text("lists")
    kept = {"requirements.lock": "a==1\n", "pyproject.toml": PROJECT.format(1, "pipeline.cli:run")}
    code = {
        "pipeline/__init__.py": "SAYS = 'first'\n",
        "tests/benchmarks/run.py": "import pipeline\nprint(pipeline.SAYS)\n",
    }
    commit(found, kept | code)
    git(found, "tag", "v1")
    commit(
        found, {"pipeline/__init__.py": "SAYS = 'second'\n", "pyproject.toml": PROJECT.format(2, "pipeline.cli:run")}
    )
    monkeypatch.setattr(checkouts, "ROOT", found)
    return found


def worktrees(repository: Path) -> list[str]:
    listed = git(repository, "worktree", "list", "--porcelain").splitlines()
    return [line for line in listed if line.startswith("worktree ")]


def test_a_commit_runs_its_own_code(repository: Path) -> None:
    with checked_out("v1") as baseline:
        current = checkouts.working_tree()
        for checkout, says in ((baseline, "first"), (current, "second")):
            checkout.prepare()
            assert checkout.run("tests/benchmarks/run.py") == f"{says}\n"
        assert baseline.name == f"v1 ({git(repository, 'rev-parse', '--short', 'v1')})"
        assert baseline.python == current.python == Path(sys.executable)  # both lock the same packages
        assert (baseline.root.parent / "shared" / "data").read_text() == "lists"
        assert len(worktrees(repository)) == 2
    assert len(worktrees(repository)) == 1
    assert not baseline.root.parent.exists()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, FailedError])
def test_nothing_is_left_after_an_interrupt(repository: Path, interruption: type[BaseException]) -> None:
    roots = []

    def measure() -> None:
        with checked_out("v1") as baseline:
            roots.append(baseline.root)
            (baseline.root / "written").write_text("by a benchmark")
            raise interruption

    with pytest.raises(interruption):
        measure()
    assert len(worktrees(repository)) == 1
    assert not roots[0].parent.exists()


def test_what_is_changed_here_counts_as_well(repository: Path) -> None:
    (repository / "pipeline" / "__init__.py").write_text("SAYS = 'changed'\n")
    current = checkouts.working_tree()
    assert current.name.endswith("-dirty")
    assert current.run("tests/benchmarks/run.py") == "changed\n"


def test_an_unknown_commit_is_named(repository: Path) -> None:
    with pytest.raises(FailedError, match=r"^v9: no such commit"), checked_out("v9"):
        pass
    assert len(worktrees(repository)) == 1


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"requirements.lock": "a==2\n"}, False),
        ({"pyproject.toml": PROJECT.format(1, "pipeline.cli.main:run")}, False),
        ({"pyproject.toml": PROJECT.format(3, "pipeline.cli:run")}, True),
    ],
)
def test_an_environment_serves_who_needs_the_same(repository: Path, change: dict[str, str], *, same: bool) -> None:
    before = needs(repository)
    commit(repository, change)
    assert (needs(repository) == before) is same


def test_other_packages_take_an_environment_that_its_makefile_makes(repository: Path) -> None:
    recipe = ".venv/.ready: requirements.lock\n\tmkdir -p .venv/bin\n\tln -s $(PYTHON) .venv/bin/python\n"
    commit(repository, {"requirements.lock": "a==2\n", "Makefile": recipe, ".gitignore": ".venv\n"})
    git(repository, "tag", "v2")
    commit(repository, {"requirements.lock": "a==3\n"})
    with checked_out("v2") as baseline:
        assert baseline.python == baseline.root / ".venv" / "bin" / "python"
        assert baseline.run("tests/benchmarks/run.py") == "second\n"
    assert len(worktrees(repository)) == 1


def test_an_environment_that_cannot_be_made_is_a_failure(repository: Path) -> None:
    commit(repository, {"requirements.lock": "a==3\n"})
    with pytest.raises(FailedError, match="no environment"), checked_out("v1"):
        pass
    assert len(worktrees(repository)) == 1


def test_code_from_elsewhere_is_not_measured(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "tests" / "benchmarks").mkdir(parents=True)
    (tmp_path / "pipeline").symlink_to(repository / "pipeline")
    checkout = Checkout("elsewhere", tmp_path, Path(sys.executable))
    checkout.prepare()  # what is imported has the address of the tree
    with pytest.raises(FailedError, match="imports"):
        Checkout("empty", repository / "tests", Path(sys.executable)).prepare()


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        (None, UsageError, "here has no run.py"),
        ("import argparse\nargparse.ArgumentParser().parse_args()", UsageError, "unrecognized arguments: --new"),
        ("raise ValueError('broken')", FailedError, "ValueError: broken"),
    ],
)
def test_what_a_commit_cannot_do_is_told_from_what_fails(
    tmp_path: Path, script: str | None, error: type[Exception], message: str
) -> None:
    if script:
        (tmp_path / "run.py").write_text(script)
    with pytest.raises(error, match=message):
        Checkout("here", tmp_path, Path(sys.executable)).run("run.py", "--new")


RUNS_ON = """
import os, signal, sys
from pathlib import Path
parent = os.getppid()
if sys.argv[1:]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Path(sys.argv[1]).write_text(str(os.getpid()))
while os.getppid() == parent:
    pass
"""
"""As long as who started it lives, so that whatever becomes of a test nothing is left; with a file to write, no
interrupt ends it."""

MEETS_THE_OTHER_STOPPED = """
import os, sys, time
from pathlib import Path
own, other = map(Path, sys.argv[1:])
own.with_suffix(".new").write_text(str(os.getpid()))
own.with_suffix(".new").rename(own)
parent = os.getppid()
while os.getppid() == parent:
    if other.exists():
        status = Path(f"/proc/{other.read_text()}/status")
        if not status.exists() or "State:\\tT" in status.read_text():
            break
print("met")
"""


@pytest.mark.timeout(120)
def test_of_two_commits_one_runs_while_the_other_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkouts, "SLICE_S", 0.05)
    first, second = tmp_path / "first", tmp_path / "second"

    def run(names: tuple[Path, Path], slices: TimeSlices) -> str:
        checkout = Checkout("here", tmp_path, Path(sys.executable), slices)
        return checkout.run("-c", MEETS_THE_OTHER_STOPPED, *names)

    assert run_by_slices(partial(run, (first, second)), partial(run, (second, first))) == ["met\n", "met\n"]


@pytest.mark.timeout(120)
def test_if_one_commit_fails_the_other_is_ended(tmp_path: Path) -> None:
    checkout = Checkout("here", tmp_path, Path(sys.executable))
    with pytest.raises(FailedError, match="broken"):
        run_by_slices(
            lambda slices: checkout.sliced(slices).run("-c", "raise ValueError('broken')"),
            lambda slices: checkout.sliced(slices).run("-c", RUNS_ON),
        )


def test_one_that_comes_after_the_other_has_failed_is_ended(tmp_path: Path) -> None:
    with TimeSlices() as over:
        pass
    with pytest.raises(FailedError, match="has ended"):
        Checkout("here", tmp_path, Path(sys.executable), over).run("-c", RUNS_ON)


def test_one_that_no_interrupt_ends_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a shell started all of this in the background: what it starts ignores interrupts."""
    monkeypatch.setattr(checkouts, "END_S", 0.1)
    checkout, started = Checkout("here", tmp_path, Path(sys.executable)), tmp_path / "started"

    def fail(_: TimeSlices) -> str:
        wait(lambda: started.exists() and started.read_text())
        raise FailedError("broken")

    with pytest.raises(FailedError, match="broken"):
        run_by_slices(fail, lambda slices: checkout.sliced(slices).run("-c", RUNS_ON, started))
    assert not Path(f"/proc/{started.read_text()}").exists()
