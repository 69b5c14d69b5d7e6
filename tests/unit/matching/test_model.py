from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.explain.explaining import compare_entities
from pipeline.matching.model import Model, generation_id, load_model
from pipeline.matching.model_file import ModelFile, Prior, encode_model
from pipeline.matching.reference import reference_model
from pipeline.matching.score.scoring import EntityAgreement, weigh_entities
from support.matching.prints import print_of


def test_the_shipped_model_covers_every_comparison_and_says_where_numbers_come_from(model: Model) -> None:
    """It is the reference: learnt weights serve no better (tests/benchmarks/accuracy/held_out.py)."""
    assert set(model.file.comparisons) == {comparison.name for comparison in CATALOGUE}
    assert all(level.source for one in model.file.comparisons.values() for level in one.levels)
    assert model.file.prior.source


def test_a_model_survives_its_file(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(encode_model(model.file))
    again = load_model(path)
    assert again.file == model.file
    assert again.content_hash == model.content_hash


def test_the_generation_depends_on_content_and_partitions(model: Model) -> None:
    other = Model(msgspec.structs.replace(model.file, stop_keys=(1,)))
    found = {generation_id(model, 4), generation_id(model, 8), generation_id(other, 4)}
    assert len(found) == 3
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in found)
    assert generation_id(Model(model.file), 4) == generation_id(model, 4)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: {**file, "comparisons": {}}, "invalid model"),
        (lambda file: {**file, "version": 3}, "invalid model"),
        (lambda file: {**file, "comparisons": {**file["comparisons"], "phone": {"levels": []}}}, "levels of phone"),
    ],
)
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, damage: Any, words: str) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(msgspec.json.encode(damage(msgspec.json.decode(encode_model(reference_model())))))
    with pytest.raises(LiaisonError, match=words):
        load_model(path)


def test_weights_that_are_not_monotone_are_refused() -> None:
    file = reference_model()
    phone = file.comparisons["phone"]
    crossed = msgspec.structs.replace(
        phone, levels=(*phone.levels[:1], msgspec.structs.replace(phone.levels[1], bits=9999), *phone.levels[2:])
    )
    with pytest.raises(ValueError, match="not monotone"):
        Model(msgspec.structs.replace(file, comparisons={**file.comparisons, "phone": crossed}))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="can't read"):
        load_model(tmp_path / "none.json")


def test_a_file_of_the_format_before_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b'{"version": "ours-1", "comparisons": {}, "prior": {"bits": -1700, "companion": -200}}')
    with pytest.raises(LiaisonError, match=r"older version of Liaison .*: train it again"):
        load_model(path)
    path.write_bytes(b'{"version": "ours-1", "format": 99, "comparisons": {}}')
    with pytest.raises(LiaisonError, match="newer version of Liaison"):
        load_model(path)


def with_own(field: str, curve: tuple[tuple[int, int], ...] = ()) -> ModelFile:
    """The reference with weights of companies' own for a comparison."""
    file = reference_model()
    own = {"organisation": {field: msgspec.structs.replace(file.comparisons[field], curve=curve)}}
    return msgspec.structs.replace(file, own=own)


def test_a_type_may_weigh_a_comparison_by_itself(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(encode_model(with_own("name", ((0, 0), (1000, 500)))))
    found, kinds = load_model(path), ("organisation", "person")
    sides = {kind: print_of(type=kind, names=[{"full": "Oczko Zbigniew"}]) for kind in kinds}
    bits = {kind: weigh_entities(sides[kind], sides[kind], found) for kind in kinds}
    shipped = {kind: weigh_entities(sides[kind], sides[kind], model) for kind in kinds}
    assert bits["organisation"] < shipped["organisation"]
    assert bits["person"] == shipped["person"]
    for kind in kinds:
        compared = compare_entities(sides[kind], sides[kind], EntityAgreement(0, 0, 0), found)
        assert compared.evidence(found).bits == bits[kind]


def test_what_ties_entities_of_all_types_is_weighed_alike_for_all() -> None:
    with pytest.raises(ValueError, match="organisation has weights of its own for phone"):
        Model(with_own("phone"))


@pytest.mark.parametrize("part", ["level", "prior"])
def test_a_file_that_lacks_a_kind_of_companions_is_refused(part: str) -> None:
    file = reference_model()
    if part == "prior":
        file = msgspec.structs.replace(file, prior=Prior(companions={"household": -200}))
    else:
        name = file.comparisons["name"]
        bare = msgspec.structs.replace(
            name, levels=(msgspec.structs.replace(name.levels[0], companions={}), *name.levels[1:])
        )
        file = msgspec.structs.replace(file, comparisons={**file.comparisons, "name": bare})
    with pytest.raises(ValueError, match="lacks its bits"):
        Model(file)
