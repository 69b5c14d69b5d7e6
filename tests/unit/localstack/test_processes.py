from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.engines import run_files
from pipeline.localstack import processes
from support.waiting import WaitFor

SLEEPER = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
PARENT = f"""
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "{SLEEPER}"]).pid, flush=True)
{SLEEPER}
"""

Spawn = Callable[[str], psutil.Process]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    started: list[psutil.Process] = []

    def start(program: str) -> psutil.Process:
        process = processes.spawn([sys.executable, "-c", program, str(tmp_path)], tmp_path / "console.log", tmp_path)
        started.append(process)
        return process

    yield start
    processes.kill_processes(started)


def run_of(process: psutil.Process) -> run_files.ProcessRun:
    return run_files.ProcessRun(process.pid, run_files.start_time_s(process), port=1)


def test_a_started_process_is_found_by_its_run(spawn: Spawn, tmp_path: Path) -> None:
    process = spawn(SLEEPER)
    path = tmp_path / "engine.run.json"
    run_files.write_run(path, run_of(process))
    assert run_files.find_process(run_files.read_run(path), marker=str(tmp_path)) == process


def test_another_start_or_another_command_line_is_not_ours(spawn: Spawn, tmp_path: Path) -> None:
    process = spawn(SLEEPER)
    recycled = run_files.ProcessRun(process.pid, run_files.start_time_s(process) - 60, port=1)
    assert run_files.find_process(recycled, marker=str(tmp_path)) is None
    assert run_files.find_process(run_of(process), marker="/another/home") is None
    assert run_files.find_process(None, marker="") is None


def test_it_runs_in_a_session_of_its_own(spawn: Spawn) -> None:
    process = spawn(SLEEPER)
    assert os.getsid(process.pid) == process.pid


def test_a_stopped_process_is_gone_and_not_a_zombie(spawn: Spawn, tmp_path: Path) -> None:
    process = spawn(SLEEPER)
    run = run_of(process)
    assert processes.stop_processes([process], grace_s=10) == set()
    assert run_files.find_process(run, marker=str(tmp_path)) is None
    assert not psutil.pid_exists(process.pid)


def test_one_that_will_not_end_is_killed(spawn: Spawn, tmp_path: Path, wait_for: WaitFor) -> None:
    process = spawn(STUBBORN)
    wait_for(lambda: "deaf" in (tmp_path / "console.log").read_text())
    assert processes.stop_processes([process], grace_s=0.1) == {process.pid}
    assert not psutil.pid_exists(process.pid)


def test_a_kill_takes_the_children_along(spawn: Spawn, tmp_path: Path, wait_for: WaitFor) -> None:
    process = spawn(PARENT)
    wait_for(lambda: (tmp_path / "console.log").read_text().strip())
    child = int((tmp_path / "console.log").read_text())
    processes.kill_processes([process])
    wait_for(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("end", [processes.kill_processes, lambda of: processes.stop_processes(of, grace_s=10)])
def test_one_whose_end_its_parent_does_not_ask_for_is_not_waited_for(
    spawn: Spawn, tmp_path: Path, wait_for: WaitFor, end: Callable[[list[psutil.Process]], object]
) -> None:
    """As the engines are that a demo started which still runs: `liaison down` waited for it as well."""
    parent = spawn(PARENT)
    wait_for(lambda: (tmp_path / "console.log").read_text().strip())
    child = psutil.Process(int((tmp_path / "console.log").read_text()))
    assert not end([child])
    assert child.status() == psutil.STATUS_ZOMBIE
    assert parent.is_running()


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}'])
def test_a_damaged_run_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "engine.run.json"
    assert run_files.read_run(path) is None
    path.write_bytes(content)
    assert run_files.read_run(path) is None


def test_an_interrupt_waits_for_the_end_of_the_block() -> None:
    reached: list[bool] = []

    def interrupted_within() -> None:
        with processes.defer_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append(True)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process starts with it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted_within()
    finally:
        signal.signal(signal.SIGINT, before)
    assert reached == [True]


def test_an_interrupted_command_is_gone_before_the_interrupt_goes_on(wait_for: WaitFor) -> None:
    before = set(psutil.Process().children())

    def interrupt_once_started() -> None:
        wait_for(lambda: set(psutil.Process().children()) - before)  # the signal's handler is there before its child
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt_once_started)
    thread.start()
    with pytest.raises(KeyboardInterrupt), processes.end_on_signals():
        processes.run_command([sys.executable, "-c", STUBBORN])
    thread.join()
    assert set(psutil.Process().children()) <= before


def test_a_command_that_ends_by_itself_has_said_what_it_said() -> None:
    done = processes.run_command([sys.executable, "-c", "import sys; print('out'); sys.exit('err')"])
    assert (done.returncode, done.stdout, done.stderr) == (1, "out\n", "err\n")


def test_termination_ends_the_block_like_an_interrupt_and_the_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), processes.end_on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with processes.end_on_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_signals_are_left_alone() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with processes.defer_interrupts():
                pass
        except ValueError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []
