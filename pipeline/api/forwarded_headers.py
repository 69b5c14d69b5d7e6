"""What a proxy says of the client: believed where LIAISON_TRUSTED_PROXIES names the proxy, removed everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from pipeline.settings import Network

PREFIX: Final = b"x-forwarded-"
BELIEVED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
"""The others would move addresses of pages (X-Forwarded-Prefix, -Host); no trusted proxy needs them here."""

OTHER: Final = frozenset({b"forwarded", b"x-real-ip"})


class ForwardedHeaders:
    """Takes address and scheme of the client from a trusted proxy's headers; nobody else's reach the application."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self.app = app
        self._proxies = tuple(proxies)
        self._behind_proxy = ProxyHeadersMiddleware(app, [str(network) for network in proxies])  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        trusted = self._is_trusted(scope.get("client"))
        kept: Any = [(name, value) for name, value in scope["headers"] if not _is_forwarded(name, trusted=trusted)]
        served = self._behind_proxy if trusted else self.app
        await served({**scope, "headers": kept}, receive, send)  # type: ignore[arg-type]

    def _is_trusted(self, client: tuple[str, int] | None) -> bool:
        try:
            address = ip_address(client[0] if client else "")
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def _is_forwarded(name: bytes, *, trusted: bool) -> bool:
    """Whether a header speaks of another client than the connection's, and is not believed."""
    return name in OTHER or (name.startswith(PREFIX) and not (trusted and name in BELIEVED))
