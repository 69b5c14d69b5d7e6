"""Nodes that a chart's author made or brought from elsewhere; imports little, as a process of its own reads files."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

MOST_LABEL: Final = 300
"""Characters of what an author writes on a node or line of their own."""

Label = Annotated[str, Meta(max_length=MOST_LABEL)]
NodeText = Annotated[str, Meta(max_length=700)]


class OwnNode(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node that a chart's author made or brought from elsewhere; no policy vouches for it.

    `number` is the node's id of a number that it bears, `case` the key of a record that it names.
    """

    label: Label = ""
    type: Label = ""
    number: NodeText = ""
    case: NodeText = ""
