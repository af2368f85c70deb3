from pathlib import Path

from services.gateway.environment import GatewayConfigError

_SHORTEST_PEPPER = 16


def read_pepper(path: Path) -> bytes:
    """The pepper without surrounding white space.

    Raises:
        GatewayConfigError: The file cannot be read, or holds too little to be a secret.
    """
    try:
        pepper = path.read_bytes().strip()
    except OSError as error:
        raise GatewayConfigError(f"pepper_file {path} cannot be read: {error.strerror}.") from None
    if len(pepper) < _SHORTEST_PEPPER:
        raise GatewayConfigError(f"pepper_file {path} must hold at least {_SHORTEST_PEPPER} random bytes.")
    return pepper
