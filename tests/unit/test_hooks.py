"""The hooks before a commit: what they name is there, and the rule for a commit's first line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
}


@pytest.mark.parametrize("name", [name for name, hook in HOOKS.items() if hook["language"] == "system"])
def test_what_a_hook_runs_is_there(name: str) -> None:
    files = [word for word in HOOKS[name]["entry"].split() if "/" in word and not word.startswith(".venv/")]
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert HOOKS[name]["entry"].startswith((".venv/bin/", "make "))


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        ("records: read Persian digits in dates", True),
        ("times, web: convert to Kafka's time in one place", True),
        ("fixup! docs: make reference pages", True),
        ("Read Persian digits in dates", False),
        ("records: read Persian digits in dates.", False),
        ("records:", False),
        (f"records: {'x' * 63}", True),
        (f"records: {'x' * 64}", False),
    ],
)
def test_the_rule_for_a_first_line(subject: str, allowed: bool) -> None:
    # pre-commit's `pygrep` asks so with --multiline.
    found = re.search(HOOKS["subject"]["entry"], f"{subject}\n\nThe body: it says why.\n", re.MULTILINE | re.DOTALL)
    assert (found is not None) is allowed
