"""The HTML page that NiceGUI fills, ours in the place of its own, and its head.

The head has the theme, our style sheet and the keys of every page. Without Quasar the page has a third of the weight.
Its script tags bear the answer's nonce, so that the content policy lets them run; what is put into the page later bears
none, and so never runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import FileSystemLoader
from nicegui import client, ui

from pipeline.api.headers import NONCE
from pipeline.web.assets import asset_path

TEMPLATES: Final = Path(__file__).with_name("templates")


def use_own_template() -> None:
    """Have NiceGUI render its pages from our template."""
    environment = client.templates.env
    environment.loader = FileSystemLoader(TEMPLATES)
    environment.globals.update(asset=asset_path, nonce_name=NONCE)


THEMES = ("auto", "light", "dark")

DENSITIES = ("normal", "dense", "loose")
"""How high rows of lists are: 44 pixels, less, or as high as all that they say."""

SCRIPTS = ("keys.js", "drafts.js", "rows.js", "keep.js")
"""What every page has."""

_CHOOSE = (
    "<script nonce=\"{nonce}\">document.documentElement.lang = '{language}';"
    " document.documentElement.dataset.density = '{density}'; document.documentElement.dataset.theme ="
    " '{theme}' !== 'auto' ? '{theme}' : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'</script>"
)
_STYLE = '<link rel="stylesheet" href="{path}">'
_SCRIPT = '<script defer src="{path}" nonce="{nonce}"></script>'

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" stroke="{colour}" stroke-width="2">'
    '<circle cx="5" cy="5" r="3"/><circle cx="15" cy="15" r="3"/><path d="M7.5 7.5l5 5"/></svg>'
)


def add_page_head(theme: str, density: str, language: str, nonce: str, script: str = "") -> None:
    """Dress the page being built; `theme` and `density` are of THEMES and DENSITIES, `nonce` is its own scripts'.

    `language` is the tag (en-GB) by which its scripts write dates and numbers, too; `script` names files of static/
    that this page alone has, parted by blanks.
    """
    ui.add_head_html(_CHOOSE.format(theme=theme, density=density, language=language, nonce=nonce))
    ui.add_head_html(_STYLE.format(path=asset_path("liaison.css")))
    for name in (*SCRIPTS, *script.split()):
        ui.add_head_html(_SCRIPT.format(path=asset_path(name), nonce=nonce))
