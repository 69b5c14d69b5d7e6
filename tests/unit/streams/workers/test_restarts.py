"""Restarts outlive the process that they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pipeline.streams.catalogues.metrics import REGISTRY
from pipeline.streams.workers.restarts import (
    VARIABLE,
    RestartReason,
    count_restarts,
    environment_of_successor,
    note_restart,
    show_restarts,
)

NONE = dict.fromkeys(RestartReason, 0)

EXECUTES_ITSELF = """
import json, os, sys
from pipeline.streams.workers.restarts import RestartReason, count_restarts, note_restart
held = count_restarts()
if held[RestartReason.CRASHED] < 2:
    note_restart(RestartReason.CRASHED)
    os.execv(sys.executable, sys.orig_argv)
print(json.dumps([os.getpid(), held]))
"""


def test_they_are_counted_through_an_exec() -> None:
    started = environment_of_successor(deaths=1)
    with subprocess.Popen([sys.executable, "-c", EXECUTES_ITSELF], env=started, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid, held = json.loads(process.stdout.read())
    assert pid == process.pid
    assert held == NONE | {RestartReason.CRASHED: 2, RestartReason.DIED: 1}


@pytest.mark.parametrize("held", ["", "crashed=", "crashed=-1,unheard=7", "1", "crashed=99999999999999999999x"])
def test_what_is_not_ours_in_the_environment_counts_nothing(monkeypatch: pytest.MonkeyPatch, held: str) -> None:
    monkeypatch.setenv(VARIABLE, held)
    assert all(count < 10**9 for count in count_restarts().values())
    monkeypatch.setenv(VARIABLE, "")
    note_restart(RestartReason.FENCED)
    assert count_restarts() == NONE | {RestartReason.FENCED: 1}


def test_every_reason_is_exported_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "crashed=3")
    show_restarts("restarts-test")
    shown = {
        reason: REGISTRY.get_sample_value("liaison_worker_restarts_total", {"stage": "restarts-test", "reason": reason})
        for reason in RestartReason
    }
    assert shown == NONE | {RestartReason.CRASHED: 3}
    assert os.environ[VARIABLE] == "crashed=3"
