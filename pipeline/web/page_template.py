"""The HTML page that NiceGUI fills, ours in the place of its own: a third of the weight, since it has no Quasar.

Its script tags bear the answer's nonce, so that the content policy lets them run; what is put into the page later bears
none, and so never runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import FileSystemLoader
from nicegui import client

from pipeline.api.security_headers import NONCE
from pipeline.web.assets import asset_path

TEMPLATES: Final = Path(__file__).with_name("templates")


def use_own_template() -> None:
    """Have NiceGUI render its pages from our template."""
    environment = client.templates.env
    environment.loader = FileSystemLoader(TEMPLATES)
    environment.globals.update(asset=asset_path, nonce_name=NONCE)
