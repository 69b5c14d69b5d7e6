"""A warm process is like one that Python starts: its own environment, folder, output, signals, exit and command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from support.processes.warm import WarmProcess, run, start
from support.waiting import WaitFor

TELL = """
import json, os, sys
print(json.dumps([sys.argv, sys.orig_argv, sys.path[0], os.getcwd(), dict(os.environ), sys.stdin.read(), os.getpid()]))
sys.stdout.flush()
print("a complaint", file=sys.stderr)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


def begun(script: Path, *words: str) -> WarmProcess:
    with tempfile.TemporaryFile() as output:
        return start([sys.executable, str(script), *words], os.environ, output, output)


def test_it_has_what_it_was_given(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text(TELL)
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, str(script), "a word", "ü"]
    output, errors = tmp_path / "output", tmp_path / "errors"
    with output.open("wb") as told, errors.open("wb") as complained:
        process = start(command, {"ONLY": "this"}, told, complained)
    assert process.wait(timeout=90) == 0
    found: list[Any] = orjson.loads(output.read_bytes())
    assert found == [command[1:], command, str(tmp_path), str(tmp_path), {"ONLY": "this"}, "", process.pid]
    assert errors.read_text() == "a complaint\n"


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("raise SystemExit(3)", 3),
        ("raise ValueError", 1),
        ("import os; os._exit(4)", 4),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import atexit; atexit.register(lambda: __import__('os')._exit(5))", 5),
        ("import os, sys; sys.argv[1:] or os.execv(sys.executable, [*sys.orig_argv, 'again'])", 0),
    ],
)
def test_it_ends_as_its_script_does(script: Path, code: str, ends: int) -> None:
    script.write_text(code)
    assert begun(script).wait(timeout=90) == ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_reach_it_alone(script: Path, tmp_path: Path, number: signal.Signals, wait_for: WaitFor) -> None:
    script.write_text("import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(100)")
    processes = [begun(script, str(tmp_path / name)) for name in ("first", "second")]
    wait_for(lambda: {"first", "second"} <= {file.name for file in tmp_path.iterdir()})
    with pytest.raises(subprocess.TimeoutExpired):
        processes[0].wait(timeout=0)
    processes[0].send_signal(number)
    assert processes[0].wait(timeout=90) == -number
    processes[0].kill()
    assert processes[0].poll() == -number
    assert processes[1].poll() is None
    processes[1].kill()
    processes[1].wait(timeout=90)


def test_a_command_is_run_to_its_end() -> None:
    done = run(["no-such-command"], os.environ, timeout_s=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no-such-command" in done.stderr
