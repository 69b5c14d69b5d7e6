"""Reads XML by the paths of its rows, streamed; entity bombs and external entities are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers.expat import errors

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import ELEMENT, MAX_NESTING, SourceRow, TableCell
from pipeline.feeds.tables.files import (
    MAX_ROW_BYTES,
    ReportBytesRead,
    clear_errors,
    open_table,
    read_beginning,
    refuse_unread,
)
from pipeline.feeds.tables.sources import TableSource

TEXT = "#text"
"""The column of an element's own text, beside its attributes (`@name`) or other elements in it."""
PATHS_SHOWN = 6
"""Elements that a message names, the commonest, where the one asked for is not there."""

_MARKUP = {b"<!--": "comment", b"<?": "processing instruction", b"<!": "declaration", b"<": "tag"}
"""What a piece of markup is, by how it begins; the first that fits."""
_BEGINNING_BYTES = 8
"""Of markup: enough for the longest key of _MARKUP in UTF-16."""


class _Token:
    """Markup that the parser holds until its end comes: where it begins in the file, its kind, its length in bytes."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self.begin, self._beginning = -1, b""
        self._chunk = b""
        self._chunk_begin = 0

    def add_chunk(self, chunk: bytes) -> None:
        """Count the bytes that the parser is given next; it has been through all those before."""
        begin = self._parser.CurrentByteIndex
        if begin != self.begin:
            self.begin = begin
            self._beginning = self._chunk[max(0, begin - self._chunk_begin) :][:_BEGINNING_BYTES]
        self._beginning = (self._beginning + chunk)[:_BEGINNING_BYTES]
        self._chunk_begin += len(self._chunk)
        self._chunk = chunk

    @property
    def length(self) -> int:
        """Bytes of it in the chunks before the last."""
        return self._chunk_begin - self.begin

    @property
    def kind(self) -> str:
        """A value of _MARKUP; "" for text."""
        beginning = self._beginning.replace(b"\0", b"")
        return next((kind for start, kind in _MARKUP.items() if beginning.startswith(start)), "")


class _BoundedFile:
    """Hands the file's bytes to the parser, which keeps nothing more of a row once that takes over MAX_ROW_BYTES.

    Raises LiaisonError where so many come without a row, or as one tag or comment: the parser hands on such a one
    whole, so it can't be skipped.
    """

    def __init__(self, file: IO[bytes], path: Path, parser: Any) -> None:
        """`parser` is expat's, with the handlers that build the tree."""
        self._file, self._path, self._parser = file, path, parser
        self._row = 1
        self._since_row = self._since_event = 0
        self._token = _Token(parser)
        self._open: Sequence[Element] = ()
        self.is_skipped = False

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; all that was parsed of those before has been looked at."""
        chunk = self._file.read(size)
        self._token.add_chunk(chunk)
        self._since_row += len(chunk)
        self._since_event += len(chunk)
        if self._open and self._since_row > MAX_ROW_BYTES and not self.is_skipped:
            self._skip_row()
        elif (self._since_event if self.is_skipped else self._since_row) > MAX_ROW_BYTES:
            raise LiaisonError(f"{self._path}, line {self._parser.CurrentLineNumber:,}, {self._explain_length()}")
        return chunk

    def _explain_length(self) -> str:
        """What takes more than MAX_ROW_BYTES: a token that the parser holds, else all that stands before a row."""
        if self._token.length > MAX_ROW_BYTES // 2 and (kind := self._token.kind):
            return (
                f"byte {self._token.begin + 1:,}: a {kind} begins here that does not end within the "
                f"{MAX_ROW_BYTES >> 20} MiB of a row; take it out"
            )
        return (
            f"row {self._row:,}: more than {MAX_ROW_BYTES >> 20} MiB come before it; "
            "take them out, or name other elements in `source.items`"
        )

    def begin_row(self, elements: Sequence[Element]) -> None:
        """Count anew; `elements` are open, the row's the last."""
        self._open, self._outside = elements, len(elements) - 1
        self._since_row, self.is_skipped = 0, False

    def end_row(self) -> None:
        """Count anew, for the next row."""
        self._row += 1
        self._since_row, self._open = 0, ()

    def _skip_row(self) -> None:
        """Let go of what was kept of the row, and keep nothing of its text, until its end."""
        self.is_skipped, self._since_event = True, 0
        inside = self._open[self._outside :]
        for element in inside:
            element.clear()
        parser, levels = self._parser, len(inside)
        start, data, end = parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler

        def skip_start(*of: Any) -> None:
            nonlocal levels
            levels, self._since_event = levels + 1, 0
            start(*of)

        def skip_end(*of: Any) -> None:
            nonlocal levels
            levels, self._since_event = levels - 1, 0
            end(*of)
            if not levels:
                parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, data, end

        def skip_data(_: str) -> None:
            self._since_event = 0

        parser.StartElementHandler, parser.CharacterDataHandler = skip_start, skip_data
        parser.EndElementHandler = skip_end


