"""The list of Elasticsearch's addresses: what it may hold, and what is said of one that can't be used."""

from __future__ import annotations

import pytest

from pipeline.errors import LiaisonError
from pipeline.search_addresses import split_addresses
from pipeline.settings import settings


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", ()),
        ("  ", ()),
        ("http://127.0.0.1:9200", ("http://127.0.0.1:9200",)),
        (" http://a:9200 , http://b:9201/ ", ("http://a:9200", "http://b:9201")),
        ("https://search", ("https://search:443",)),
        ("https://[::1]:9200,https://search.example:9200", ("https://[::1]:9200", "https://search.example:9200")),
    ],
)
def test_addresses_are_split_and_completed(text: str, addresses: tuple[str, ...]) -> None:
    assert split_addresses(text) == addresses


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (",", "empty"),
        ("http://a:9200,", "empty"),
        ("http://a:9200,,http://b:9200", "empty"),
        ("http://a:9200,https://b:9200", "mixes http and https"),
        ("http://a:9200,http://b:9200,http://A:9200", "more than once"),
        ("http://a:9200/liaison", "remove what follows the port"),
        ("http://a:9200?pretty", "remove what follows the port"),
        ("http://liaison:canary@a:9200", "LIAISON_ELASTICSEARCH_PASSWORD"),
        ("http://a", "scheme, host and port"),
        ("a:9200", "scheme, host and port"),
        ("a", "scheme, host and port"),
        ("ftp://a:9200", "scheme, host and port"),
        ("http://:9200", "scheme, host and port"),
        ("http://a:port", "is not an address"),
        ("http://a:99999", "is not an address"),
        ("http://[::1:9200", "is not an address"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_credentials(
    text: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIAISON_ELASTICSEARCH_URL", text)
    with pytest.raises(LiaisonError, match=f"^LIAISON_ELASTICSEARCH_URL: .*{fault}") as found:
        settings.__wrapped__()
    assert "canary" not in str(found.value)
    assert "\n" not in str(found.value)
