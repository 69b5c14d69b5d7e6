"""Reads XML by the paths of its rows, streamed; entity bombs and external entities are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import ELEMENT, MAX_NESTING, SourceRow, TableCell
from pipeline.feeds.tables.files import MAX_ROW_BYTES, ReportBytesRead, clear_errors, open_table, refuse_unread
from pipeline.feeds.tables.sources import TableSource

TEXT = "#text"
"""The column of an element's own text, beside its attributes (`@name`) or other elements in it."""
PATHS_SHOWN = 6


class _BoundedFile:
    """Hands the file's bytes to the parser; raises LiaisonError when a row takes more than MAX_ROW_BYTES."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self._since_row = 0

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        chunk = self._file.read(size)
        self._since_row += len(chunk)
        if self._since_row > MAX_ROW_BYTES:
            raise LiaisonError(f"{self._path}: one of its rows takes more than {MAX_ROW_BYTES >> 20} MiB")
        return chunk

    def begin_row(self) -> None:
        """Count anew."""
        self._since_row = 0


def read_xml(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every element that `items` name, as a row; `number` counts them. Raises LiaisonError.

    An element with text is a column, one with elements or attributes (`@name`) a group; namespaces are left out.
    """
    if not source.items:
        raise LiaisonError(f"{path} is XML: set `source.items` in the mapping kit, the paths of the elements to read")
    refuse_unread(path, "xml")
    seen = Counter[str]()
    with open_table(path, advance) as file, clear_errors(path):
        bounded, number = _BoundedFile(file, path), 0
        try:
            for element in _find_elements(bounded, source.items, seen):
                number += 1
                yield SourceRow(number, {**_read_columns(element), ELEMENT: _local_name(element.tag)})
        except ParseError as error:
            line, column = error.position
            raise LiaisonError(
                f"{path}, line {line:,}, column {column:,}: not XML, or cut off here ({error.msg})"
            ) from error
        except DefusedXmlException as error:
            raise LiaisonError(
                f"{path} declares entities or refers to other files, which is refused: such a file can be made to fill "
                "the memory or to read this machine's files"
            ) from error
        except (LookupError, ValueError) as error:
            raise LiaisonError(f"cannot read {path}: {error}") from error
    if not number:
        held = ", ".join(name for name, _ in seen.most_common(PATHS_SHOWN))
        raise LiaisonError(
            f"{path} has no element {' or '.join(source.items)}, which `source.items` names; it has {held}"
        )


def _find_elements(file: _BoundedFile, items: tuple[str, ...], seen: Counter[str]) -> Iterator[Element]:
    """The elements at the paths, each cut out of the tree once it was read, as is all between them."""
    wanted, names, elements = frozenset(items), list[str](), list[Element]()
    depth_of_row = 0
    for event, element in iterparse(file, events=("start", "end")):
        if event == "start":
            names.append(_local_name(element.tag))
            if len(names) > MAX_NESTING:
                raise ValueError(f"nested more than {MAX_NESTING} deep")
            elements.append(element)
            if not depth_of_row and "/".join(names[1:]) in wanted:
                depth_of_row = len(names)
            continue
        path, depth = "/".join(names[1:]), len(names)
        names.pop()
        elements.pop()
        if depth_of_row and depth > depth_of_row:
            continue
        if depth == depth_of_row:
            depth_of_row = 0
            file.begin_row()
            yield element
        elif path:
            seen[path] += 1
        element.clear()
        if elements:
            elements[-1].remove(element)


def _read_columns(element: Element) -> dict[str, TableCell]:
    columns: dict[str, Any] = {f"@{_local_name(name)}": value.strip() for name, value in element.attrib.items()}
    for child in element:
        _add_child(columns, _local_name(child.tag), child)
    text = " ".join((element.text or "").split())
    if text and not len(element):
        columns[TEXT] = text
    return columns


def _add_child(columns: dict[str, Any], name: str, child: Element) -> None:
    """Put the child under its name: the text of a leaf, after others several texts; all else into a group."""
    if len(child) or child.attrib:
        group = columns.get(name)
        columns[name] = [*group, _read_columns(child)] if isinstance(group, list) else [_read_columns(child)]
        return
    text = " ".join((child.text or "").split())
    held = columns.get(name)
    if isinstance(held, list):
        columns[name] = [*held, {TEXT: text}] if text else held
    elif held:
        columns[name] = (*((held,) if isinstance(held, str) else held), text) if text else held
    else:
        columns[name] = text


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
