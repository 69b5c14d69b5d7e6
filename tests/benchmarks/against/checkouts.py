"""Commits to be measured, each in a checkout of its own with an environment that fits it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmarks.figures import ROOT

T = TypeVar("T")

END_S: Final = 60.0
"""In which a benchmark that is interrupted ends what it started, engines for example."""

SLICE_S: Final = 0.5
"""How long one of two commits runs while the other is stopped. A host's speed changes within minutes; what is in the
processor's caches is there again within milliseconds."""

NOT_PASSED_ON: Final = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "FORCE_COLOR", "VIRTUAL_ENV")
"""Variables of the make that runs this, and what would draw tables otherwise."""

PATH: Final = ("tests", ".", "tests/benchmarks/stream")
"""Where a checkout's Python looks first; the last is for old commits, whose benchmarks import each other's files."""

WHERE: Final = "import benchmarks, pipeline; print(pipeline.__file__, *benchmarks.__path__, sep='\\n')"

USAGE_ERROR: Final = 2
"""What argparse and click end with where they do not know an option or a command."""


class UsageError(Exception):
    """A command of the checkout of that name has no such option or file; the message says which."""

    def __init__(self, checkout: str, message: str) -> None:
        super().__init__(f"{checkout}{message}")
        self.checkout = checkout


class FailedError(Exception):
    """A command of a checkout failed; the message is the end of what it said."""


class TimeSlices:
    """Lets one of several processes run at a time, by turns of SLICE_S, with all that each has started.

    So a drift of the host is the same in all. As a context it starts and ends the turns. At its end, also by an
    interrupt, processes that still run are interrupted, and killed if they have not ended END_S later; one that comes
    after the end is refused.
    """

    def __init__(self) -> None:
        self._running: list[int] = []
        """Process groups, the one that runs first; the others are stopped."""
        self._changed = threading.Condition()
        self._over = False
        self._turns = threading.Thread(target=self._take_turns, daemon=True)

    def __enter__(self) -> TimeSlices:
        self._turns.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
            for group in self._running:
                _signal(group, signal.SIGINT)  # as the keyboard does: a benchmark ends its engines
                _signal(group, signal.SIGCONT)
            if not self._changed.wait_for(lambda: not self._running, END_S):
                for group in self._running:
                    _signal(group, signal.SIGKILL)
        self._turns.join()

    @contextmanager
    def share(self, group: int) -> Iterator[None]:
        """Let a process group have its turns while the block lasts. Raises FailedError once the turns are over."""
        with self._changed:
            if self._over:
                raise FailedError("what it takes turns with has ended")
            if self._running:
                _signal(group, signal.SIGSTOP)
            self._running.append(group)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(group)
                self._changed.notify_all()
                if self._running:
                    _signal(self._running[0], signal.SIGCONT)

    def _take_turns(self) -> None:
        with self._changed:
            while not self._over:
                self._changed.wait(SLICE_S if len(self._running) > 1 else None)
                if len(self._running) > 1 and not self._over:
                    _signal(self._running[0], signal.SIGSTOP)
                    self._running.append(self._running.pop(0))
                    _signal(self._running[0], signal.SIGCONT)


def _signal(group: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, what)


def run_by_slices(*tasks: Callable[[TimeSlices], T]) -> list[T]:
    """The results of tasks whose commands run by turns of SLICE_S. Raises what the first of them that fails raises.

    Each task hands the slices that it is given on to `Checkout.sliced`.
    """
    with ThreadPoolExecutor(len(tasks)) as threads, TimeSlices() as slices:
        running = [threads.submit(task, slices) for task in tasks]
        return [each.result() for each in running]


