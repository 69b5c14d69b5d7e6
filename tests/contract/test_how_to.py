"""Each page of docs/how-to/ followed by the letter, in a copy of the tree: what it adds works, in the files it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.matching.model import load_model
from support.docs.how_to_pages import HowToPage, TreeCopy

pytestmark = [pytest.mark.timeout(600), pytest.mark.rare]

MAIN = "from pipeline.cli.main import main; main()"


@pytest.fixture
def tree(tmp_path: Path) -> TreeCopy:
    return TreeCopy(tmp_path)


AIRCRAFT_SEARCH = """
from support.api.runtime import Api
from support.records.builder import record

PLANE = {"id": "a1", "type": "aircraft", "registration": "D-EABC", "make": "Cessna", "model": "172"}


async def test_an_aircraft_is_found_shown_and_linked(api: Api) -> None:
    api.hold(record("fr-pj", entities=[PLANE]), record("be-fp", entities=[{**PLANE, "registration": "d eabc"}]))
    api.link("fr-pj:1", "be-fp:1")
    found = (await api.post("/v1/search", {"question": "registration:D-EABC"})).json()["results"]
    assert {row["case"] for row in found} == {"fr-pj:1", "be-fp:1"}
    [link] = (await api.get("/v1/links", params={"case": "fr-pj:1"})).json()["links"]
    assert link["explanation"].splitlines()
    assert "Aircraft" in link["explanation"]
    exported = (await api.get("/v1/export/cases?form=ftm")).text
    assert '"Airplane"' in exported
"""


ENTITY_TYPES = "tests/unit/records/test_entity_types.py"
AIRCRAFT_TEST = "tests/unit/api/test_aircraft.py"
CATALOGUE = "tests/unit/test_locale.py::test_a_language_has_every_message_and_nothing_else"
FRENCH, SPANISH = f"{CATALOGUE}[fr]", f"{CATALOGUE}[es]"


def test_an_entity_type_takes_five_files_each_named_by_a_failing_test(tree: TreeCopy) -> None:
    page = HowToPage("add-an-entity-type")
    assert len(page.files) <= 5
    first, *others = page.patches
    tree.apply(first)
    for patch, test in zip(others, (ENTITY_TYPES, ENTITY_TYPES, FRENCH, SPANISH), strict=True):
        assert patch.path in tree.first_failure(test)
        tree.apply(patch)
    _link_two_aircraft(tree, page)
    tree.write(AIRCRAFT_TEST, AIRCRAFT_SEARCH)
    assert tree.first_failure(ENTITY_TYPES, CATALOGUE, AIRCRAFT_TEST, fixtures=True) == ""


def _link_two_aircraft(tree: TreeCopy, page: HowToPage) -> None:
    cases = tree.write("cases.ndjson", page.block("json"))
    arguments = page.block("sh", "liaison batch").split()[1:]
    assert arguments[:2] == ["batch", "correlate"]
    result = tree.run_python(
        "-c", MAIN, *(str(cases) if argument == cases.name else argument for argument in arguments)
    )
    assert result.returncode == 0, result.stdout
    [link] = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert (link["case_a"], link["case_b"]) == ("de-bka:7", "fr-pj:1")
    assert link["evidence"]["entities"][0]["type_a"] == "aircraft"


WHO_USES_IT = """
import json
import re
from pipeline.ops.backup.run import KEPT
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, role_grants
from pipeline.streams.monitoring.lag import consumed_partitions
from pipeline.streams.registers.control import GenerationControl

