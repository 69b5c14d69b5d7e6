from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.feeds.tables.limited_process import is_limited

LIMITED = "from pipeline.feeds.tables.limited_process import ProcessLimits, is_limited, limit_process\n"
HALF = "limit_process(ProcessLimits(memory_bytes=1 << 29, cpu_s=1))\n"


def run(code: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", LIMITED + HALF + code], capture_output=True, check=False)


def test_a_process_has_limits_once_it_was_given_some() -> None:
    assert not is_limited()
    assert run("assert is_limited()").returncode == 0


@pytest.mark.parametrize("code", ["bytearray(1 << 29)", "while True: pass"], ids=["memory", "time"])
def test_a_process_that_needs_more_is_ended(code: str) -> None:
    assert run(code).returncode
