from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.recognising import survey_folder

OWN = """
kit: 1
name: ours
files: ["un*.xml", "Register*.csv"]
agencies: [{name: a, country: FR}]
record: {case_id: "{id}"}
"""


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(b"x\n")
    return folder


def found(folder: Path) -> dict[str, str]:
    return {table.path.name: table.kit.name for table in survey_folder(folder).tables}


def test_lists_are_known_by_their_published_names(tmp_path: Path) -> None:
    fill(tmp_path, "consolidated.xml", "SDN.CSV", "sanctionsconlist.csv.gz", "20261101-FULL-1_1(xsd)eu.xml")
    fill(tmp_path, "xmlFullSanctionsList_1_1.xml", "interpol-red.json")
    assert found(tmp_path) == {
        "consolidated.xml": "un-list",
        "SDN.CSV": "ofac-list",
        "sanctionsconlist.csv.gz": "uk-list",
        "xmlFullSanctionsList_1_1.xml": "eu-list",
        "interpol-red.json": "interpol-notices",
    }


def test_joined_files_belong_to_their_table_and_others_are_named(tmp_path: Path) -> None:
    survey = survey_folder(fill(tmp_path, "sdn.csv", "alt.csv", "add.csv", "README.md", ".hidden"))
    assert [table.path.name for table in survey.tables] == ["sdn.csv"]
    assert [path.name for path in survey.unknown] == ["README.md"]


def test_a_folders_own_kits_come_first(tmp_path: Path) -> None:
    (tmp_path / "ours.yml").write_text(OWN)
    assert found(fill(tmp_path, "un.xml", "register-2026.csv")) == {"un.xml": "ours", "register-2026.csv": "ours"}


def test_a_folder_without_a_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"no file that a mapping kit is for.*\*sdn\*\.csv"):
        survey_folder(fill(tmp_path, "README.md"))
