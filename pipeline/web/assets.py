"""Scripts, style sheets and fonts of the pages: packed once, sent as small as the browser takes them, kept for good.

An address holds the content's hash, so a browser asks again only for what has changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import nicegui
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

STATIC: Final = Path(__file__).with_name("static")
OF_NICEGUI: Final = Path(nicegui.__file__).parent / "static"
PATH: Final = "/assets/"

KEPT: Final = "public, max-age=31536000, immutable"
ASKED_ANEW: Final = "no-cache"
"""For an address of other content, as a page has that was loaded before an upgrade."""

NOT_FOUND: Final = 404
SMALL_BYTES: Final = 500
"""Below, packing saves nothing."""

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2",
}  # fmt: skip

FILES: Final[Mapping[str, Path]] = {
    **{path.name: path for suffix in MEDIA_TYPES for path in sorted(STATIC.rglob(f"*{suffix}"))},
    "vue.js": OF_NICEGUI / "vue.esm-browser.prod.js",
    "socket.io.js": OF_NICEGUI / "socket.io.min.js",
    "nicegui.js": OF_NICEGUI / "nicegui.js",
}
"""By the name in the address; of NiceGUI what its pages need."""

_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")
_FONT = re.compile(rb'url\("fonts/([\w-]+\.woff2)"\)')


class PackedAsset(NamedTuple):
    """A file's content in each encoding that makes it smaller; "" is the content itself."""

    media_type: str
    hash: str
    bodies: Mapping[str, bytes]

    def choose(self, accepted: str) -> str:
        """The smallest encoding of those that an Accept-Encoding header names and does not refuse."""
        named = {part.partition(";")[0].strip() for part in accepted.split(",") if not _REFUSED.search(part)}
        return next((encoding for encoding in ("br", "gzip") if encoding in named and encoding in self.bodies), "")


def asset_path(name: str) -> str:
    """The address of one of FILES."""
    return f"{PATH}{name}?{_hash(_read(name))}"


def make_router() -> APIRouter:
    """The route that serves them."""
    routes = APIRouter()

    @routes.get(f"{PATH}{{name}}", include_in_schema=False)
    def asset(name: str, request: Request) -> Response:
        if name not in FILES:
            return Response(status_code=NOT_FOUND)
        packed = pack_asset(name)
        encoding = packed.choose(request.headers.get("accept-encoding", ""))
        headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": encoding} if encoding else {})
        headers["Cache-Control"] = KEPT if request.url.query == packed.hash else ASKED_ANEW
        return Response(packed.bodies[encoding], media_type=packed.media_type, headers=headers)

    return routes


@cache
def pack_asset(name: str) -> PackedAsset:
    """One of FILES, packed as tightly as can be: once a process, when first asked for."""
    import cramjam  # not above: where it is missing, streams.kafka.record_batches says so in a sentence

    content, suffix = _read(name), Path(name).suffix
    bodies = {"": content}
    if suffix != ".woff2" and len(content) > SMALL_BYTES:
        bodies["br"] = bytes(cramjam.brotli.compress(content, level=11))
        bodies["gzip"] = bytes(cramjam.gzip.compress(content, level=9))
    return PackedAsset(MEDIA_TYPES[suffix], _hash(content), bodies)


@cache
def _read(name: str) -> bytes:
    """A file's content; fonts that a style sheet names get their addresses."""
    content = FILES[name].read_bytes()
    if not name.endswith(".css"):
        return content
    return _FONT.sub(lambda font: f'url("{asset_path(font[1].decode())}")'.encode(), content)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
