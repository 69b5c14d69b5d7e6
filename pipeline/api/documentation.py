"""/docs: the API's documentation as a page, with scripts from this server alone."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

from pipeline.api.security_headers import NONCE

PATH: Final = "/docs"
ASSETS: Final = "/static-offline-docs"
"""Where fastapi-offline serves Swagger UI's files."""


def serve_documentation(app: FastAPI) -> None:
    """Add the page; its one inline script bears the answer's nonce."""

    @app.get(PATH, include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=app.title,
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
        )
        nonce = getattr(request.state, NONCE, "")
        return HTMLResponse(bytes(page.body).replace(b"<script>", f'<script nonce="{nonce}">'.encode()))
