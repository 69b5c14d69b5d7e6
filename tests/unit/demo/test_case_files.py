from __future__ import annotations

from random import Random

import pytest

from pipeline.demo.case_files import CaseFile
from pipeline.demo.countries import Country, load_countries
from pipeline.demo.recording import RecordedEntity
from pipeline.feeds.checking import Checker
from pipeline.records.offence_codes import offence_codes

PERSON = RecordedEntity({"type": "person", "names": [{"full": "Ana Neznámá"}]}, ("person-1",))
CAR = RecordedEntity({"type": "vehicle", "plate": "AB-123-CD"}, ("vehicle-1",))


@pytest.fixture
def file() -> CaseFile:
    return CaseFile(Random(1), load_countries()["FR"], 8, [PERSON])


GROUPS = {
    "0204": ("Traite des êtres humains", "Трафик на хора"),
    "0501": ("Vol avec effraction", "Robo con fuerza"),
    "0502": ("Vol aggravé", "Bandendiebstahl", "Kradzież pojazdów", "Κλοπή οχήματος", "Кражба на автомобили"),
    "0601": ("Trafic de stupéfiants", "Rauschgifthandel", "Tráfico de drogas", "Handel narkotykami",
             "Διακίνηση ναρκωτικών", "الاتجار في المخدرات"),
    "0701": ("Escroquerie en bande organisée", "Estafa", "Oszustwo", "Измама"),
    "0702": ("Urkundenfälschung", "Falsedad documental", "Πλαστογραφία εγγράφων", "تزوير وثائق"),
    "0704": ("Blanchiment", "Geldwäsche", "Blanqueo de capitales", "Pranie pieniędzy", "Hehlerei",
             "Recel de véhicules"),
    "0804": ("Fraude à la TVA", "Przemyt papierosów", "Контрабанда на цигари", "تهريب السيارات"),
    "0805": ("Παράνομη διακίνηση",),
}  # fmt: skip
"""What the titles mean, by the ICCS's groups."""


@pytest.mark.parametrize("country", load_countries().values(), ids=load_countries())
def test_the_code_of_a_case_is_of_what_its_title_says(country: Country) -> None:
    meant = {title: group for group, titles in GROUPS.items() for title in titles}
    for number in range(40):
        case = CaseFile(Random(number), country, number, [PERSON]).last.event["data"]
        (offence,) = case["offences"]
        assert offence["code"].startswith(meant[case["title"]])
        assert offence["code"] in offence_codes()


def test_each_change_is_the_next_version_and_shows_what_it_holds(file: CaseFile) -> None:
    file.add_entity(CAR)
    file.correct_person(RecordedEntity(PERSON.fields, ("person-2",)))
    assert [version.number for version in file.versions] == [1, 2, 3]
    assert [version.shows for version in file.versions] == [
        {"person-1"},
        {"person-1", "vehicle-1"},
        {"person-2", "vehicle-1"},
    ]


def test_rewording_changes_nothing_that_is_matched_on(file: CaseFile) -> None:
    file.reword()
    first, second = (version.event["data"] for version in file.versions)
    assert first["entities"] == second["entities"]
    assert first != second


def test_a_withdrawal_holds_no_content_and_shows_nothing(file: CaseFile) -> None:
    file.withdraw()
    assert set(file.last.event["data"]) == {"case_id", "agency", "country", "version", "status"}
    assert file.last.shows == frozenset()
    assert file.last.withdrawn


def test_every_version_is_a_good_record(file: CaseFile) -> None:
    file.add_entity(CAR)
    file.reword()
    file.withdraw()
    lines = [(version.number, version.value) for version in file.versions]
    assert [checked.problems for checked in Checker("fr-pj", "FR").check_lines(lines)] == [()] * 4
