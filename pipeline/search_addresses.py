"""The addresses of an Elasticsearch cluster, as one setting lists them."""

from __future__ import annotations

from collections import Counter
from urllib.parse import SplitResult, urlsplit

HTTPS_PORT = 443


def split_addresses(text: str) -> tuple[str, ...]:
    """Returns the addresses of a comma separated list as scheme://host:port; () for an empty text.

    Raises ValueError, which says what is wrong with the list and what mends it, and quotes no credentials.
    """
    if not text.strip():
        return ()
    entries = [entry.strip() for entry in text.split(",")]
    if "" in entries:
        raise ValueError("an entry between commas is empty; list addresses as http://host:9200,http://other:9200")
    addresses = [_address(entry) for entry in entries]
    if len({address.partition("://")[0] for address in addresses}) > 1:
        raise ValueError("it mixes http and https; give all addresses one scheme")
    if repeated := [address for address, times in Counter(addresses).items() if times > 1]:
        raise ValueError(f"{repeated[0]} is listed more than once; list each node once")
    return tuple(addresses)


def _address(entry: str) -> str:
    """One address in full. Raises ValueError."""
    if "@" in entry:
        raise ValueError(
            "an address holds credentials; use LIAISON_ELASTICSEARCH_USERNAME and LIAISON_ELASTICSEARCH_PASSWORD"
        )
    try:
        parts = urlsplit(entry)
        port = parts.port or (HTTPS_PORT if parts.scheme == "https" else None)
    except ValueError:
        raise ValueError(f'"{entry}" is not an address; use http://host:9200') from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port is None:
        raise ValueError(f'"{entry}" is not an address; use scheme, host and port, as in http://host:9200')
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f'"{entry}" contains more than a host; remove what follows the port')
    return f"{parts.scheme}://{_host(parts)}:{port}"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host