settings = Settings(namespace="n.")
[planned] = [topic for topic in topics.plan_topics(settings, [], []) if topic.name == "n.handovers"]
print(json.dumps({
    "rights": [
        [role, grant.operation] for role in ROLES for grant in role_grants(settings, role) if grant.name == planned.name
    ],
    "lag": [
        group
        for group, found in consumed_partitions(settings, [], GenerationControl("", {})).items()
        if (planned.name, 0) in found
    ],
    "backup": planned.topic in KEPT,
    "settings": planned.topic.configuration()["cleanup.policy"],
}))
"""


def test_a_topic_takes_one_row_from_which_all_else_derives(tree: TreeCopy) -> None:
    page = HowToPage("add-a-topic")
    assert [file for file in page.files if file.endswith(".py")] == ["pipeline/streams/catalogues/topics.py"]
    for patch in page.patches:
        tree.apply(patch)
    tree.make(page.block("sh", "make").split()[1])
    schemas = "tests/contract/test_schemas.py::test_asyncapi_is_what_the_catalogue_says"
    pages = "tests/unit/test_reference_pages.py::test_a_page_is_what_make_reference_writes"
    rows = "tests/unit/streams/catalogues/test_topic_users.py"
    assert tree.first_failure(schemas, pages, rows, fixtures=True) == ""
    assert json.loads(tree.run_python("-c", WHO_USES_IT).stdout) == {
        "rights": [["notify", "READ"], ["api", "READ"], ["api", "WRITE"]],
        "lag": ["n.notify"],
        "backup": True,
        "settings": "compact",
    }


AGENCIES_ASKED = """
from support.api.runtime import GROUNDS, Api

from pipeline.access.audit import ActKind
from pipeline.records.agencies import Agency


async def test_agencies_are_listed_and_the_question_recorded(api: Api) -> None:
    api.agencies["be-fp"] = Agency("be-fp", "BE")
    result = await api.get("/v1/agencies?country=BE")
    assert result.json()["agencies"] == [{"name": "be-fp", "country": "BE"}]
    assert api.audit.kinds() == [ActKind.READ]
    refused = await api.get("/v1/agencies?country=XX", headers={**GROUNDS, "Accept-Language": "fr"})
    assert refused.json()["detail"] == "aucun service de XX ne participe"
    assert (await api.get("/v1/agencies?country=x")).status_code == 422
    assert "/v1/agencies" in (await api.get("/openapi.json")).json()["paths"]
"""

AGENCIES_TEST = "tests/unit/api/test_agencies.py"
SHOWN = "tests/unit/api/routes/test_endpoints.py::test_every_example_is_of_an_endpoint"
ASKED = "tests/property/test_no_leak.py::test_every_operation_is_asked"


def test_an_endpoint_is_served_asked_for_leaks_and_speaks_every_language(tree: TreeCopy) -> None:
    page = HowToPage("add-an-endpoint")
    service, parameter, row, *others = page.patches
    for patch in (service, parameter, row):
        tree.apply(patch)
    for patch, test in zip(others, (SHOWN, ASKED, FRENCH, SPANISH), strict=True):
        assert patch.path in tree.first_failure(test, fixtures=test not in (FRENCH, SPANISH))
        tree.apply(patch)
    tree.write(AGENCIES_TEST, AGENCIES_ASKED)
    tree.make(page.block("sh", "make").split()[1])
    pages = "tests/unit/test_reference_pages.py::test_a_page_is_what_make_reference_writes"
    assert tree.first_failure(AGENCIES_TEST, SHOWN, ASKED, pages, fixtures=True) == ""


FLAGS_COMPARED = """
from __future__ import annotations

import msgspec

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching.explain.explaining import explain
from pipeline.matching.explain.breakdown import text
from pipeline.matching.model import load_model
from pipeline.records.model import Case
from pipeline.records.entity_types import normalise

model = load_model()


def ship(agency: str, flag: str) -> object:
    vessel = {"id": "s", "type": "vessel", "imo": "9074729", "flag": flag}
    head = {"case_id": "1", "agency": agency, "country": agency[:2].upper(), "version": 1, "status": "active"}
    case = msgspec.convert({**head, "entities": [vessel]}, Case)
    return make_fingerprint(case, normalise(case), model)


