"""The registry of routers: a new subject is a new file and one line here."""

from __future__ import annotations

from fastapi import APIRouter

from pipeline.api.routes import (
    audit,
    audit_log,
    break_glass,
    cases,
    disclosures,
    exports,
    feeds,
    graph,
    health,
    hit_allowances,
    links,
    list_checks,
    list_drafts,
    notices,
    reviews,
    search,
    statistics,
    subscriptions,
    visibility,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    search.router,
    cases.router,
    visibility.router,
    links.router,
    graph.router,
    list_checks.router,
    list_drafts.router,
    exports.router,
    disclosures.router,
    break_glass.router,
    hit_allowances.router,
    reviews.router,
    notices.router,
    audit.router,
    audit_log.router,
    feeds.router,
    subscriptions.router,
    statistics.router,
)
