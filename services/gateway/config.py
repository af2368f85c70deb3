import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Port = Annotated[int, Field(ge=0, le=65_535)]
_STATUS = Annotated[int, Field(ge=400, le=599)]


class ProviderName(StrEnum):
    """The providers, in the order in which a full chain tries them."""

    OLLAMA_LOCAL = "ollama_local"
    REMOTE_GPU = "remote_gpu"
    HUGGINGFACE = "huggingface"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    LOCAL_STUB = "local_stub"


PAID_PROVIDERS = frozenset({ProviderName.OPENAI, ProviderName.ANTHROPIC})


class WireFormat(StrEnum):
    """How an endpoint is spoken to.

    `openai`: the URL is the API's base (/v1 is added to a URL without a path). `generate`: {prompt} -> {content}, the
    URL is the route itself (/generate is added to a URL without a path). The others: the server's base URL.
    """

    OPENAI = "openai"
    GENERATE = "generate"
    OLLAMA = "ollama"
    HUGGINGFACE = "huggingface"
    ANTHROPIC = "anthropic"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listener(_Settings):
    """An address to listen on; port 0 takes a free one, which the log line `gateway.listening` names."""

    host: str = "127.0.0.1"
    port: Port = 8000


class StoreSettings(_Settings):
    """The durable Valkey or Redis that holds the keys."""

    url: str = Field(description="redis://HOST:PORT/DB or rediss://; no password in it.")
    password_file: Path | None = Field(default=None, description="File that holds the password alone.")
    timeout_seconds: Seconds = Field(default=1.0, description="For connecting and for one command.")

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must begin with redis://, rediss:// or unix://")
        if parts.password:
            raise ValueError("must hold no password; put it into password_file")
        return url


class Endpoint(_Settings):
    """One address of a provider."""

    url: str
    wire: WireFormat
    ray: bool = Field(default=False, description="A Ray Serve endpoint: `ray` settings and scaling back-off apply.")
    models: tuple[str, ...] | None = Field(
        default=None, description="The provider's model names served here; every one when absent."
    )

    @field_validator("url")
    @classmethod
    def _http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// address")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must hold no user, password, query or fragment")
        return url.rstrip("/")

    @property
    def address(self) -> str:
        """The URL with the path that its wire format adds where none was given."""
        if urlsplit(self.url).path:
            return self.url
        return self.url + {WireFormat.OPENAI: "/v1", WireFormat.GENERATE: "/generate"}.get(self.wire, "")

    def serves(self, model: str) -> bool:
        return self.models is None or model in self.models


class ProviderSettings(_Settings):
    """A configured provider; being here puts it into the chain (a paid one only with `paid`)."""

    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    api_key: SecretStr | None = Field(default=None, description="From the environment; in a file use api_key_file.")
    api_key_file: Path | None = None
    breaker: Literal["fixed", "adaptive"] | None = Field(
        default=None, description="Preset; `adaptive` for own endpoints and `fixed` for hosted ones when absent."
    )
    max_connections: int = Field(default=100, ge=1, le=10_000)
    max_keepalive: int = Field(default=100, ge=0, le=10_000, description="Idle connections kept for reuse.")

    def read_api_key(self) -> str | None:
        """The key itself, from the setting or its file.

        Raises:
            OSError: The file cannot be read.
        """
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        return self.api_key_file.read_text().strip() if self.api_key_file is not None else None


class RaySettings(_Settings):
    """How Ray Serve endpoints are used (the RAY_* variables)."""

    timeout_seconds: Seconds | None = Field(default=None, description="An attempt's total; timeouts.attempt if absent.")
    connect_seconds: Seconds | None = None
    max_connections: int = Field(default=100, ge=1, le=10_000)
    max_keepalive: int = Field(default=100, ge=0, le=10_000)
    scaling_status_codes: tuple[_STATUS, ...] = (503, 409)
    backoff_seconds: Seconds = Field(default=0.5, description="Ceiling of the first wait; doubles, full jitter.")
    longest_backoff_seconds: Seconds = 8.0
    max_scale_cycles: int = Field(default=3, ge=0, le=6)


class TimeoutSettings(_Settings):
    """Bounds on waiting."""

    request_seconds: Seconds = Field(default=60.0, description="A request's total, streams included; never extended.")
    attempt_seconds: Seconds = Field(
        default=15.0, description="One attempt without streaming; for a stream, up to its first content."
    )
    connect_seconds: Seconds = 2.0
    gap_seconds: Seconds = Field(default=15.0, description="Between two pieces of a stream.")


class FixedBreaker(_Settings):
    """Preset for hosted providers: so many failures in a row, then shut for a fixed time."""

    failures: int = Field(default=3, ge=1)
    open_seconds: Seconds = 300.0


class AdaptiveBreaker(_Settings):
    """Preset for own endpoints: failures in a row or a bad share over a window, then shut for a doubling time."""

    failures: int = Field(default=3, ge=1)
    window_seconds: Seconds = 30.0
    minimum_requests: int = Field(default=20, ge=1, description="Fewer in the window never trip it.")
    success_rate: float = Field(default=0.5, gt=0, le=1)
    first_open_seconds: Seconds = 10.0
    longest_open_seconds: Seconds = 300.0


class BreakerSettings(_Settings):
    """The two presets."""

    fixed: FixedBreaker = FixedBreaker()
    adaptive: AdaptiveBreaker = AdaptiveBreaker()


