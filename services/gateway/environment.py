"""Builds the configuration: the JSON file named by FOREBAY_GATEWAY_CONFIG, with environment variables laid over it.

The overlay works on the raw document, and the result is validated once. It remembers which variable filled which place,
so that an error names what the person wrote: the variable or the file's key.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from pydantic import ValidationError

from services.gateway.config import GatewayConfig, ProviderName, WireFormat

CONFIG_VARIABLE = "FOREBAY_GATEWAY_CONFIG"
_HUGGINGFACE_URL = "https://router.huggingface.co/hf-inference"
_OPENAI_URL = "https://api.openai.com/v1"
_ANTHROPIC_URL = "https://api.anthropic.com"
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})

_Document: TypeAlias = dict[str, object]
_Place: TypeAlias = tuple[str | int, ...]


class GatewayConfigError(Exception):
    """A configuration that cannot be used; the text is one sentence for the person who wrote it."""


def load_config(environ: Mapping[str, str]) -> GatewayConfig:
    """Read the file if one is named, lay the environment over it and validate.

    Raises:
        GatewayConfigError: Anything wrong with either.
    """
    overlay = _Overlay(_read(environ.get(CONFIG_VARIABLE)), environ)
    overlay.apply()
    try:
        return GatewayConfig.model_validate(overlay.document)
    except ValidationError as error:
        raise GatewayConfigError(_sentence(error, overlay.origins)) from None


def _read(path: str | None) -> _Document:
    if not path:
        return {}
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise GatewayConfigError(f"{CONFIG_VARIABLE} names {path!r}, which cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise GatewayConfigError(f"{CONFIG_VARIABLE} names {path!r}, which is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise GatewayConfigError(f"{CONFIG_VARIABLE} names {path!r}, which must hold a JSON object")
    return document


def _sentence(error: ValidationError, origins: Mapping[_Place, str]) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = first["loc"]
    named = next((origins[place[:length]] for length in range(len(place), 0, -1) if place[:length] in origins), None)
    key = named or ".".join(str(part) for part in place) or "the configuration"
    message = first["msg"].removeprefix("Value error, ")
    given = first["input"]
    if isinstance(given, str | int | float) and "key" not in key.lower():
        return f"{key} is {given!r}: {message}."
    return f"{key}: {message}."


def _boolean(name: str, text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise GatewayConfigError(f"{name} is {text!r}: must be true or false.")


def _address(name: str, text: str) -> _Document:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise GatewayConfigError(f"{name} is {text!r}: must be HOST:PORT.")
    return {"host": host.strip("[]"), "port": int(port)}


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


# variable -> (place in the document, how its text becomes a value)
_PLAIN: Mapping[str, tuple[tuple[str, ...], Callable[[str, str], object]]] = {
    "ENABLE_PAID_API": (("paid",), _boolean),
    "LLM_TIMEOUT_SECONDS": (("timeouts", "attempt_seconds"), lambda _, text: text),
    "RAY_CLIENT_TIMEOUT": (("ray", "timeout_seconds"), lambda _, text: text),
    "RAY_CLIENT_CONNECT_TIMEOUT": (("ray", "connect_seconds"), lambda _, text: text),
    "RAY_CLIENT_MAX_CONNECTIONS": (("ray", "max_connections"), lambda _, text: text),
    "RAY_CLIENT_MAX_KEEPALIVE": (("ray", "max_keepalive"), lambda _, text: text),
    "RAY_SCALING_STATUS_CODES": (("ray", "scaling_status_codes"), lambda _, text: _items(text)),
    "RAY_SCALING_BACKOFF": (("ray", "backoff_seconds"), lambda _, text: text),
    "RAY_MAX_SCALE_CYCLES": (("ray", "max_scale_cycles"), lambda _, text: text),
    "FOREBAY_LISTEN": (("listen",), _address),
    "FOREBAY_INTERNAL_LISTEN": (("internal",), _address),
    "FOREBAY_AUTH": (("auth",), _boolean),
    "FOREBAY_STUB": (("stub",), lambda _, text: text),
    "FOREBAY_STATE_STORE_URL": (("state_store", "url"), lambda _, text: text),
    "FOREBAY_STATE_STORE_PASSWORD_FILE": (("state_store", "password_file"), lambda _, text: text),
    "FOREBAY_PEPPER_FILE": (("pepper_file",), lambda _, text: text),
    "FOREBAY_PLAIN_HTTP_HOSTS": (("plain_http_hosts",), lambda _, text: _items(text)),
}

# provider -> (variable of its key, variable of its address, address when only the key is set, wire format)
_HOSTED = {
    ProviderName.HUGGINGFACE: ("HUGGINGFACE_API_KEY", "HUGGINGFACE_BASE_URL", _HUGGINGFACE_URL, WireFormat.HUGGINGFACE),
    ProviderName.OPENAI: ("OPENAI_API_KEY", "OPENAI_BASE_URL", _OPENAI_URL, WireFormat.OPENAI),
    ProviderName.ANTHROPIC: ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", _ANTHROPIC_URL, WireFormat.ANTHROPIC),
}


class _Overlay:
    """Applies the variables to one document; an empty variable counts as not set."""

    def __init__(self, document: _Document, environ: Mapping[str, str]) -> None:
        self.document = document
        self.origins: dict[_Place, str] = {}
        self._environ = environ

    def apply(self) -> None:
        for name, (place, convert) in _PLAIN.items():
            if text := self._environ.get(name):
                self._set(place, convert(name, text), name)
        if url := self._environ.get("OLLAMA_BASE_URL"):
            self._endpoints(ProviderName.OLLAMA_LOCAL, [_endpoint(url, WireFormat.OLLAMA)], "OLLAMA_BASE_URL")
        self._remote_gpu()
        for name, (key, base, default, wire) in _HOSTED.items():
            self._hosted(name, (key, base), default, wire)

    def _set(self, place: tuple[str, ...], value: object, origin: str) -> None:
        *parents, last = place
        self._section(*parents)[last] = value
        self.origins[place] = origin

    def _section(self, *place: str) -> _Document:
        section = self.document
        for part in place:
            inner = section.setdefault(part, {})
            if not isinstance(inner, dict):
                raise GatewayConfigError(f"{part} must be an object.")
            section = inner
        return section

    def _endpoints(self, provider: ProviderName, endpoints: list[_Document], origin: str) -> None:
        self._section("providers", provider.value)["endpoints"] = endpoints
        self.origins["providers", provider.value, "endpoints"] = origin

    def _remote_gpu(self) -> None:
        ray, remote = self._environ.get("RAY_SERVE_URL", ""), self._environ.get("GPU_REMOTE_URL", "")
        switch = self._environ.get("USE_RAY_SERVE")
        use_ray = not switch or _boolean("USE_RAY_SERVE", switch)
        if use_ray and not ray and not remote:
            return
        existing = self._file_endpoints()
        rays = [_ray_endpoint(url) for url in _items(ray)] or [one for one in existing if one.get("ray")]
        others = [_endpoint(remote, WireFormat.GENERATE)] if remote else [one for one in existing if not one.get("ray")]
        chosen = [*(rays if use_ray else []), *others]
        if chosen:
            origin = "RAY_SERVE_URL" if ray and use_ray else "GPU_REMOTE_URL" if remote else "USE_RAY_SERVE"
            self._endpoints(ProviderName.REMOTE_GPU, chosen, origin)
        elif existing:
            self._section("providers").pop(ProviderName.REMOTE_GPU.value)

    def _file_endpoints(self) -> list[_Document]:
        providers = self.document.get("providers")
        provider = providers.get(ProviderName.REMOTE_GPU.value) if isinstance(providers, dict) else None
        endpoints = provider.get("endpoints") if isinstance(provider, dict) else None
        return [one for one in endpoints if isinstance(one, dict)] if isinstance(endpoints, list) else []

    def _hosted(self, provider: ProviderName, variables: tuple[str, str], default: str, wire: WireFormat) -> None:
        key, base = (self._environ.get(name) for name in variables)
        providers = self.document.get("providers")
        known = isinstance(providers, dict) and provider.value in providers
        if key:
            self._set(("providers", provider.value, "api_key"), key, variables[0])
        if base and (key or known):
            self._endpoints(provider, [_endpoint(base, wire)], variables[1])
        elif key and not known:
            self._endpoints(provider, [_endpoint(default, wire)], variables[0])


def _endpoint(url: str, wire: WireFormat) -> _Document:
    return {"url": url.strip(), "wire": wire.value}


def _ray_endpoint(url: str) -> _Document:
    # A Serve route that ends in /generate speaks {prompt} -> {content}; an OpenAI application is named by its base.
    wire = WireFormat.GENERATE if url.rstrip("/").endswith("/generate") else WireFormat.OPENAI
    return {**_endpoint(url, wire), "ray": True}
