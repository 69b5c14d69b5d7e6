"""All settings, read once from LIAISON_* environment variables into one frozen object."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.environment import ENVIRONMENT_PREFIX, describe_faults, refuse_replaced_variables
from pipeline.errors import LiaisonError
from pipeline.search_addresses import split_addresses

Network = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


class Settings(BaseSettings):
    """Every field is set by LIAISON_<FIELD NAME IN UPPER CASE>; secrets never show in repr."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Field(default_factory=lambda: user_data_path("liaison"))
    """Engines, data, stores and logs."""

    kafka_url: str = ""
    """Bootstrap servers of an existing Kafka (host:port,...); empty: the local stack's."""

    kafka_security_protocol: str = "PLAINTEXT"
    """How Kafka is spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""

    kafka_sasl_mechanism: str = "SCRAM-SHA-256"
    """How this process proves to Kafka who it is, where the protocol is one of SASL: SCRAM-SHA-256, SCRAM-SHA-512,
    OAUTHBEARER or PLAIN. Users that `liaison ops agency add` and `ops credentials` make have passwords of that kind."""

    kafka_username: str = ""
    """This process's user in Kafka; where tokens come from LIAISON_KAFKA_TOKEN_URL, its client id there."""

    kafka_password: SecretStr = SecretStr("")
    """That user's password, or that client's secret."""

    kafka_ca_file: Path | None = None
    """PEM file of the authority that signed the brokers' certificates; None: the usual public ones."""

    kafka_certificate_file: Path | None = None
    """PEM file of this process's own certificate chain, by which brokers that ask for one know it; with a protocol of
    SSL or SASL_SSL."""

    kafka_key_file: Path | None = None
    """PEM file of that certificate's private key, without a passphrase."""

    kafka_token_file: Path | None = None
    """OAUTHBEARER: a file with this process's access token, read anew for each connection, as Kubernetes mounts a
    service account's."""

    kafka_token_url: str = ""
    """OAUTHBEARER: where tokens are asked for, by LIAISON_KAFKA_USERNAME and LIAISON_KAFKA_PASSWORD (OAuth 2.0, client
    credentials). Over https, but for loopback."""

    kafka_token_scope: str = ""
    """The scope that is asked for there; empty: none."""

    kafka_principal: str = ""
    """By what Kafka knows users that log in by certificates or tokens, for access lists: a name in which {user} stands
    for ours. Empty: CN={user} for certificates, {user} for tokens."""

    elasticsearch_url: str = ""
    """Addresses of an existing Elasticsearch's nodes (http://host:9200,...), all http or all https; empty: the local
    stack's. Each is used while it answers, so name several nodes of a cluster."""

    elasticsearch_username: str = ""
    """This process's user in Elasticsearch; empty: it asks for none."""

    elasticsearch_password: SecretStr = SecretStr("")
    """That user's password."""

    elasticsearch_ca_file: Path | None = None
    """PEM file of the authority that signed the nodes' certificates; None: the usual public ones."""

    index_shards: str = "1"
    """Shards of each new index: one count for all (4), by index (cases=12,links=4), or both (2,cases=12); `liaison ops
    reindex` gives it to the indices there are."""

    index_replicas: str = "0-1"
    """Copies of each shard beside the first, in the same form; 0-1: one where there is a second node, 0-all: one on
    every node. `liaison ops reindex --replicas-only` gives it to the indices there are."""

    namespace: str = ""
    """Prefix of every topic, group and index name, so that several installations (or tests) share one cluster."""

    case_partitions: int = 4
    """Partitions of each national topic and of `accepted`; fixed once for good."""

    correlate_partitions: int = Field(
        default=4, validation_alias=AliasChoices("LIAISON_CORRELATE_PARTITIONS", "LIAISON_BLOCK_PARTITIONS")
    )
    """Partitions of `fingerprints`, `postings`, `pairs` and `watches` in a new generation: at least as many as workers
    will ever correlate. LIAISON_BLOCK_PARTITIONS, as earlier versions called it, is read too."""

    max_batch_bytes: int = Field(default=64 << 20, ge=1 << 20)
    """A record batch that would inflate to more is not read: its messages are rejected together, unreadable_batch."""

    max_batch_records: int = Field(default=100_000, ge=1)
    """As max_batch_bytes, for the records in one batch; librdkafka sends 10,000 at most unless told otherwise."""

    replication_factor: int = 1
    """Replicas of each topic: 3 on a cluster of three brokers."""

    metrics_host: str = "127.0.0.1"
    """Where a worker serves its metrics and health; they hold no personal data, yet tell how much an agency sends."""

    metrics_port: int = 9601
    """Intake's port for metrics and health; those of correlate, project, notify, derive, attest and the API server are
    the next six. Any free one as long as it is taken, or for 0: a file in `metrics` under LIAISON_HOME tells which."""

    log_level: Literal["info", "debug"] = "info"
    """What workers and servers log. `debug` adds a line for each decision, by the record's position: what intake
    decided, correlate pruned and judged, project wrote and notify sent. No line holds a value of a record."""

    model: Path | None = None
    """The matching model's JSON file; None: the one shipped in the package."""

    secret_file: Path | None = None
    """The installation's own secret: a file of 32 random bytes, and 32 more for each rotation, the same for all workers
    and servers. It keys the references and cursors that agencies hold. None: `secret` under LIAISON_HOME, which the
    first `liaison up` makes; `liaison ops secret new` makes one for an installation with a Kafka of its own."""

    token_keys: str = ""
    """Keys that tokens are signed with: a JWKS file, a JWKS URL, or an OIDC issuer's discovery document (URL); empty:
    those of LIAISON_TOKEN_ISSUER where that is a URL, else this machine's own development key (`liaison token`)."""

    token_issuer: str = "liaison"  # noqa: S105 - a name
    """What a token's `iss` must be."""

    token_audience: str = "liaison"  # noqa: S105 - a name
    """What a token's `aud` must name."""

    token_skew_s: float = 30.0
    """Seconds by which the identity provider's clock may differ."""

    token_max_life_s: float = Field(default=86_400.0, gt=0, le=30 * 86_400)
    """Seconds from a token's issue (`iat`) to its end (`exp`) at most; one that holds for longer is refused."""

    oidc_client_id: str = ""
    """The client under which the web UI signs in at the OIDC issuer LIAISON_TOKEN_ISSUER; empty: by tokens alone. Its
    ID tokens are used as tokens, so LIAISON_TOKEN_AUDIENCE must be the same."""

    oidc_client_secret: SecretStr = SecretStr("")
    """That client's secret; empty for a public client, which PKCE protects."""

    audit_keys: Path | None = None
    """Folder of the monthly keys of query text, the same for all servers; None: under LIAISON_HOME."""

    audit_log_key_file: Path | None = None
    """What the audit log's heads are signed with; made at the log's beginning. For `attest` alone: no other process
    needs it. None: under LIAISON_HOME."""

    audit_log_name: str = ""
    """The audit log's name, by which agencies and their tools know it (liaison.example/audit); only read when its key
    is made. Empty: one made of the Kafka cluster's id."""

    lists: Path | None = None
    """Folder of uploaded lists and their results, encrypted, the same for all servers; None: under LIAISON_HOME."""

    api_url: str = "http://127.0.0.1:8000"
    """Where `liaison search`, `case`, `links` find the API."""

    api_host: str = "127.0.0.1"
    """Address that `liaison serve` listens on."""

    api_port: int = 8000
    """Port that `liaison serve` listens on."""

    api_certificate_file: Path | None = None
    """`liaison serve`: PEM file of its certificate chain; with it the API speaks TLS only."""

    api_key_file: Path | None = None
    """PEM file of that certificate's private key."""

    api_ca_file: Path | None = None
    """For clients of the API: PEM file of the authority that signed its certificate; None: the system's."""

    max_index_lag: float = 300.0
    """Seconds by which the index may be behind before reads answer 503; 0: off, as while loading."""

    erase_after: float = 86_400.0
    """Seconds after a case's withdrawal or expiry by which local stores' files hold nothing of it either."""

    break_glass_review_hours: float = Field(default=24.0, gt=0, le=30 * 24)
    """Hours within which the owner's supervisor must review what another agency's supervisor opened alone."""

    hit_budget: int = 200
    """Hit-only answers a day for each subject; as many for an agency's pushed cases and queries about each owner."""

    own_reasons: bool = False
    """Whether every review needs a reason in the reviewer's own words; false: only one that goes against strong
    evidence or an earlier review."""

    owners_see_references: bool = False
    """Whether the owner of a record is told the case reference that another agency's user stated when it was shown, on
    pages, in answers and in proofs of the audit log, and that of an access request beside the request; the purpose is
    always told, the user with an access request alone."""

    people_file: Path | None = None
    """Names of those who sign in, by sign-in name: a JSON object, which stand beside it on pages ({"anna@fr-pj": "Anna
    Keller"}); with a phone ({"anna@fr-pj": {"name": "Anna Keller", "phone": "+33 1 23 45 67 89"}}), which the agency
    that decides on the person's access request is shown, and nobody else; none: sign-in names alone."""

    search_history_days: int = Field(default=30, ge=0, le=366)
    """Days for which a browser offers its user their own past searches again, which it holds sealed; 0: none."""

    request_rate: int = Field(default=600, ge=1)
    """Requests a minute for each person: of the API, pages, their actions and live streams, together."""

    rate_store: SecretStr = SecretStr("")
    """Where API servers count requests together (redis://[[user]:password@]host:6379/0, rediss:// over TLS); empty:
    each server counts for itself."""

    trusted_proxies: str = ""
    """Addresses or networks (10.0.0.7,fd00::/8) of the proxies in front of `liaison serve`, whose X-Forwarded-For and
    X-Forwarded-Proto are believed; empty: nobody's are."""

    max_connections: int = Field(default=1000, ge=1)
    """Connections that one `liaison serve` holds at once; further ones are answered 503 and closed."""

    header_timeout_s: float = Field(default=10.0, gt=0)
    """Seconds by which a request's line and headers must have come, from the connection or from their first byte."""

    body_timeout_s: float = Field(default=30.0, gt=0)
    """Seconds within which each further part of a body must come, and a reader must take more of an answer."""

    engine_cache: Path = Field(default_factory=lambda: user_cache_path("liaison"))
    """Where the local engines' fetched jars are kept, shared by every LIAISON_HOME of this user."""

    engine_mirror: str = ""
    """URL of a Maven repository to fetch the local engines from; empty: Maven Central."""

    offline: bool = False
    """Fetch nothing: the local engines' jars must already be in the cache."""

    kafka_port: int = 9092
    """The local Kafka's port on loopback; any free one when it is busy, or for 0."""

    elasticsearch_port: int = 9200
    """The local Elasticsearch's port on loopback; any free one when it is busy, or for 0."""

    kafka_keystore_file: Path | None = None
    """For `liaison up --secure` with TLS: a PEM file with Kafka's private key (PKCS #8) and certificate chain, which
    names 127.0.0.1. Clients then need `kafka_ca_file`."""

    kafka_heap: str = "384m"
    """The local Kafka's -Xmx: enough for a few hundred partitions and 16 MiB messages."""

    elasticsearch_heap: str = "1g"
    """The local Elasticsearch's -Xmx: carried 300,000 case documents (ARCHITECTURE.md)."""

    @field_validator("elasticsearch_url")
    @classmethod
    def _check_addresses(cls, text: str) -> str:
        """The list as it was given. Raises ValueError for one that names no cluster."""
        split_addresses(text)
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, text: str) -> str:
        """The list as it was given. Raises ValueError for what is no address or network."""
        _networks(text)
        return text

    @property
    def proxy_networks(self) -> tuple[Network, ...]:
        """The networks of the proxies that are believed."""
        return _networks(self.trusted_proxies)

    @property
    def longest_token_use(self) -> timedelta:
        """How long after its issue a token may still be taken, by a clock that lags."""
        return timedelta(seconds=self.token_max_life_s + self.token_skew_s)

    @property
    def secret_path(self) -> Path:
        """Where the installation's own secret is."""
        return self.secret_file or self.home.expanduser() / "secret"

    @property
    def metrics_targets_folder(self) -> Path:
        """Where files tell Prometheus which processes of this home answer at another port than their own."""
        return self.home.expanduser() / "metrics"

    @property
    def list_folder(self) -> Path:
        """Where uploaded lists are kept, for a day or until a date, from the table to be mapped to the results."""
        return self.lists or self.home.expanduser() / "lists"

    @property
    def audit_log_key_path(self) -> Path:
        """Where the audit log's signing key is."""
        return self.audit_log_key_file or self.home.expanduser() / "audit-log" / "signing-key"

    @property
    def audit_log_folder(self) -> Path:
        """Where a server of this home keeps the audit log's hashes, which it makes of Kafka's."""
        return self.home.expanduser() / "audit-log" / f"{self.namespace}hashes"

    @property
    def audit_key_folder(self) -> Path:
        """Where the monthly keys of query text are."""
        return self.audit_keys or self.home.expanduser() / "audit-keys"


@cache
def settings() -> Settings:
    """The process's settings; the environment is read at the first call.

    Raises LiaisonError, one line that names the variable, for a value that can't be used, or is no longer used.
    """
    refuse_replaced_variables()
    try:
        return Settings()
    except ValidationError as error:
        raise LiaisonError(describe_faults(error)) from error
