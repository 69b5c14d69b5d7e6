"""Makes the name data that the package ships, from lists of names; no installation runs it."""

import lzma
from pathlib import Path
from typing import Final

import msgspec

NAME_DATA: Final = Path(__file__).parents[2] / "pipeline" / "matching" / "names" / "data"
"""Where the package's name data lies."""


def write_name_data(name: str, value: object) -> None:
    """Write a value as <name>.json.xz among the package's name data; equal values make equal files."""
    encoded = msgspec.json.encode(value, order="deterministic")
    (NAME_DATA / f"{name}.json.xz").write_bytes(lzma.compress(encoded, preset=9 | lzma.PRESET_EXTREME))
