"""Tables of other projects' data that ship with the package; tools/vendored_tables.py makes them, NOTICE names them."""

from __future__ import annotations

import lzma
from importlib.resources import files
from typing import TypeVar

import msgspec

from pipeline.errors import LiaisonError

T = TypeVar("T")


def read_table(name: str, form: type[T]) -> T:
    """The table called `name`, in the form asked for. Raises LiaisonError where it is missing or damaged."""
    file = files("pipeline.records").joinpath(f"data/{name}.json.xz")
    try:
        return msgspec.json.decode(lzma.decompress(file.read_bytes()), type=form)
    except (OSError, lzma.LZMAError, msgspec.DecodeError) as error:
        raise LiaisonError(f"the table {file} is missing or damaged; install Liaison again") from error
