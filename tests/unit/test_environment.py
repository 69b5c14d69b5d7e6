"""Tests of what is said of variables that can't be used."""

from __future__ import annotations

import pytest

from pipeline.environment import REPLACED
from pipeline.errors import LiaisonError
from pipeline.settings import settings


@pytest.mark.parametrize("variable", REPLACED)
def test_a_replaced_variable_is_refused_with_what_to_set_instead(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "x")
    with pytest.raises(LiaisonError, match=f"^{variable}: unset it, and name a file by LIAISON_SECRET_FILE"):
        settings.__wrapped__()


def test_an_empty_replaced_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in REPLACED:
        monkeypatch.setenv(variable, "")
    settings.__wrapped__()


def test_all_variables_that_cannot_be_used_are_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIAISON_KAFKA_PORT", "many")
    monkeypatch.setenv("LIAISON_TRUSTED_PROXIES", "10.0.0.0/99")
    with pytest.raises(LiaisonError) as refused:
        settings.__wrapped__()
    kafka, proxies = sorted(str(refused.value).split("; "))
    assert kafka.startswith("LIAISON_KAFKA_PORT: Input should be a valid integer")
    assert proxies == "LIAISON_TRUSTED_PROXIES: '10.0.0.0/99' does not appear to be an IPv4 or IPv6 network"