@dataclass(frozen=True)
class Checkout:
    """A tree whose `pipeline` and `benchmarks` its Python imports; `name` is for tables."""

    name: str
    root: Path
    python: Path
    slices: TimeSlices | None = None
    """With whose processes its commands run by turns."""

    def run(self, *words: str | Path) -> str:
        """Run Python with arguments there; returns what it printed. Raises UsageError, FailedError."""
        if str(words[0]).endswith(".py") and not (self.root / words[0]).exists():
            raise UsageError(self.name, f" has no {words[0]}")
        path = os.pathsep.join(str(self.root / folder) for folder in PATH)
        done = call((self.python, *words), self.root, {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}, self.slices)
        if done.returncode == USAGE_ERROR:
            said = [line for line in done.stderr.splitlines() if any(map(str.isalpha, line))]
            raise UsageError(self.name, f": {said[-1].strip(' │') if said else 'unknown option'}")
        if done.returncode:
            command = " ".join(map(str, words))
            raise FailedError(f"{self.name}: {command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def sliced(self, slices: TimeSlices) -> Checkout:
        """The same, whose commands run by turns with others."""
        return replace(self, slices=slices)

    def prepare(self) -> None:
        """Compile its bytecode, so that the first turn does not, and verify what its Python imports.

        Raises FailedError where that is not the `pipeline` and the `benchmarks` of its own tree.
        """
        self.run("-m", "compileall", "-q", "pipeline", "tests/benchmarks")
        found = self.run("-c", WHERE).splitlines()
        if found != [str(self.root / "pipeline" / "__init__.py"), str(self.root / "tests" / "benchmarks")]:
            raise FailedError(f"{self.name} imports {', '.join(found)}, not what is in {self.root}")


def call(
    words: Sequence[str | Path], folder: Path, more: Mapping[str, str], slices: TimeSlices | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with more variables, in a session of its own; by turns with others of its `slices`.

    If this process is interrupted, so is all that the command has started, and has ended when the interrupt goes on.
    """
    kept = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    process = subprocess.Popen(
        words, cwd=folder, env=kept | dict(more), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        with slices.share(process.pid) if slices else nullcontext():
            printed, complaints = process.communicate()
    except BaseException:
        _signal(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=END_S)
        _signal(process.pid, signal.SIGKILL)
        raise
    return subprocess.CompletedProcess(words, process.returncode, printed, complaints)


def working_tree() -> Checkout:
    """The tree that this file is in, as it is now, with the Python that runs."""
    return Checkout(_git("describe", "--always", "--dirty", "--exclude=*"), ROOT, Path(sys.executable))


@contextmanager
def checked_out(ref: str) -> Iterator[Checkout]:
    """A commit in a worktree of its own, which goes at the end, also after an interrupt.

    It has an environment of its own, made by its own Makefile, if it locks other packages or starts its commands
    otherwise; else this process's. Raises FailedError if there is no such commit, or no environment can be made.
    """
    try:
        commit = _git("rev-parse", "--verify", "--quiet", "--short", f"{ref}^{{commit}}")
    except subprocess.CalledProcessError:
        raise FailedError(f"{ref}: no such commit here; fetch it, or name another") from None
    with tempfile.TemporaryDirectory(prefix="liaison-against-") as work:
        root = Path(work).resolve() / "tree"
        try:
            call(["git", "worktree", "add", "--quiet", "--detach", root, commit], ROOT, {}).check_returncode()
            (root.parent / "shared").symlink_to(ROOT.parent / "shared")  # where benchmarks look for data
            yield Checkout(commit if commit.startswith(ref) else f"{ref} ({commit})", root, _python_for(root))
        finally:
            call(["git", "worktree", "remove", "--force", "--force", root], ROOT, {})  # twice: also one half made


def _python_for(root: Path) -> Path:
    if needs(root) == needs(ROOT):
        return Path(sys.executable)
    made = call(["make", f"PYTHON={sys.executable}", ".venv/.ready"], root, {})
    if made.returncode:
        raise FailedError(f"no environment for {root}: {made.stdout[-1000:]}{made.stderr[-2000:]}")
    return root / ".venv" / "bin" / "python"


def needs(root: Path) -> tuple[str, Any]:
    """What a tree needs of an environment: the packages that it locks, and where its commands begin."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return (root / "requirements.lock").read_text(encoding="utf-8"), project.get("scripts")


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