def read_xml(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every element that `items` name, as a row; `number` counts them. Raises LiaisonError.

    An element with text is a column, one with elements or attributes (`@name`) a group; namespaces are left out.
    """
    if not source.items:
        raise LiaisonError(f"{path} is XML: set `source.items` in the mapping kit, the paths of the elements to read")
    refuse_unread(path, "xml")
    seen = Counter[str]()
    with open_table(path, advance) as file, clear_errors(path):
        parser, number = DefusedXMLParser(target=TreeBuilder()), 0
        try:
            for element in _find_elements(_BoundedFile(file, path, parser.parser), parser, source.items, seen):
                number += 1
                if element is None:
                    yield SourceRow(number, {}, f"the element is longer than {MAX_ROW_BYTES >> 20} MiB: it is left out")
                    continue
                yield SourceRow(number, {**_read_columns(element), ELEMENT: _local_name(element.tag)})
        except ParseError as error:
            raise LiaisonError(_explain_parse_error(path, error)) from error
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


def _explain_parse_error(path: Path, error: ParseError) -> str:
    line, column = error.position
    place = f"{path}, line {line:,}, column {column + 1:,}"
    match errors.messages[error.code]:
        case errors.XML_ERROR_NO_ELEMENTS if not read_beginning(path).strip():
            return f"{path} is empty"
        case errors.XML_ERROR_NO_ELEMENTS | errors.XML_ERROR_UNCLOSED_TOKEN | errors.XML_ERROR_PARTIAL_CHAR:
            return f"{place}: the file is cut off here; fetch it again"
        case errors.XML_ERROR_INVALID_TOKEN:
            return f"{place}: not XML, or not in the encoding that its first line states (utf-8 if none)"
        case message:
            return f"{place}: not XML ({message})"


def _find_elements(
    file: _BoundedFile, parser: DefusedXMLParser, items: tuple[str, ...], seen: Counter[str]
) -> Iterator[Element | None]:
    """The elements at the paths, each cut out of the tree once it was read, as is all between them; None: too long."""
    wanted, names, elements = frozenset(items), list[str](), list[Element]()
    depth_of_row = 0
    for event, element in iterparse(file, events=("start", "end"), parser=parser):
        if event == "start":
            names.append(_local_name(element.tag))
            if len(names) > MAX_NESTING:
                raise ValueError(f"nested more than {MAX_NESTING} deep")
            elements.append(element)
            if not depth_of_row and "/".join(names[1:]) in wanted:
                depth_of_row = len(names)
                file.begin_row(elements)
            continue
        path, depth = "/".join(names[1:]), len(names)
        names.pop()
        elements.pop()
        if depth_of_row and depth > depth_of_row:
            if file.is_skipped:
                elements[-1].clear()
            continue
        if depth == depth_of_row:
            depth_of_row = 0
            file.end_row()
            yield None if file.is_skipped else element
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
