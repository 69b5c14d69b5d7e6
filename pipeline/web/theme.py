"""How every page is dressed: our style sheet, keys and fonts, all from this package or from packages of fonts."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from nicegui import app, ui

STATIC = Path(__file__).with_name("static")
FONTS = {"sans": "fontpkg_ibm_plex_sans", "arabic": "fontpkg_ibm_plex_sans_arabic"}
"""IBM Plex (SIL Open Font Licence) covers Latin, Cyrillic, Greek and Arabic with aligned numbers; the rest falls to
the system's fonts."""

THEMES = ("auto", "light", "dark")
YEAR_S = 365 * 24 * 3600

_CHOOSE = (
    "<script nonce=\"{nonce}\">document.documentElement.lang = '{language}'; document.documentElement.dataset.theme ="
    " '{theme}' !== 'auto' ? '{theme}' : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'</script>"
)
_HEAD = (
    '<link rel="stylesheet" href="/assets/liaison.css?{style}">'
    '<script defer src="/assets/keys.js?{keys}" nonce="{nonce}"></script>'
)
_SCRIPT = '<script defer src="/assets/{name}?{hash}" nonce="{nonce}"></script>'

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" stroke="{colour}" stroke-width="2">'
    '<circle cx="5" cy="5" r="3"/><circle cx="15" cy="15" r="3"/><path d="M7.5 7.5l5 5"/></svg>'
)


def serve_assets() -> None:
    """Make the style sheet, script and fonts available under /assets and /fonts."""
    app.add_static_files("/assets/", STATIC, max_cache_age=YEAR_S)
    for name, package in FONTS.items():
        app.add_static_files(f"/fonts/{name}", Path(str(files(package))) / "files", max_cache_age=YEAR_S)


def add_page_head(theme: str, language: str, nonce: str, script: str = "") -> None:
    """Dress the page being built; `theme` is one of THEMES, `language` the page's, `nonce` its own scripts'.

    `script` is a file of static/ that this page alone has.
    """
    ui.add_head_html(_CHOOSE.format(theme=theme, language=language, nonce=nonce))
    ui.add_head_html(_HEAD.format(style=_hash_file("liaison.css"), keys=_hash_file("keys.js"), nonce=nonce))
    if script:
        ui.add_head_html(_SCRIPT.format(name=script, hash=_hash_file(script), nonce=nonce))


@cache
def _hash_file(name: str) -> str:
    """A file's content in few characters, so that a browser keeps it until it changes."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
