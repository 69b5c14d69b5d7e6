"""What the API serves over HTTP: the table of its operations, and the two that are no JSON."""

from __future__ import annotations

from fastapi import APIRouter

from pipeline.api.routes import feeds, table

ROUTERS: tuple[APIRouter, ...] = (table.make_router(), feeds.router)
