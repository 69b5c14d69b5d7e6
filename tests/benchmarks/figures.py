"""Files of figures: docs/benchmarks/<name>.json says what was measured, by which command, at which commit, on what.

Documents quote them by a mark, <!-- figures: name -->; tests/unit/test_figures.py holds both together.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "benchmarks"


def write_figures(path: Path, command: str, figures: Mapping[str, Any], conditions: Mapping[str, Any]) -> None:
    """A file of figures; `conditions` are numbers that say under which they hold."""
    written = {
        "command": command,
        "commit": _commit(),
        "measured": datetime.now(UTC).date().isoformat(),
        "host": f"{os.cpu_count()} cores, {platform.machine()}, {_processor()}; load {os.getloadavg()[0]:.1f}",
        "conditions": dict(conditions),
        "figures": dict(figures),
    }
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return asked.stdout.strip()


def _processor() -> str:
    """The processor's name, as Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
