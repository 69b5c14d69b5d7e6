from __future__ import annotations

import pytest

from pipeline.errors import LiaisonError
from pipeline.records.agencies import Agency
from pipeline.streams.catalogues.rights import ROLES, reserved_names
from pipeline.streams.registers.registry import check_agency


@pytest.mark.parametrize("name", ["sub", "accepted", "receipts", "feed", "decide", "operator", "ops", *sorted(ROLES)])
def test_a_name_that_means_something_here_is_no_agencys(name: str) -> None:
    """It would share a Kafka user with a worker, or keys with alerts."""
    assert name in reserved_names()
    with pytest.raises(LiaisonError, match=f"{name} means something else here"):
        check_agency(Agency(name, "FR"))


@pytest.mark.parametrize("name", ["a", "0", "x" * 32, "fr-pj", "sub-1", "subs", "feed-1"])
def test_any_other_name_of_the_form_is_one(name: str) -> None:
    check_agency(Agency(name, "FR"))


@pytest.mark.parametrize("name", ["", "x" * 33, "-a", "a:b", "a|b", "a.b", "A", "sub:1", "a\n", "\u00e9"])
def test_no_name_breaks_keys_and_topics(name: str) -> None:
    with pytest.raises(LiaisonError, match="an agency name takes"):
        check_agency(Agency(name, "FR"))
