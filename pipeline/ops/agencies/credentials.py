"""Hands out a Kafka user's credentials once, as the environment variables that every command here reads."""

from __future__ import annotations

from pathlib import Path

import typer

from pipeline.private_files import write_private
from pipeline.settings import Settings
from pipeline.streams.kafka.connection import bootstrap_servers, with_access
from pipeline.streams.provisioning.users import Credentials


def format_environment(settings: Settings, credentials: Credentials) -> str:
    """What the user sets to be known to the broker, one assignment a line, as a shell or Compose reads it."""
    known = with_access(settings)
    variables = {
        "KAFKA_URL": ",".join(bootstrap_servers(settings)),
        "KAFKA_SECURITY_PROTOCOL": known.kafka_security_protocol,
        "KAFKA_SASL_MECHANISM": known.kafka_sasl_mechanism,
        "KAFKA_USERNAME": credentials.user,
        "KAFKA_PASSWORD": credentials.password,
        "KAFKA_CA_FILE": str(settings.kafka_ca_file or ""),
        "NAMESPACE": settings.namespace,
        "CASE_PARTITIONS": str(settings.case_partitions),
    }
    return "".join(f"LIAISON_{name}={value}\n" for name, value in variables.items() if value)


def hand_out(settings: Settings, credentials: Credentials, file: Path | None) -> None:
    """Write new credentials to a file that only its owner may read, or print them; they are shown nowhere again."""
    if not credentials.password:
        typer.echo(f"{credentials.user} already has credentials; use --renew for new ones", err=True)
    elif file is None:
        typer.echo(format_environment(settings, credentials), nl=False)
    else:
        write_private(file, format_environment(settings, credentials))
        typer.echo(f"credentials of {credentials.user} written to {file}", err=True)
