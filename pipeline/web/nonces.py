"""The scripts that NiceGUI's page template writes bear the answer's nonce, so that the content policy lets them run.

The template's own tags are marked in its source; what is put into it later is not, and so never runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import nicegui
from jinja2 import Environment, FileSystemLoader
from nicegui import client

from pipeline.api.security_headers import NONCE

SCRIPT: Final = "<script"
MARKED: Final = f'<script nonce="{{{{ request.state.{NONCE} }}}}"'


class NonceLoader(FileSystemLoader):
    """Loads templates, each of whose script tags is given the request's nonce."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The template's source, its file, and whether that is still the same."""
        source, file, is_current = super().get_source(environment, template)
        return source.replace(SCRIPT, MARKED), file, is_current


def mark_template_scripts() -> None:
    """Have NiceGUI render its pages from marked templates."""
    client.templates.env.loader = NonceLoader(Path(nicegui.__file__).parent / "templates")
