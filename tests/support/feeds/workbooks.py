"""Writes small workbooks as other programs do: texts, numbers, dates, formulas with their last result, merged cells."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml"
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
RELATIONS = """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
{0}</Relationships>"""
RELATION = '<Relationship Id="{0}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{1}" '
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STYLES = f"""<?xml version="1.0"?><styleSheet {MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>
</styleSheet>"""

MANIFEST = """<?xml version="1.0"?><m:manifest
xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry
m:full-path="/" m:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>"""
OPEN_DOCUMENT = """<?xml version="1.0"?><office:document-content
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="List">{0}</table:table></office:spreadsheet></office:body>
</office:document-content>"""

Value = str | int | float | datetime.date | None
"""A text that begins with = is a formula: `=A1+1|3` has the result 3."""


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Value]]], merged: str = "") -> Path:
    """The workbook with these sheets; `merged` is a range such as A2:A3 of each."""
    links = [RELATION.format(f"s{n}", "worksheet") + f'Target="worksheets/{n}.xml"/>' for n in range(len(sheets))]
    links.append(RELATION.format("styles", "styles") + 'Target="styles.xml"/>')
    names = "".join(f'<sheet name="{escape(name)}" sheetId="{n + 1}" r:id="s{n}"/>' for n, name in enumerate(sheets))
    space = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", TYPES)
        root = RELATION.format("b", "officeDocument") + 'Target="xl/workbook.xml"/>'
        book.writestr("_rels/.rels", RELATIONS.format(root))
        book.writestr("xl/workbook.xml", f"<workbook {MAIN} {space}><sheets>{names}</sheets></workbook>")
        book.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format("".join(links)))
        book.writestr("xl/styles.xml", STYLES)
        for n, rows in enumerate(sheets.values()):
            book.writestr(f"xl/worksheets/{n}.xml", _sheet(rows, merged))
    return path


def write_open_document(path: Path, rows: Sequence[Sequence[str]], rest: str = "", repeated: int = 1) -> Path:
    """An OpenDocument sheet of texts; `a*3` is a cell that stands for three, `rest` is XML behind the rows.

    Each row stands for `repeated` of them.
    """
    row = f'<table:table-row table:number-rows-repeated="{repeated}">{{}}</table:table-row>'
    written = "".join(row.format("".join(map(_open_cell, cells))) for cells in rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", MANIFEST)
        book.writestr("content.xml", OPEN_DOCUMENT.format(written + rest))
    return path


def _open_cell(told: str) -> str:
    text, _, count = told.partition("*")
    times = f'table:number-columns-repeated="{count or 1}"'
    if not text:
        return f"<table:table-cell {times}/>"
    return f'<table:table-cell office:value-type="string" {times}><text:p>{escape(text)}</text:p></table:table-cell>'


def _sheet(rows: Sequence[Sequence[Value]], merged: str) -> str:
    written = "".join(
        f'<row r="{number}">{"".join(_cell(f"{chr(65 + n)}{number}", value) for n, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
    )
    merge = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    return f"<worksheet {MAIN}><sheetData>{written}</sheetData>{merge}</worksheet>"


def _cell(place: str, value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime.date():
            return f'<c r="{place}" s="1"><v>{(value - datetime.date(1899, 12, 30)).days}</v></c>'
        case str() if value.startswith("="):
            formula, _, result = value[1:].partition("|")
            return f'<c r="{place}"><f>{escape(formula)}</f><v>{result}</v></c>'
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        case _:
            return f'<c r="{place}"><v>{value}</v></c>'
