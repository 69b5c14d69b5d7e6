"""`liaison serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.api.metrics import REGISTRY
from pipeline.command_settings import from_environment
from pipeline.heap import freeze_heap
from pipeline.logs import set_up_logging
from pipeline.streams.kafka.record_batches import require_codecs
from pipeline.streams.monitoring.status_port import API_PLACE, serve_status
from pipeline.streams.provisioning.users import as_role
from pipeline.web.serving import check_model, make_server


def serve(
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; otherwise LIAISON_API_HOST, which is loopback.", show_default=False),
    ] = "",
    port: Annotated[int, typer.Option(help="Port; otherwise LIAISON_API_PORT, which is 8000.", show_default=False)] = 0,
) -> None:
    """Serve the pages and the API until Ctrl-C.

    The API's documentation is at /docs, metrics are at port 9607. Signing in needs a token (`liaison token`) or an
    identity provider (LIAISON_OIDC_CLIENT_ID).
    """
    require_codecs()
    settings = as_role(from_environment(), "api")
    set_up_logging("api", settings.log_level)
    own = make_server(settings, host or settings.api_host, port or settings.api_port)
    check_model(settings)
    freeze_heap()
    port_of_metrics = settings.metrics_port and settings.metrics_port + API_PLACE
    targets = settings.metrics_targets_folder
    with serve_status(settings.metrics_host, port_of_metrics, None, registry=REGISTRY, targets=targets):
        own.run()
