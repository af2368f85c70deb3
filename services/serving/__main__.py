"""`python -m services.serving apply|check|remove --address=HOST:PORT --token-file=FILE`, the configuration on stdin.

What went wrong is one sentence on standard error, and the exit code 1.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.serving import deploy

_GIVEN_UP = frozenset({"DEPLOY_FAILED", "NOT_STARTED", "DELETING"})


def main() -> None:
    """Do one of the three things with the Serve at an address."""
    options = _options()
    token = Path(options.token_file).read_text().strip()
    try:
        if options.action == "apply":
            _apply(json.load(sys.stdin), options, token)
        elif options.action == "check":
            _check(json.load(sys.stdin), options, token)
        else:
            _remove(options, token)
    except (deploy.DeployError, ValueError) as error:
        sys.exit(str(error))


def _apply(config: Mapping[str, Any], options: argparse.Namespace, token: str) -> None:
    # Ray's schema takes two seconds to import, which only a change pays.
    from services.serving.validate import problems  # noqa: PLC0415

    if wrong := problems(config):
        raise ValueError("; ".join(wrong))
    waiter = deploy.Waiter(time.monotonic, time.sleep, time.monotonic() + options.timeout)
    _send(config, options.address, token, waiter)
    deploy.wait_running(frozenset(_names(config)), options.address, token, waiter)


def _send(config: Mapping[str, Any], address: str, token: str, waiter: deploy.Waiter) -> None:
    # A head that has just started listens before it answers.
    while True:
        try:
            return deploy.apply(config, address, token)
        except deploy.UnreachableError:
            if waiter.left() <= 0:
                raise
            waiter.sleep(deploy.POLL_SECONDS)


def _check(config: Mapping[str, Any], options: argparse.Namespace, token: str) -> None:
    found = deploy.status(options.address, token, timeout_seconds=5)
    for wanted in config["applications"]:
        name = wanted["name"]
        if name not in found or found[name].status in _GIVEN_UP:
            raise ValueError(f"Serve does not run the application {name!r}")
        if found[name].config.get("args") != wanted["args"] or _identity(found[name].config) != _identity(wanted):
            raise ValueError(f"Serve runs another version of the application {name!r}")
    if extra := sorted(found.keys() - set(_names(config))):
        raise ValueError(f"Serve runs the application {extra[0]!r}, which nobody asked for")


def _remove(options: argparse.Namespace, token: str) -> None:
    try:
        deploy.delete(options.address, token)
    except deploy.UnreachableError:
        return


def _names(config: Mapping[str, Any]) -> list[str]:
    return [application["name"] for application in config["applications"]]


def _identity(application: Mapping[str, Any]) -> list[object]:
    return [
        (one.get("name"), one.get("user_config"), one.get("num_replicas")) for one in application.get("deployments", ())
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.serving", description=__doc__)
    parser.add_argument("action", choices=["apply", "check", "remove"])
    parser.add_argument("--address", required=True, help="host:port of Ray's dashboard")
    parser.add_argument("--token-file", required=True, help="the file with Ray's token")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds until every application must run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
