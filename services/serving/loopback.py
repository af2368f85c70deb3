"""Keeps what Serve opens inside a worker on one address.

Each Serve replica starts a gRPC server for calls between deployments, without authentication and with pickles
inside, and binds it to every interface; Ray has no setting against that. `confine` is run by Ray in each worker
before any actor is loaded (`services.serving.config.head` names it in the head's environment), and narrows that one
call. If it fails, Ray ends the worker: better no replica than an open one. In a cluster's pods it is not used:
replicas on other nodes must be reached there.
"""

import os
from collections.abc import Callable
from functools import wraps

from services.serving.config.head import BIND_ADDRESS_VARIABLE

EVERY_INTERFACE = ("[::]:", "0.0.0.0:")


def confined(add_port: Callable[[object, str], int], host: str) -> Callable[[object, str], int]:
    """Wrap a function that opens a server's port, so that a wildcard address becomes `host`."""

    @wraps(add_port)
    def add_confined_port(server: object, address: str) -> int:
        for wildcard in EVERY_INTERFACE:
            if address.startswith(wildcard):
                return add_port(server, f"{host}:{address.removeprefix(wildcard)}")
        return add_port(server, address)

    return add_confined_port


def confine() -> None:
    """Bind this worker's servers to the address in FOREBAY_RAY_BIND_ADDRESS.

    Raises:
        KeyError: the variable is not set.
        AttributeError: this Ray opens ports by another function than 2.60.0 does.
    """
    from ray._common import tls_utils  # noqa: PLC0415  # only workers have Ray at hand; tests of the rule need none

    tls_utils.add_port_to_grpc_server = confined(tls_utils.add_port_to_grpc_server, os.environ[BIND_ADDRESS_VARIABLE])
