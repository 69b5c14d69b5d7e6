"""The table that one may fill in for a list check: a header in the reader's language, as CSV or as a workbook. Pure."""

from __future__ import annotations

import io
import zipfile
from typing import Final, Literal
from xml.sax.saxutils import escape

from pipeline.api.list_planning import TARGET_LABELS, TEMPLATE
from pipeline.api.services.exports import encode_table_head
from pipeline.locale import translate

TemplateForm = Literal["xlsx", "csv"]

TEMPLATE_TYPES: Final[dict[TemplateForm, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Of all parts, so that the same table is the same file."""

PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + "".join(
        f'<Override PartName="/xl/{name}.xml" '
        f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
        for name, kind in (("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), ("styles", "styles"))
    )
    + "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="Liaison" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>',
}
"""Everything of the workbook but its sheet (ECMA-376). Format 49 is text: what is typed stays as it is typed."""


def write_template(form: TemplateForm, language: str) -> bytes:
    """The template as a file."""
    heads = [translate(TARGET_LABELS[target], language) for target in TEMPLATE]
    return encode_table_head("excel", heads) if form == "csv" else _write_workbook(heads)


def _write_workbook(heads: list[str]) -> bytes:
    cells = "".join(f'<c t="inlineStr" s="1"><is><t>{escape(head)}</t></is></c>' for head in heads)
    sheet = (
        f'<worksheet xmlns="{MAIN}"><cols><col min="1" max="{len(heads)}" width="20" style="1" customWidth="1"/></cols>'
        f"<sheetData><row>{cells}</row></sheetData></worksheet>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (PARTS | {"xl/worksheets/sheet1.xml": sheet}).items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), XML + content, zipfile.ZIP_DEFLATED)
    return file.getvalue()
