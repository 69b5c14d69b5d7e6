from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from pipeline.web.csrf import is_same_origin
from pipeline.web.sign_in import HOME, redirect_to_form, safe_path


@pytest.mark.parametrize("target", ["/search", "/cases/fr-pj:1", "/links/ab/of/fr-pj:1", "/"])
def test_a_path_of_this_site_is_gone_back_to(target: str) -> None:
    assert safe_path(target) == target


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_no_redirect_leads_elsewhere(target: str) -> None:
    assert safe_path(target) == HOME


def test_what_was_missing_is_named_to_the_form() -> None:
    assert (
        redirect_to_form("/inbox", "purpose", "token").headers["location"]
        == "/sign-in?after=/inbox&wrong=purpose,token"
    )


@pytest.mark.parametrize(
    ("origin", "ours"),
    [("http://liaison:8000", True), ("http://evil.example", False), ("null", False), ("", True)],
)
def test_a_form_of_another_site_is_known_by_its_origin(origin: str, ours: bool) -> None:
    assert is_same_origin(Headers({"origin": origin, "host": "liaison:8000"})) is ours