class RetrySettings(_Settings):
    """Retries of one provider, beyond fallback to the next."""

    budget_ratio: float = Field(default=0.1, ge=0, le=1, description="Retries per request.")
    minimum: int = Field(default=3, ge=0, description="Retries per window that are always allowed.")
    window_seconds: Seconds = 10.0
    tries: int = Field(default=2, ge=1, le=6, description="Attempts at one provider before the next one.")


class LimitSettings(_Settings):
    """Bounds on what a client may send."""

    body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024, le=256 * 1024 * 1024)
    messages: int = Field(default=1_000, ge=1)
    inputs: int = Field(default=2_048, ge=1)
    max_tokens: int = Field(default=128_000, ge=1)


class ModelAlias(_Settings):
    """One public model name."""

    operation: Literal["chat", "embed"] = "chat"
    providers: dict[ProviderName, str] = Field(min_length=1, description="Each provider's own name of the model.")


def _default_models() -> dict[str, ModelAlias]:
    names = ProviderName
    return {
        "default": ModelAlias(
            providers={
                names.OLLAMA_LOCAL: "deepseek-r1:8b",
                names.REMOTE_GPU: "default",
                names.HUGGINGFACE: "distilgpt2",
                names.OPENAI: "gpt-4o-mini",
                names.ANTHROPIC: "claude-3-5-haiku-20241022",
            }
        ),
        "embeddings": ModelAlias(
            operation="embed",
            providers={
                names.OLLAMA_LOCAL: "nomic-embed-text",
                names.REMOTE_GPU: "embeddings",
                names.OPENAI: "text-embedding-3-small",
            },
        ),
    }


class GatewayConfig(_Settings):
    """All that one gateway process is told; written by `infra`, or by hand, or built from environment variables."""

    listen: Listener = Listener()
    internal: Listener | None = Field(
        default=None, description="Serves /metrics and the providers' health openly: loopback or pod network only."
    )
    state_store: StoreSettings | None = None
    auth: bool = Field(default=True, description="False is refused off loopback.")
    pepper_file: Path | None = Field(default=None, description="Secret under which keys are hashed.")
    key_snapshot_seconds: Seconds = Field(default=300.0, description="Known keys serve so long without the store.")
    key_refresh_seconds: Seconds = Field(default=5.0, description="A known key is looked up again after this long.")
    providers: dict[ProviderName, ProviderSettings] = {}
    paid: bool = Field(default=False, description="Whether openai and anthropic may be called; they cost money.")
    chain: tuple[ProviderName, ...] | None = Field(
        default=None, description="Overrides the order; local_stub included."
    )
    stub: Literal["answer", "refuse"] = Field(
        default="answer", description="When all else fails: a marked stub answer, or 503."
    )
    plain_http_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts beyond loopback that may be called without TLS; '.svc' matches a suffix."
    )
    models: dict[str, ModelAlias] = Field(default_factory=_default_models, min_length=1)
    default_model: str = Field(default="default", description="Used by routes that name no model.")
    default_embedding_model: str | None = Field(default="embeddings")
    ray: RaySettings = RaySettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    breaker: BreakerSettings = BreakerSettings()
    retry: RetrySettings = RetrySettings()
    limits: LimitSettings = LimitSettings()
    drain_grace_seconds: float = Field(default=1.0, ge=0, le=600, description="Not ready, but still accepting.")
    drain_seconds: float = Field(default=30.0, ge=0, le=3600, description="For requests under way when stopping.")
    release: str | None = Field(default=None, description="Shown by /health; whoever deploys names the release.")

    @model_validator(mode="after")
    def _together(self) -> "GatewayConfig":
        self._check_auth()
        self._check_chain()
        self._check_addresses()
        for key, name in (
            ("default_model", self.default_model),
            ("default_embedding_model", self.default_embedding_model),
        ):
            if name is not None and name not in self.models:
                raise ValueError(f"{key} is {name!r}, which is not among models: {', '.join(sorted(self.models))}")
        return self

    def _check_auth(self) -> None:
        if self.auth and (self.state_store is None or self.pepper_file is None):
            raise ValueError("auth is on, which needs state_store and pepper_file; name both, or set auth to false")
        if not self.auth and not is_loopback(self.listen.host):
            raise ValueError(f"auth is off, which is allowed on loopback only, but listen.host is {self.listen.host!r}")

    def _check_chain(self) -> None:
        if self.chain is None:
            return
        if not self.chain or len(set(self.chain)) != len(self.chain):
            raise ValueError("chain must name at least one provider and none twice")
        for name in self.chain:
            if name is not ProviderName.LOCAL_STUB and name not in self.providers:
                raise ValueError(f"chain names {name.value!r}, which is not configured under providers")
            if name in PAID_PROVIDERS and not self.paid:
                raise ValueError(f"chain names {name.value!r}, which needs paid set to true (ENABLE_PAID_API)")

    def _check_addresses(self) -> None:
        if ProviderName.LOCAL_STUB in self.providers:
            raise ValueError("local_stub takes no settings under providers; use stub")
        for name, provider in self.providers.items():
            for endpoint in provider.endpoints:
                self._check_plain_http(name, endpoint)

    def _check_plain_http(self, name: ProviderName, endpoint: Endpoint) -> None:
        parts = urlsplit(endpoint.url)
        host = parts.hostname or ""
        allowed = any(host == entry or (entry[:1] == "." and host.endswith(entry)) for entry in self.plain_http_hosts)
        if parts.scheme == "http" and not is_loopback(host) and not allowed:
            raise ValueError(
                f"{name.value}'s address {endpoint.url} must use https, or its host be named in plain_http_hosts"
            )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its very text; names other than localhost are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
