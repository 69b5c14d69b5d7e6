"""Where each thing's page is: keys may hold any character, so that each is quoted whole."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

REJECTED: Final = "/operations/rejected"
"""What intake rejected."""


def case_path(key: str) -> str:
    """A case's page."""
    return f"/cases/{quote(key, safe=':')}"


def link_path(link_id: str, case: str) -> str:
    """A link's page, as come to from one of its cases."""
    return f"/links/{quote(link_id, safe='')}/of/{quote(case, safe=':')}"


def chart_path(key: str) -> str:
    """A case's network as a chart."""
    return f"/chart?case={quote(key, safe=':')}"


def folder_path(name: str) -> str:
    """A case folder's page."""
    return f"/folders/{quote(name, safe='')}"


def kept_chart_path(folder: str, item: str) -> str:
    """A chart that a case folder keeps."""
    return f"/chart?folder={quote(folder, safe='')}&item={quote(item, safe='')}"


def deconfliction_path(key: str) -> str:
    """Who else is where a case's events are."""
    return f"/deconfliction/of/{quote(key, safe=':')}"


def visibility_path(key: str) -> str:
    """Who can see one of our cases."""
    return f"/visibility/of/{quote(key, safe=':')}"


def list_path(name: str) -> str:
    """What was found for a list."""
    return f"/checks/{quote(name, safe='')}"


def records_path(name: str) -> str:
    """The records that a list found, each with its rows."""
    return f"{list_path(name)}/records"


def list_columns_path(name: str) -> str:
    """Where the columns of an uploaded table are mapped."""
    return f"{list_path(name)}/columns"


def entity_path(key: str, entity: str) -> str:
    """An entity of a case, seen across all cases that speak of it."""
    return f"/entities/{quote(entity, safe='')}/of/{quote(key, safe=':')}"


def rejected_path(position: str) -> str:
    """One rejected message, by its source position."""
    return f"{REJECTED}/{quote(position, safe='')}"
