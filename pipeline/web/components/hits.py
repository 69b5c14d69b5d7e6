"""A hit: that there is something, whose it is and whom to ask; never what it says."""

from __future__ import annotations

from typing import Any

from pipeline.access.redaction import Row
from pipeline.web.components.markup import box, foreign, text
from pipeline.web.components.words_with_frames import band, tag
from pipeline.web.page import View


def hit_only(view: View, row: Row) -> None:
    """A hit-only result as an item of a list."""
    words = view.words
    with box("li", "hit", data_row=""):
        with box("div", "grow"):
            text("span", words("A record of {agency}", agency=row["agency"]), "name plain")
            with box("p", "about"):
                tag(words("Hit only"), "plain")
                text("span", row["reference"], "code")
            contact(row.get("contact") or {})
        with box("p", "score"):
            if row.get("band"):
                band(words, row["band"])


def contact(said: dict[str, Any]) -> None:
    """Whom to ask: unit, e-mail and phone, as far as the owner gave them."""
    with box("p", "about"):
        if said.get("unit"):
            foreign(said["unit"])
        if said.get("email"):
            text("a", said["email"], href=f"mailto:{said['email']}")
        if said.get("phone"):
            text("span", said["phone"], dir="ltr")
