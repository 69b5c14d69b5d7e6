"""Our page stands in the place of NiceGUI's own, so a new NiceGUI asks for a look at what has changed in its."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nicegui

from pipeline.web.page_template import TEMPLATES

SEEN = {
    "templates/index.html": "82070de3799672b8",
    "static/nicegui.js": "2f1257d5b8327893",
}
"""The files that ours was made from: compare them, follow what matters, and enter the new digest."""


def test_nicegui_fills_the_page_that_ours_was_made_from() -> None:
    static = Path(nicegui.__file__).parent
    found = {name: hashlib.sha256((static / name).read_bytes()).hexdigest()[:16] for name in SEEN}
    assert found == SEEN


def test_every_script_of_the_page_bears_the_answers_nonce() -> None:
    for line in (TEMPLATES / "index.html").read_text(encoding="utf-8").splitlines():
        assert "<script" not in line or 'nonce="{{ request.state[nonce_name] }}"' in line
