"""What a test's processes are given: the environment as it is when each begins."""

from __future__ import annotations

from pathlib import Path

from support.processes.starting import cold, started


def test_a_process_sees_what_was_set_after_the_fixture(tmp_path: Path) -> None:
    script, environment = tmp_path / "script.py", {"SET": "before"}
    script.write_text("import os; print(os.environ['SET'])")
    with started(script, environment, tmp_path, launch=cold) as start:
        assert start().wait(timeout=90) == 0
        environment["SET"] = "after"
        assert start().wait(timeout=90) == 0
    assert [(tmp_path / f"script-{at}.log").read_text() for at in range(2)] == ["before\n", "after\n"]
