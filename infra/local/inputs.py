"""What the local resources take, shared by the Pulumi program that declares them and the provider that builds them.

Keys travel in camelCase, as Pulumi's own do. No value here is a secret: secrets live in files that only their paths are
named of, so that neither state nor a process's configuration holds one.
"""

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class Inputs(BaseModel):
    """Base of every resource's inputs: frozen, closed, camelCase on the wire."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


def digest(inputs: Inputs) -> str:
    """Hexadecimal digits that change with the inputs, and not with the order of keys, which the engine changes."""
    content = json.dumps(inputs.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:20]


class SupervisorInputs(Inputs):
    """The one supervisord of a stack."""

    running: bool = Field(default=True, description="Read back as false when the daemon is gone.")


class SecretInputs(Inputs):
    """A random secret in a file of its own, mode 0600."""

    name: Name = Field(description="File name under the stack's `secrets` folder.")
    length: int = Field(
        default=32, ge=16, le=128, description="Random bytes; the file holds them as hexadecimal digits."
    )
    forms: dict[str, str] = Field(
        default_factory=dict,
        description="Further file under `secrets` -> its text with `{secret}` in it, for programs that want their own.",
    )
    present: bool = Field(default=True, description="Read back as false when a file is gone or does not fit.")


class Readiness(Inputs):
    """When a process counts as up; exactly one of `http`, `port` and `socket`, or none for 'it stays running'."""

    http: str | None = Field(default=None, description="A loopback URL that must answer with a 2xx status.")
    port: Port | None = Field(default=None, description="A loopback TCP port that must accept a connection.")
    socket: str | None = Field(default=None, description="A Unix socket that must accept a connection.")
    timeout_seconds: float = Field(default=30.0, gt=0, le=600, description="Create and update fail after this long.")

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if sum(probe is not None for probe in (self.http, self.port, self.socket)) > 1:
            raise ValueError("readiness takes one of http, port and socket")
        return self


class Drain(Inputs):
    """Where a balancer is asked to keep new requests away from this process before it is stopped for an update."""

    socket: str = Field(description="HAProxy's runtime API, a Unix socket.")
    backend: str
    server: str
    seconds: float = Field(default=30.0, gt=0, le=600, description="How long running requests may take to end.")


class Reload(Inputs):
    """How a process takes changed files without a restart."""

    socket: str = Field(
        description="The socket of HAProxy's master process, which takes `reload` and says how it went."
    )
    check: tuple[str, ...] = Field(default=(), description="A command that must succeed on the new files first.")


class ProcessInputs(Inputs):
    """A process kept by the stack's supervisor."""

    name: Name
    command: tuple[str, ...] = Field(min_length=1)
    environment: dict[str, str] = Field(default_factory=dict, description="On top of a minimal environment.")
    secret_environment: dict[str, str] = Field(
        default_factory=dict, description="Variable -> file that holds its value; read as the process starts."
    )
    files: dict[str, str] = Field(
        default_factory=dict,
        description="Path under the stack's folder -> content, written with mode 0600 before the start.",
    )
    readiness: Readiness = Readiness()
    ports: tuple[Port, ...] = Field(
        default=(), description="Ports it will listen on; a taken one is named with its owner."
    )
    owned: tuple[str, ...] = Field(default=(), description="Absolute paths that delete removes: data, sockets.")
    stop_signal: Literal["TERM", "INT", "QUIT"] = "TERM"
    stop_seconds: int = Field(default=10, ge=1, le=600, description="Grace between the stop signal and SIGKILL.")
    reload: Reload | None = None
    drain: Drain | None = None
    running: bool = Field(default=True, description="Read back as false when the process is stopped for good.")

    @model_validator(mode="after")
    def _fits_an_ini_file(self) -> Self:
        for text in (*self.command, *self.environment.values(), *self.secret_environment.values()):
            if "\n" in text or "\r" in text:
                raise ValueError("command and environment hold no line breaks; put such a text into one of `files`")
        if any('"' in value for value in self.environment.values()):
            raise ValueError("environment holds no double quotes; put such a text into one of `files`")
        return self


class TaskInputs(Inputs):
    """A thing made by a command: `apply` makes it (and may be repeated), `check` succeeds while it is there.

    `remove` takes it away. Each command gets `content` on its standard input and prints one sentence when it fails.
    """

    name: Name
    apply: tuple[str, ...] = Field(min_length=1)
    check: tuple[str, ...] = Field(min_length=1)
    remove: tuple[str, ...] = Field(min_length=1)
    content: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    triggers: tuple[str, ...] = Field(
        default=(), description="What it stands on, as digests: when one changes, the thing is gone and is made anew."
    )
    timeout_seconds: float = Field(default=60.0, gt=0, le=600)
    applied: bool = Field(default=True, description="Read back as false when `check` fails.")
