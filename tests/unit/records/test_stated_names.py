from __future__ import annotations

import pytest

from pipeline.records.stated_names import full_name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ({"full": "Petrov, Ivan", "given": "Ivan"}, "Petrov, Ivan"),
        ({"family": "Petrov", "given": "Ivan", "patronymic": "Sergeevich"}, "Ivan Sergeevich Petrov"),
        ({"given": "Ivan", "middle": "", "family": None}, "Ivan"),
        ({"kind": "alias"}, ""),
    ],
)
def test_a_name_is_said_in_full_or_part_by_part(name: dict[str, str | None], said: str) -> None:
    assert full_name(name) == said
