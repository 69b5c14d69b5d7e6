"""Templates of a mapping kit: text with columns in it ("{street} {number}")."""

from __future__ import annotations

import re
from string import Formatter

import msgspec

from pipeline.feeds.tables.cells import TableRow, cell_texts, find_cell

NUMBER = "#"
"""`{#}` in an item repeated for each of several values: 1 for the first, 2 for the second ..."""


class Template(msgspec.Struct, frozen=True):
    """Literal text and columns in turn; `parts` holds (text, column or ""), `columns` are those that it names."""

    parts: tuple[tuple[str, str], ...] = ()
    columns: frozenset[str] = frozenset()

    @classmethod
    def from_parts(cls, parts: tuple[tuple[str, str], ...]) -> Template:
        """The template of these parts; its columns are known once for all rows."""
        return cls(parts, frozenset(column for _, column in parts if column and column != NUMBER))

    def __str__(self) -> str:
        return "".join(text + (f"{{{column}}}" if column else "") for text, column in self.parts)

    def fill_texts(self, row: TableRow) -> list[str]:
        """The filled-in values: none where all columns are empty, several where the one column holds a list."""
        if len(self.parts) == 1 and not self.parts[0][0]:
            cell = row.get(self.parts[0][1])
            if isinstance(cell, str):  # nine of ten: without the two calls
                return [cell] if cell else []
            return cell_texts(find_cell(row, self.parts[0][1]))
        cells = {column: ", ".join(cell_texts(find_cell(row, column))) for _, column in self.parts}
        if self.columns and not any(cells[column] for column in self.columns):
            return []
        return [_tidy_text("".join(text + cells[column] for text, column in self.parts))]


def compile_template(text: str, place: str) -> Template:
    """Parse `{column}` placeholders ({{ and }} are braces); raises ValueError naming the place in the kit."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"`{place}`: {error} in {text!r}") from error
    if any(column == "" or spec or conversion for _, column, spec, conversion in parsed):
        raise ValueError(f"`{place}`: {text!r} must name columns plainly, as in {{column}}")
    return Template.from_parts(tuple((literal, column or "") for literal, column, _, _ in parsed))


def _tidy_text(text: str) -> str:
    """Close the gaps that empty columns leave in a template: no doubled spaces or commas, none at the ends."""
    spaced = " ".join(text.split())
    return (_COMMAS.sub(",", spaced) if "," in spaced else spaced).strip(" ,;")


_COMMAS = re.compile(r"( *,)+")