same, other = (explain(ship("fr-pj", "PA"), ship("be-fp", flag), model) for flag in ("PA", "LR"))
assert same.score > other.score, (same, other)
assert "Pavillon" in text(same, "fr"), text(same, "fr")
print(model.content_hash)
"""

COMPARISONS = "tests/unit/matching/comparisons/test_catalogue.py"
VERSIONS = "tests/unit/matching/test_versions.py"
LAWS = ("tests/property/test_comparison_bounds.py", "tests/unit/matching/test_loosened_comparisons.py")


def test_a_comparison_takes_four_files_each_named_by_a_failing_test(tree: TreeCopy) -> None:
    page = HowToPage("add-a-comparison")
    assert len(page.files) <= 4
    first, *others = page.patches
    tree.apply(first)
    for patch, test in zip(others, (COMPARISONS, FRENCH, SPANISH), strict=True):
        assert patch.path in tree.first_failure(test)
        tree.apply(patch)
    compared = tree.run_python("-c", FLAGS_COMPARED)
    assert compared.returncode == 0, compared.stdout
    assert compared.stdout.strip() != load_model().content_hash, "another model is another generation"
    held = tree.first_failure(
        COMPARISONS, "tests/unit/matching/test_versions.py", *LAWS, fixtures=True, only="flag or versions or every"
    )
    assert held == ""


LIVERY = "pipeline/matching/comparisons/livery.py"
LIVERY_DECLARED = '''
"""The liveries of vehicles."""

from __future__ import annotations

import numpy as np

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    VEHICLE, Comparison, ComparisonLevel, ComparisonResult, RowParts, SmallBits, States, Table, bound_by_level,
)
from pipeline.matching.encoded import Rows, hash_text
from pipeline.matching.fingerprint import EntityPrint

ANY = 255


class LiveryLevel(ComparisonLevel):
    """How two liveries agree."""

    SAME = 0.80, 0.10, 0.10
    DIFFERENT = 0.20, 0.90, 0.90


def compare_liveries(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Livery: same or different; a fleet is seldom repainted."""
    if not a.colour or not b.colour:
        return None
    return table.results[LiveryLevel.SAME if a.colour == b.colour else LiveryLevel.DIFFERENT]


def encode_livery(entity: EntityPrint) -> tuple[int]:
    return (1 + hash_text(entity.colour, ANY - 1) if entity.colour else 0,)


def livery_state(a: Rows, b: Rows) -> States:
    one, other = a.byte("livery"), b.byte("livery")
    open_ = (one == other) | (one == ANY) | (other == ANY)
    known = np.where(open_, LiveryLevel.SAME, LiveryLevel.DIFFERENT)
    return np.where((one == 0) | (other == 0), len(LiveryLevel), known)


LIVERY = Comparison(
    "livery",
    "colour",
    N_("Livery"),
    N_("the livery"),
    LiveryLevel,
    "estimated",
    compare_liveries,
    lambda entity, _index: entity.colour,
    also_of=VEHICLE,
    row_parts=RowParts({"livery": 0}, encode_livery, any_value=(ANY,)),
    bound=bound_by_level(livery_state),
    bounded=VEHICLE,
)
'''
IN_FOUR_BITS = '{"livery": SmallBits(4, hashed=True)}'
SMALL = "tests/unit/matching/screening/test_small_screening.py"
LIVERY_LAWS = (*LAWS, COMPARISONS, "tests/property/test_layouts.py", SMALL)


def test_a_comparison_with_a_bound_is_one_file_and_one_that_lies_is_found(tree: TreeCopy) -> None:
    only = "livery or layouts or no_two_cases or ruled_out or is_not or in_common"
    for declared in (LIVERY_DECLARED, LIVERY_DECLARED.replace("any_value=(ANY,)", IN_FOUR_BITS)):
        tree.write(LIVERY, declared)
        assert tree.first_failure(*LIVERY_LAWS, fixtures=True, only=only) == ""
    for old, new, test, told in (
        ("open_, LiveryLevel.SAME", "open_, LiveryLevel.DIFFERENT", LAWS[0], "livery"),
        ("0.20, 0.90", "0.30, 0.90", COMPARISONS, "livery: `conditional`"),
        (", any_value=(ANY,)", "", SMALL, "small sketches have no bits for livery"),
    ):
        tree.write(LIVERY, LIVERY_DECLARED.replace(old, new))
        assert told in tree.first_failure(test)


FILLED_IN = """
import json, sys
from pathlib import Path
sys.path.insert(0, "tools")
from babel.messages.pofile import read_po, write_po
from language_file import OFFENCES, _read_offences

for place in (Path("pipeline/locale/de.po"), OFFENCES / "de.toml"):
    if place.suffix == ".toml":
        names = {code: [f"de {name}", words] for code, (name, words) in _read_offences("en").items()}
        place.write_text("".join(f'"{code}" = {json.dumps(row)}\\n' for code, row in names.items()))
        continue
    with place.open("rb") as source:
        catalogue = read_po(source, locale="de")
    for message in catalogue:
        if message.pluralizable:
            message.string = [f"de {form}" for form in message.id]
        elif message.id:
            message.string = f"de {message.id}"
    with place.open("wb") as target:
        write_po(target, catalogue)
"""

GERMAN_ASKED = """
from support.api.runtime import GROUNDS, Api
from support.records.builder import record

from pipeline.web.i18n import choose_language, load_words


async def test_german_is_spoken(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    asked = {**GROUNDS, "Accept-Language": "de-AT, en;q=0.5"}
    refused = await api.get("/v1/cases/fr-pj:9", headers=asked)
    assert refused.json()["detail"] == "de case not found, or you do not have access"
    [link] = (await api.get("/v1/links", headers=asked, params={"case": "fr-pj:1"})).json()["links"]
    assert "de Date of birth" in link["explanation"]
    words = load_words(choose_language("de"))
    assert words.format_date("2026-11-24") == "24 Nov. 2026"
    assert words.format_number(12_345.5) == "12.345,5"
"""

GERMAN_TEST = "tests/unit/api/test_german.py"
OFFENCES_TEST = "tests/unit/records/test_offence_codes.py"
PAIR = {"type": "person", "names": [{"full": "Ivan Petrov"}], "birth_date": "1980-05-01"}


def test_a_language_takes_a_row_and_two_files_whose_empty_lines_are_named(tree: TreeCopy) -> None:
    page = HowToPage("add-a-language")
    [patch] = page.patches
    tree.apply(patch)
    assert "de.po" in tree.first_failure("tests/unit/test_locale.py")
    tree.make(page.block("sh", "make language").split()[1], CODE="de")
    german = f"{CATALOGUE}[de]"
    assert "pipeline/locale/de.po:" in tree.first_failure(german)
    assert tree.first_failure(OFFENCES_TEST)
    filled = tree.run_python("-c", FILLED_IN)
    assert filled.returncode == 0, filled.stdout
    tree.write(GERMAN_TEST, GERMAN_ASKED)
    assert tree.first_failure("tests/unit/test_locale.py", OFFENCES_TEST, GERMAN_TEST, fixtures=True) == ""
    pairs = tree.write("pairs.ndjson", json.dumps({"a": PAIR | {"id": "p"}, "b": PAIR | {"id": "q"}}) + "\n")
    explained = tree.run_python("-c", MAIN, "batch", "explain", str(pairs), "--language", "de")
    assert explained.returncode == 0, explained.stdout
    assert "de Date of birth" in explained.stdout
    assert ",1" in explained.stdout, "decimals as Germans write them"


PHONE_COUNTED = """
from __future__ import annotations

from pipeline.matching.comparisons.phone import PhoneLevel
from pipeline.matching.model import generation_id, load_model

model = load_model()
print(model.version, PhoneLevel.SAME.weight, generation_id(model, 4))
"""


def test_a_weight_takes_a_level_a_name_and_the_digests_that_a_test_tells(tree: TreeCopy) -> None:
    page = HowToPage("change-a-weight")
    before = tree.run_python("-c", PHONE_COUNTED).stdout.split()
    level, name = page.patches
    tree.apply(level)
    told = tree.run_python("-m", "pytest", "-q", "-n0", "--noconftest", "-p", "no:cacheprovider", VERSIONS).stdout
    assert "another name in SHIPPED" in told
    assert "SCORING = 8 stays" in told
    tree.apply(name)
    after = tree.run_python("-c", PHONE_COUNTED).stdout.split()
    assert (before[1], after[1]) == ("1993", "2019")
    assert after[0] != before[0]
    assert after[2] != before[2], "another generation"
    told = tree.run_python("-m", "pytest", "-q", "-n0", "--noconftest", "-p", "no:cacheprovider", VERSIONS).stdout
    versions = tree.root / VERSIONS
    text = versions.read_text(encoding="utf-8")
    for row in re.findall(r'(HELD_MODEL = \(.*?\)|"(?:SCORING|LARGE)": \(\d+, "\w+"\))\.', told):
        held = r"^HELD_MODEL = .*$" if row.startswith("HELD") else row.split("(")[0] + r"\(.*?\)"
        text = re.sub(held, row, text, flags=re.M)
    versions.write_text(text, encoding="utf-8")
    assert tree.first_failure(VERSIONS) == ""
    assert tree.first_failure("tests/property/test_comparison_bounds.py", fixtures=True, only="phone") == ""


OF_ITS_OWN_TYPE = "For a type of your own"

HULLS_COMPARED = """
from __future__ import annotations

import sys

import msgspec

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explaining import explain
from pipeline.matching.model import load_model
from pipeline.records.model import Case
from pipeline.records.entity_types import normalise

model = load_model()
kind, number = sys.argv[1:]


def craft(agency: str, **fields: str) -> object:
    thing = {"id": "s", "type": kind, number: "9074729", **fields}
    head = {"case_id": "1", "agency": agency, "country": agency[:2].upper(), "version": 1, "status": "active"}
    case = msgspec.convert({**head, "entities": [thing]}, Case)
    return make_fingerprint(case, normalise(case), model)


mine = craft("fr-pj", hull="Steel")
same, other = (explain(mine, craft("be-fp", hull=hull), model) for hull in ("steel", "wood"))
assert same.score > other.score, (same, other)
assert "Coque" in text(same, "fr"), text(same, "fr")
assert "Casco" in text(same, "es"), text(same, "es")
assert b"hu" not in msgspec.json.encode(craft("fr-pj").entities[0])
"""


def test_a_field_that_nothing_has_is_sent_printed_compared_and_explained(tree: TreeCopy) -> None:
    page = HowToPage("add-a-comparable-field")
    assert len(page.files) <= 11
    of_aircraft = page.patches_under(OF_ITS_OWN_TYPE)
    for patch in page.patches:
        if patch not in of_aircraft:
            tree.apply(patch)
    _compare_hulls(tree, "vessel", "imo")


def test_a_type_with_a_field_that_nothing_has_takes_two_pages(tree: TreeCopy) -> None:
    added, page = HowToPage("add-an-entity-type"), HowToPage("add-a-comparable-field")
    of_aircraft = page.patches_under(OF_ITS_OWN_TYPE)
    replaced = {patch.path for patch in of_aircraft}
    for patch in (*added.patches, *of_aircraft):
        tree.apply(patch)
    for patch in page.patches:
        if patch.path not in replaced:
            tree.apply(patch)
    _compare_hulls(tree, "aircraft", "registration")


def _compare_hulls(tree: TreeCopy, kind: str, number: str) -> None:
    compared = tree.run_python("-c", HULLS_COMPARED, kind, number)
    assert compared.returncode == 0, compared.stdout
    assert tree.first_failure(COMPARISONS, ENTITY_TYPES, VERSIONS, FRENCH, SPANISH, fixtures=True) == ""
    structs = "tests/contract/test_schemas.py"
    assert tree.first_failure(structs, fixtures=True, only="same_fields or encode_holds or codes") == ""
